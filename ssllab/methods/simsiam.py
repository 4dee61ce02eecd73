"""SimSiam: a predictor and a stopped gradient are enough (Chen and He 2021).

One view's embedding, through a predictor, must point where the other's does; no gradient flows into the other. There are no
negatives, no second encoder and no statistic. Let the gradient flow, or leave the predictor out, and everything becomes one
vector within a hundred steps.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.doctor.joint import ANGLES
from ssllab.methods.base import StepResult
from ssllab.methods.joint import JointMethod, predictor
from ssllab.methods.joint_settings import OUTPUT, PREDICTOR_WIDTH, AngleSettings
from ssllab.objectives.negative_cosine import negative_cosine


class SimSiamConfig(AngleSettings):
    """What prevents collapse, and the predictor's width."""

    stop_gradient: Annotated[
        bool,
        Control(
            "No gradient flows into the view that is to be predicted. Off: both views move, and meet in one vector.",
            live=True,
            group="Collapse",
            paper="SimSiam section 4.1: 67.7 % with it, 0.1 % without",
        ),
    ] = True
    predictor_width: Annotated[int, PREDICTOR_WIDTH] = 64
    output_batch_norm: Annotated[bool, OUTPUT] = True


class SimSiam(JointMethod):
    """Algorithm 1 of the paper."""

    name = "simsiam"
    title = "SimSiam"
    paper = "Chen, He: Exploring Simple Siamese Representation Learning, CVPR 2021"
    Config = SimSiamConfig
    config: SimSiamConfig
    rules = ANGLES

    def __init__(self, config: SimSiamConfig, image_size: int) -> None:
        super().__init__(config, image_size)
        self.predictor = predictor(self.dimension_z, config.predictor_width)

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Each view predicts the other. ``images: (B, 3, H, W)`` uint8."""
        z1, z2 = self.embedded(images, generator)
        p1, p2 = (self.predictor(z1), self.predictor(z2)) if self.config.predictor else (z1, z2)
        stop = self.config.stop_gradient
        loss = (negative_cosine(p1, z2, stop) + negative_cosine(p2, z1, stop)) / 2
        return StepResult(loss, {"loss": loss.detach(), **self.agreement(z1, z2)})
