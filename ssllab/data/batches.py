"""What a step is trained on: data of any kind, and batches of it without end.

The place in the data is part of a checkpoint.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor

from ssllab.data.sampler import Sampler
from ssllab.data.types import ImageSplit, Skipped


class Data(Protocol):
    """A data set of some kind: :class:`ssllab.data.types.ImageData`, ``speech.types.SpeechData``."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """As the catalogue calls it."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that could not be used."""

    def to(self, device: torch.device) -> Self:
        """The same data for training on ``device``."""


class Batches(Protocol):
    """Where batches come from. All that the next ones depend on is in :meth:`state`."""

    def next(self, config: Any) -> Any:
        """The next batch, as the settings in force want it."""

    def state(self) -> dict[str, Any]:
        """What :meth:`load` takes: a tree of tensors and scalars."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""


class ImageBatches:
    """``config.batch_size`` images a step: ``(B, 3, H, W)`` uint8 on the device of the split."""

    def __init__(self, split: ImageSplit, seed: int) -> None:
        self._images = split.images
        self._sampler = Sampler(len(split), seed)
        self.state, self.load = self._sampler.state, self._sampler.load

    def next(self, config: Any) -> Tensor:
        """The next batch."""
        return self._images[self._sampler.next(config.batch_size).to(self._images.device)]
