"""Which part of the data a plot shows. Pure functions, in view coordinates where not said otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Range = tuple[float, float]


def log10(values: ArrayLike) -> NDArray[np.float64]:
    """Data to the coordinates of a logarithmic axis; NaN for what has no logarithm."""
    values = np.asarray(values, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(values)
    logs[~np.isfinite(logs)] = np.nan
    return logs


def span(low: float, high: float, pad: float) -> Range:
    """The range with the share ``pad`` added at each end; one of a positive length in any case."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return (0.0, 1.0)
    room = (high - low) * pad
    if high <= low:
        room = abs(high) * 0.1 or 0.5
    return low - room, high + room


def ahead_of(start: float, now: float, have: Range) -> Range | None:
    """From ``start`` to a little beyond ``now``; None while ``have`` still does.

    The view is ahead of the run and moves on when the run arrives at its end, so that the axes are not laid
    out anew in every frame.
    """
    low, high = have
    if low == start and start + (high - start) * 0.85 <= now <= high:
        return None
    return start, start + (now - start) * 1.06


def around(low: float, high: float, have: Range, top: float) -> Range | None:
    """A range around the values with the share ``top`` of it free for labels; None while ``have`` still does."""
    room = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
    low, high = low - room, high + room
    high += (high - low) * top / max(0.2, 1 - top)
    slack = 0.06 * (high - low)
    fits = low - slack <= have[0] <= low + 0.3 * room and high - 0.3 * room <= have[1] <= high + slack
    return None if fits else (low, high)
