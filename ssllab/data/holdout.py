"""Which of several things of unequal size are held out whole."""

from __future__ import annotations

import numpy as np


def held_out(sizes: np.ndarray, holdout: int) -> np.ndarray | None:
    """``(things,)`` bool: which of things of so many bytes or frames are held out, evenly spread; None where whole ones
    come nowhere near ``holdout`` hundredths.

    >>> held_out(np.full(10, 7), 20)
    array([False, False,  True, False, False, False, False,  True, False,
           False])
    """
    chosen = np.zeros(len(sizes), bool)
    out = passed = 0
    for number, size in enumerate(sizes.tolist()):
        passed += size
        if (
            holdout and 100 * (2 * out + size) <= 2 * holdout * passed
        ):  # with it nearer to its share than without
            chosen[number] = True
            out += size
    near = 0.5 * holdout * passed <= 100 * out <= 2 * holdout * passed
    return chosen if near and not chosen.all() else None
