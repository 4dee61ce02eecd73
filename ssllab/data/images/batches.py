"""Batches of images without end."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ssllab.data.images.types import ImageSplit
from ssllab.data.sampler import Sampler


class ImageBatches:
    """``config.batch_size`` images a step: ``(B, 3, H, W)`` uint8 on the device of the split; of ``ranks`` processes
    each has its share of them."""

    def __init__(self, split: ImageSplit, seed: int, rank: int = 0, ranks: int = 1) -> None:
        self._images = split.images
        self._sampler = Sampler(len(split), seed, rank, ranks)
        self.state, self.load = self._sampler.state, self._sampler.load

    def next(self, config: Any) -> Tensor:
        """The next batch."""
        return self._images[self._sampler.next(config.batch_size).to(self._images.device)]
