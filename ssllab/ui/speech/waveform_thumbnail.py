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
    edges = np.linspace(0, len(peaks), width + 1)
    first = np.minimum(edges[:-1].astype(int), len(peaks) - 1)
    last = np.maximum(np.ceil(edges[1:]).astype(int), first + 1)
    drawn = np.array([(peaks[a:b, 0].min(), peaks[a:b, 1].max()) for a, b in zip(first, last, strict=True)])
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
            for x, (low, high) in enumerate(shape)
        ]
    )
