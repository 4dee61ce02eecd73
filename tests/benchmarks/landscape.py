"""The Energy lab's face: how long a landscape takes, and what it costs the training.

    python -m tests.benchmarks.landscape [--rounds 3] [--seconds 10] [--asked 40]

Prints the time from asking (another clip, another thing to look over) to the picture of 16 x 16 while it trains, of the
object at hand, of 32 x 32 when nothing moves; and training speed with the panel shown against the same window without it,
once with the clip that the looks bring and once with another, of which a copy of the model is asked.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.benchmarks.bench_window import spin, steps_per_second  # first: it says where the window is drawn

from ssllab.ui.app import build_window  # isort: skip
from ssllab.ui.labs.energy.landscape import FINE, LandscapePanel  # isort: skip


def waits(panel: LandscapePanel, count: int, ask: Callable[[int], None], shown: Callable[[], bool]) -> str:
    """p50 and p95 of the milliseconds from asking to what was painted."""
    found = []
    for i in range(count):
        began = time.perf_counter()
        ask(i)
        spin(10, until=shown)
        panel.repaint()
        found.append(1000 * (time.perf_counter() - began))
        spin(0.1)
    return f"p50 {np.percentile(found, 50):.0f} ms, p95 {np.percentile(found, 95):.0f} ms ({count} times)"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--asked", type=int, default=40)
    chosen = options.parse_args()
    window = build_window(Path(tempfile.mkdtemp()), lab="energy", device="cpu")
    window.resize(1280, 800)
    window.show()
    spin(60, until=lambda: window.bench.state == "ready")
    bench = window.bench
    panel = window.findChildren(LandscapePanel)[0]
    dock = window.lab.docks[panel.id]
    bench.start()
    spin(60, until=lambda: bench.session is not None and bench.session.step > 10)
    ratios: dict[str, list[float]] = {"the looks' clip": [], "another clip": []}
    for _ in range(chosen.rounds):
        for number, name in enumerate(ratios):
            dock.hide()
            spin(0.5)
            without = steps_per_second(bench.session, chosen.seconds, spin)
            dock.show()
            dock.raise_()
            panel.choose(number=number)
            spin(0.5)
            ratios[name].append(steps_per_second(bench.session, chosen.seconds, spin) / without)
    for name, found in ratios.items():
        print(
            f"training with the panel / without, {name}: median {statistics.median(found):.2f}, least {min(found):.2f}"
        )

    def settled() -> bool:
        return not panel.asking and panel.map.part is not None and before is not panel.map.part

    before = panel.map.part

    def ask(i: int) -> None:
        nonlocal before
        before = panel.map.part
        panel.choose(number=2 + i % 50)

    print(f"16 x 16 of another clip while it trains: {waits(panel, chosen.asked, ask, settled)}")

    def over(i: int) -> None:
        nonlocal before
        before = panel.map.part
        panel.choose(over=("velocity", "position")[i % 2])

    print(f"16 x 16 over another thing while it trains: {waits(panel, chosen.asked, over, settled)}")

    def hand(i: int) -> None:
        panel.map.put_hand(5.0 + i % 20, 10.0)

    there = lambda: panel._at_hand is not None and panel._at_hand.place == panel.map.hand  # noqa: E731
    print(f"the object at hand while it trains: {waits(panel, chosen.asked, hand, there)}")
    bench.pause()
    spin(10, until=lambda: bench.state == "paused" and not panel.asking)
    panel.map.take_hand_away()
    fine = lambda: settled() and len(panel.map.part.places) == FINE  # noqa: E731
    print(f"32 x 32 of another clip when nothing moves: {waits(panel, chosen.asked, ask, fine)}")
    window.close()


if __name__ == "__main__":
    main()
