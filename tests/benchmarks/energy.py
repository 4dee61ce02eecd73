"""What prevents collapse, and what is learnt, on Bouncing: remedies and backgrounds, a Markdown table.

    python tests/benchmarks/energy.py [--steps 400] [--seeds 0 1] [--backgrounds off flicker fixed] [--remedies none ema ...]

Every cell is a run as ``ssllab train`` makes it, without a window. Some 30 seconds a cell on a core of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

REMEDIES = ("none", "stop_gradient", "ema", "contrastive", "vicreg", "sigreg", "pixel_predictor", "cpc")
SHOWN = (
    "position_r2",
    "velocity_r2",
    "background_accuracy",
    "std",
    "effective_rank",
    "temporal_variance_share",
    "valley_error",
)


def trained(remedy: str, seed: int, steps: int, **config: object) -> dict[str, float]:
    """The probes of a model after so many steps; ``remedy`` may be the name of another method than JEPA."""
    method = remedy if remedy in ("pixel_predictor", "cpc") else "jepa"
    settings = {**config, **({"remedy": remedy} if method == "jepa" else {})}
    data = load("bouncing", kinds=("video",), seed=seed)
    trainer = Trainer(
        RunSettings(method=method, config=settings, data="bouncing", seed=seed, steps=steps), data
    )
    for _ in range(steps):
        trainer.train_step()
    part = trainer.look().parts[0]
    found = trainer.probe().scalars
    return {**found, "range": float(part.energies.max() - part.energies.min())}  # type: ignore[attr-defined]


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--backgrounds", nargs="+", default=["off", "flicker", "fixed"])
    parser.add_argument("--strengths", type=float, nargs="+", default=[1.0])
    parser.add_argument("--remedies", nargs="+", default=list(REMEDIES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    print("| background | strength | remedy | seed | " + " | ".join((*SHOWN, "range")) + " |")
    print("|" + "---|" * (len(SHOWN) + 5))
    for background, strength, remedy, seed in itertools.product(
        given.backgrounds, given.strengths, given.remedies, given.seeds
    ):
        found = trained(remedy, seed, given.steps, background=background, background_strength=strength)
        values = " | ".join(f"{found[name]:.3g}" if name in found else "" for name in (*SHOWN, "range"))
        print(f"| {background} | {strength:g} | {remedy} | {seed} | {values} |", flush=True)
        if given.json:
            print(
                json.dumps({"background": background, "remedy": remedy, "seed": seed, **found}),
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
