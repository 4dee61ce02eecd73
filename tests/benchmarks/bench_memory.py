"""Memory over 20,000 steps, and a run of 1,000,000 steps: written, opened, drawn and panned.

    python tests/benchmarks/bench_memory.py [--steps 20000]

The scalars of every step are kept in memory on purpose (71 MB for 1,000,000 steps); they are listed beside.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from ssllab.data.catalogue import load
from ssllab.methods.simclr import SimCLR
from ssllab.training import run_database
from ssllab.training.messages import Watch
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.run_writer import Chunk, append_rows, create_or_open, merge_small
from ssllab.training.session import Session
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.scene import Scene

COLUMNS = ("loss", "chance_loss", "contrastive_top1", "contrastive_top5", *(f"other{i}" for i in range(8)))


def resident() -> float:
    """MB of this process in memory now; the peak where the system does not tell the present value."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if sys.platform == "darwin" else 1e3)


def held(log: MetricsLog) -> float:
    """MB of the rows of a log."""
    return len(log) * (8 + 4 * len(log.names)) / 1e6


def training(folder: Path, steps: int) -> None:
    """A watched session with its run on disk: looks, probes, verdicts and checkpoints all happen."""
    data = load("digits")
    settings = RunSettings(method="simclr", data="digits", config={"batch_size": 16}, steps=steps)
    session = Session(settings, data, Workspace(folder).create(settings))
    session.send(Watch(True))
    session.start()
    print(f"{'step':>8}{'resident MB':>14}{'scalars MB':>12}")
    seen: list[tuple[int, float]] = []
    every = max(1, steps // 10)
    while session.state in ("building", "ready", "running"):
        time.sleep(0.05)
        if session.step >= every * (len(seen) + 1):
            gc.collect()
            scalars = held(session.metrics) + held(session.probes)
            seen.append((session.step, resident() - scalars))
            print(f"{session.step:>8}{resident():>14.0f}{scalars:>12.1f}", flush=True)
    session.stop()
    if session.failure:
        sys.exit(session.failure.message)
    later = seen[1:]
    slope = np.polyfit([s for s, _ in later], [mb for _, mb in later], 1)[0] if len(later) > 1 else 0.0
    print(f"without the scalars: {slope * 10_000:+.1f} MB per 10,000 steps after the first tenth")


def long_run(folder: Path, steps: int = 1_000_000) -> None:
    """Write a run as a fast session leaves it, open it, draw it, pan through it."""
    run = Workspace(folder).create(RunSettings(method="simclr", data="digits", config={}))
    values = np.random.default_rng(0).random(steps).astype(np.float32)
    log = MetricsLog()
    log.extend(np.arange(steps), dict.fromkeys(COLUMNS, values))
    with closing(create_or_open(run.path)) as connection:
        for start in range(0, steps, 5000):
            _, at, columns = log.since(start)
            part = Chunk(at[:5000], {name: column[:5000] for name, column in columns.items()})
            with run_database.transaction(connection):
                append_rows(connection, "metrics", part)
                merge_small(connection, "metrics")
    application = QApplication.instance() or QApplication([])
    panel = CurvesPanel(None, "loss", "Loss", ("loss",))
    panel.declare(SimCLR.series, SimCLR.charts)
    panel.resize(900, 400)
    panel.show()
    began = time.perf_counter()
    scene = Scene("paused", metrics=Workspace(folder).open(run.id).metrics())
    panel.draw(scene)
    application.processEvents()
    print(
        f"{steps:,} steps x {len(COLUMNS)} columns: opened and drawn in {time.perf_counter() - began:.2f} s"
    )
    frames = []
    for position in np.linspace(0, 0.8 * steps, 120):
        began = time.perf_counter()
        panel.charts()[0].view.setXRange(position, position + 0.2 * steps, padding=0)
        panel.grab()
        frames.append((time.perf_counter() - began) * 1000)
    print(
        f"panning a fifth of it: {statistics.median(frames):.0f} ms a frame, p99 {np.percentile(frames, 99):.0f} ms"
    )


def main() -> None:
    """Print both tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=20_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long_run(Path(folder))
        training(Path(folder), chosen.steps)


if __name__ == "__main__":
    main()
