"""What a source of video hands to the rest of the program: clips of frames, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

import torch
from torch import Tensor

from ssllab.data.skipped import Skipped
from ssllab.data.video.settings import WorldSettings

if TYPE_CHECKING:
    from ssllab.data.video.scene import Scene


@dataclass(frozen=True)
class Truth:
    """What is known of N clips of T frames that were made here, of the one marked object. Pixels; x to the right, y down."""

    position: Tensor  # (N, T, 2) of its centre
    velocity: Tensor  # (N, T, 2) pixels a frame
    shape: Tensor  # (N, T) int64
    hidden: Tensor  # (N, T) bool: nothing of it can be seen


@dataclass(frozen=True)
class Clips:
    """N clips of T frames. ``frames: (N, T, 3, H, W)`` float32 in 0..1; ``truth`` and ``scene`` (what they are drawn from,
    so that they can be drawn otherwise) are None for video that was filmed."""

    frames: Tensor
    truth: Truth | None = None
    scene: Scene | None = None

    def __len__(self) -> int:
        return len(self.frames)


class ClipSource(Protocol):
    """Where clips come from; they are made or cut when they are asked for, so there is no end of them."""

    @property
    def longest(self) -> int:
        """Frames of the longest clip there is."""

    def clips(self, count: int, length: int, settings: WorldSettings, generator: torch.Generator) -> Clips:
        """``count`` random clips of ``length`` neighbouring frames, on the device of ``generator``."""


@dataclass(frozen=True)
class VideoData:
    """Video: ``train`` is what the method sees, ``test`` is held out. ``allows``: of a method's controls the values that fit
    (:attr:`ssllab.data.kind.SourceInfo.allows`)."""

    name: str
    title: str
    train: ClipSource
    test: ClipSource
    size: int  # height and width of a frame, in pixels
    about: str = ""
    skipped: tuple[Skipped, ...] = ()
    shape_names: tuple[str, ...] = ()  # of Truth.shape
    allows: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)

    kind: ClassVar[str] = "video"
    class_names: ClassVar[tuple[str, ...]] = ()

    @property
    def options(self) -> dict[str, int]:
        """What it was loaded with."""
        return {"frame_size": self.size}

    def to(self, device: torch.device) -> VideoData:
        """Itself: clips are made on the device of the generator that asks for them."""
        return self
