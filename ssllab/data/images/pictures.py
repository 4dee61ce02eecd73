"""Turns one picture file of any kind into a small square of RGB bytes, or says why it cannot.

Files come from anywhere, so memory is bounded before anything is decoded, and whatever a decoder raises on a
broken file becomes a reason in words.
"""

from __future__ import annotations

import threading
import warnings
from pathlib import PurePosixPath
from typing import IO

import numpy as np
from PIL import Image

from ssllab.data.containers import Unusable

SMALLEST_SIDE = 8
LARGEST_PIXELS = 150_000_000
_HEAVY_PIXELS = 16_000_000
_GREY = (128, 128, 128)

# Our own bound is checked before decoding; Pillow's warning below it would only reach a terminal.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

Image.init()
#: EPS starts Ghostscript, the others need programs or drivers that are not here.
_FORMATS = tuple(sorted(set(Image.OPEN) - {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"}))
_SUFFIXES = frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in _FORMATS)

# One large picture at a time, however many threads decode.
_heavy = threading.Lock()

_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnusablePicture(Unusable):
    """The file cannot be used; the message is a reason in a few words."""


def looks_like_picture(name: str) -> bool:
    """Whether a file of this name is worth opening (by its ending; hidden files are not)."""
    path = PurePosixPath(name)
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")


def decode(file: IO[bytes], size: int) -> np.ndarray:
    """The centre square of the picture's first frame, ``(size, size, 3)`` uint8.

    The orientation in its EXIF data is honoured, transparency laid over mid-grey, 16 bits scaled to 8.
    Raises :class:`UnusablePicture`.
    """
    try:
        with Image.open(file, formats=_FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST_SIDE:
                raise UnusablePicture(f"smaller than {SMALLEST_SIDE} pixels")
            if width * height > LARGEST_PIXELS:
                raise UnusablePicture(f"more than {LARGEST_PIXELS // 1_000_000} megapixels")
            # JPEG decodes straight to a half, quarter or eighth of its size; others ignore it.
            picture.draft("RGB", (2 * size, 2 * size))
            if picture.width * picture.height > _HEAVY_PIXELS:
                with _heavy:
                    return _square(picture, size)
            return _square(picture, size)
    except UnusablePicture:
        raise
    except Image.UnidentifiedImageError:
        raise UnusablePicture("not a picture, or broken") from None
    except Image.DecompressionBombError:
        raise UnusablePicture(f"more than {LARGEST_PIXELS // 1_000_000} megapixels") from None
    except MemoryError:
        raise UnusablePicture("too large for the memory") from None
    except Exception as error:
        # On hostile bytes a decoder may raise anything (struct.error, SyntaxError, IndexError ...).
        raise UnusablePicture(
            f"broken ({' '.join(str(error).split())[:80] or type(error).__name__})"
        ) from None


def _square(picture: Image.Image, size: int) -> np.ndarray:
    orientation = _orientation(picture)
    plain = _eight_bit(picture)
    side = min(plain.size)
    left, top = (plain.width - side) / 2, (plain.height - side) / 2
    small = plain.resize(
        (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    if small.mode == "RGBA":
        ground = Image.new("RGBA", small.size, (*_GREY, 255))
        small = Image.alpha_composite(ground, small)
    # Turning the small square is the same as turning the large picture, and costs nothing.
    if orientation in _ORIENTATIONS:
        small = small.transpose(_ORIENTATIONS[orientation])
    return np.asarray(small.convert("RGB"))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(0x0112, 1))
    except Exception:
        # Broken EXIF data says nothing about the picture itself.
        return 1


def _eight_bit(picture: Image.Image) -> Image.Image:
    """The picture as L, RGB or RGBA."""
    mode = picture.mode
    if mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if mode in ("I", "F"):
        return Image.fromarray(_scaled(np.asarray(picture)))
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if mode in ("L", "RGB"):
        picture.load()
        return picture
    return picture.convert("L" if mode == "1" else "RGB")


def _scaled(values: np.ndarray) -> np.ndarray:
    """Numbers of unknown range to uint8: 0..1, 0..255 and 0..65535 keep black and white; others stretch."""
    values = np.nan_to_num(values.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and values.dtype.kind == "f" and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    return ((values - low) * (255 / max(high - low, 1e-12))).round().clip(0, 255).astype(np.uint8)
