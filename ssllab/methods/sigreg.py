"""LeJEPA's SIGReg on two views: embeddings agree and are held to a normal distribution (Balestriero and LeCun 2025)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.joint import JointMethod
from ssllab.methods.joint_settings import JointSettings
from ssllab.objectives.sigreg import directions, lejepa
from ssllab.scalars import Series


class SIGRegConfig(JointSettings):
    """How strongly, and along how many directions."""

    sigreg_weight: Annotated[
        float,
        Control(
            "Weight of the statistic (lambda); the views' agreement weighs the rest. 0: everything becomes one vector.",
            low=0.0,
            high=1.0,
            title="SIGReg weight",
            live=True,
            group="Collapse",
            paper="LeJEPA: 0.05; 0.01 to 0.1 are alike",
        ),
    ] = 0.05
    slices: Annotated[
        int,
        Control(
            "Random directions along which the distribution is compared, drawn anew at each step.",
            low=1,
            high=8192,
            log=True,
            live=True,
            group="Collapse",
            paper="LeJEPA: 1024",
        ),
    ] = 256


class LeJEPA(JointMethod):
    """Algorithm 2 of the paper with two views, both global."""

    name = "sigreg"
    title = "LeJEPA (SIGReg)"
    raw = True
    paper = "Balestriero, LeCun: LeJEPA, 2025"
    Config = SIGRegConfig
    config: SIGRegConfig
    series: ClassVar[dict[str, Series]] = {
        "statistic": Series(
            "SIGReg",
            "How far from a normal distribution: about 1 at best; 0.4 times the batch when all is one vector at 0.",
        ),
    }

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Agreement with the mean of both views, and the statistic of each. ``images: (B, 3, H, W)`` uint8."""
        z1, z2 = self.embedded(images, generator)
        along = directions(z1.shape[1], self.config.slices, generator, z1.device)
        terms = lejepa(z1, z2, along, self.config.sigreg_weight)
        loss = terms.loss
        seen = {name: value.detach() for name, value in terms._asdict().items()}
        return StepResult(loss, seen | self.agreement(z1, z2))
