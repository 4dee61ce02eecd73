"""What a speech source hands to the rest of the program: clips end to end in one array, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ssllab.data.skipped import Skipped

#: Hertz. Every source is brought to this rate, mono, when it is read.
SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Span:
    """A labelled stretch of a clip (a word, a phone); ``start`` and ``end`` in seconds from the clip's beginning."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class SpeechSplit:
    """The ``C`` clips of one split, end to end.

    ``audio: (N,)`` int16 at 16 kHz, mono (it may be a memory map: never copy it whole); clip ``i`` is
    ``audio[starts[i]:starts[i + 1]]`` with ``starts: (C + 1,)`` int64. ``labels: (C,)`` int64 in
    ``range(len(class_names))`` where each clip is one word of a few. ``words`` and ``phones`` are ``()``
    where the source knows none; else one tuple of spans a clip, itself ``()`` where unknown.
    """

    audio: Tensor
    starts: Tensor
    names: tuple[str, ...]
    texts: tuple[str | None, ...]
    speakers: tuple[str | None, ...]
    labels: Tensor | None = None
    words: tuple[tuple[Span, ...], ...] = ()
    phones: tuple[tuple[Span, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def seconds(self) -> float:
        """Length of all clips together."""
        return self.audio.shape[0] / SAMPLE_RATE

    def samples(self, i: int) -> Tensor:
        """Clip ``i`` as ``(n,)`` float32 in -1..1."""
        start, end = int(self.starts[i]), int(self.starts[i + 1])
        # In numpy: torch would split so little work over threads and wait for them.
        return torch.from_numpy(self.audio[start:end].numpy() / np.float32(32768))


@dataclass(frozen=True)
class SpeechData:
    """A data set of speech: ``train`` is what the method hears, ``test`` is held out; labels are for probes."""

    name: str
    title: str
    train: SpeechSplit
    test: SpeechSplit
    class_names: tuple[str, ...] = ()
    about: str = ""
    skipped: tuple[Skipped, ...] = ()

    kind: ClassVar[str] = "speech"

    @property
    def options(self) -> dict[str, int]:
        """Speech is loaded in one way only."""
        return {}

    def to(self, device: torch.device) -> SpeechData:
        """Itself: audio stays on the CPU (it may be a memory map) and batches are moved one by one."""
        return self
