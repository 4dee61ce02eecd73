"""Short sounds put behind one another without clicks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def joined(sounds: Iterable[NDArray[np.int16] | None], fade: int, pause: int) -> NDArray[np.int16]:
    """``sounds``, each ``(n,)`` with ``n > 2 fade``, as one: the last ``2 fade`` samples of each fade over into the first of
    the next. None is a silence of ``pause`` samples.

    >>> joined([np.full(4, 8, np.int16), np.full(5, 4, np.int16)], fade=1, pause=0)
    array([2, 6, 7, 5, 4, 3, 1], dtype=int16)
    """
    over = 2 * fade
    rise = (np.arange(over, dtype=np.float32) + 0.5) / max(1, over)
    parts: list[NDArray[np.float32]] = []
    tail = np.zeros(over, np.float32)
    for sound in sounds:
        now = np.zeros(pause + over, np.float32) if sound is None else sound.astype(np.float32)
        now[:over] = now[:over] * rise + tail * rise[::-1]
        tail = now[len(now) - over :].copy()
        parts.append(now[: len(now) - over])
    parts.append((tail * rise[::-1]).astype(np.float32))
    return np.rint(np.concatenate(parts)).clip(-32768, 32767).astype(np.int16)
