"""Which items make the next batch: every one once an epoch, in an order drawn from the seed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def share(batch: Tensor, rank: int, ranks: int) -> Tensor:
    """What process ``rank`` of ``ranks`` gets of the items of a batch: every ``ranks``-th one, so that a batch sorted
    by length is dealt evenly. All get as many; of an uneven batch up to ``ranks - 1`` items at the end are left out."""
    return batch[rank : len(batch) - len(batch) % ranks : ranks]


class Sampler:
    """Batches of indices without end. The state is two numbers, so a run resumes at the same item.

    The last, smaller batch of an epoch is dropped; a batch larger than the data is the whole data. Each of ``ranks``
    processes draws the same batches and takes its :func:`share`: together they have the batch of one process.
    """

    def __init__(self, items: int, seed: int, rank: int = 0, ranks: int = 1) -> None:
        self.items = items
        self.seed = seed
        self.rank, self.ranks = rank, ranks
        self.epoch = 0
        self.position = 0
        self._order = self._shuffled()

    def next(self, batch_size: int) -> Tensor:
        """The share of ``min(batch_size, items)`` int64 indices. Raises ValueError where that is none."""
        count = min(batch_size, self.items)
        if count < self.ranks:
            raise ValueError(
                f"a batch of {count} items: expected at least one for each of {self.ranks} processes."
            )
        if self.position + count > self.items:
            self.epoch += 1
            self.position = 0
            self._order = self._shuffled()
        batch = self._order[self.position : self.position + count]
        self.position += count
        return share(batch, self.rank, self.ranks)

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
