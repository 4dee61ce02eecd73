"""Waveforms of hours at any zoom: the smallest and largest value of every stretch, in a pyramid.

The lowest level keeps a pair for every :data:`BUCKET` samples, each further level one for four of those. An hour at
16 kHz is 2.4 MB and is drawn by looking at a few thousand pairs, however far one has zoomed out. Closer than a bucket
a column, :func:`extremes` of the samples themselves is as quick.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

BUCKET = 256
STEP = 4
_FIRST_ROOM = 64


class Peaks:
    """Grows by :meth:`append`, from a file or while recording. One thread may append while another looks."""

    def __init__(self, blocks: Iterable[np.ndarray] = ()) -> None:
        self.samples = 0
        self._levels = [np.empty((_FIRST_ROOM, 2), np.float32)]
        self._filled = [0]
        self._rest = np.zeros(0, np.float32)
        for block in blocks:
            self.append(block)

    def append(self, samples: np.ndarray) -> None:
        """Add ``samples (n,)`` at the end."""
        waiting = np.concatenate([self._rest, samples])
        whole = len(waiting) // BUCKET * BUCKET
        self._extend(0, _pairs(waiting[:whole].reshape(-1, BUCKET)))
        self._rest = waiting[whole:].copy()
        self.samples += len(samples)

    def between(self, start: float, end: float, columns: int) -> np.ndarray:
        """Smallest and largest value of ``columns`` equal parts of samples ``start`` to ``end``: ``(columns, 2)``.

        A part is widened to whole buckets of the level that fits it. nan where there is no sound.
        """
        width = (end - start) / columns
        level = int(np.log(max(width / BUCKET, 1)) / np.log(STEP) + 1e-9)
        level = min(level, len(self._levels) - 1)
        bucket = BUCKET * STEP**level
        edges = np.linspace(start, end, columns + 1)
        total = -(-self.samples // bucket)
        first = np.floor(edges[:-1] / bucket).astype(np.int64).clip(0, total)
        last = np.ceil(edges[1:] / bucket).astype(np.int64).clip(0, total)
        heard = (edges[:-1] < self.samples) & (edges[1:] > 0)
        out = np.full((columns, 2), np.nan, np.float32)
        if heard.any():
            low = int(first[heard].min())
            pairs = self._buckets(level, low, int(last[heard].max()))
            # reduceat reduces from each bound to the next: every other result is ours. The last bound needs an end.
            bounds = np.stack([first[heard], last[heard]], axis=1).ravel() - low
            pairs = np.concatenate([pairs, pairs[-1:]])
            out[heard, 0] = np.minimum.reduceat(pairs[:, 0], bounds)[::2]
            out[heard, 1] = np.maximum.reduceat(pairs[:, 1], bounds)[::2]
        return out

    def _extend(self, level: int, pairs: np.ndarray) -> None:
        """Append ``pairs (n, 2)`` to a level, and what they complete to the levels above."""
        if level == len(self._levels):
            self._levels.append(np.empty((_FIRST_ROOM, 2), np.float32))
            self._filled.append(0)
        before, after = self._filled[level], self._filled[level] + len(pairs)
        if after > len(self._levels[level]):
            grown = np.empty((max(after, 2 * len(self._levels[level])), 2), np.float32)
            grown[:before] = self._levels[level][:before]
            self._levels[level] = grown
        self._levels[level][before:after] = pairs
        self._filled[level] = after
        if after // STEP > before // STEP:
            whole = self._levels[level][before // STEP * STEP : after // STEP * STEP]
            self._extend(level + 1, _pairs(whole.reshape(-1, 2 * STEP)))

    def _buckets(self, level: int, low: int, high: int) -> np.ndarray:
        """Buckets ``low`` to ``high`` of a level; the last of all may be a part of one."""
        filled = self._filled[level]
        pairs = self._levels[level][low : min(high, filled)]
        return pairs if high <= filled else np.concatenate([pairs, _pairs(self._tail(level)[None])])

    def _tail(self, level: int) -> np.ndarray:
        """Extreme values of all that came after the last whole bucket of a level: ``(n,)``."""
        if level == 0:
            return self._rest
        below = self._levels[level - 1][self._filled[level] * STEP : self._filled[level - 1]]
        return np.concatenate([below.ravel(), self._tail(level - 1)])


def extremes(samples: np.ndarray, columns: int) -> np.ndarray:
    """Exact smallest and largest value of ``columns`` equal parts of ``samples (n,)``, n >= columns: ``(columns, 2)``."""
    bounds = np.linspace(0, len(samples), columns, endpoint=False).astype(np.int64)
    return np.stack([np.minimum.reduceat(samples, bounds), np.maximum.reduceat(samples, bounds)], axis=1)


def _pairs(rows: np.ndarray) -> np.ndarray:
    return np.stack([rows.min(1), rows.max(1)], axis=1)
