"""Rows 8, 9 and 10 of the literature's known outcomes, on the default data, over three seeds.

    python tests/benchmarks/reproductions.py [--steps 300] [--seeds 3]

8: a lower temperature spreads embeddings more (Wang and Liu 2021). 9: crop alone has the lower loss and the worse
probe (SimCLR figure 5). 10: h knows more than g(h), and more than h of a model without a head (SimCLR figure 8).
"""

from __future__ import annotations

import argparse

import numpy as np

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

RUNS = {
    "default (tau 0.1)": {},
    "tau 1": {"temperature": 1.0},
    "crop only": {"jitter": False, "grayscale": False, "flip": False},
    "no head": {"head": "none"},
}
SHOWN = ("loss", "uniformity", "linear_top1", "linear_top1_z", "knn_top1", "knn_top1_z", "factor_colour")


def main() -> None:
    """Print mean and standard deviation over seeds."""
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=300)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--batch-size", type=int, default=128)
    chosen = options.parse_args()
    print(f"shapes, {chosen.steps} steps, batch {chosen.batch_size}, {chosen.seeds} seeds: mean (std)")
    print(f"{'':<20}" + "".join(f"{name:>18}" for name in SHOWN))
    for name, changes in RUNS.items():
        rows = []
        for seed in range(chosen.seeds):
            config = {"batch_size": chosen.batch_size, "schedule_steps": chosen.steps, **changes}
            settings = RunSettings(method="simclr", config=config, data="shapes", seed=seed)
            trainer = Trainer(settings, load("shapes", seed=seed))
            losses = [trainer.train_step()["loss"] for _ in range(chosen.steps)]
            scalars = {
                "loss": float(np.mean(losses[-20:])),
                **trainer.method.probe(trainer.data, k=200).scalars,
            }
            rows.append([scalars[key] for key in SHOWN])
        mean, std = np.mean(rows, 0), np.std(rows, 0, ddof=1) if len(rows) > 1 else np.zeros(len(SHOWN))
        print(
            f"{name:<20}" + "".join(f"{m:>10.3f} ({s:.3f})" for m, s in zip(mean, std, strict=True)),
            flush=True,
        )


if __name__ == "__main__":
    main()
