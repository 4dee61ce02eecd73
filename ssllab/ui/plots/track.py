"""One column of a metrics log, read as it grows, smoothed and ready to be drawn at any zoom."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.plots.decimation import Pyramid
from ssllab.ui.plots.smoothing import Carry, ema

if TYPE_CHECKING:
    from ssllab.training.metrics import MetricsLog

_LOOK_BACK = 4096  # rows to search for the last value of a metric that is not measured in every row


class Track:
    """Views of a column; only its smoothed copy and two pyramids are its own."""

    def __init__(self) -> None:
        self._forget(None, 0)

    def _forget(self, log: MetricsLog | None, generation: int) -> None:
        self._log = log
        self._generation = generation
        self.steps: NDArray = np.empty(0, np.int64)
        self.measured: NDArray = np.empty(0, np.float32)
        self.length = 0
        self._any = False
        self._pyramid = Pyramid()
        self._unsmooth(0)

    def _unsmooth(self, window: int) -> None:
        self._window = window
        self._carry: Carry | None = None
        self._smooth = np.empty(0, np.float32)
        self._smoothed = 0
        self._smooth_pyramid = Pyramid()

    def read(self, log: MetricsLog, name: str, window: int) -> None:
        """Take in the rows that are new; start anew for another log or one that was cut."""
        generation = log.generation
        if log is not self._log or generation != self._generation:
            self._forget(log, generation)
        steps, measured = log.column(name)
        if len(measured) < len(self.measured):  # cut between the two calls; the next frame starts anew
            return
        grown = len(measured) > len(self.measured)
        if grown:
            self._any = self._any or bool(np.isfinite(measured[len(self.measured) :]).any())
        self.steps, self.measured = steps, measured
        self.length = len(measured) if self._any else 0
        if grown:
            self._pyramid.extend(measured)
        if window != self._window:
            self._unsmooth(window)
        if window > 0 and self._smoothed < len(measured):
            fresh, self._carry = ema(steps[self._smoothed :], measured[self._smoothed :], window, self._carry)
            if len(measured) > len(self._smooth):
                larger = np.empty(max(len(measured), 2 * len(self._smooth)), np.float32)
                larger[: self._smoothed] = self._smooth[: self._smoothed]
                self._smooth = larger
            self._smooth[self._smoothed : len(measured)] = fresh
            self._smoothed = len(measured)
            self._smooth_pyramid.extend(self._smooth[: self._smoothed])

    @property
    def last_step(self) -> float:
        """The newest step."""
        return float(self.steps[-1])

    def _curve(self, smooth: bool) -> tuple[NDArray, Pyramid]:
        if smooth and self._window > 0:
            return self._smooth[: self._smoothed], self._smooth_pyramid
        return self.measured, self._pyramid

    def sample(
        self, low: float, high: float, blocks: int, log_x: bool, *, smooth: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(steps, values)`` to draw between two steps, about ``2 * blocks`` points, one beyond each end.

        On a logarithmic axis every factor of four in steps gets its share of the blocks.
        """
        if not self.length:
            return np.empty(0), np.empty(0)
        values, pyramid = self._curve(smooth)
        edges = [low, high]
        if log_x:
            low = max(low, 1.0)
            pieces = max(1, int(np.ceil(np.log(max(high / low, 1.0001)) / np.log(4))))
            edges = np.geomspace(low, max(high, low * 1.0001), pieces + 1).tolist()
            blocks = max(32, blocks // pieces)
        cuts = [self._row_of(edge) for edge in edges]
        cuts[0] = max(0, cuts[0] - 1)
        cuts[-1] = min(self.length, self._row_of(np.nextafter(edges[-1], np.inf)) + 1)
        parts = [
            pyramid.envelope(values, int(a), int(b), blocks) for a, b in itertools.pairwise(cuts) if b > a
        ]
        if not parts:
            return np.empty(0), np.empty(0)
        index = np.concatenate([part[0] for part in parts])
        y = np.concatenate([part[1] for part in parts]).astype(np.float64)
        keep = np.isfinite(y)
        return self.steps[index[keep]].astype(np.float64), y[keep]

    def _row_of(self, step: float) -> int:
        """The first row at or after ``step``. A whole number spares numpy a copy of all steps as floats."""
        whole = self.steps.dtype.type(np.ceil(np.clip(step, -(2.0**53), 2.0**53)))
        return int(np.searchsorted(self.steps, whole))

    def last(self, smooth: bool) -> float | None:
        """The newest value."""
        return self._back(self.length - 1, smooth)

    def nearest_step(self, step: float) -> int | None:
        """The step of the row nearest to ``step``, None while there is none."""
        if not self.length:
            return None
        i = self._row_of(step)
        near = [j for j in (i - 1, i) if 0 <= j < self.length]
        return int(self.steps[min(near, key=lambda j: abs(int(self.steps[j]) - step))])

    def value_at(self, step: int, smooth: bool) -> float | None:
        """The value at a step, or the last one before it."""
        return self._back(int(np.searchsorted(self.steps, step, side="right")) - 1, smooth)

    def _back(self, row: int, smooth: bool) -> float | None:
        if row < 0 or not self.length:
            return None
        values, _ = self._curve(smooth)
        row = min(row, len(values) - 1)
        block = values[max(0, row + 1 - _LOOK_BACK) : row + 1]
        good = np.flatnonzero(np.isfinite(block))
        return float(block[good[-1]]) if good.size else None
