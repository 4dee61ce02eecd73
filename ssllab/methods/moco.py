"""MoCo: momentum contrast for unsupervised visual representation learning (He et al. 2020).

The query encoder learns by gradient; the key encoder follows it slowly; keys of past batches wait in a queue
and serve as negatives, so that their number does not depend on the batch size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.contrast import ContrastMethod
from ssllab.methods.contrast_settings import ContrastConfig
from ssllab.methods.pair_scalars import CONTRAST_SERIES
from ssllab.methods.pairs import build_networks
from ssllab.objectives.contrast import cross_entropy, full_precision, unit
from ssllab.objectives.info_nce import queue_info_nce_logits
from ssllab.scalars import Series


class MoCoConfig(ContrastConfig):
    """The lab's settings, and MoCo's queue and momentum."""

    queue_size: Annotated[
        int,
        Control(
            "Keys of past batches kept as negatives.",
            low=16,
            high=65536,
            log=True,
            group="MoCo",
            paper="MoCo: 65,536 on ImageNet; 4,096 is usual for CIFAR-10",
        ),
    ] = 4096
    key_momentum: Annotated[
        float,
        Control(
            "How slowly the key encoder follows the query encoder; 0 copies it at each step.",
            low=0.0,
            high=1.0,
            live=True,
            group="MoCo",
            paper="MoCo section 4.1: 0 fails, 0.9 55.2, 0.99 57.8, 0.999 59.0, 0.9999 58.9",
        ),
    ] = 0.99


class MoCo(ContrastMethod):
    """Algorithm 1 of the paper; the head and the augmentations are those of MoCo v2, as in SimCLR."""

    name = "moco"
    title = "MoCo"
    paper = "He, Fan, Wu, Xie, Girshick: Momentum Contrast, CVPR 2020"
    Config = MoCoConfig
    series: ClassVar[dict[str, Series]] = {
        "chance_loss": replace(CONTRAST_SERIES["chance_loss"], short="chance ln(1+K)"),
        "contrastive_chance": replace(
            CONTRAST_SERIES["contrastive_chance"], help="Guessing one of the candidates: 1 / (1 + K)."
        ),
    }
    config: MoCoConfig
    queue: Tensor
    queue_position: Tensor

    def __init__(self, config: MoCoConfig, image_size: int) -> None:
        super().__init__(config, image_size)
        self.key_encoder, self.key_head = build_networks(config, image_size)
        self.key_encoder.load_state_dict(self.encoder.state_dict())
        self.key_head.load_state_dict(self.head.state_dict())
        for parameter in (*self.key_encoder.parameters(), *self.key_head.parameters()):
            parameter.requires_grad_(False)
        # The queue starts as random directions, as in the official builder.py.
        self.register_buffer("queue", unit(torch.randn(config.queue_size, self.dimension_z)))
        self.register_buffer("queue_position", torch.zeros((), dtype=torch.int64))

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """Keys move first, then the loss is taken, then the new keys enter the queue (official order)."""
        self._follow()
        first, second = self.views(images, generator)
        _, query = self.embed(first)
        with torch.no_grad():
            # Batch norm must not let a key recognise its query by shared batch statistics (section 3.3):
            # where the official code shuffles over GPUs, one device shuffles nothing and keeps statistics apart.
            key = unit(full_precision(self.key_head(self.key_encoder(second))))
        contrast = queue_info_nce_logits(query, key, self.queue.clone(), self.config.temperature)
        loss = cross_entropy(contrast)
        self._enqueue(key)
        return StepResult(loss, {"loss": loss.detach(), **self.measure(contrast)})

    @torch.no_grad()
    def _follow(self) -> None:
        """key <- m key + (1 - m) query, equation 2."""
        for slow, fast in ((self.key_encoder, self.encoder), (self.key_head, self.head)):
            for key, query in zip(slow.parameters(), fast.parameters(), strict=True):
                key.lerp_(query, 1 - self.config.key_momentum)

    @torch.no_grad()
    def _enqueue(self, key: Tensor) -> None:
        size = len(self.queue)
        key = key[-size:].to(self.queue.dtype)
        index = (self.queue_position + torch.arange(len(key), device=key.device)) % size
        self.queue[index] = key
        self.queue_position.add_(len(key)).remainder_(size)
