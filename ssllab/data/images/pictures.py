"""Turns one picture file of any kind into a small square of RGB bytes, or says why it cannot.

Files come from anywhere, so memory is bounded before anything is decoded, and whatever a decoder raises on a
broken file becomes a reason in words.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from ssllab.data.containers import Unusable
from ssllab.data.images import ranges, unread
from ssllab.data.images.jpeg import scans
from ssllab.data.images.ranges import Note
from ssllab.storage.progress import Cancelled

SMALLEST_SIDE = 8
LARGEST_PIXELS = 150_000_000
_HEAVY_PIXELS = 16_000_000
_GREY = (128, 128, 128)

#: A progressive JPEG has about ten scans; hostile ones have thousands, each as much work as a picture.
MOST_SCANS = 100
_PHOTOMETRIC, _GDAL_NO_DATA = 262, 42113  # tags of a TIFF

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


class _Chunks(PngImagePlugin.PngStream):
    """A PNG's chunks, where text or a colour profile that Pillow finds too long is passed over: the pixels are good."""

    def call(self, cid: bytes, pos: int, length: int) -> bytes:
        if cid not in (b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            return super().call(cid, pos, length)
        assert self.fp is not None
        start = self.fp.tell()
        with suppress(ValueError, SyntaxError):
            return super().call(cid, pos, length)
        self.fp.seek(start)
        return ImageFile._safe_read(self.fp, length)


PngImagePlugin.PngStream = _Chunks  # type: ignore[misc]


def decode(file: IO[bytes], size: int, note: Note = lambda words: None) -> np.ndarray:
    """The centre square of the picture's first frame, ``(size, size, 3)`` uint8.

    The orientation in its EXIF data is honoured, transparency laid over mid-grey, more than 8 bits scaled to 8
    (:mod:`ssllab.data.images.ranges`); ``note`` is told what a person should know of it.
    Raises :class:`UnusablePicture`.
    """
    with opened(file) as picture:
        # JPEG decodes straight to a half, quarter or eighth of its size; others ignore it.
        picture.draft("RGB", (2 * size, 2 * size))
        if picture.width * picture.height > _HEAVY_PIXELS:
            with _heavy:
                return shown(picture, size, note)
        return shown(picture, size, note)


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Image.Image]:
    """The picture in ``file``, not decoded yet. What goes wrong within the context is raised as :class:`UnusablePicture`."""
    try:
        with Image.open(file, formats=_FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST_SIDE:
                raise UnusablePicture(f"smaller than {SMALLEST_SIDE} pixels")
            if width * height > LARGEST_PIXELS:
                raise UnusablePicture(f"more than {LARGEST_PIXELS // 1_000_000} megapixels")
            if picture.format in ("JPEG", "MPO"):
                _check_scans(file)
            yield picture
    except (Unusable, Cancelled):
        raise
    except Image.UnidentifiedImageError:
        raise UnusablePicture(unread.by_content(file)) from None
    except Image.DecompressionBombError:
        raise UnusablePicture(f"more than {LARGEST_PIXELS // 1_000_000} megapixels") from None
    except MemoryError:
        raise UnusablePicture("too large for the memory") from None
    except Exception as error:
        # On hostile bytes a decoder may raise anything (struct.error, SyntaxError, IndexError ...).
        raise UnusablePicture(
            f"broken ({' '.join(str(error).split())[:80] or type(error).__name__})"
        ) from None


def _check_scans(file: IO[bytes]) -> None:
    place = file.tell()
    file.seek(0)
    count = scans(file.read(), MOST_SCANS)
    file.seek(place)
    if count > MOST_SCANS:
        raise UnusablePicture(f"a JPEG of more than {MOST_SCANS} scans")


def shown(picture: Image.Image, size: int, note: Note = lambda words: None) -> np.ndarray:
    """What :func:`decode` gives, of an opened picture: of one that moves, the frame that it stands at."""
    wide = _rawmode(picture).partition(";")[2].startswith("16")
    picture.load()
    # Pillow turns a TIFF itself when it loads it, and then knows no orientation any more.
    orientation = _orientation(picture)
    plain = _eight_bit(picture, note)
    if wide and plain.mode in ("RGB", "RGBA"):
        plain = _bright(plain, note)
    return square(plain, size, orientation)


def square(plain: Image.Image, size: int, orientation: int = 1) -> np.ndarray:
    """The centre square of a picture in L, RGB or RGBA, turned as EXIF's ``orientation`` says, ``(size, size, 3)`` uint8."""
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


def _rawmode(picture: Image.Image) -> str:
    """How the file holds a pixel, as Pillow calls it: "RGB;16B" for big-endian colour of 16 bits."""
    arguments: Any = picture.tile[0][3] if isinstance(picture, ImageFile.ImageFile) and picture.tile else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(0x0112, 1))
    except Exception:
        # Broken EXIF data says nothing about the picture itself.
        return 1


def _bright(picture: Image.Image, note: Note) -> Image.Image:
    colour = np.asarray(picture.convert("RGB"))
    bright = ranges.wide_colour(colour, note)
    if bright is colour:
        return picture
    changed = Image.fromarray(bright)
    if picture.mode == "RGBA":
        changed.putalpha(picture.getchannel("A"))
    return changed


def _eight_bit(picture: Image.Image, note: Note) -> Image.Image:
    """The loaded picture as L, RGB or RGBA."""
    mode = picture.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        tags = getattr(picture, "tag_v2", {})
        grey = ranges.grey(np.asarray(picture), note, _no_data(tags))
        if tags.get(_PHOTOMETRIC) == 0:
            note("white is zero: turned")
            grey = 255 - grey
        return Image.fromarray(grey)
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if mode == "1" else "RGB")


def _no_data(tags: Any) -> float | None:
    try:
        return float(str(tags.get(_GDAL_NO_DATA)).strip("\0 "))
    except ValueError:
        return None
