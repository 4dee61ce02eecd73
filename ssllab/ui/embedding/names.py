"""Names beside dots: where they would stand, and which of them have room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetrics

_CELL = 4  # pixels: a finer grid shows no difference


def names_boxes(
    names: Sequence[str], pixels: np.ndarray, metrics: QFontMetrics, aside: float
) -> list[QRectF]:
    """Where the names of dots at ``pixels (n, 2)`` are written: right of them, ``aside`` from their middle."""
    high = metrics.height()
    return [
        QRectF(x + aside, y - high / 2, metrics.horizontalAdvance(name) + 2, high)
        for name, (x, y) in zip(names, pixels.tolist(), strict=True)
    ]


def with_room(boxes: Sequence[QRectF], wanted: np.ndarray, frame: QRectF) -> list[int]:
    """Of the ``wanted (n,)`` those that lie in the frame and on none before them."""
    taken = np.zeros((int(frame.height()) // _CELL + 1, int(frame.width()) // _CELL + 1), bool)
    found = []
    for row, box in enumerate(boxes):
        if not wanted[row] or not frame.contains(box):
            continue
        place = (
            slice(int(box.top()) // _CELL, int(box.bottom()) // _CELL + 1),
            slice(int(box.left()) // _CELL, int(box.right()) // _CELL + 1),
        )
        if not taken[place].any():
            taken[place] = True
            found.append(row)
    return found
