"""Which items make the next batch: every one once an epoch, in an order drawn from the seed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Sampler:
    """Batches of indices without end. The state is three numbers, so a run resumes at the same item.

    The last, smaller batch of an epoch is dropped; a batch larger than the data is the whole data.
    """

    def __init__(self, items: int, seed: int) -> None:
        self.items = items
        self.seed = seed
        self.epoch = 0
        self.position = 0
        self._order = self._shuffled()

    def next(self, batch_size: int) -> Tensor:
        """``(min(batch_size, items),)`` int64 indices."""
        count = min(batch_size, self.items)
        if self.position + count > self.items:
            self.epoch += 1
            self.position = 0
            self._order = self._shuffled()
        batch = self._order[self.position : self.position + count]
        self.position += count
        return batch

    def state(self) -> dict[str, int]:
        """What :meth:`load` takes."""
        return {"epoch": self.epoch, "position": self.position}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.epoch, self.position = int(state["epoch"]), int(state["position"])
        self._order = self._shuffled()

    def _shuffled(self) -> Tensor:
        # A generator of its own per epoch: the order depends on nothing but seed and epoch.
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) % 2**63)
        return torch.randperm(self.items, generator=generator)
