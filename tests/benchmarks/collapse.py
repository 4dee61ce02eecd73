"""The table of known outcomes without negatives, rows 2 to 6, in Markdown; three minutes of one core a seed.

python -m tests.benchmarks.collapse [--seeds 2]
"""

from __future__ import annotations

import argparse

import torch

from ssllab.objectives.sigreg import directions, sigreg
from tests.collapse_runs import CLAIMS, measured


def constants(seed: int) -> dict[str, float]:
    """What SIGReg costs of a standard normal distribution, and of zeros as a share of N."""
    generator = torch.Generator().manual_seed(seed)
    along = directions(128, 256, generator, torch.device("cpu"))
    normal = [sigreg(torch.randn(256, 128, generator=generator), along).item() for _ in range(10)]
    return {
        "SIGReg of N(0, I)": sum(normal) / 10,
        "SIGReg of zeros / N": sigreg(torch.zeros(256, 128), along).item() / 256,
    }


def main() -> None:
    """Print a line a claim."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2)
    seeds = range(parser.parse_args().seeds)
    print(
        "| row | run | measure | known | beforehand | "
        + " | ".join(f"seed {seed}" for seed in seeds)
        + " | holds |"
    )
    print("|---" * (6 + len(seeds)) + "|")
    for claim in CLAIMS:
        values = [getattr(measured(claim.case, seed), claim.measure) for seed in seeds]
        held = sum(map(claim.holds, values))
        told = " | ".join(f"{value:.3f}" for value in values)
        measure = claim.measure.replace("_", " ")
        print(
            f"| {claim.row} | {claim.case} | {measure} | {claim.words} | {claim.paper} | {told} | {held} of {len(seeds)} |",
            flush=True,
        )
    for name, known in (("SIGReg of N(0, I)", "1.05 +- .25"), ("SIGReg of zeros / N", ".402 +- 1 %")):
        told = " | ".join(f"{constants(seed)[name]:.3f}" for seed in seeds)
        print(f"| 6 | {name} | | {known} | | {told} | |")


if __name__ == "__main__":
    main()
