"""Barlow Twins: the same dimension of two views varies together, different ones do not (Zbontar et al. 2021)."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.joint import JointMethod
from ssllab.methods.joint_settings import JointSettings
from ssllab.objectives.barlow_twins import barlow_twins


class BarlowTwinsConfig(JointSettings):
    """The weight of redundancy."""

    redundancy_weight: Annotated[
        float,
        Control(
            "Weight of what different dimensions have in common (lambda). 0: they all become one, and yet spread.",
            low=0.0,
            high=1.0,
            live=True,
            group="Collapse",
            paper="Barlow Twins: 0.0051; 0 gives 57.3 against 71.4 %",
        ),
    ] = 0.0051


class BarlowTwins(JointMethod):
    """Algorithm 1 of the paper."""

    name = "barlow_twins"
    title = "Barlow Twins"
    raw = True
    paper = "Zbontar, Jing, Misra, LeCun, Deny: Barlow Twins, ICML 2021"
    Config = BarlowTwinsConfig
    config: BarlowTwinsConfig

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """The cross-correlation of two views against the identity. ``images: (B, 3, H, W)`` uint8."""
        z1, z2 = self.embedded(images, generator)
        loss = barlow_twins(z1, z2, self.config.redundancy_weight)
        return StepResult(loss, {"loss": loss.detach(), **self.agreement(z1, z2)})
