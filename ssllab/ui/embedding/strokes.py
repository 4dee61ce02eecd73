"""Many lines and tiles in one call each: arrays handed to QPainter without a Python object per item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from ssllab.ui.embedding.tiles import Atlas

_lines = PrimitiveArray(QLineF, 4)
_tiles = PrimitiveArray(QPainter.PixmapFragment, 10)


def pen(colour: QColor | str, width: float = 1.0, opacity: float = 1.0) -> QPen:
    """A line in logical pixels."""
    shade = QColor(colour)
    shade.setAlphaF(min(1.0, max(0.0, opacity)) * shade.alphaF())
    return QPen(shade, width)


def draw_lines(painter: QPainter, starts: np.ndarray, ends: np.ndarray) -> None:
    """Lines from ``starts`` to ``ends``: (n, 2) pixels, in the painter's pen."""
    if len(starts) == 0:
        return
    _lines.resize(len(starts))
    array = _lines.ndarray()
    array[:, :2] = starts
    array[:, 2:] = ends
    painter.drawLines(*_lines.drawargs())


def draw_arrows(painter: QPainter, starts: np.ndarray, ends: np.ndarray, head: float) -> None:
    """Arrows (n, 2) -> (n, 2) with open heads of ``head`` pixels (less on short ones); tiny ones vanish."""
    along = ends - starts
    length = np.hypot(along[:, 0], along[:, 1])
    keep = length > 1.5
    starts, ends, along, length = starts[keep], ends[keep], along[keep], length[keep]
    if len(starts) == 0:
        return
    unit = along / length[:, None]
    side = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    size = np.minimum(head, 0.5 * length)[:, None]
    draw_lines(
        painter,
        np.concatenate([starts, ends, ends]),
        np.concatenate([ends, ends - size * (unit + 0.5 * side), ends - size * (unit - 0.5 * side)]),
    )


def draw_tiles(
    painter: QPainter, atlas: Atlas, index: np.ndarray, centres: np.ndarray, opacity: np.ndarray | float
) -> None:
    """Tiles ``index: (n,)`` of the atlas around ``centres: (n, 2)`` logical pixels, in order, unscaled."""
    if len(index) == 0:
        return
    _tiles.resize(len(index))
    array = _tiles.ndarray()
    array[:, 0:2] = centres
    array[:, 2] = atlas.left[index]
    array[:, 3] = atlas.top[index]
    array[:, 4:6] = atlas.tile
    array[:, 6:8] = 1.0 / atlas.ratio
    array[:, 8] = 0.0
    array[:, 9] = opacity
    # The stubs know a single fragment only, not an array by its address.
    painter.drawPixmapFragments(*_tiles.drawargs(), atlas.pixmap)  # type: ignore[call-arg]
