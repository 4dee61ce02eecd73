"""Arrays of images as Qt pictures, and the atlases from which the map is painted in one call."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from ssllab.ui import theme

_ATLAS_COLUMNS = 32


def qimage(picture: np.ndarray) -> QImage:
    """``picture: (H, W, 3)`` uint8 -> an image that owns its pixels."""
    pixels = np.ascontiguousarray(picture)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def pixmap(picture: np.ndarray, size: int, ratio: float = 1.0) -> QPixmap:
    """``picture: (H, W, 3)`` uint8 -> a square pixmap of ``size`` logical pixels."""
    pixels = max(1, round(size * ratio))
    image = qimage(picture)
    # Small images are enlarged without blur: a student should see the pixels that the model sees.
    mode = (
        Qt.TransformationMode.FastTransformation
        if pixels >= 2 * image.width()
        else Qt.TransformationMode.SmoothTransformation
    )
    result = QPixmap.fromImage(image.scaled(pixels, pixels, Qt.AspectRatioMode.IgnoreAspectRatio, mode))
    result.setDevicePixelRatio(ratio)
    return result


def category_colour(index: int) -> QColor:
    """The colour of a class; after the theme's categories the same hues come back lighter, then darker."""
    palette = theme.current().categories
    if index < 0:
        return QColor(theme.current().muted)
    colour = QColor(palette[index % len(palette)])
    again = index // len(palette)
    if again:
        colour = (
            colour.lighter(100 + 35 * ((again + 1) // 2)) if again % 2 else colour.darker(100 + 30 * again)
        )
    return colour


class Atlas:
    """Many equal tiles on one pixmap. ``tile`` is the edge in device pixels; ``left``, ``top``: (n,)."""

    def __init__(self, count: int, tile: int) -> None:
        self.tile = tile
        index = np.arange(max(count, 1))
        self.left = (index % _ATLAS_COLUMNS) * float(tile)
        self.top = (index // _ATLAS_COLUMNS) * float(tile)
        rows = -(-max(count, 1) // _ATLAS_COLUMNS)
        self.pixmap = QPixmap(_ATLAS_COLUMNS * tile, rows * tile)
        self.pixmap.fill(Qt.GlobalColor.transparent)


def thumbnail_atlas(images: list[QImage], colours: list[QColor], size: float, ratio: float) -> Atlas:
    """Every image with a frame in its colour; ``size`` is the edge with frame in logical pixels."""
    tile = max(6, round(size * ratio))
    frame = max(1, round(tile * 0.08))
    atlas = Atlas(len(images), tile)
    inner = tile - 2 * frame
    painter = QPainter(atlas.pixmap)
    for image, colour, left, top in zip(images, colours, atlas.left, atlas.top, strict=True):
        mode = (
            Qt.TransformationMode.FastTransformation
            if inner >= 2 * image.width()
            else Qt.TransformationMode.SmoothTransformation
        )
        painter.fillRect(QRectF(left, top, tile, tile), colour)
        small = image.scaled(inner, inner, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        painter.drawImage(QPointF(left + frame, top + frame), small)
    painter.end()
    return atlas


def dot_atlas(colours: list[QColor], size: float, ratio: float) -> Atlas:
    """Two tiles a colour: a filled dot (first view) at 2k, a ring (second view) at 2k + 1."""
    tile = max(6, round(size * ratio)) + 2
    atlas = Atlas(2 * len(colours), tile)
    painter = QPainter(atlas.pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    surface = QColor(theme.current().surface)
    for k, colour in enumerate(colours):
        for ring in (0, 1):
            left, top = atlas.left[2 * k + ring], atlas.top[2 * k + ring]
            box = QRectF(left, top, tile, tile).adjusted(1.5, 1.5, -1.5, -1.5)
            if ring:
                inset = tile * 0.14
                painter.setPen(QPen(colour, max(1.0, tile * 0.13)))
                painter.setBrush(surface)
                painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
            else:
                painter.setPen(QPen(surface, max(1.0, tile * 0.08)))  # a rim keeps neighbours apart
                painter.setBrush(colour)
                painter.drawEllipse(box)
    painter.end()
    return atlas
