"""Arrays of images as Qt pictures, and the colours of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPixmap

from ssllab.ui import theme


def qimage(picture: np.ndarray) -> QImage:
    """``picture: (H, W, 3)`` uint8 -> an image that owns its pixels."""
    pixels = np.ascontiguousarray(picture)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def enlarged(image: QImage, pixels: int) -> QImage:
    """A square copy; small images are enlarged without blur, to show the pixels that the model sees."""
    mode = (
        Qt.TransformationMode.FastTransformation
        if pixels >= 2 * image.width()
        else Qt.TransformationMode.SmoothTransformation
    )
    return image.scaled(pixels, pixels, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def pixmap(picture: np.ndarray, size: int, ratio: float = 1.0) -> QPixmap:
    """``picture: (H, W, 3)`` uint8 -> a square pixmap of ``size`` logical pixels."""
    result = QPixmap.fromImage(enlarged(qimage(picture), max(1, round(size * ratio))))
    result.setDevicePixelRatio(ratio)
    return result


def category_colour(index: int, own: Sequence[str] = ()) -> QColor:
    """The colour of a class: its ``own`` where classes are colours; after the theme's categories the same hues come
    back lighter, then darker."""
    if 0 <= index < len(own):
        return QColor(own[index])
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


_RAMP = ("#4a5ad9", "#1f9ad0", "#22ad80", "#93b02c", "#e59a2a", "#d8452f")  # seen on both grounds


def ramp(steps: int) -> tuple[str, ...]:
    """Colours of the steps of a number, the lowest first: blue over green to red."""
    found = []
    for place in np.linspace(0, len(_RAMP) - 1, steps).tolist():
        low = min(int(place), len(_RAMP) - 2)
        here, there = QColor(_RAMP[low]), QColor(_RAMP[low + 1])
        share = place - low
        mixed = (
            round((1 - share) * a + share * b)
            for a, b in (
                (here.red(), there.red()),
                (here.green(), there.green()),
                (here.blue(), there.blue()),
            )
        )
        found.append(QColor(*mixed).name())
    return tuple(found)
