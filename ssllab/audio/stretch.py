"""Slower speech at the same pitch: WSOLA (Verhelst and Roelands, 1993).

Windows of the input are added up at half a window's distance, taken from ``speed`` times that distance. Each is moved
by a few milliseconds to where it resembles best what would have followed its predecessor, so periods stay whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ssllab.audio.errors import AudioError

SLOWEST, FASTEST = 0.25, 2.0
_WINDOW_SECONDS = 0.032  # two periods of a low voice
_SEARCH_SECONDS = 0.010  # to either side: a period of a low voice
_WINDOWS_A_BLOCK = 32


def stretch(samples: np.ndarray, speed: float, rate: int) -> np.ndarray:
    """``samples (n,)`` float32 at ``speed`` (0.5: twice as long), same pitch: ``(round(n / speed),)``.

    Raises :class:`AudioError` when the speed is not between 0.25 and 2.
    """
    return np.concatenate([*stretched(samples, speed, rate), np.zeros(0, np.float32)])


def stretched(samples: np.ndarray, speed: float, rate: int) -> Iterator[np.ndarray]:
    """The same in blocks of half a second, so that a long sound begins at once."""
    if not SLOWEST <= speed <= FASTEST:
        raise AudioError(f"A speed of {speed:g} is not possible; choose one from {SLOWEST} to {FASTEST:g}.")
    return _stretched(samples, speed, rate)


def _stretched(samples: np.ndarray, speed: float, rate: int) -> Iterator[np.ndarray]:
    hop = round(_WINDOW_SECONDS / 2 * rate)
    search = round(_SEARCH_SECONDS * rate)
    shape = np.hanning(2 * hop + 1)[:-1].astype(np.float32)  # halves of neighbours add up to 1
    total = round(len(samples) / speed)
    at = 0
    tail = np.zeros(hop, np.float32)  # the second half of the last window
    given = -hop  # the first half window lies before the sound
    block: list[np.ndarray] = []
    for k in range(-(-total // hop) + 1):
        ideal = round(k * hop * speed) - hop
        if k == 0 or ideal == at + hop:
            at = ideal
        else:
            following = _part(samples, at + hop, 2 * hop)
            around = _part(samples, ideal - search, 2 * (hop + search))
            at = ideal - search + _best_shift(around, following)
        window = _part(samples, at, 2 * hop) * shape
        block.append(tail + window[:hop])
        tail = window[hop:]
        if len(block) == _WINDOWS_A_BLOCK:
            yield from _cut(np.concatenate(block), given, total)
            given += len(block) * hop
            block = []
    if block:
        yield from _cut(np.concatenate(block), given, total)


def _best_shift(around: np.ndarray, following: np.ndarray) -> int:
    """Where in ``around`` a stretch resembles ``following`` most (normalised correlation)."""
    length = len(following)
    energy = np.cumsum(np.concatenate([[0.0], np.square(around, dtype=np.float64)]))
    likeness = np.correlate(around, following, "valid") / np.sqrt(energy[length:] - energy[:-length] + 1e-9)
    middle = (len(around) - length) // 2
    best = int(likeness.argmax())
    return best if likeness[best] > likeness[middle] else middle  # silence stays where it is


def _part(samples: np.ndarray, start: int, length: int) -> np.ndarray:
    """``samples[start : start + length]`` with silence beyond both ends."""
    inside = samples[max(0, start) : max(0, start + length)]
    before = min(length, max(0, -start))
    return np.pad(inside, (before, length - before - len(inside)))


def _cut(block: np.ndarray, given: int, total: int) -> Iterator[np.ndarray]:
    """The part of a block, whose first sample is number ``given``, that lies within ``0..total``."""
    part = block[max(0, -given) : max(0, total - given)]
    if len(part):
        yield part
