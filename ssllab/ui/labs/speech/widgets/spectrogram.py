"""The log-mel spectrogram of a clip, filled block by block, with coarser copies for looking at an hour at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.labs.speech.widgets.clip import FRAME_SECONDS, HOP, RATE

if TYPE_CHECKING:
    from ssllab.ui.labs.speech.widgets.clip import Clip

BANDS = 80
BLOCK = 1024  # frames computed at a time: 20 s
_FACTOR = 4
_LEVELS = 6  # 1, 4, 16 ... 1024 frames a column: a block fills whole columns of every level
_REACH = 400  # samples that a frame looks at
FINE_SECONDS = FRAME_SECONDS / 4  # columns closer than this are made from the samples anew
_FINEST_SECONDS = 0.001  # nearer columns than these look alike
_RANGE_DB = 70.0  # from the strongest tone down to the ground; below it is the noise of the room


class Spectrogram:
    """``levels[k]: (ceil(T / 4^k), 80)`` float16, NaN where not yet known; level 0 has a column a code frame."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.known = np.zeros(-(-frames // BLOCK), bool)
        self.levels: list[NDArray[np.float16]] = [
            np.full((-(-frames // _FACTOR**k), BANDS), np.nan, np.float16) for k in range(_LEVELS)
        ]
        self.scale: tuple[float, float] | None = None  # values of the darkest and of the strongest tone

    def next_block(self, near: float) -> int | None:
        """The unknown block nearest to the time ``near`` (seconds), None when all is known."""
        unknown = np.flatnonzero(~self.known)
        if not unknown.size:
            return None
        middle = (unknown + 0.5) * BLOCK * FRAME_SECONDS
        return int(unknown[np.abs(middle - near).argmin()])

    def put(self, block: int, values: NDArray) -> None:
        """Take in ``values: (t, 80)`` of a block; frames beyond the clip are left out."""
        first = block * BLOCK
        self._write(first, values[: self.frames - first])
        self.known[block] = True

    def extend(self, values: NDArray) -> None:
        """Frames that follow, ``(t, 80)``, as they come while recording."""
        first, self.frames = self.frames, self.frames + len(values)
        for k, level in enumerate(self.levels):
            needed = -(-self.frames // _FACTOR**k)
            if needed > len(level):
                room = np.full((max(needed, 2 * len(level), 64), BANDS), np.nan, np.float16)
                room[: len(level)] = level
                self.levels[k] = room
        self._write(first, values)

    def _write(self, first: int, values: NDArray) -> None:
        last = first + len(values)
        self.levels[0][first:last] = values
        for k in range(1, _LEVELS):
            below = self.levels[k - 1]
            begin = first // _FACTOR**k
            end = -(-last // _FACTOR**k)
            part = below[begin * _FACTOR : min(end * _FACTOR, -(-last // _FACTOR ** (k - 1)))]
            sums = np.add.reduceat(part.astype(np.float32), np.arange(0, len(part), _FACTOR), axis=0)
            counts = np.minimum(_FACTOR, len(part) - np.arange(0, len(part), _FACTOR))
            self.levels[k][begin:end] = sums / counts[:, None]
        self._rescale(values)

    def _rescale(self, values: NDArray) -> None:
        """The tones end at the loudest sound so far, with room for a few louder ones, so that little flickers."""
        if len(values):
            loudest = float(np.quantile(values, 0.999))
            if self.scale is None or loudest > self.scale[1]:
                self.scale = loudest - _RANGE_DB, loudest

    def view(self, times: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Tones of the columns at ``times: (n,)`` in seconds, as ``(80, n)`` with the highest band on top."""
        if self.scale is None or not len(times):
            return np.zeros((BANDS, len(times)), np.uint8)
        step = (times[-1] - times[0]) / max(1, len(times) - 1) / FRAME_SECONDS
        k = int(np.clip(np.floor(np.log(max(step, 1.0)) / np.log(_FACTOR)), 0, _LEVELS - 1))
        frame = np.floor(times / FRAME_SECONDS).astype(np.int64)
        inside = (frame >= 0) & (frame < self.frames)
        tones = np.zeros((len(times), BANDS), np.uint8)
        tones[inside] = self._tones(self.levels[k][frame[inside] // _FACTOR**k].astype(np.float32))
        return tones.T[::-1]

    def near_view(self, clip: Clip, times: NDArray[np.float64]) -> NDArray[np.uint8]:
        """As :meth:`view`, from the samples themselves, for times that lie closer than :data:`FINE_SECONDS`."""
        from ssllab.audio.log_mel import fine_log_mel

        every = max(1, round(_FINEST_SECONDS / ((times[-1] - times[0]) / max(1, len(times) - 1))))
        middles = times[every // 2 :: every] * RATE
        first = max(0, int(middles[0]) - HOP)
        found = fine_log_mel(clip.sound(first, int(middles[-1]) + HOP), middles - first, RATE)
        outside = (middles < 0) | (middles > len(clip.samples))
        found[outside] = np.nan
        column = np.minimum(np.arange(len(times)) // every, len(middles) - 1)
        return self._tones(found)[column].T[::-1]

    def _tones(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        assert self.scale is not None
        low, high = self.scale
        return np.nan_to_num(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def mel_block(clip: Clip, block: int) -> NDArray:
    """Log-mel of one block of a clip, ``(t, 80)``; pure, for a worker's thread."""
    from ssllab.audio.log_mel import log_mel

    start = block * BLOCK * HOP
    return np.asarray(log_mel(clip.sound(start, start + (BLOCK - 1) * HOP + _REACH), RATE))[:BLOCK]
