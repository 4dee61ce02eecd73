"""Clips put end to end as they are decoded: in memory while they are few, in a mapped file when they are hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssllab.data import spool
from ssllab.data.skipped import Skipped
from ssllab.data.speech.types import SAMPLE_RATE

#: More than this goes into a file. Two hours are 230 MB.
IN_MEMORY = 2 * 3600 * SAMPLE_RATE
_FORMAT = 2  # reels of format 1 may lack sound that is read by now: MP3 without a header, chained Ogg


@dataclass(frozen=True)
class Piece:
    """A clip on a reel: ``length`` samples that came from the recording ``key``, ``start`` samples into it."""

    key: str
    start: int
    length: int


@dataclass(frozen=True)
class Reel:
    """``audio: (N,)`` int16 and the pieces it is made of, in order."""

    audio: Tensor
    pieces: tuple[Piece, ...]

    def cut(self, first: int, last: int) -> Reel:
        """Pieces ``first`` to ``last`` (exclusive); no copy."""
        before = sum(piece.length for piece in self.pieces[:first])
        inside = sum(piece.length for piece in self.pieces[first:last])
        return Reel(self.audio[before : before + inside], self.pieces[first:last])

    def starts(self) -> Tensor:
        """Where the clips begin, and the end: ``(C + 1,)`` int64."""
        lengths = torch.tensor([0, *(piece.length for piece in self.pieces)], dtype=torch.int64)
        return lengths.cumsum(0)


@dataclass
class ReelWriter(spool.Spool):
    """Grows a reel of int16."""

    pieces: list[Piece] = field(default_factory=list)

    def finish(self) -> Reel:
        """The reel, and its file under its own name. Raises OSError when the disk is full."""
        return Reel(self.values(), tuple(self.pieces))


class Shelf:
    """The two reels of one source in the cache: found again while ``stamp`` stays the same."""

    def __init__(self, root: Path, source: str, stamp: str) -> None:
        self._files = spool.Shelf(root / "speech", source, f"{_FORMAT}|{stamp}")

    def writer(self, which: str) -> ReelWriter:
        """Of the reel ``train`` or ``test``."""
        return ReelWriter(self._files.path(which, "int16"), np.int16, IN_MEMORY)

    def keep(self, reels: dict[str, Reel], told: Sequence[Skipped]) -> None:
        """Note what is on the reels (all of them in files), so that :meth:`find` knows them; drop older ones."""
        pieces = {
            which: [[piece.key, piece.start, piece.length] for piece in reel.pieces]
            for which, reel in reels.items()
        }
        self._files.keep({"reels": pieces}, told)

    def find(self) -> tuple[dict[str, Reel], list[Skipped]] | None:
        """The reels and what was told of their recordings, or None where they must be decoded (again)."""
        if (found := self._files.find()) is None:
            return None
        note, told = found
        try:
            reels = {}
            for which, rows in note["reels"].items():
                pieces = tuple(Piece(str(key), int(start), int(length)) for key, start, length in rows)
                length = sum(piece.length for piece in pieces)
                path = self.writer(which).path
                if path.stat().st_size != 2 * length:
                    return None
                reels[which] = Reel(spool.mapped(path, length, np.int16), pieces)
            return reels, told
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
