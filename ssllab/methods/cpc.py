"""Contrastive predictive coding over frames: which of many frames comes next, and after that (van den Oord et al.
2018)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from ssllab.methods.base import StepResult
from ssllab.methods.clips import ClipMethod
from ssllab.methods.cpc_settings import CPCConfig
from ssllab.nn.frames import frame_latents
from ssllab.objectives.contrast import cross_entropy, full_precision
from ssllab.objectives.info_nce import chance_loss
from ssllab.objectives.info_nce_over_time import time_logits
from ssllab.scalars import Series

AHEAD = 4


def found(logits: Tensor) -> Tensor:
    """``(N,)``: 1 where column 0 of ``logits (N, C)`` is the highest, its share where several are; 0 elsewhere."""
    highest = logits.detach() == logits.detach().amax(1, keepdim=True)
    return highest[:, 0].float() / highest.sum(1)


class CPC(ClipMethod):
    """A recurrent context, and a linear map for each frame ahead (section 2.2)."""

    name = "cpc"
    title = "CPC"
    paper = "van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, 2018"
    Config = CPCConfig
    config: CPCConfig
    ahead = farthest = AHEAD
    expects = "scores"
    series: ClassVar[dict[str, Series]] = {
        "loss": Series("Loss", "InfoNCE of the frames ahead, mean.", "nats", chart="Loss", short="loss"),
        "prediction_error": Series(
            "Wrong frame", "How often another frame is taken for the one that comes.", percent=True, better="lower"
        ),
        "chance_loss": Series(
            "Loss of a guess", "ln of the number of candidates.", "nats", chart="Loss", short="chance", line="reference",
            role="muted",
        ),
    }  # fmt: skip

    def __init__(self, config: CPCConfig, size: int) -> None:
        super().__init__(config, size)
        self.recurrent = nn.GRU(config.dimension, config.predictor_width, batch_first=True)
        self.maps = nn.ModuleList(nn.Linear(config.predictor_width, config.dimension) for _ in range(AHEAD))

    def said(self, context: Tensor) -> Tensor:
        """What the context's latents ``(N, C, D)`` say: ``(N, predictor_width)``."""
        return self.recurrent(context)[0][:, -1]

    def step(self, clips: Tensor, generator: torch.Generator) -> StepResult:
        """``clips: (B, C + AHEAD, 3, H, W)`` in 0..1."""
        z = full_precision(frame_latents(self.encoder, clips))
        context = self.config.context
        said = self.said(z[:, :context])
        losses, errors = [], []
        for k, ahead in enumerate(self.maps):
            contrast = time_logits(
                ahead(said), z, context + k, self.config.negatives_from, self.config.negatives
            )
            losses.append(cross_entropy(contrast))
            errors.append(1 - found(contrast.logits).mean())
        loss = torch.stack(losses).mean()
        chance = chance_loss(contrast.logits.shape[1])
        return StepResult(
            loss,
            {
                "loss": loss.detach(),
                "chance_loss": torch.tensor(chance),
                "prediction_error": torch.stack(errors).mean(),
                "spread": z.detach().std(0, correction=0).mean(),
            },
        )

    def foreseen(self, context: Tensor, steps: int) -> Tensor:
        """What each map makes of the context: there is one for each of the frames ahead."""
        said = self.said(frame_latents(self.encoder, context))
        return torch.stack([ahead(said) for ahead in self.maps[:steps]], 1)

    def misfit(self, expected: Tensor, candidates: Tensor) -> Tensor:
        """The negative of the score that the loss contrasts."""
        return -(expected[:, None] * self.latents(candidates)).sum(-1)
