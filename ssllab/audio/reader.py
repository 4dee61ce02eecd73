"""What reads sound of a file: libsndfile (:mod:`.sndfile`) or FFmpeg's libraries (:mod:`.packets`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from ssllab.audio.errors import AudioError

Note = Callable[[str], None]

#: Frames of one read: short enough to keep the caches warm.
CHUNK = 1 << 16
#: Seconds; less missing at the end is no loss: encoders pad, headers round.
SLACK = 0.1
#: Seconds; a hole in the middle is one from here on: a frame of FLAC or MP3 is longer.
HOLE = 0.02


class Reader(Protocol):
    """An opened file, read once from front to end."""

    rate: int
    channels: int
    #: A short word such as ``FLAC`` or ``WAV PCM_16``.
    format: str

    @property
    def seconds(self) -> float | None:
        """As the header says, None where it does not."""
        ...

    def blocks(
        self, start: float, end: float | None, size: int, note: Note
    ) -> Iterator[tuple[np.ndarray, int]]:
        """``(n, channels)`` float32 of at most about ``size`` frames, and their rate, from ``start`` to ``end`` seconds.

        What is lost is told to ``note``; raises :class:`AudioError` where nothing can be decoded.
        """
        ...

    def close(self) -> None:
        """Safe to call twice."""
        ...


class Joined:
    """Files that were put end to end into one, as ``cat a.flac b.flac`` does, one of them open at a time.

    ``parts`` open them, or give None where one cannot be read; ``first`` is one that can, to say what they are.
    """

    def __init__(self, parts: Sequence[Callable[[], Reader | None]], first: Reader, name: str) -> None:
        self._parts, self._name = parts, name
        self.rate, self.channels, self.format = first.rate, first.channels, first.format

    @property
    def seconds(self) -> float | None:
        """Of all parts together."""
        total = 0.0
        for part in self._opened():
            if part is not None:
                if part.seconds is None:
                    return None
                total += part.seconds
        return total

    def blocks(
        self, start: float, end: float | None, size: int, note: Note
    ) -> Iterator[tuple[np.ndarray, int]]:
        """One after the other."""
        before, unreadable = 0.0, 0
        for part in self._opened():
            if part is None:
                unreadable += 1
                continue
            length = part.seconds
            if (length is None or start < before + length) and (end is None or end > before):
                rest = None if end is None else end - before
                yield from part.blocks(max(0.0, start - before), rest, size, note)
            before += length or 0.0
        if unreadable and end is None:
            count = len(self._parts)
            note(f"{self._name} was joined of {count:,} files; {unreadable:,} of them cannot be read.")

    def close(self) -> None:
        """Nothing is left open."""

    def _opened(self) -> Iterator[Reader | None]:
        for open_part in self._parts:
            part = open_part()
            try:
                yield part
            finally:
                if part is not None:
                    part.close()


def say_lost(name: str, have: float, said: float, *, middle: bool, note: Note) -> None:
    """Tell that of ``said`` seconds ``have`` were read, and whether what is lost lies in the ``middle``."""
    if middle and said - have > HOLE:
        note(
            f"{name} is damaged: {said - have:,.2f} of {said:,.1f} seconds cannot be decoded and are left out."
        )
    elif have < said - SLACK:
        note(f"{name} breaks off: {have:,.1f} of {said:,.1f} seconds could be read.")


def undecodable(name: str) -> AudioError:
    """That there is nothing left of it."""
    return AudioError(f"{name} is damaged: none of its sound can be decoded. Copy or export it again.")
