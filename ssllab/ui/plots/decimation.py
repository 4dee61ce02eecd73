"""Fewer points of a long curve that look the same: the smallest and largest value of every block.

A pyramid of block sizes 4, 16, 64 ... is extended as the column grows, so drawing any part of a million
steps touches only some thousand numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FACTOR = 4


class Pyramid:
    """Minima and maxima over aligned blocks of 4, 16, 64 ... samples of one growing column."""

    def __init__(self) -> None:
        self._low: list[NDArray] = []
        self._high: list[NDArray] = []
        self._blocks: list[int] = []  # blocks filled at each level

    def extend(self, values: NDArray) -> None:
        """Take in what is new in the whole column ``values: (n,)``; its earlier part must be as it was."""
        level = 0
        low = high = values
        count = len(values)
        while count >= _FACTOR:
            if level == len(self._low):
                self._low.append(np.empty(64, values.dtype))
                self._high.append(np.empty(64, values.dtype))
                self._blocks.append(0)
            start, stop = self._blocks[level], count // _FACTOR
            if stop > start:
                part = slice(start * _FACTOR, stop * _FACTOR)
                self._low[level] = _put(self._low[level], start, _reduce(np.fmin, low[part]))
                self._high[level] = _put(self._high[level], start, _reduce(np.fmax, high[part]))
                self._blocks[level] = stop
            low, high, count = self._low[level], self._high[level], stop
            level += 1

    def envelope(self, values: NDArray, start: int, stop: int, blocks: int) -> tuple[NDArray, NDArray]:
        """What to draw of ``values[start:stop]``: ``(indices, values)``, at most about ``2 * blocks`` long.

        Few enough samples come back as they are. Otherwise every block gives its smallest and its largest
        value, at its first and its last index. Blocks are aligned, so panning does not make the curve
        shimmer; the first and the last may reach a little beyond the range. NaN is passed over.
        """
        start, stop = max(0, start), min(len(values), stop)
        count = stop - start
        if count <= 2 * blocks:
            return np.arange(start, max(start, stop)), values[start:stop]
        size = -(-count // blocks)
        level = -1
        base = 1
        while base * _FACTOR <= size and level + 1 < len(self._low):
            base *= _FACTOR
            level += 1
        times = -(-size // base)
        size = base * times
        low, high, have = (
            (values, values, len(values))
            if level < 0
            else (self._low[level], self._high[level], self._blocks[level])
        )
        first = start // size
        last = max(first, min(stop // size, have // times))
        part = slice(first * times, last * times)
        lows = np.fmin.reduce(low[part].reshape(-1, times), axis=1)
        highs = np.fmax.reduce(high[part].reshape(-1, times), axis=1)
        at = np.arange(first, last) * size
        ends = at + size - 1
        tail = values[last * size : stop]
        if tail.size:
            lows = np.append(lows, np.fmin.reduce(tail))
            highs = np.append(highs, np.fmax.reduce(tail))
            at = np.append(at, last * size)
            ends = np.append(ends, stop - 1)
        return np.stack((at, ends), 1).reshape(-1), np.stack((lows, highs), 1).reshape(-1)


def _reduce(function: np.ufunc, values: NDArray) -> NDArray:
    grouped = values.reshape(-1, _FACTOR)
    return function(function(grouped[:, 0], grouped[:, 1]), function(grouped[:, 2], grouped[:, 3]))


def _put(array: NDArray, start: int, fresh: NDArray) -> NDArray:
    """``fresh`` written at ``start``, in a larger copy where the array is too short."""
    needed = start + len(fresh)
    if needed > len(array):
        larger = np.empty(max(needed, 2 * len(array)), array.dtype)
        larger[:start] = array[:start]
        array = larger
    array[start:needed] = fresh
    return array
