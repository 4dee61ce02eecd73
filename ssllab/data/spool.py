"""Numbers put end to end as they are read: in memory while they are few, in a mapped file when they are many.

A mapped file lies in the user's cache, is written beside and renamed, and is found again the next time if nothing
changed. So memory stays flat, however much there is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.data.skipped import Skipped


@dataclass
class Spool:
    """Grows a row of numbers; ``path`` is where it goes when there are more than ``most``."""

    path: Path
    dtype: type[np.generic]
    most: int
    length: int = 0
    _blocks: list[NDArray[Any]] = field(default_factory=list)
    _file: BinaryIO | None = None

    @property
    def on_disk(self) -> bool:
        """Whether it has outgrown the memory."""
        return self._file is not None

    def add(self, values: NDArray[Any]) -> None:
        """Append ``(n,)`` of the ``dtype``. Raises OSError when the disk is full."""
        if self.length + len(values) > self.most:
            self.move_to_disk()
        if self._file is None:
            self._blocks.append(values)
        else:
            self._file.write(values.tobytes())
        self.length += len(values)

    def move_to_disk(self) -> None:
        """Go on in the file, however few they are."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._beside.open("wb")
            for block in self._blocks:
                self._file.write(block.tobytes())
            self._blocks.clear()

    def take_back(self, length: int) -> None:
        """Forget all but the first ``length``, which end a block."""
        while self._blocks and self.length > length:
            self.length -= len(self._blocks.pop())
        if self._file is not None and self.length > length:
            self._file.seek(np.dtype(self.dtype).itemsize * length)
            self._file.truncate()
            self.length = length

    def values(self) -> Tensor:
        """All of them ``(length,)``, a file under its own name. Raises OSError when the disk is full."""
        if self._file is None:
            values = np.concatenate(self._blocks) if self._blocks else np.zeros(0, self.dtype)
            self._blocks.clear()
            return torch.from_numpy(values)
        self._file.close()
        os.replace(self._beside, self.path)
        return mapped(self.path, self.length, self.dtype)

    def discard(self) -> None:
        """Remove what was written so far."""
        if self._file is not None:
            self._file.close()
            self._beside.unlink(missing_ok=True)

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + f".{os.getpid()}.part")


def mapped(path: Path, length: int, dtype: type[np.generic]) -> Tensor:
    """``(length,)`` of a file, read from the disk where and when it is looked at."""
    kind = torch.from_numpy(np.zeros(0, dtype)).dtype
    if length == 0:
        return torch.zeros(0, dtype=kind)  # an empty file cannot be mapped
    return torch.from_file(str(path), shared=False, size=length, dtype=kind)


class Shelf:
    """What belongs to one source in the cache: found again while ``stamp`` stays the same."""

    def __init__(self, folder: Path, source: str, stamp: str) -> None:
        self._folder = folder / hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]
        self._stamp = hashlib.sha256(stamp.encode("utf-8", "replace")).hexdigest()[:16]
        self._source = source

    def path(self, name: str, ending: str) -> Path:
        """Of the file ``name``."""
        return self._folder / f"{name}-{self._stamp}.{ending}"

    def keep(self, note: Mapping[str, Any], told: Sequence[Skipped]) -> None:
        """Note what is in the files and what was told, so that :meth:`find` knows them; drop older ones."""
        skipped = [[entry.path, entry.reason, entry.what] for entry in told]
        beside = self._note.with_suffix(".part")
        beside.write_text(json.dumps({"source": self._source, "skipped": skipped, **note}), encoding="utf-8")
        os.replace(beside, self._note)
        for path in self._folder.iterdir():
            if self._stamp not in path.name:
                with contextlib.suppress(OSError):  # another process may still map it
                    path.unlink()

    def find(self) -> tuple[dict[str, Any], list[Skipped]] | None:
        """The note and what was told, or None. What the note says is to be trusted no more than any file."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return note, [Skipped(*entry) for entry in note["skipped"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def _note(self) -> Path:
        return self._folder / f"{self._stamp}.json"
