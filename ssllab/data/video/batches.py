"""Batches of clips without end."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ssllab.data.sampler import share
from ssllab.data.video.types import ClipSource


class ClipBatches:
    """``config.batch_size`` clips of ``length`` frames a step, ``(B, T, 3, H, W)`` float in 0..1; of ``ranks``
    processes each has its share of them. Nothing but the state of its random numbers decides what comes next."""

    def __init__(
        self, source: ClipSource, length: int, device: torch.device, seed: int, rank: int = 0, ranks: int = 1
    ) -> None:
        self._source, self._length, self._rank, self._ranks = source, length, rank, ranks
        self._generator = torch.Generator(device).manual_seed(seed * 1_000_003 + 14)

    def next(self, config: Any) -> Tensor:
        """The next batch."""
        frames = self._source.clips(config.batch_size, self._length, config, self._generator).frames
        chosen = share(torch.arange(len(frames)), self._rank, self._ranks)
        return frames if self._ranks == 1 else frames[chosen.to(frames.device)]

    def state(self) -> dict[str, Any]:
        """What :meth:`load` takes."""
        return {"generator": self._generator.get_state()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._generator.set_state(state["generator"].cpu())
