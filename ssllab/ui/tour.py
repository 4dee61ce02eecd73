"""A walk through the real window: every lab trains its default run and is photographed."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from ssllab.ui.app import application, build_window
from ssllab.ui.bench import Bench
from ssllab.ui.window import Window

LOADING_SECONDS = 120.0
FIRST_LOOK_SECONDS = 60.0


def tour(seconds: float, out: Path) -> int:
    """Train each lab for ``seconds`` and save a PNG of it under ``out``; 0 only if every lab trained and drew."""
    application()
    out.mkdir(parents=True, exist_ok=True)
    good = True
    with tempfile.TemporaryDirectory(prefix="ssllab-tour-") as folder:
        window = build_window(Path(folder))
        window.resize(1600, 1000)
        window.show()
        for name in window.benches.all:
            good = _visit(window, name, seconds, out) and good
        window.show_tab("runs")
        good = _photograph(window, out / "runs.png") and good
        window.close()
    return 0 if good else 1


def _visit(window: Window, name: str, seconds: float, out: Path) -> bool:
    """A lab in the light while it trains, then every panel of it in the dark."""
    window.show_tab(name)
    trained = _train(window, seconds)
    saved = _photograph(window, out / f"{name}.png")
    window.bench.pause()
    window.set_theme("dark")
    for panel in window.lab.panels:
        window.lab.show_panel(panel.id)
        _spin(0.2)
    saved = _photograph(window, out / f"{name}-dark.png") and saved
    window.set_theme("light")
    steps = live.step if (live := window.bench.live_run) else 0
    print(f"{window.lab.lab.title}: {steps} steps, pictures in {out}", file=sys.stderr)
    return trained and saved


def _train(window: Window, seconds: float) -> bool:
    bench = window.bench
    _spin(LOADING_SECONDS, until=lambda: bench.state in ("ready", "failed"))
    if bench.state != "ready":
        print(f"{window.lab.lab.title}: the data could not be loaded", file=sys.stderr)
        return False
    window.lab.toolbar.start_button.click()
    _spin(seconds)
    _spin(FIRST_LOOK_SECONDS, until=lambda: _trained(bench))
    return _trained(bench)


def _trained(bench: Bench) -> bool:
    live = bench.live_run
    return live is not None and live.step > 2 and bench.state != "failed" and bench.scene().look is not None


def _photograph(window: Window, path: Path) -> bool:
    _spin(1.0)
    picture = window.grab()
    image = picture.toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)}
    return picture.save(str(path)) and len(colours) > 20


def _spin(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        QApplication.processEvents()
        time.sleep(0.01)
