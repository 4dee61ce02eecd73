"""Smoothing of a curve over steps, computed on the data and never on the screen: zoom changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROW = 512  # samples in one row of the blocked recursion


@dataclass(frozen=True)
class Carry:
    """Where an average stands after its last sample, so that the next rows go on from there."""

    step: float
    total: float
    weight: float


def ema(
    steps: NDArray, values: NDArray, window: float, carry: Carry | None = None
) -> tuple[NDArray[np.float32], Carry | None]:
    """Exponential moving average over the training step, corrected for the bias of its start.

    A sample that lies ``k`` steps back weighs exp(-k / window), and weights are divided by their sum, so the
    first value is the first sample (the correction of Adam, Kingma and Ba 2015, section 3). Samples that are
    not finite weigh nothing and stay NaN in the result.

    ``steps: (n,)`` that do not fall, ``values: (n,)``, ``window`` in steps (0 or less: no smoothing). Returns
    the average ``(n,)`` float32 and the carry for the next call; cutting a curve anywhere changes nothing.
    """
    n = len(values)
    if n == 0 or window <= 0:
        return np.asarray(values, np.float32), carry
    steps = np.asarray(steps, np.float64)
    before = steps[0] if carry is None else carry.step
    decay = np.exp(-np.diff(steps, prepend=before) / window)
    finite = np.isfinite(values)
    sample = np.where(finite, values, 0.0)
    total = _recursion(decay, sample, 0.0 if carry is None else carry.total)
    weight = _recursion(decay, finite.astype(np.float64), 0.0 if carry is None else carry.weight)
    smooth = np.full(n, np.nan, np.float32)
    np.divide(total, weight, out=smooth, where=finite, casting="unsafe")
    return smooth, Carry(float(steps[-1]), float(total[-1]), float(weight[-1]))


def _recursion(decay: NDArray, sample: NDArray, start: float) -> NDArray[np.float64]:
    """``y[i] = decay[i] y[i-1] + sample[i]`` with ``y[-1] = start``: rows side by side, then their carries.

    One pass over columns handles all rows at once, so a million samples take some ten milliseconds without
    a compiled loop.
    """
    n = len(sample)
    width = min(_ROW, n)
    rows = -(-n // width)
    factors = np.ones(rows * width)
    factors[:n] = decay
    y = np.zeros(rows * width)
    y[:n] = sample
    factors = np.ascontiguousarray(factors.reshape(rows, width).T)  # (width, rows)
    y = np.ascontiguousarray(y.reshape(rows, width).T)
    for i in range(1, width):
        y[i] += factors[i] * y[i - 1]
        factors[i] *= factors[i - 1]
    carries = np.empty(rows)
    now = start
    for row, (last, factor) in enumerate(zip(y[-1].tolist(), factors[-1].tolist(), strict=True)):
        carries[row] = now
        now = last + factor * now
    y += factors * carries
    return y.T.reshape(-1)[:n]
