"""Text to learn from: documents as one string of bytes, so that hundreds of megabytes may stay on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor

from ssllab.data.skipped import Skipped


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Documents, UTF-8, one behind another. ``text (bytes,)`` uint8; document i is ``text[starts[i]:starts[i + 1]]``."""

    text: Tensor
    starts: Tensor

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.text)

    def document(self, index: int) -> str:
        """The letters of one."""
        first, last = (int(place) for place in self.starts[index : index + 2])
        return self.text[first:last].numpy().tobytes().decode("utf-8")

    def documents(self) -> Iterator[str]:
        """All of them, in order."""
        return map(self.document, range(len(self)))


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
    language: Literal["everyday", "prose", "dna"] = "prose"
    whole: bool = False
    about: str = ""
    skipped: tuple[Skipped, ...] = ()
    options: dict[str, int] = field(default_factory=dict)

    def to(self, device: torch.device) -> Self:
        """The text itself is read by the processor: what goes to the device are its symbols."""
        return self


def split_of(documents: Iterable[str]) -> TextSplit:
    """Documents in memory; what cannot be written as UTF-8 (half a surrogate pair) becomes a question mark."""
    parts = [document.encode("utf-8", errors="replace") for document in documents]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    text = np.frombuffer(bytearray(b"".join(parts)), np.uint8) if parts else np.zeros(0, np.uint8)
    return TextSplit(torch.from_numpy(text), torch.from_numpy(starts))
