"""Text to learn from: documents as one string of bytes, so that hundreds of megabytes may stay on disk."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from ssllab.data.skipped import Skipped
from ssllab.data.text.languages import UNITS, Language
from ssllab.text.symbols import SEAM

_PIECE, _SEAM_WITHIN = (
    4 * 2**20,
    2**16,
)  # bytes that are read at once; characters at their end, among which one is sought


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Documents in ``text (bytes,)``, UTF-8 as uint8, which others may lie in too. Document i is
    ``text[starts[i]:ends[i]]``; both are ``(documents,)`` int64.
    """

    text: Tensor
    starts: Tensor
    ends: Tensor

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def size(self) -> int:
        """Bytes of all documents."""
        return int((self.ends - self.starts).sum())

    def document(self, index: int) -> str:
        """The letters of one."""
        return self.text[int(self.starts[index]) : int(self.ends[index])].numpy().tobytes().decode("utf-8")

    def documents(self) -> Iterator[str]:
        """All of them, in order, each whole in memory."""
        return map(self.document, range(len(self)))

    def pieces(self, index: int) -> Iterator[str]:
        """The letters of one, in pieces of some megabytes at most, parted at a :data:`ssllab.text.symbols.SEAM` where there
        is one."""
        at, end = int(self.starts[index]), int(self.ends[index])
        while at < end:
            most = min(end, at + _PIECE)
            letters, read = codecs.utf_8_decode(self.text[at:most].numpy().tobytes(), "strict", most == end)
            if most < end and (seam := SEAM.search(letters, len(letters) - _SEAM_WITHIN)):
                letters = letters[: seam.start()]
                read = len(letters.encode("utf-8"))
            yield letters
            at += read

    def beginning(self, size: int) -> Self:
        """The documents that begin in the first ``size`` bytes, the last one cut there, between two characters."""
        before = torch.cumsum(self.ends - self.starts, 0) - (self.ends - self.starts)
        kept = int((before < size).sum())
        ends = torch.minimum(self.ends[:kept], self.starts[:kept] + size - before[:kept])
        if kept:
            last = int(ends[-1])
            while last < int(self.ends[kept - 1]) and int(self.text[last]) & 0xC0 == 0x80:
                last -= 1
            ends[-1] = last
        return replace(self, starts=self.starts[:kept], ends=ends)


@dataclass(frozen=True)
class TextData:
    """``language``: whose truth is known ("everyday"), or what it is written in. Where ``whole``, each document is short
    and read from its beginning; else a window may begin anywhere."""

    kind: ClassVar[str] = "text"
    class_names: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    train: TextSplit
    test: TextSplit
    language: Language = "prose"
    whole: bool = False
    about: str = ""
    skipped: tuple[Skipped, ...] = ()
    options: dict[str, int] = field(default_factory=dict)

    @property
    def allows(self) -> Mapping[str, tuple[str, ...]]:
        """See :attr:`ssllab.data.kind.SourceInfo.allows`."""
        return {"unit": UNITS[self.language]}

    def to(self, device: torch.device) -> Self:
        """The text itself is read by the processor: what goes to the device are its symbols."""
        return self


def split_of(documents: Iterable[str]) -> TextSplit:
    """Documents in memory; what cannot be written as UTF-8 (half a surrogate pair) becomes a question mark."""
    parts = [document.encode("utf-8", errors="replace") for document in documents]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    text = np.frombuffer(bytearray(b"".join(parts)), np.uint8) if parts else np.zeros(0, np.uint8)
    return TextSplit(torch.from_numpy(text), torch.from_numpy(ends[:-1]), torch.from_numpy(ends[1:]))
