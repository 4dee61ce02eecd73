"""The audio on the desk: its samples, what is said in it, and how it grows while the microphone is on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.playback import RATE, Sound

if TYPE_CHECKING:
    from ssllab.data.speech.textgrid import Grid
    from ssllab.data.speech.types import Span

HOP = 320  # samples from one code frame to the next
FRAME_SECONDS = HOP / RATE


@dataclass(frozen=True, eq=False)
class Clip(Sound):
    """``samples: (n,)`` at 16 kHz mono, float32 in -1..1 or int16 (an hour may be a memory map).

    ``words`` and ``phones`` are ``()`` where unknown; ``text`` is the transcript without times. ``key`` is that of
    its :class:`Listed`, empty for a clip of no list.
    """

    name: str
    samples: NDArray
    text: str | None = None
    words: tuple[Span, ...] = ()
    phones: tuple[Span, ...] = ()
    key: str = ""

    @cached_property
    def spoken(self) -> tuple[Span, ...]:
        """The words, or the transcript as one long word."""
        if self.words or not self.text:
            return self.words
        from ssllab.data.speech.types import Span

        return (Span(0.0, self.seconds, self.text),)


def with_times(clip: Clip, times: Grid) -> Clip:
    """The clip with other words and phones; a transcript that is known stays."""
    text = clip.text or " ".join(span.label for span in times.words) or None
    return replace(clip, text=text, words=times.words, phones=times.phones)


@dataclass(frozen=True, eq=False)
class Listed:
    """A clip that can be opened. ``key`` is its own among all; ``group``: "train", "test" or "takes"."""

    key: str
    name: str
    group: str
    seconds: float
    load: Callable[[], Clip]
    phones: tuple[Span, ...] = ()
    words: tuple[Span, ...] = ()


class GrowingSound:
    """Samples that come in while recording; room is doubled, so that appending costs little for hours."""

    def __init__(self) -> None:
        self._room: NDArray[np.float32] = np.empty(60 * RATE, np.float32)
        self._length = 0

    @property
    def samples(self) -> NDArray[np.float32]:
        """``(n,)`` so far; a view."""
        return self._room[: self._length]

    def append(self, samples: NDArray[np.float32]) -> None:
        """Take in ``samples: (n,)`` float32."""
        end = self._length + len(samples)
        if end > len(self._room):
            larger = np.empty(max(end, 2 * len(self._room)), np.float32)
            larger[: self._length] = self.samples
            self._room = larger
        self._room[self._length : end] = samples
        self._length = end
