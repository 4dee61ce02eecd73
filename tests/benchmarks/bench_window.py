"""The cost of the window: training speed with it open and drawing against the same session headless.

    python tests/benchmarks/bench_window.py [--lab contrast] [--rounds 3] [--seconds 12]

Prints the ratio, the gaps between frames while training, and how late a moved slider is in the training. In the Language lab
also how long a keystroke on the typing board takes to the new bars, while it trains.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ssllab.ui.app import build_window
from ssllab.ui.labs.language.board import BoardPanel


def spin(seconds: float, until=lambda: False) -> None:
    """Let the window live."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline and not until():
        QApplication.processEvents()
        time.sleep(0.001)


def steps_per_second(session, seconds: float, wait) -> float:
    """Steps in a span, probes and looks included."""
    first, started = session.step, time.perf_counter()
    wait(seconds)
    return (session.step - first) / (time.perf_counter() - started)


def keystrokes(window) -> list[float]:
    """Seconds from a key to the bars of the text with it, typed as fast as a person does."""
    board = next(panel for panel in window.findChildren(BoardPanel) if panel.isVisible())
    waits = []
    for letter in "The calico cat sits on the sunny ledge. The old bicycles were red. ":
        text = board.sheet.state.text + letter
        began = time.perf_counter()
        QTest.keyClicks(board.editor, letter)
        drawn = lambda text=text: (found := board.desk.answer()) is not None and found.reading.text == text  # noqa: E731
        spin(5, until=drawn)
        board.repaint()
        waits.append(time.perf_counter() - began)
        spin(0.12)
    return waits


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--lab", choices=("contrast", "speech", "language", "energy"), default="contrast")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=12)
    chosen = options.parse_args()
    window = build_window(Path(tempfile.mkdtemp()), lab=chosen.lab, device="cpu")
    window.resize(1280, 800)
    window.show()
    spin(60, until=lambda: window.bench.state == "ready")
    bench = window.bench
    bench.start()
    spin(20, until=lambda: bench.session.step > 10)
    frames: list[float] = []
    ticker = QTimer(interval=16)
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        frames.append(now - last)
        last = now

    ticker.timeout.connect(tick)
    drawn, headless = [], []
    for _ in range(chosen.rounds):
        bench.watched = False
        window._timer.stop()
        headless.append(steps_per_second(bench.session, chosen.seconds, time.sleep))
        bench.watched = True
        window._timer.start()
        last = time.perf_counter()
        ticker.start()
        drawn.append(steps_per_second(bench.session, chosen.seconds, spin))
        ticker.stop()
    late = []
    key = next(
        key
        for key in ("background_strength", "temperature", "diversity_weight", "dropout")
        if key in bench.config.controls()
    )
    for value in np.linspace(0.15, 0.95, 9):
        at = bench.session.step
        bench.set(key, float(value))
        spin(10, until=lambda value=value: getattr(bench.session.config, key) == float(value))
        late.append(next(e.step for e in reversed(bench.session.events) if e.kind == "set") - at)
    gaps = np.array(frames[1:]) * 1000
    ratios = [a / b for a, b in zip(drawn, headless, strict=True)]
    print(f"steps/s: window {statistics.median(drawn):.2f}, headless {statistics.median(headless):.2f}")
    print(
        f"window / headless: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
    )
    print(f"event loop gaps: p50 {np.percentile(gaps, 50):.0f} ms, p99 {np.percentile(gaps, 99):.0f} ms")
    print(f"steps between a slider's move and its effect: at most {max(late)}")
    if chosen.lab == "language":
        waits = 1000 * np.array(keystrokes(window))
        print(f"keystroke to new bars: p50 {np.median(waits):.0f} ms, p95 {np.percentile(waits, 95):.0f} ms")
    window.close()


if __name__ == "__main__":
    main()
