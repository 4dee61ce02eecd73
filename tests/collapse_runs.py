"""Known outcomes of learning without negatives: what is trained, what is measured of it, and what the papers say comes out.

Rows 2 to 6 of the literature's reproductions that fit a processor, on shapes of 16 pixels with the small
conv net, batch 64; batch norm at the head's output is off, for it hides a collapse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch

from ssllab.data.catalogue import load
from ssllab.data.images.types import ImageData
from ssllab.diagnostics.spectrum import channel_std, effective_rank, normalized_std
from ssllab.objectives.barlow_twins import cross_correlation
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SIZE = 16
FEW = 10  # steps whose losses are averaged
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "warmup_steps": 0, "schedule": "constant"}


@dataclass(frozen=True)
class Case:
    """A method with the lab's settings but for ``config``."""

    method: str
    steps: int
    config: Mapping[str, float | bool | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """Of the embeddings of 600 held-out images; ``loss`` of the last steps. ``std`` is raw, ``normalized_std`` of unit
    vectors times the root of D; ``correlation`` is the mean absolute one of two different dimensions."""

    loss: float
    std: float
    normalized_std: float
    effective_rank: float
    correlation: float


CASES = {
    "SimSiam": Case("simsiam", 200, SGD),
    "SimSiam, no stop-gradient": Case("simsiam", 200, {**SGD, "stop_gradient": False}),
    "SimSiam, no predictor": Case("simsiam", 200, {**SGD, "predictor": False}),
    "BYOL m .9": Case("byol", 300, {**SGD, "target_momentum": 0.9}),
    "BYOL m .9, no predictor": Case("byol", 300, {**SGD, "target_momentum": 0.9, "predictor": False}),
    "BYOL m 1": Case("byol", 300, {**SGD, "target_momentum": 1.0}),
    "VICReg": Case("vicreg", 250),
    "VICReg, mu 0": Case("vicreg", 200, {"variance_weight": 0.0}),
    "VICReg, nu 0": Case("vicreg", 200, {"covariance_weight": 0.0}),
    "Barlow Twins, lambda .0051": Case("barlow_twins", 200),
    "Barlow Twins, lambda 0": Case("barlow_twins", 200, {"redundancy_weight": 0.0}),
    "LeJEPA, lambda .05": Case("sigreg", 200),
    "LeJEPA, lambda 0": Case("sigreg", 200, {"sigreg_weight": 0.0}),
}


@dataclass(frozen=True)
class Claim:
    """What row ``row`` says of a case: ``words`` for the table, ``holds`` of the value. ``paper``: the one there."""

    row: int
    case: str
    measure: str
    words: str
    holds: Callable[[float], bool]
    paper: str


def _below(row: int, case: str, measure: str, limit: float, paper: str) -> Claim:
    return Claim(row, case, measure, f"< {limit:g}", lambda value: value < limit, paper)


def _above(row: int, case: str, measure: str, limit: float, paper: str) -> Claim:
    return Claim(row, case, measure, f"> {limit:g}", lambda value: value > limit, paper)


CLAIMS = (
    _above(2, "SimSiam", "normalized_std", 0.6, ".825-.836"),
    _below(2, "SimSiam, no stop-gradient", "normalized_std", 0.15, ".047-.054"),
    _below(2, "SimSiam, no stop-gradient", "loss", -0.98, ""),
    _below(3, "SimSiam, no predictor", "normalized_std", 0.15, ".055-.063"),
    _above(3, "BYOL m .9", "normalized_std", 0.6, ".82-.83"),
    _below(3, "BYOL m .9, no predictor", "normalized_std", 0.15, ".053-.058"),
    _above(3, "BYOL m 1", "normalized_std", 0.6, ""),
    _above(4, "VICReg", "std", 0.3, ".46"),
    _above(4, "VICReg", "effective_rank", 4.0, "5.8-6.0"),
    _below(4, "VICReg, mu 0", "std", 0.05, ".009-.012"),
    _below(4, "VICReg, nu 0", "effective_rank", 1.5, "1.0"),
    _above(4, "VICReg, nu 0", "correlation", 0.95, ".996"),
    _below(5, "Barlow Twins, lambda .0051", "correlation", 0.7, ".49-.50"),
    _above(5, "Barlow Twins, lambda 0", "correlation", 0.9, ".98-.999"),
    _above(5, "Barlow Twins, lambda .0051", "std", 0.3, ""),
    _above(5, "Barlow Twins, lambda 0", "std", 0.3, "1.5"),
    _above(6, "LeJEPA, lambda .05", "std", 0.7, ".90-.93"),
    _below(6, "LeJEPA, lambda 0", "std", 0.05, ".01"),
)


@cache
def _data(seed: int) -> ImageData:
    return load("shapes", options={"image_size": SIZE}, seed=seed)


@cache
def measured(name: str, seed: int) -> Measured:
    """Train the case called ``name``; seconds."""
    case = CASES[name]
    config = {"batch_size": 64, "output_batch_norm": False, **case.config}
    settings = RunSettings(
        method=case.method, config=config, data="shapes", seed=seed, device="cpu", precision="float32"
    )
    trainer = Trainer(settings, _data(seed))
    losses = [trainer.train_step()["loss"] for _ in range(case.steps)]
    with torch.no_grad():
        z = trainer.method.encode(trainer.data.test.images[:600])[1]  # type: ignore[operator]
        table = cross_correlation(z, z).fill_diagonal_(0).abs()
        d = z.shape[1]
        return Measured(
            float(np.mean(losses[-FEW:])),
            float(channel_std(z).mean()),
            float(normalized_std(z)),
            float(effective_rank(z)),
            float(table.sum() / (d * (d - 1))),
        )
