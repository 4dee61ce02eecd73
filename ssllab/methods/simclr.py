"""SimCLR: a simple framework for contrastive learning of visual representations (Chen et al. 2020).

Two random views of every image; an encoder and a head; each view must find the other view of its image among
all views of the batch. That is all.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.methods.base import StepResult
from ssllab.methods.contrast import ContrastMethod
from ssllab.methods.contrast_settings import ContrastConfig
from ssllab.objectives.contrast import cross_entropy


class SimCLRConfig(ContrastConfig):
    """SimCLR needs no settings of its own beyond the lab's."""


class SimCLR(ContrastMethod):
    """Algorithm 1 of the paper."""

    name = "simclr"
    title = "SimCLR"
    paper = "Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning, ICML 2020"
    Config = SimCLRConfig

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Views, embeddings, loss. ``images: (B, 3, H, W)`` uint8."""
        first, second = self.views(images, generator)
        _, z = self.embed(torch.cat([first, second]))
        contrast = self.contrast(*z.chunk(2))
        loss = cross_entropy(contrast)
        return StepResult(loss, {"loss": loss.detach(), **self.measure(contrast)})
