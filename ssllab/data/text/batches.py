"""Windows of symbols to learn from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ssllab.data.sampler import share


class TextBatches:
    """``batch_size`` windows a step, from random places of ``ids (n,)``; from ``starts``, where they are given.

    Each batch is drawn from a generator of its own: what it is depends on the seed and on its number alone, whatever sizes
    the batches before it had.
    """

    def __init__(
        self,
        ids: Tensor,
        starts: Tensor | None,
        seed: int,
        device: torch.device,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.ids, self.starts, self.seed, self.device = ids, starts, seed, device
        self.rank, self.ranks = rank, ranks
        self.drawn = 0

    def next(self, config: Any) -> Tensor:
        """``(B, length + 1)`` int64: what is read, and one later, what is predicted."""
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.drawn) % 2**63)
        self.drawn += 1
        length = min(config.length, len(self.ids) - 1)
        last = len(self.ids) - length  # places at which a whole window begins
        if self.starts is None:
            places = torch.randint(last, (config.batch_size,), generator=generator)
        else:
            whole = max(1, int(torch.searchsorted(self.starts, last)))
            places = self.starts[torch.randint(whole, (config.batch_size,), generator=generator)]
            places = places.clamp_max(last - 1)  # where not one window is whole
        places = share(places, self.rank, self.ranks)
        windows = self.ids[places[:, None] + torch.arange(length + 1)]
        return windows.to(self.device, torch.int64)

    def state(self) -> dict[str, Any]:
        """What :meth:`load` takes."""
        return {"drawn": self.drawn}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.drawn = int(state["drawn"])


class TextChunks:
    """The whole of ``ids (n,)``, once, in chunks of ``config.chunk`` kB of text; a symbol is ``size`` bytes, on average."""

    def __init__(self, ids: Tensor, size: float) -> None:
        self.ids, self.size = ids, size
        self.place = 0

    @property
    def over(self) -> bool:
        """Whether there is no more."""
        return self.place >= len(self.ids)

    def next(self, config: Any) -> Tensor:
        """The next chunk ``(n,)``."""
        length = max(1, round(config.chunk * 1024 / max(self.size, 1e-9)))
        chunk = self.ids[self.place : self.place + length]
        self.place += len(chunk)
        return chunk

    def state(self) -> dict[str, Any]:
        """What :meth:`load` takes."""
        return {"place": self.place}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.place = int(state["place"])
