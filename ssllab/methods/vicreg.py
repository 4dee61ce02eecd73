"""VICReg: variance, invariance, covariance (Bardes, Ponce, LeCun 2022).

Two views shall agree; no dimension may shrink; no two dimensions may say the same. Neither negatives nor a second network,
a predictor or a stopped gradient: each of the three terms has a weight, and what happens without it can be seen.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.joint import JointMethod
from ssllab.methods.joint_settings import JointSettings
from ssllab.objectives.vicreg import vicreg
from ssllab.scalars import Series


class VICRegConfig(JointSettings):
    """The three weights."""

    invariance_weight: Annotated[
        float,
        Control(
            "Weight of the squared difference of the two views.", low=0.0, high=1000.0, live=True, group="Loss",
            paper="VICReg: 25",
        ),
    ] = 25.0  # fmt: skip
    variance_weight: Annotated[
        float,
        Control(
            "Weight of what a dimension lacks of a standard deviation of 1. 0: everything becomes one vector.",
            low=0.0, high=1000.0, live=True, group="Collapse", paper="VICReg: 25; table 7: collapse without",
        ),
    ] = 25.0  # fmt: skip
    covariance_weight: Annotated[
        float,
        Control(
            "Weight of what dimensions have in common. 0: they all become one.",
            low=0.0, high=1000.0, live=True, group="Collapse", paper="VICReg: 1; table 7: 57.5 against 68.6 %",
        ),
    ] = 1.0  # fmt: skip


class VICReg(JointMethod):
    """Algorithm 1 of the paper."""

    name = "vicreg"
    title = "VICReg"
    raw = True
    paper = "Bardes, Ponce, LeCun: VICReg, ICLR 2022"
    Config = VICRegConfig
    config: VICRegConfig
    series: ClassVar[dict[str, Series]] = {
        "invariance": Series(
            "Invariance term", "Mean squared difference of the two views, before its weight."
        ),
        "variance": Series("Variance term", "What dimensions lack of a spread of 1: 0.99 for one vector."),
        "covariance": Series("Covariance term", "Squared covariances of different dimensions."),
    }

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Three terms. ``images: (B, 3, H, W)`` uint8."""
        config = self.config
        z1, z2 = self.embedded(images, generator)
        terms = vicreg(z1, z2, config.invariance_weight, config.variance_weight, config.covariance_weight)
        loss = terms.loss
        seen = {name: value.detach() for name, value in terms._asdict().items()}
        return StepResult(loss, seen | self.agreement(z1, z2))
