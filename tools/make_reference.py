"""Makes ``resources/reference/*.json``: the bands of healthy and sick runs that the window draws behind a live one.

    python tools/make_reference.py [--steps 400] [--seeds 3]

Each band is the lowest and highest value over seeds at each step, of curves smoothed over some steps.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

FOLDER = Path(__file__).parent.parent / "resources" / "reference"
RECIPES = (
    ("healthy", True, {}),
    ("colour is the shortcut", False, {"jitter": False, "grayscale": False}),
    ("learning rate too high", False, {"learning_rate": 50.0, "weight_decay": 0.01}),
)
METRICS = ("loss", "contrastive_top1", "positive_similarity", "negative_similarity", "effective_negatives")
PROBES = ("knn_top1", "linear_top1", "factor_shape", "uniformity", "alignment")
EVERY = 10  # steps between points of a band
PROBE_EVERY = 100


def curves(changes: dict, seed: int, steps: int) -> dict[str, tuple[list[int], list[float]]]:
    """Smoothed metrics and probes of one run: name -> (steps, values)."""
    data = load("shapes", seed=seed)
    trainer = Trainer(RunSettings(method="simclr", config=changes, data="shapes", seed=seed), data)
    rows: dict[str, list[float]] = {name: [] for name in METRICS}
    probes: dict[str, tuple[list[int], list[float]]] = {name: ([], []) for name in PROBES}
    for step in range(steps + 1):
        if step % PROBE_EVERY == 0:
            scalars = trainer.probe().scalars
            for name in PROBES:
                probes[name][0].append(step)
                probes[name][1].append(scalars[name])
        measured = trainer.train_step()
        for name in METRICS:
            rows[name].append(measured[name])
    at = list(range(EVERY, steps + 1, EVERY))
    smooth = {
        name: (at, [float(np.mean(values[s - EVERY : s])) for s in at]) for name, values in rows.items()
    }
    return smooth | probes


def main() -> None:
    """Write one file per recipe."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, default=400)
    arguments.add_argument("--seeds", type=int, default=3)
    options = arguments.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    config = Trainer(RunSettings(method="simclr", config={}, data="shapes"), load("shapes")).config
    for name, healthy, changes in RECIPES:
        runs = [curves(changes, seed, options.steps) for seed in range(options.seeds)]
        banded = {}
        for metric in (*METRICS, *PROBES):
            values = np.array([run[metric][1] for run in runs])
            finite = np.isfinite(values).all(0)
            banded[metric] = {
                "steps": [step for step, good in zip(runs[0][metric][0], finite, strict=True) if good],
                "low": [round(float(v), 5) for v in values.min(0)[finite]],
                "high": [round(float(v), 5) for v in values.max(0)[finite]],
            }
        recipe = {
            "method": "simclr",
            "data": "shapes",
            "encoder": config.encoder,
            "batch_size": config.batch_size,
        }
        document = {
            "name": name,
            "healthy": healthy,
            "recipe": recipe,
            "changes": changes,
            "seeds": options.seeds,
            "command": f"python tools/make_reference.py --steps {options.steps} --seeds {options.seeds}",
            "curves": banded,
        }
        (FOLDER / f"{name.replace(' ', '-')}.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
        print(name, {metric: banded[metric]["high"][-1:] for metric in banded})


if __name__ == "__main__":
    main()
