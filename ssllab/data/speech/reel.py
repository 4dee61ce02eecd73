"""Clips put end to end as they are decoded: in memory while they are few, in a mapped file when they are hours.

A mapped file lies in the user's cache, is written beside and renamed, and is found again the next time if
nothing changed. So memory stays flat, however long the recordings are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

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
class ReelWriter:
    """Grows a reel; ``path`` is where it goes when it gets longer than ``IN_MEMORY``."""

    path: Path
    pieces: list[Piece] = field(default_factory=list)
    length: int = 0
    _blocks: list[np.ndarray] = field(default_factory=list)
    _file: BinaryIO | None = None

    @property
    def on_disk(self) -> bool:
        """Whether the reel has outgrown the memory."""
        return self._file is not None

    def add(self, samples: np.ndarray) -> None:
        """Append ``(n,)`` int16."""
        if self.length + len(samples) > IN_MEMORY:
            self.move_to_disk()
        if self._file is None:
            self._blocks.append(samples)
        else:
            self._file.write(samples.tobytes())
        self.length += len(samples)

    def move_to_disk(self) -> None:
        """Go on in the file, however short the reel is."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._beside.open("wb")
            for block in self._blocks:
                self._file.write(block.tobytes())
            self._blocks.clear()

    def take_back(self, length: int) -> None:
        """Forget all but the first ``length`` samples, which end a block."""
        while self._blocks and self.length > length:
            self.length -= len(self._blocks.pop())
        if self._file is not None and self.length > length:
            self._file.seek(2 * length)
            self._file.truncate()
            self.length = length

    def finish(self) -> Reel:
        """The reel, and its file under its own name. Raises OSError when the disk is full."""
        if self._file is None:
            audio = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)
            self._blocks.clear()
            return Reel(torch.from_numpy(audio), tuple(self.pieces))
        self._file.close()
        os.replace(self._beside, self.path)
        return Reel(mapped(self.path, self.length), tuple(self.pieces))

    def discard(self) -> None:
        """Remove what was written so far."""
        if self._file is not None:
            self._file.close()
            self._beside.unlink(missing_ok=True)

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + f".{os.getpid()}.part")


def mapped(path: Path, length: int) -> Tensor:
    """``(length,)`` int16 of a file, read from the disk where and when it is looked at."""
    if length == 0:
        return torch.zeros(0, dtype=torch.int16)  # an empty file cannot be mapped
    return torch.from_file(str(path), shared=False, size=length, dtype=torch.int16)


class Shelf:
    """The two reels of one source in the cache: found again while ``stamp`` stays the same."""

    def __init__(self, root: Path, source: str, stamp: str) -> None:
        self._folder = root / "speech" / hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]
        self._stamp = hashlib.sha256(f"{_FORMAT}|{stamp}".encode("utf-8", "replace")).hexdigest()[:16]
        self._source = source

    def writer(self, which: str) -> ReelWriter:
        """Of the reel ``train`` or ``test``."""
        return ReelWriter(self._folder / f"{which}-{self._stamp}.int16")

    def keep(self, reels: dict[str, Reel], told: Sequence[Skipped]) -> None:
        """Note what is on the reels (all of them in files), so that :meth:`find` knows them; drop older ones."""
        note = {
            "source": self._source,
            "skipped": [[entry.path, entry.reason, entry.what] for entry in told],
            "reels": {
                which: [[piece.key, piece.start, piece.length] for piece in reel.pieces]
                for which, reel in reels.items()
            },
        }
        beside = self._note.with_suffix(".part")
        beside.write_text(json.dumps(note), encoding="utf-8")
        os.replace(beside, self._note)
        for path in self._folder.iterdir():
            if self._stamp not in path.name:
                with contextlib.suppress(OSError):  # another process may still map it
                    path.unlink()

    def find(self) -> tuple[dict[str, Reel], list[Skipped]] | None:
        """The reels and what was told of their recordings, or None where they must be decoded (again)."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            reels = {}
            for which, rows in note["reels"].items():
                pieces = tuple(Piece(str(key), int(start), int(length)) for key, start, length in rows)
                length = sum(piece.length for piece in pieces)
                path = self.writer(which).path
                if path.stat().st_size != 2 * length:
                    return None
                reels[which] = Reel(mapped(path, length), pieces)
            return reels, [Skipped(*entry) for entry in note["skipped"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def _note(self) -> Path:
        return self._folder / f"{self._stamp}.json"
