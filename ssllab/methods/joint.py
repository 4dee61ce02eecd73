"""What the methods share that hold two views of an image together without negatives (joint embedding).

What keeps everything from becoming one vector is a method's own, and can be switched off while it trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssllab.diagnostics.projection import project
from ssllab.doctor.joint import LENGTHS
from ssllab.methods.joint_settings import JointSettings
from ssllab.methods.pair_scalars import JOINT_CHARTS, JOINT_SERIES
from ssllab.methods.pairs import PairMethod
from ssllab.nn.heads import SwitchedNorm
from ssllab.objectives.contrast import unit

if TYPE_CHECKING:
    from ssllab.data.images.types import ImageData


class JointMethod(PairMethod):
    """An encoder f and a head g whose embeddings of two views shall agree."""

    series = JOINT_SERIES
    charts = JOINT_CHARTS
    rules = LENGTHS
    config: JointSettings

    extent: Tensor  # how far embeddings reached on the map before the first step

    def __init__(self, config: JointSettings, image_size: int) -> None:
        super().__init__(config, image_size)
        self.register_buffer("extent", torch.zeros(()))

    def prepare(self, data: ImageData) -> None:
        """As all methods of pairs do, then measure the untrained model's map."""
        super().prepare(data)
        _, z = self.encode(torch.cat(self.map_views(data)))
        z = z if self.raw else unit(z)
        self.extent.fill_(project(z).points(z).abs().max())

    def map_extent(self) -> float:
        """Of the untrained model."""
        return float(self.extent)

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As all methods of pairs do, with batch norm in the heads as it is set now."""
        for module in self.modules():
            if isinstance(module, SwitchedNorm):
                module.on = self.config.head_batch_norm
        for head in self.heads():
            if isinstance(head, nn.Sequential):
                head[-1].on = self.config.output_batch_norm  # type: ignore[assignment]
        return super().embed(images)

    def heads(self) -> tuple[nn.Module, ...]:
        """Every projection head that there is."""
        return (self.head,)

    def embedded(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings ``(N, D)`` of two views, each passed by itself: together they would share batch statistics, which the
        official code does not."""
        first, second = self.views(images, generator)
        return self.embed(first)[1], self.embed(second)[1]

    @torch.no_grad()
    def agreement(self, z1: Tensor, z2: Tensor) -> dict[str, Tensor]:
        """The scalars of a step that every such method has."""
        return {
            "positive_similarity": F.cosine_similarity(z1, z2).mean(),
            "spread": (z1.std(0, correction=0).mean() + z2.std(0, correction=0).mean()) / 2,
        }


def predictor(dimension: int, width: int) -> nn.Module:
    """From the embedding of one view to that of the other: a bottleneck with batch norm inside, none at the end (SimSiam's
    ``builder.py``, BYOL)."""
    return nn.Sequential(
        nn.Linear(dimension, width, bias=False),
        SwitchedNorm(width),
        nn.ReLU(inplace=True),
        nn.Linear(width, dimension),
    )
