"""Documents are put together as they are read, and parted into what is learned from and what is held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssllab.data.holdout import held_out
from ssllab.data.skipped import Skipped
from ssllab.data.spool import Spool, mapped
from ssllab.data.text.types import TextSplit, split_of

#: Bytes of text that are kept in memory; more than this goes into a file.
IN_MEMORY = 64 * 2**20
_DIGEST = 8  # bytes


@dataclass(frozen=True)
class Documents:
    """``text (bytes,)`` uint8 of one document behind another, where each ends, and what tells equal ones."""

    text: Tensor
    ends: tuple[int, ...]
    digests: tuple[str, ...]

    def parted(self, holdout: int) -> tuple[TextSplit, TextSplit]:
        """What is learned from and what is held out, ``holdout`` hundredths; both are views of the same text.

        Whole documents are held out, evenly spread. Where they are too few or too uneven for that, or there is one only, the
        text is cut once, and its end held out.
        """
        ends = np.array(self.ends, np.int64)
        starts = np.concatenate([[0], ends])[:-1]
        chosen = held_out(ends - starts, holdout)
        if chosen is not None:
            return self._split(starts[~chosen], ends[~chosen]), self._split(starts[chosen], ends[chosen])
        cut = self._between_characters(int(ends[-1]) * (100 - holdout) // 100)
        before, behind = starts < cut, ends > cut
        return (
            self._split(starts[before], ends[before].clip(max=cut)),
            self._split(starts[behind].clip(min=cut), ends[behind]),
        )

    def twice(self, holdout: int) -> tuple[int, int]:
        """How many whole documents are held out, and how many of them are also learned from, but for blanks."""
        ends = np.array(self.ends, np.int64)
        chosen = held_out(np.diff(ends, prepend=0), holdout)
        if chosen is None:
            cut = int(ends[-1]) * (100 - holdout) // 100
            chosen = np.concatenate([[0], ends])[:-1] >= cut
        learned = {digest for digest, out in zip(self.digests, chosen, strict=True) if not out}
        out = [digest for digest, out in zip(self.digests, chosen, strict=True) if out]
        return len(out), sum(digest in learned for digest in out)

    def _between_characters(self, place: int) -> int:
        """The same or a few bytes earlier: no character is cut."""
        while 0 < place < len(self.text) and self.text[place] & 0xC0 == 0x80:
            place -= 1
        return place

    def _split(self, starts: Sequence[int] | np.ndarray, ends: Sequence[int] | np.ndarray) -> TextSplit:
        return TextSplit(self.text, torch.as_tensor(starts), torch.as_tensor(ends))


def parted(documents: Iterable[str], holdout: int) -> tuple[TextSplit, TextSplit]:
    """:meth:`Documents.parted` of documents in memory."""
    every = split_of(documents)
    if not len(every):
        return every, every
    return Documents(every.text, tuple(every.ends.tolist()), ()).parted(holdout)


def repeated(documents: Documents, holdout: int, name: str) -> list[Skipped]:
    """A warning where held-out documents are also learned from."""
    out, twice = documents.twice(holdout)
    if not twice:
        return []
    of = f"{twice:,} of {out:,} held-out documents {'is' if twice == 1 else 'are'} also among those learned from"
    return [Skipped(name, f"{of}: the held-out loss looks better than it is", "remark")]


@dataclass
class Corpus:
    """Grows :class:`Documents`; in the file ``path`` where they outgrow the memory."""

    path: Path
    ends: list[int] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spool = Spool(self.path, np.uint8, IN_MEMORY)
        self._begin()

    def _begin(self) -> None:
        self._start = self.spool.length
        self._digest = hashlib.blake2b(digest_size=_DIGEST)

    def write(self, content: bytes) -> None:
        """Go on with a document: some more UTF-8. Raises OSError when the disk is full."""
        if content:
            self.spool.add(np.frombuffer(content, np.uint8))
            self._digest.update(b"".join(content.split()))

    @property
    def written(self) -> int:
        """Bytes of the document so far."""
        return self.spool.length - self._start

    def end(self) -> None:
        """The document is whole; one without anything is none."""
        if self.written:
            self.ends.append(self.spool.length)
            self.digests.append(self._digest.hexdigest())
        self._begin()

    def take_back(self, documents: int) -> None:
        """Forget all but the first ``documents``."""
        del self.ends[documents:], self.digests[documents:]
        self.spool.take_back(self.ends[-1] if self.ends else 0)
        self._begin()

    def documents(self) -> Documents:
        """All of them, a file under its own name. Raises OSError when the disk is full."""
        return Documents(self.spool.values(), tuple(self.ends), tuple(self.digests))

    def note(self) -> dict[str, Any]:
        """What :func:`found_again` takes."""
        return {"ends": self.ends, "digests": self.digests}


def found_again(note: dict[str, Any], path: Path) -> Documents | None:
    """What lies in the file ``path``; None where that is not what the note says."""
    try:
        ends, digests = tuple(map(int, note["ends"])), tuple(map(str, note["digests"]))
        if not ends or len(ends) != len(digests) or path.stat().st_size != ends[-1]:
            return None
        return Documents(mapped(path, ends[-1], np.uint8), ends, digests)
    except (OSError, ValueError, KeyError, TypeError):
        return None
