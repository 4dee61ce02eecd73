"""A level meter: peak, loudness, a peak that stays visible for a while, and the light that says "too loud"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOLD_SECONDS = 1.5
CLIP_SECONDS = 2.0
CLIPPED_AT = 0.999  # a converter's largest value, give or take a step of 10 bits


@dataclass(frozen=True)
class Level:
    """Amplitudes in 0..1 (1 is full scale). ``clipped``: something was cut off in the last two seconds."""

    peak: float = 0.0
    rms: float = 0.0
    held_peak: float = 0.0
    clipped: bool = False


class Meter:
    """Follows blocks of sound; time is counted in samples, so that it does not depend on the clock."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._held_until = self._clipped_until = -1
        self._at = 0
        self._held = 0.0

    def update(self, samples: np.ndarray, clipped: bool = False) -> Level:
        """The level after one more block ``(n,)``; ``clipped``: it was cut off before it came here."""
        self._at += len(samples)
        peak = float(np.abs(samples).max(initial=0.0))
        rms = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
        if peak >= self._held or self._at > self._held_until:
            self._held, self._held_until = peak, self._at + round(HOLD_SECONDS * self._rate)
        if clipped or peak >= CLIPPED_AT:
            self._clipped_until = self._at + round(CLIP_SECONDS * self._rate)
        return Level(peak, rms, self._held, self._at < self._clipped_until)


def decibels(amplitude: float, floor: float = -120.0) -> float:
    """dB below full scale; silence is ``floor``."""
    return max(floor, 20 * float(np.log10(amplitude))) if amplitude > 0 else floor
