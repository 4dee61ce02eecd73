"""A text as symbols: what they are, learnt from the training part, and all of them one behind the other.

Whatever the size of the text, little of it is in memory: it is read in pieces, and many symbols go into a mapped file.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.data.download import cache_directory
from ssllab.data.spool import Spool
from ssllab.methods.sound_codes import text_of
from ssllab.storage.errors import DataError
from ssllab.storage.progress import tell
from ssllab.text.units import END, Units, learn

if TYPE_CHECKING:
    from ssllab.data.text.types import TextSplit

IN_MEMORY = 16 * 2**20  # symbols; more go into a file
SAMPLE = (
    32 * 2**20
)  # bytes that merges are learnt from at most: as in most large tokenizers more changes little
_OFTEN = 2**20  # bytes
LOOKED_AT = 500_000  # bytes of a text that are read for a look
_OLD = 24 * 3600  # seconds after which a file that a crash left is removed


@lru_cache(maxsize=4)
def units_of(split: TextSplit, unit: str, size: int) -> Units:
    """The units of a text; ``size``: of the vocabulary, or letters of a k-mer."""
    return learn(unit, _pieces(split, SAMPLE if unit == "bpe" else split.size), size=size, k=size)


@lru_cache(maxsize=4)
def stream(split: TextSplit, units: Units) -> NDArray[np.int32]:
    """All documents as symbols, each after :data:`ssllab.text.units.END`, which also stands at the very end.

    Raises DataError where they need a file and the disk is full.
    """
    end = np.array([END], np.int32)
    folder = cache_directory() / "symbols"
    handle = f"{os.getpid()}-{time.monotonic_ns()}"
    spool = Spool(folder / handle, np.int32, IN_MEMORY)
    try:
        spool.add(end)
        for document in _told(split, "Cutting the text into symbols"):
            for ids in units.encode_pieces(document):
                spool.add(ids)
            spool.add(end)
        on_disk = spool.on_disk
        symbols: NDArray[np.int32] = spool.values().numpy()
    except OSError as error:
        raise DataError(
            f"cannot keep the symbols of the text in {folder} ({error.strerror or error}): free some space, or choose "
            "less text."
        ) from None
    finally:
        spool.discard()
    if on_disk:
        _tidy(folder, handle)
    return symbols


@lru_cache(maxsize=4)
def first_symbols(split: TextSplit, units: Units) -> NDArray[np.int32]:
    """As :func:`stream`, of the first half a megabyte alone: what a look needs, of units that may be another run's."""
    return stream.__wrapped__(text_of(split, units).beginning(LOOKED_AT), units)


@lru_cache(maxsize=4)
def frequencies(split: TextSplit, units: Units) -> NDArray[np.float64]:
    """``(size,)``: the share of each symbol in the first half a megabyte of a text."""
    ids = first_symbols(split, units)
    return np.bincount(ids, minlength=len(units)) / len(ids)


def _pieces(split: TextSplit, most: int) -> Iterator[str]:
    """The text in pieces; of more than ``most`` bytes some of them, spread evenly."""
    if split.size <= most:
        yield from chain.from_iterable(_told(split, "Reading the text for its symbols"))
        return
    taken = passed = 0
    for piece in chain.from_iterable(_told(split, "Reading the text for its symbols")):
        size = len(piece) if piece.isascii() else len(piece.encode("utf-8"))
        passed += size
        if (taken + size / 2) * split.size <= most * passed:
            taken += size
            yield piece


def _told(split: TextSplit, text: str) -> Iterator[Iterator[str]]:
    """The pieces of each document; how far in the text they are is told as ``text``, every megabyte."""
    done = said = 0

    def listening(pieces: Iterator[str]) -> Iterator[str]:
        nonlocal done, said
        for piece in pieces:
            if done >= said:
                tell(min(1.0, done / split.size), text)
                said = done + _OFTEN
            yield piece
            done += len(piece)  # bytes, nearly

    for document in range(len(split)):
        yield listening(split.pieces(document))


def _tidy(folder: Path, handle: str) -> None:
    """Remove a file that is mapped, where the system allows it, and those that a crash left."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.name == handle or path.stat().st_mtime < time.time() - _OLD:
                path.unlink()
