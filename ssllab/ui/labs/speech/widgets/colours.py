"""Colours of codes, and pictures from arrays of numbers.

A code keeps its colour wherever it is shown: its hue is a hash of group and number. Lightness and chroma are
near constant (in Oklch, Ottosson 2020, which is even to the eye), so that hundreds of codes stay calm and text can
be read on all of them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from ssllab.ui import theme

_GOLDEN = 0.6180339887498949  # neighbouring numbers get hues far apart
_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def oklch(lightness: NDArray, chroma: float, hue: NDArray) -> NDArray[np.uint8]:
    """sRGB ``(n, 3)`` of colours given by lightness (0..1), chroma and hue (in turns)."""
    angle = 2 * np.pi * np.asarray(hue)
    lab = np.stack(np.broadcast_arrays(lightness, chroma * np.cos(angle), chroma * np.sin(angle)), -1)
    linear = np.clip((lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)


@lru_cache(maxsize=64)
def code_colours(group: int, codes: int, dark: bool) -> NDArray[np.uint8]:
    """``(codes, 3)``: the colour of every code of a group, on a light or a dark ground."""
    number = np.arange(codes, dtype=np.float64)
    hue = (number * _GOLDEN + group * 0.37) % 1.0
    shade = (number * 7 + group) % 3 - 1  # three shades, for hundreds of hues cannot be told apart
    if dark:
        return oklch(0.45 + 0.045 * shade, 0.078, hue)
    return oklch(0.80 + 0.05 * shade, 0.078, hue)


def palette(group: int, codes: int) -> NDArray[np.uint8]:
    """The colours of a group's codes in the theme in force."""
    return code_colours(group, codes, theme.current() is theme.DARK)


def rgb(colour: str) -> NDArray[np.float64]:
    """``#rrggbb`` as three numbers 0..255."""
    parts = QColor(colour)
    return np.array([parts.red(), parts.green(), parts.blue()], np.float64)


@lru_cache(maxsize=8)
def ramp(dark: bool) -> NDArray[np.uint8]:
    """``(256, 3)`` from the lane's ground to the strongest sound: the theme's blue through to warm light or ink."""
    surface = theme.DARK if dark else theme.LIGHT
    at = [0.0, 0.45, 0.8, 1.0]
    if dark:
        stops = [surface.surface, "#274690", "#8f7fe8", "#fff1d6"]
    else:
        stops = [surface.surface, "#b9cdf7", "#4a68d8", "#1b1650"]
    colours = np.stack([rgb(stop) for stop in stops])
    steps = np.linspace(0, 1, 256)
    return np.stack([np.interp(steps, at, colours[:, c]) for c in range(3)], 1).round().astype(np.uint8)


def heat() -> NDArray[np.uint8]:
    """The :func:`ramp` of the theme in force."""
    return ramp(theme.current() is theme.DARK)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """A picture of ``(h, w, 3)`` red, green, blue or ``(h, w, 4)`` with opacity; the numbers are copied."""
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, channels * width, kind).copy()
