"""A take's waveform in the size of a stamp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

_QUIET = 0.05  # what is softer than -26 dB looks soft: noise is not blown up to fill the stamp


def columns(peaks: NDArray, width: int) -> NDArray:
    """``peaks: (n, 2)``, lowest and highest sample of each stretch, as ``(width, 2)``, one row a pixel column.

    The loudest sample reaches the edge, unless the take is very soft.
    """
    if not len(peaks):
        return np.zeros((width, 2), np.float32)
    first = np.arange(width) * len(peaks) // width
    if width <= len(peaks):
        low = np.minimum.reduceat(peaks[:, 0], first)
        high = np.maximum.reduceat(peaks[:, 1], first)
        drawn = np.stack([low, high], axis=1)
    else:
        drawn = peaks[first]
    return drawn / max(float(np.abs(drawn).max()), _QUIET)


def paint_waveform(painter: QPainter, box: QRectF, peaks: NDArray, colour: QColor) -> None:
    """Draw ``peaks: (n, 2)`` across ``box``; silence is a thin line."""
    shape = columns(peaks, max(1, int(box.width())))
    middle, half = box.center().y(), box.height() / 2
    left = int(box.left()) + 0.5
    painter.setPen(QPen(colour, 1))
    painter.drawLines(
        [
            QLineF(left + x, middle - max(high * half, 0.5), left + x, middle - min(low * half, -0.5))
            for x, (low, high) in enumerate(shape.tolist())
        ]
    )
