"""What a data source hands to the rest of the program: images in memory, labels, known factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ssllab.data.skipped import Skipped


@dataclass(frozen=True)
class Factor:
    """One known cause of an image (its hue, its position ...), in classes, so that a probe can be scored.

    ``values: (N,)`` int64 in ``range(len(names))``. ``colours``: "#rrggbb" of each class where the factor is a colour.
    """

    name: str
    values: Tensor
    names: tuple[str, ...]
    colours: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageSplit:
    """Images of one split. ``images: (N, 3, H, W)`` uint8; ``labels: (N,)`` int64, or None where unknown."""

    images: Tensor
    labels: Tensor | None = None
    factors: tuple[Factor, ...] = ()

    def __len__(self) -> int:
        return self.images.shape[0]


@dataclass(frozen=True)
class ImageData:
    """A data set: ``train`` is what the method sees (never its labels), ``test`` is for probes only."""

    name: str
    title: str
    train: ImageSplit
    test: ImageSplit
    class_names: tuple[str, ...] = ()
    about: str = ""
    skipped: tuple[Skipped, ...] = ()

    kind: ClassVar[str] = "images"

    @property
    def image_size(self) -> int:
        """Height and width in pixels (images are square)."""
        return int(self.train.images.shape[-1])

    @property
    def options(self) -> dict[str, int]:
        """What it was loaded with."""
        return {"image_size": self.image_size}

    def to(self, device: torch.device) -> ImageData:
        """The same data with its images on ``device`` (labels and factors stay on the CPU)."""

        def move(split: ImageSplit) -> ImageSplit:
            return ImageSplit(split.images.to(device), split.labels, split.factors)

        return ImageData(
            self.name,
            self.title,
            move(self.train),
            move(self.test),
            self.class_names,
            self.about,
            self.skipped,
        )
