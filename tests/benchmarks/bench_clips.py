"""Whether clips are the bottleneck: a step on clips that are made for it, against the bare step on one batch over and over.

    python tests/benchmarks/bench_clips.py [--steps 40] [--turns 5]

Turns of both follow each other in one process, so that a machine that slows down slows both. Printed: the median of the
turns' ratios for each background and method, with the lowest and the highest; 0.85 is asked for. Then how long 400 steps of
the defaults take, and when the valley is first within two pixels of the truth.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer


class OneBatch:
    """The same batch over and over."""

    def __init__(self, batch: object) -> None:
        self.batch = batch

    def next(self, config: object) -> object:
        """It."""
        return self.batch


def trainer(method: str, **config: object) -> Trainer:
    """A fresh one on Bouncing."""
    data = load("bouncing", kinds=("video",))
    return Trainer(RunSettings(method=method, config=config, data="bouncing", seed=0), data)


def seconds(run: Trainer, steps: int) -> float:
    """Of so many steps."""
    begun = time.perf_counter()
    for _ in range(steps):
        run.train_step()
    return time.perf_counter() - begun


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    for method in ("jepa", "pixel_predictor", "cpc"):
        for background in ("off", "drift", "flicker", "fixed"):
            made, bare = trainer(method, background=background), trainer(method, background=background)
            bare.batches = OneBatch(bare.batches.next(bare.config).contiguous())  # type: ignore[assignment,attr-defined]
            seconds(made, 5), seconds(bare, 5)
            ratios = [seconds(bare, given.steps) / seconds(made, given.steps) for _ in range(given.turns)]
            low, middle, high = min(ratios), median(ratios), max(ratios)
            print(f"{method:16} {background:8} {middle:.2f} ({low:.2f} to {high:.2f})", flush=True)
    run, spent, found = trainer("jepa"), 0.0, 0.0
    for step in range(25, 401, 25):
        spent += seconds(run, 25)
        if not found and run.probe().scalars["valley_error"] < 2:
            found = spent
            print(f"valley within 2 pixels of the truth: step {step}, {found:.1f} s")
    print(f"400 steps of the defaults: {spent:.1f} s")


if __name__ == "__main__":
    main()
