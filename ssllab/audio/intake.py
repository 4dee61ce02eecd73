"""Any rate and any number of channels in, 16 kHz mono float32 out; the level is measured on the way."""

from __future__ import annotations

import numpy as np
import soxr

from ssllab.audio.files import SAMPLE_RATE, mono
from ssllab.audio.level import CLIPPED_AT, Level, Meter


class Intake:
    """The way of one stream of ``rate`` Hz. ``silent_seconds``: how long nothing but zeros came."""

    def __init__(self, rate: int) -> None:
        self.level = Level()
        self.silent_seconds = 0.0
        self._rate = rate
        self._meter = Meter(rate)
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def push(self, frames: np.ndarray, gain: float = 1.0) -> np.ndarray:
        """``(n, channels)`` float32 -> ``(m,)``; the resampler keeps some milliseconds until :meth:`rest`.

        Values that are no numbers become silence.
        """
        if not len(frames):
            return np.zeros(0, np.float32)
        frames = np.nan_to_num(frames, posinf=0.0, neginf=0.0)
        peak = np.abs(frames).max()
        self.silent_seconds = 0.0 if peak else self.silent_seconds + len(frames) / self._rate
        samples = mono(frames) * np.float32(gain)
        # One channel may be cut off where the mean of all is not, and a gain below 1 does not mend it.
        self.level = self._meter.update(samples, clipped=bool(peak >= CLIPPED_AT))
        return self._resampler.resample_chunk(samples)

    def rest(self) -> np.ndarray:
        """What the resampler kept back: ``(m,)``; nothing may be pushed afterwards."""
        return self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
