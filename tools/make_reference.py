"""Makes ``resources/reference/*.json``: the bands of healthy and sick runs that the window draws behind a live one.

    python tools/make_reference.py [NAME ...] [--steps 300] [--seeds 3] [--jobs 1]

Each band is the lowest and highest value over seeds at each step, of curves smoothed over some steps. A name is that of
a file, as ``simclr-shapes-healthy``; without names all are made.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from ssllab.data.catalogue import load
from ssllab.methods.registry import method_class
from ssllab.scalars import series_of
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

FOLDER = Path(__file__).parent.parent / "resources" / "reference"
EVERY = 10  # steps between points of a band
PROBE_EVERY = 50
NO_LEARNING = {"items_per_second", "learning_rate"}  # of the machine, of the settings

Curve = tuple[list[int], list[float]]


@dataclass(frozen=True)
class Recipe:
    """What to train: the method's defaults but for ``variant``, what it is a reference for (as another unit of a text), and
    ``changes``, what makes it sick."""

    method: str
    data: str
    name: str = "healthy"
    changes: dict = field(default_factory=dict)
    variant: dict = field(default_factory=dict)

    @property
    def config(self) -> dict:
        """All that differs from the defaults."""
        return {**self.variant, **self.changes}

    @property
    def file(self) -> str:
        """The name of its file."""
        return "-".join([self.method, self.data, *self.variant.values(), self.name.replace(" ", "-")])


RECIPES = (
    Recipe("wav2vec2", "spoken"),
    Recipe("simclr", "shapes"),
    Recipe("simclr", "digits"),
    Recipe("simclr", "photos"),
    Recipe("simclr", "shapes", "colour is the shortcut", {"jitter": False, "grayscale": False}),
    Recipe("simclr", "shapes", "learning rate too high", {"learning_rate": 50.0, "weight_decay": 0.01}),
    Recipe("simsiam", "shapes"),
    Recipe("simsiam", "shapes", "no stopped gradient", {"stop_gradient": False, "output_batch_norm": False}),
    Recipe("vicreg", "shapes"),
    Recipe("vicreg", "shapes", "no variance", {"variance_weight": 0.0}),
    Recipe("jepa", "bouncing"),
    Recipe("jepa", "moving_digits"),
    Recipe("jepa", "bouncing", "no remedy", {"remedy": "none"}),
    Recipe("jepa", "bouncing", "a background that stands still", {"background": "fixed"}),
    Recipe("pixel_predictor", "bouncing"),
    Recipe("cpc", "bouncing"),
    Recipe("hubert", "spoken"),
    Recipe("moco", "shapes"),
    Recipe("moco", "digits"),
    Recipe("moco", "photos"),
    Recipe("causal_lm", "everyday"),
    Recipe("causal_lm", "python_docs"),
    Recipe("causal_lm", "everyday", variant={"unit": "char"}),
    Recipe("causal_lm", "dna", variant={"unit": "char"}),
    Recipe("causal_lm", "dna", variant={"unit": "kmer"}),
)


def curves(recipe: Recipe, seed: int, total: int) -> dict[str, Curve]:
    """Smoothed metrics and probes of one run: name -> (steps, values)."""
    torch.set_num_threads(1)
    data = load(recipe.data, seed=seed)
    settings = RunSettings(
        method=recipe.method, config=recipe.config, data=recipe.data, seed=seed, precision="auto"
    )
    trainer = Trainer(settings, data)
    rows: list[dict[str, float]] = []
    probes: dict[str, Curve] = {}
    for step in range(total + 1):
        if step % PROBE_EVERY == 0:
            for name, value in trainer.probe().scalars.items():
                steps, values = probes.setdefault(name, ([], []))
                steps.append(step)
                values.append(value)
        if step < total:
            rows.append(trainer.train_step())
    at = list(range(EVERY, total + 1, EVERY))
    smooth = {
        name: (at, [float(np.mean([r[name] for r in rows[s - EVERY : s]])) for s in at]) for name in rows[0]
    }
    return {name: curve for name, curve in (smooth | probes).items() if _drawn(recipe.method, name)}


def _drawn(method: str, name: str) -> bool:
    series = series_of(method_class(method).series, name)
    return series.line == "curve" and series.overlay and name not in NO_LEARNING


def write(recipe: Recipe, runs: list[dict[str, Curve]], total: int) -> None:
    """Its file: from the lowest to the highest of the runs where all are finite."""
    banded = {}
    for name in runs[0]:
        values = np.array([run[name][1] for run in runs])
        finite = np.isfinite(values).all(0)
        banded[name] = {
            "steps": [step for step, good in zip(runs[0][name][0], finite, strict=True) if good],
            "low": [round(float(v), 5) for v in values.min(0)[finite]],
            "high": [round(float(v), 5) for v in values.max(0)[finite]],
        }
    config = method_class(recipe.method).Config.make(recipe.config).model_dump(mode="json")
    document = {
        "name": recipe.name,
        "healthy": not recipe.changes,
        "method": recipe.method,
        "data": recipe.data,
        "variant": recipe.variant,
        "config": config,
        "seeds": len(runs),
        "command": f"python tools/make_reference.py {recipe.file} --steps {total} --seeds {len(runs)}",
        "curves": banded,
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{recipe.file}.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
    last = {name: curve["high"][-1:] for name, curve in banded.items()}
    print(recipe.file, last, flush=True)


def main() -> None:
    """Write one file per recipe."""
    known = {recipe.file: recipe for recipe in RECIPES}
    arguments = argparse.ArgumentParser()
    arguments.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    arguments.add_argument("--steps", type=int, default=300)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--jobs", type=int, default=1, help="runs at a time, each on one thread")
    options = arguments.parse_args()
    if unknown := [name for name in options.names if name not in known]:
        arguments.error(f"no recipe {unknown[0]}: choose of {', '.join(known)}")
    wanted = [known[name] for name in options.names] or list(RECIPES)
    with ProcessPoolExecutor(options.jobs) as pool:
        started = [
            (recipe, [pool.submit(curves, recipe, seed, options.steps) for seed in range(options.seeds)])
            for recipe in wanted
        ]
        for recipe, runs in started:
            write(recipe, [run.result() for run in runs], options.steps)


if __name__ == "__main__":
    main()
