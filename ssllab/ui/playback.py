"""Plays parts of sounds, one or several after another, and says where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ssllab.audio.errors import AudioError

if TYPE_CHECKING:
    from ssllab.audio.player import Player

RATE = 16_000  # hertz of all that is played
_FRAME_MS = 33


class Sound:
    """``samples (n,)`` at 16 kHz mono, float32 in -1..1 or int16 (it may be a memory map). ``key`` tells it from others."""

    samples: NDArray
    key: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / RATE

    def sound(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples ``start`` to ``end`` as float32 in -1..1, whatever they are kept as."""
        part = np.asarray(self.samples[max(0, start) : end])
        if part.dtype == np.int16:
            return part.astype(np.float32) / np.float32(32768)
        return part.astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class Samples(Sound):
    """Nothing but sound."""

    key: str
    samples: NDArray


@dataclass(frozen=True)
class Passage:
    """A part of a clip that is only read when its turn comes; ``row`` is what the asker calls it."""

    row: int
    load: Callable[[], Sound]
    start: float
    end: float


class Playback(QObject):
    """One player for the lab. ``position`` is in seconds of the clip that is heard."""

    moved = Signal()
    changed = Signal()  # began, ended, or another passage
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.speed = 1.0
        self.loop = False
        self.clip: Sound | None = None
        self.row = -1
        self.position: float | None = None
        self._player: Player | None = None
        self._part = (0.0, 0.0)
        self._waiting: list[Passage] = []
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self._look)

    @property
    def playing(self) -> bool:
        """Whether something is heard, or about to be."""
        return self.clip is not None

    def play(self, clip: Sound, start: float = 0.0, end: float | None = None) -> None:
        """Play a part of ``clip``, over and over if :attr:`loop`."""
        self._waiting = []
        self._begin(clip, start, clip.seconds if end is None else end, self.loop, -1)

    def play_all(self, passages: Sequence[Passage]) -> None:
        """Play several parts in order."""
        self._waiting = list(passages)
        self._next()

    def restart(self) -> None:
        """Take up another speed or loop: where it is now, and a loop at its beginning."""
        if self.clip is None or self.position is None:
            return
        start, end = self._part
        self._begin(self.clip, start if self.loop else self.position, end, self.loop, self.row)

    def stop(self) -> None:
        """Be quiet."""
        self._waiting = []
        self._end()

    def _next(self) -> None:
        if not self._waiting:
            self._end()
            return
        passage = self._waiting.pop(0)
        clip = passage.load()
        self._begin(clip, max(0.0, passage.start), min(passage.end, clip.seconds), False, passage.row)

    def _begin(self, clip: Sound, start: float, end: float, loop: bool, row: int) -> None:
        first = int(start * RATE)
        part = clip.sound(first, int(end * RATE))
        if not len(part):
            self._next()
            return
        if self._player is None:
            from ssllab.audio.player import Player  # brings PortAudio, for which the window does not wait

            self._player = Player()
        try:
            self._player.play(part, RATE, loop=loop, speed=self.speed)
        except AudioError as error:
            self._failed(str(error))
            return
        self.clip, self.row, self.position = clip, row, first / RATE
        self._part = first / RATE, end
        self._timer.start()
        self.changed.emit()
        self.moved.emit()

    def _look(self) -> None:
        assert self._player is not None  # the timer runs while it plays
        if self._player.problem:
            self._failed(self._player.problem)
        elif not self._player.playing:
            self._next()
        elif (position := self._player.position) is not None:
            self.position = self._part[0] + position
            self.moved.emit()

    def _failed(self, line: str) -> None:
        self.stop()
        self.failed.emit(line)

    def _end(self) -> None:
        self._timer.stop()
        if self._player is not None:
            self._player.stop()
        self.clip, self.row, self.position = None, -1, None
        self.changed.emit()
        self.moved.emit()
