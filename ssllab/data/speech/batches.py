"""Batches of speech: clips of like length together, cropped and padded, so many seconds of sound a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ssllab.data.sampler import share
from ssllab.data.speech.types import SAMPLE_RATE, SpeechSplit

POOL = 64  # clips sorted by length at a time: little padding, yet another batch in every epoch


@dataclass(frozen=True)
class SpeechBatch:
    """``samples (B, n)`` float32, zero after each clip's ``lengths (B,)``; ``clips (B,)`` their numbers in the split;
    ``starts (B,)`` the sample of the clip at which the crop begins."""

    samples: Tensor
    lengths: Tensor
    clips: Tensor
    starts: Tensor

    def to(self, device: torch.device) -> SpeechBatch:
        """The same on ``device``; clips and starts stay on the CPU."""
        return SpeechBatch(self.samples.to(device), self.lengths.to(device), self.clips, self.starts)

    @property
    def seconds(self) -> float:
        """Sound in the batch, padding not counted."""
        return float(self.lengths.sum()) / SAMPLE_RATE


def collate(split: SpeechSplit, clips: Tensor, starts: Tensor, lengths: Tensor) -> SpeechBatch:
    """Crops of ``lengths (B,)`` samples from ``starts (B,)`` of ``clips (B,)``, padded with zeros to the longest."""
    samples = torch.zeros(len(clips), int(lengths.max()))
    begins = split.starts[clips] + starts
    for row, begin, length in zip(samples, begins.tolist(), lengths.tolist(), strict=True):
        row[:length] = split.audio[begin : begin + length].float() / 32768
    return SpeechBatch(samples, lengths, clips, starts)


class SpeechBatches:
    """Every clip once an epoch, in an order drawn from the seed; of a long clip a random crop.

    ``batch_seconds``: padded length of a batch; ``crop_seconds``: the most of one clip; clips under
    ``least_seconds`` are left out. The state is two numbers. Each of ``ranks`` processes draws clips and crops of the
    whole batch and takes its :func:`.share`; batches with fewer clips than processes are left out.

    Raises ValueError when no clip is long enough, or no batch has enough clips.
    """

    def __init__(
        self,
        split: SpeechSplit,
        seed: int,
        *,
        batch_seconds: float,
        crop_seconds: float,
        least_seconds: float,
        device: torch.device | str = "cpu",
        clips: Tensor | None = None,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self._split, self._seed, self._device = split, seed, torch.device(device)
        self._rank, self._ranks = rank, ranks
        self._budget = int(batch_seconds * SAMPLE_RATE)
        lengths = split.starts.diff()
        wanted = torch.arange(len(split)) if clips is None else clips
        self._clips = wanted[lengths[wanted] >= least_seconds * SAMPLE_RATE]
        if not len(self._clips):
            raise ValueError(
                f"no clip of the data is {least_seconds:g} s long: expected some of at least that; join short "
                "recordings, or take other data."
            )
        self._lengths = lengths.clamp_max(int(crop_seconds * SAMPLE_RATE))
        self.epoch = self.position = 0
        self._plan = self._planned()
        if not self._plan:
            raise ValueError(
                f"no batch has a clip for each of {ranks} processes: expected more batch_seconds."
            )

    def __len__(self) -> int:
        """Batches in the present epoch."""
        return len(self._plan)

    def next(self, config: Any) -> SpeechBatch:
        """The next batch, on the device. ``config`` is not asked: lengths do not change in a run."""
        while self.position == len(self._plan):
            self.epoch, self.position = self.epoch + 1, 0
            self._plan = self._planned()
        clips = self._plan[self.position]
        lengths = self._lengths[clips]
        spare = self._split.starts.diff()[clips] - lengths
        draw = torch.rand(len(clips), generator=self._generator(1 + self.position), dtype=torch.float64)
        self.position += 1
        begins = (draw * (spare + 1)).long()
        clips, begins, lengths = (share(part, self._rank, self._ranks) for part in (clips, begins, lengths))
        return collate(self._split, clips, begins, lengths).to(self._device)

    def state(self) -> dict[str, int]:
        """What :meth:`load` takes."""
        return {"epoch": self.epoch, "position": self.position}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.epoch, self.position = int(state["epoch"]), int(state["position"])
        self._plan = self._planned()

    def _generator(self, turn: int) -> torch.Generator:
        # One of its own per epoch and batch: what is drawn depends on nothing but seed and place.
        mixed = ((self._seed * 1_000_003 + self.epoch) * 1_000_003 + turn) % 2**63
        return torch.Generator().manual_seed(mixed)

    def _planned(self) -> list[Tensor]:
        generator = self._generator(0)
        shuffled = self._clips[torch.randperm(len(self._clips), generator=generator)]
        batches: list[Tensor] = []
        for pool in shuffled.split(POOL):
            pool = pool[self._lengths[pool].argsort()]
            parts = _fill(pool, self._lengths[pool].tolist(), self._budget)
            batches += [part for part in parts if len(part) >= self._ranks]
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def _fill(clips: Tensor, lengths: list[int], budget: int) -> list[Tensor]:
    """Cut ``clips``, the shortest first, so that each part padded to its longest is within ``budget`` samples."""
    parts, begin = [], 0
    for i, length in enumerate(lengths):
        if i > begin and length * (i - begin + 1) > budget:
            parts.append(clips[begin:i])
            begin = i
    return [*parts, clips[begin:]]
