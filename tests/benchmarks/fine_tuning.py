"""Fine-tuning to text on the shipped samples: the pre-trained encoder against the same model from scratch.

    python tests/benchmarks/fine_tuning.py [--model shipped] [--minutes 0] [--steps 600] [--seeds 1] [--set KEY=VALUE ...]

Error rates are those of all held-out clips, which share no sentence with the training clips. What is claimed: the
word error rate of the pre-trained one, read by beam search with the n-gram of the settings, is under half of that from
scratch. Greedy reading, which spells every word by itself, is printed beside it.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from ssllab.data.catalogue import load
from ssllab.experiments.label_efficiency import ALL, Cell, LabelEfficiency
from ssllab.methods.ctc import CTC
from ssllab.training.device import use_sensible_threads
from ssllab.training.run_record import RunSettings

RATES = ("wer", "cer", "wer_beam", "cer_beam")


def main() -> None:
    """Print the rates of both, and the quotient."""
    options = argparse.ArgumentParser()
    options.add_argument("--model", default="shipped")
    options.add_argument("--minutes", type=float, nargs="+", default=[ALL], help="0: all")
    options.add_argument("--steps", type=int, default=CTC.Config().schedule_steps)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", dest="sets")
    chosen = options.parse_args()
    use_sensible_threads(window=False)
    data = load("spoken", kinds=("speech",))
    config = CTC.Config.make({"pretrained": chosen.model, **dict(word.split("=", 1) for word in chosen.sets)})
    rows: dict[Cell, list[list[float]]] = {}
    started = time.perf_counter()
    for seed in range(chosen.seeds):
        settings = RunSettings(
            method=CTC.name, config=config.model_dump(), data="spoken", seed=seed, precision="auto"
        )
        runs = LabelEfficiency(settings, data, chosen.steps, chosen.minutes)
        while not runs.wait(60):
            print(
                f"{runs.progress:.0%}, {(runs.seconds_left or 0) / 60:.0f} min left",
                file=sys.stderr,
                flush=True,
            )
        if runs.failure:
            raise SystemExit(runs.failure[1])
        for cell, found in runs.results.items():
            rates = [100 * getattr(found, name) for name in RATES]
            rows.setdefault(cell, []).append([found.minutes, *rates])
    a_run = (time.perf_counter() - started) / (chosen.seeds * len(rows))
    print(
        f"{data.title}, {chosen.steps} steps, {chosen.seeds} seeds, mean rates in percent; {a_run:.0f} s a run"
    )
    print(f"{'minutes':>8}{'start':>13}" + "".join(f"{name:>10}" for name in RATES))
    for cell, found in rows.items():
        mean = np.mean(found, 0)
        start = "pre-trained" if cell.pretrained else "scratch"
        print(f"{mean[0]:>8.1f}{start:>13}" + "".join(f"{value:>10.1f}" for value in mean[1:]))
        if not cell.pretrained:
            quotient = np.mean(rows[Cell(cell.minutes, True)], 0)[1:] / mean[1:]
            print(f"{'':>8}{'quotient':>13}" + "".join(f"{value:>10.2f}" for value in quotient))


if __name__ == "__main__":
    main()
