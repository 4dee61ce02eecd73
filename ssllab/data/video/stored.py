"""Clips that were filmed: cut at random from stored frames, never across two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssllab.data.holdout import held_out
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.types import Clips
from ssllab.storage.errors import DataError

HELD_OUT = 20  # hundredths of the frames
#: Frames held out of one clip where it has twice as many: a fifth of a short one is too few to ask anything about.
FEW = 8


@dataclass(frozen=True)
class StoredClips:
    """``frames: (F, size, size, 3)`` uint8, on the disk until they are looked at; clip c is frames ``starts[c]`` up to
    ``ends[c]``, both ``(C,)`` int64."""

    frames: Tensor
    starts: Tensor
    ends: Tensor

    def __len__(self) -> int:
        """How many clips there are."""
        return len(self.starts)

    @property
    def longest(self) -> int:
        """See :class:`ssllab.data.video.types.ClipSource`."""
        return int((self.ends - self.starts).max()) if len(self) else 0

    @property
    def count(self) -> int:
        """How many frames all clips have together."""
        return int((self.ends - self.starts).sum())

    def clips(self, count: int, length: int, settings: WorldSettings, generator: torch.Generator) -> Clips:
        """See :class:`ssllab.data.video.types.ClipSource`: every place that a window may begin at is as likely as any other.
        Nothing of ``settings`` applies. Raises :class:`DataError` where no clip has ``length`` frames."""
        places = (self.ends - self.starts - length + 1).clamp_min(0).cumsum(0)
        every = int(places[-1]) if len(self) else 0
        if not every:
            raise DataError(
                f"the longest clip has {self.longest:,} frames: expected at least {length:,}. Choose longer video, or "
                "fewer frames of context."
            )
        drawn = torch.randint(every, (count,), generator=generator, device=generator.device).cpu()
        clip = torch.searchsorted(places, drawn, right=True)
        first = self.ends[clip] - length + 1 - (places[clip] - drawn)
        frames = self.frames[first[:, None] + torch.arange(length)].to(generator.device)
        return Clips(frames.permute(0, 1, 4, 2, 3).contiguous().float().div_(255))


def parted(frames: Tensor, starts: Tensor) -> tuple[StoredClips, StoredClips]:
    """What is learned from and what is held out of clips that begin at ``starts: (C + 1,)``, the end of the last one behind.

    Whole clips are held out, evenly spread, a fifth of the frames. Where clips are too few or too uneven for that, or there
    is one only, the last fifth of each is held out. No frame is in both.
    """
    begin, end = starts[:-1], starts[1:]
    lengths = end - begin
    chosen = held_out(lengths.numpy(), HELD_OUT)
    if chosen is not None and chosen.any():
        out = torch.from_numpy(chosen)
        return StoredClips(frames, begin[~out], end[~out]), StoredClips(frames, begin[out], end[out])
    fifth = torch.from_numpy(
        np.maximum(lengths.numpy() * HELD_OUT // 100, np.minimum(FEW, lengths.numpy() // 2))
    )
    return StoredClips(frames, begin, end - fifth), StoredClips(frames, end - fifth, end)
