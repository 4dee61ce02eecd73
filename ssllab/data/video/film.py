"""Frames put end to end as they are decoded, in a mapped file in the user's cache; found again while nothing changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssllab.data.spool import Spool, mapped

SHORTEST = 2  # frames of a clip: one shows nothing that moves


@dataclass(frozen=True)
class Film:
    """``frames: (F, size, size, 3)`` uint8 and where its clips begin, the end of the last one behind: ``(C + 1,)`` int64."""

    frames: Tensor
    starts: Tensor


@dataclass
class FilmWriter:
    """Grows a film in the file ``path``."""

    path: Path
    size: int
    starts: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.frame = 3 * self.size * self.size
        self.spool = Spool(self.path, np.uint8, 0)

    @property
    def frames(self) -> int:
        """How many there are, also of the clip that is not at its end."""
        return self.spool.length // self.frame

    def add(self, frame: np.ndarray) -> None:
        """Append ``(size, size, 3)`` uint8. Raises OSError when the disk is full."""
        self.spool.add(frame.reshape(-1))

    def end(self) -> None:
        """The clip is whole; one that is too short is none."""
        if self.frames - self.starts[-1] < SHORTEST:
            self.spool.take_back(self.starts[-1] * self.frame)
        else:
            self.starts.append(self.frames)

    def take_back(self, clips: int) -> None:
        """Forget all but the first ``clips``."""
        del self.starts[clips + 1 :]
        self.spool.take_back(self.starts[-1] * self.frame)

    def film(self) -> Film:
        """All of it, the file under its own name. Raises OSError when the disk is full."""
        return _shaped(self.spool.values(), self.size, self.starts)

    def note(self) -> dict[str, Any]:
        """What :func:`found_again` takes."""
        return {"starts": self.starts}


def found_again(note: dict[str, Any], path: Path, size: int) -> Film | None:
    """What lies in the file ``path``; None where that is not what the note says."""
    try:
        starts = [int(start) for start in note["starts"]]
        rises = all(after - before >= SHORTEST for before, after in pairwise(starts))
        length = starts[-1] * 3 * size * size
        if len(starts) < 2 or starts[0] != 0 or not rises or path.stat().st_size != length:
            return None
        return _shaped(mapped(path, length, np.uint8), size, starts)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _shaped(values: Tensor, size: int, starts: list[int]) -> Film:
    return Film(values.reshape(-1, size, size, 3), torch.tensor(starts, dtype=torch.int64))
