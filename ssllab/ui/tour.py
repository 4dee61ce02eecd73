"""A walk through the real window: every lab trains its default run and is photographed."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from ssllab.ui.app import application, build_window
from ssllab.ui.window import Window

LOADING_SECONDS = 120.0


def tour(seconds: float, out: Path) -> int:
    """Train each lab for ``seconds`` and save a PNG of it under ``out``; 0 only if every lab trained and drew."""
    application()
    out.mkdir(parents=True, exist_ok=True)
    good = True
    with tempfile.TemporaryDirectory(prefix="ssllab-tour-") as folder:
        window = build_window(Path(folder))
        window.resize(1600, 1000)
        window.show()
        window.tabs.setCurrentIndex(0)
        name = window.tabs.tabText(0)
        trained = _train(window, seconds)
        saved = _photograph(window, out / f"{name.lower()}.png")
        window.bench.pause()
        for panel in ("microscope", "augmentations", "factors", "forces", "lessons"):
            window.lab.show_panel(panel)
        window.set_theme("dark")
        saved = _photograph(window, out / f"{name.lower()}-dark.png") and saved
        window.set_theme("light")
        window.tabs.setCurrentIndex(1)
        saved = _photograph(window, out / "runs.png") and saved
        steps = window.bench.session.step if window.bench.session else 0
        print(f"{name}: {steps} steps, pictures in {out}", file=sys.stderr)
        good = trained and saved
        window.close()
    return 0 if good else 1


def _train(window: Window, seconds: float) -> bool:
    bench = window.bench
    _spin(LOADING_SECONDS, until=lambda: bench.state in ("ready", "failed"))
    if bench.state != "ready":
        print("the data could not be loaded", file=sys.stderr)
        return False
    window.start_button.click()
    _spin(seconds)
    _spin(
        30,
        until=lambda: bench.session is not None and bench.session.step > 2 and bench.session.look is not None,
    )
    session = bench.session
    return session is not None and session.failure is None and session.step > 2 and session.look is not None


def _photograph(window: Window, path: Path) -> bool:
    _spin(1.0)
    picture = window.grab()
    image = picture.toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)}
    return picture.save(str(path)) and len(colours) > 20


def _spin(seconds: float, until=lambda: False) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        QApplication.processEvents()
        time.sleep(0.01)
