"""BYOL: predict what a slow copy of the network sees (Grill et al. 2020).

The online network predicts the embedding that a target network gives of the other view; the target follows the online
network slowly and gets no gradient. Momentum 0 copies it at each step, momentum 1 leaves it random for ever.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from ssllab.controls import Control
from ssllab.doctor.joint import ANGLES
from ssllab.methods.base import StepResult
from ssllab.methods.joint import JointMethod, predictor
from ssllab.methods.joint_settings import PREDICTOR_WIDTH, AngleSettings
from ssllab.methods.pairs import build_networks
from ssllab.objectives.contrast import full_precision
from ssllab.objectives.negative_cosine import negative_cosine


class BYOLConfig(AngleSettings):
    """What prevents collapse, and the predictor's width."""

    target_momentum: Annotated[
        float,
        Control(
            "How slowly the target follows the online network: 0 copies it at each step, 1 leaves it as it began. The paper "
            "raises it from 0.996 to 1 along a cosine; here it is left to the hand.",
            low=0.0,
            high=1.0,
            live=True,
            group="Collapse",
            paper="BYOL table 5: 1 18.8, 0.999 69.8, 0.99 72.5, 0.9 68.4, 0 0.3",
        ),
    ] = 0.99
    predictor_width: Annotated[int, PREDICTOR_WIDTH] = 256


class BYOL(JointMethod):
    """Equations 1 to 4 of the paper; the momentum does not grow over training, so that it can be moved by hand."""

    name = "byol"
    title = "BYOL"
    paper = "Grill et al.: Bootstrap Your Own Latent, NeurIPS 2020"
    Config = BYOLConfig
    config: BYOLConfig
    rules = ANGLES

    def __init__(self, config: BYOLConfig, image_size: int) -> None:
        super().__init__(config, image_size)
        self.predictor = predictor(self.dimension_z, config.predictor_width)
        self.target_encoder, self.target_head = build_networks(config, image_size)
        self.target_encoder.load_state_dict(self.encoder.state_dict())
        self.target_head.load_state_dict(self.head.state_dict())
        for parameter in (*self.target_encoder.parameters(), *self.target_head.parameters()):
            parameter.requires_grad_(False)

    def heads(self) -> tuple[nn.Module, ...]:
        """The online network's and the target's."""
        return self.head, self.target_head

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Each view of the online network predicts the other view of the target. ``images: (B, 3, H, W)`` uint8."""
        if self.training:  # to measure a loss moves no weight
            self._follow()
        first, second = self.views(images, generator)
        z1, z2 = self.embed(first)[1], self.embed(second)[1]
        with torch.no_grad():
            t1, t2 = (full_precision(self.target_head(self.target_encoder(view))) for view in (first, second))
        p1, p2 = (self.predictor(z1), self.predictor(z2)) if self.config.predictor else (z1, z2)
        loss = 4 + 2 * (negative_cosine(p1, t2) + negative_cosine(p2, t1))
        return StepResult(loss, {"loss": loss.detach(), **self.agreement(z1, z2)})

    @torch.no_grad()
    def _follow(self) -> None:
        """target <- m target + (1 - m) online, equation 1."""
        for slow, fast in ((self.target_encoder, self.encoder), (self.target_head, self.head)):
            for target, online in zip(slow.parameters(), fast.parameters(), strict=True):
                target.lerp_(online, 1 - self.config.target_momentum)
