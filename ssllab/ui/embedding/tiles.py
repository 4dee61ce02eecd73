"""What stands for an image on the map: a thumbnail in the colour of its class, or a dot; and a ring for its
second view. All are painted beforehand at the size of the screen and then only copied.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from ssllab.ui import theme
from ssllab.ui.embedding.pictures import category_colour, enlarged
from ssllab.ui.embedding.strokes import draw_tiles

_COLUMNS = 32
# Sizes of the far side of the globe; a few fixed ones: resampling every tile takes forty times as long.
LEVELS = (1.0, 0.86, 0.72, 0.6)


class Atlas:
    """Many equal tiles on one pixmap. ``tile`` is the edge in device pixels; ``left``, ``top``: (n,)."""

    def __init__(self, count: int, tile: int, ratio: float) -> None:
        self.tile = tile
        self.ratio = ratio
        index = np.arange(count)
        self.left = (index % _COLUMNS) * float(tile)
        self.top = (index // _COLUMNS) * float(tile)
        self.pixmap = QPixmap(_COLUMNS * tile, max(1, -(-count // _COLUMNS)) * tile)
        self.pixmap.fill(Qt.GlobalColor.transparent)


class TileSet:
    """Tiles for M images of one colouring at one ``size`` in logical pixels (``ratio`` device pixels each).

    ``own``: the classes' own colours. ``images`` may be empty: then dots stand for the first views.
    """

    def __init__(
        self, images: list[QImage], classes: np.ndarray, size: float, ratio: float, own: tuple[str, ...] = ()
    ) -> None:
        self._images, self._size, self._ratio = images, size, ratio
        present, self._slot = np.unique(classes, return_inverse=True)
        self._colours = [category_colour(int(cls), own) for cls in present]
        self._firsts: dict[int, Atlas] = {}
        self._rings: dict[int, Atlas] = {}

    def draw_first(
        self, painter: QPainter, rows: np.ndarray, centres: np.ndarray, level: int, opacity: np.ndarray
    ) -> None:
        """First views of images ``rows: (n,)`` around ``centres: (n, 2)``, in size ``LEVELS[level]``."""
        if level not in self._firsts:
            size = self._size * LEVELS[level]
            if self._images:
                frames = [self._colours[slot] for slot in self._slot]
                self._firsts[level] = _thumbnails(self._images, frames, size, self._ratio)
            else:
                self._firsts[level] = _dots(self._colours, size, self._ratio, ring=False)
        draw_tiles(painter, self._firsts[level], rows if self._images else self._slot[rows], centres, opacity)

    def draw_second(
        self, painter: QPainter, rows: np.ndarray, centres: np.ndarray, level: int, opacity: np.ndarray
    ) -> None:
        """Rings for the second views of images ``rows``."""
        if level not in self._rings:
            size = self._size * LEVELS[level] * (0.28 if self._images else 0.82)
            self._rings[level] = _dots(self._colours, size, self._ratio, ring=True)
        draw_tiles(painter, self._rings[level], self._slot[rows], centres, opacity)


def _thumbnails(images: list[QImage], colours: list[QColor], size: float, ratio: float) -> Atlas:
    tile = max(6, round(size * ratio))
    frame = max(1, round(tile * 0.08))
    atlas = Atlas(len(images), tile, ratio)
    painter = QPainter(atlas.pixmap)
    for image, colour, left, top in zip(images, colours, atlas.left, atlas.top, strict=True):
        painter.fillRect(QRectF(left, top, tile, tile), colour)
        painter.drawImage(QPointF(left + frame, top + frame), enlarged(image, tile - 2 * frame))
    painter.end()
    return atlas


def _dots(colours: list[QColor], size: float, ratio: float, *, ring: bool) -> Atlas:
    tile = max(5, round(size * ratio)) + 2
    atlas = Atlas(len(colours), tile, ratio)
    surface = QColor(theme.current().surface)
    painter = QPainter(atlas.pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, left, top in zip(colours, atlas.left, atlas.top, strict=True):
        box = QRectF(left, top, tile, tile).adjusted(1.5, 1.5, -1.5, -1.5)
        if ring:
            line = max(1.0, tile * 0.13)
            box.adjust(line / 2, line / 2, -line / 2, -line / 2)
            painter.setPen(QPen(colour, line))
            painter.setBrush(surface)
        else:
            painter.setPen(QPen(surface, max(1.0, tile * 0.08)))  # a rim keeps neighbours apart
            painter.setBrush(colour)
        painter.drawEllipse(box)
    painter.end()
    return atlas
