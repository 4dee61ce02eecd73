"""Time of a step of each method of two views, as a ratio to SimCLR's at equal encoder, head and batch.

    python tests/benchmarks/bench_step_time.py [--rounds 9] [--steps 3] [--batch-size 256] [--encoder conv] [--clock wall]

The methods take turns in one process; a ratio is of two neighbouring turns, so that a machine whose speed drifts does not
matter. Processor time by default: other people's load on the same cores hardly shows in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import torch

from ssllab.data.catalogue import load
from ssllab.methods.joint import JointMethod
from ssllab.methods.registry import methods
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

MOST = {"moco": 1.6, "byol": 1.6, "sigreg": 1.3}  # momentum encoders; 256 slices
USUAL = 1.15
CLOCKS = {"process": time.process_time, "wall": time.perf_counter}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--steps", type=int, default=3)
    options.add_argument("--batch-size", type=int, default=256)
    options.add_argument("--encoder", default="conv")
    options.add_argument("--device", default="cpu")
    options.add_argument("--precision", default="auto")
    options.add_argument("--clock", choices=CLOCKS, default="process")
    chosen = options.parse_args()
    now, data = CLOCKS[chosen.clock], load("shapes")
    names = ["simclr", *(n for n, m in methods().items() if n == "moco" or issubclass(m, JointMethod))]
    names = [name for name in names if "images" in methods()[name].kinds]
    trainers = {
        name: Trainer(
            RunSettings(
                method=name,
                data="shapes",
                device=chosen.device,
                precision=chosen.precision,
                config={"encoder": chosen.encoder, "batch_size": chosen.batch_size},
            ),
            data,
        )
        for name in names
    }

    def milliseconds(name: str) -> float:
        started = now()
        for _ in range(chosen.steps):
            trainers[name].train_step()
        return (now() - started) / chosen.steps * 1000

    for name in names:
        milliseconds(name)  # warm up
    ratios: dict[str, list[float]] = {name: [] for name in names[1:]}
    usual: list[float] = []
    for _ in range(chosen.rounds):
        for name in names[1:]:
            before, own, after = (milliseconds(each) for each in ("simclr", name, "simclr"))
            ratios[name].append(2 * own / (before + after))
            usual += [before, after]
    print(
        f"{chosen.encoder}, 32 pixels, batch {chosen.batch_size}, {trainers['simclr'].precision}, {chosen.device}, "
        f"{torch.get_num_threads()} threads, {chosen.clock} time, load {os.getloadavg()[0]:.1f}; "
        f"SimCLR {statistics.median(usual):.1f} ms a step"
    )
    print("| method | times SimCLR (median) | least | most | bound |")
    print("|---|---|---|---|---|")
    for name, found in ratios.items():
        bound = MOST.get(name, USUAL)
        row = (name, f"{statistics.median(found):.2f}", f"{min(found):.2f}", f"{max(found):.2f}", f"{bound}")
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
