"""Frames as numbers: ``.npy``, and ``.npz`` with one array of them or several. Nothing is unpickled, and of an array no
more than some frames are in memory.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from PIL import Image

from ssllab.data.containers import Unusable
from ssllab.data.images.pictures import square
from ssllab.data.images.ranges import TOPS, Note
from ssllab.data.video.reading import Frames, Reading

SHAPES = "expected (T, H, W), (T, H, W, 3), (N, T, H, W) or (N, T, H, W, 3)"
_COLOURS = (1, 3, 4)
_LARGEST_FRAME = 150_000_000  # pixels
_LARGEST_TURNED = 2**28  # bytes of an array in Fortran's order that is read whole
_AT_ONCE = 2**24  # bytes
_OVER = 0.1  # by which numbers with a point may leave 0..1, as resampling makes them


@dataclass(frozen=True)
class Layout:
    """How an array of ``shape`` is read: ``clips`` of ``length`` frames of ``height`` x ``width`` in ``colours``."""

    shape: tuple[int, ...]
    clips: int
    length: int
    height: int
    width: int
    colours: int


def layout(shape: tuple[int, ...]) -> Layout:
    """What the axes are. Raises :class:`Unusable`.

    >>> layout((400, 16, 64, 64)).clips, layout((16, 64, 64, 3)).clips
    (400, 1)
    """
    coloured = len(shape) == 5 or (len(shape) == 4 and shape[-1] in _COLOURS)
    axes, colours = (shape[:-1], shape[-1]) if coloured else (shape, 1)
    if len(axes) == 3:
        axes = (1, *axes)
    if len(axes) != 4 or colours not in _COLOURS:
        first = (
            f"; colour comes last: numpy.moveaxis(frames, {len(shape) - 3}, -1)" if _is_turned(shape) else ""
        )
        raise Unusable(f"an array of shape {shape}: {SHAPES}{first}")
    if not math.prod(shape):
        raise Unusable(f"an array of shape {shape}, which holds nothing: {SHAPES}")
    clips, length, height, width = axes
    if length < 2:
        raise Unusable(f"an array of shape {shape}, of one frame a clip: {SHAPES}, T at least 2")
    if height * width > _LARGEST_FRAME:
        raise Unusable(f"frames of {height:,}x{width:,} are too large: expected at most 150 megapixels")
    return Layout(shape, clips, length, height, width, colours)


def _is_turned(shape: tuple[int, ...]) -> bool:
    return len(shape) >= 4 and shape[-3] in _COLOURS


def arrays(path: Path, reading: Reading) -> Frames:
    """Every clip in the array of a ``.npy`` or ``.npz``, None behind each. Raises :class:`Unusable`.

    Whole numbers up to 1, 255, or what 10, 12, 14 or 16 bits hold, and numbers with a point from 0 to 1, -1 to 1 or 0 to
    255, are black to white, whichever the largest of the array fits first.
    """
    try:
        with path.open("rb") as file:
            if file.read(6) == npy.MAGIC_PREFIX:
                yield from _frames(_Plain(path), reading)
                return
        with zipfile.ZipFile(path) as members:
            yield from _frames(_Packed(members, _fitting(members)), reading)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise Unusable(f"broken ({' '.join(str(error).split())[:80]}): copy or save it again") from None


class _Source:
    """An array that can be read from its beginning, more than once."""

    name = ""

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """At the beginning of its header."""
        raise NotImplementedError
        yield

    def header(self) -> tuple[tuple[int, ...], bool, np.dtype]:
        """Shape, whether in Fortran's order, and type. Raises :class:`Unusable`."""
        with self.opened() as file:
            return _header(file)


@dataclass
class _Plain(_Source):
    path: Path

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as file:
            yield file


@dataclass
class _Packed(_Source):
    members: zipfile.ZipFile
    name: str

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        with self.members.open(self.name) as file:
            yield file


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:
            raise Unusable("written in a way of numpy's that is not read: save it as plain numbers")
        shape, fortran, kind = read(file)
    except Unusable:
        raise
    except Exception as error:  # whatever a hostile header makes of itself
        raise Unusable(f"no array of numpy's, or broken ({' '.join(str(error).split())[:60]})") from None
    if kind.hasobject:
        raise Unusable(
            "holds Python objects (pickled), which are never loaded: save it as an array of numbers"
        )
    if kind.kind not in "biuf":
        raise Unusable(f"holds {kind.name}, not brightness: expected whole numbers or numbers with a point")
    if any(side < 0 for side in shape):
        raise Unusable(f"an array of shape {shape}: {SHAPES}")
    return shape, bool(fortran), kind


def _fitting(members: zipfile.ZipFile) -> str:
    """The member that holds frames: the only one that can. Raises :class:`Unusable`."""
    names = [info.filename for info in members.infolist() if info.filename.endswith(".npy")]
    if not names:
        raise Unusable("holds no array of numpy's: expected frames saved with numpy.savez")
    fit, reasons = [], {}
    for name in names:
        try:
            layout(_Packed(members, name).header()[0])
            fit.append(name)
        except Unusable as reason:
            reasons[name] = str(reason)
    if len(fit) == 1:
        return fit[0]
    said = ", ".join(name.removesuffix(".npy") for name in (fit or names)[:6])
    if fit:
        usual = [
            name
            for name in fit
            if name.removesuffix(".npy").lower() in ("frames", "video", "videos", "clips")
        ]
        if len(usual) == 1:
            return usual[0]
        raise Unusable(
            f"holds {len(fit)} arrays of frames ({said}): call the one to read 'frames', or save it alone"
        )
    why = reasons[names[0]] if len(names) == 1 else f"none of its arrays ({said}) is one of frames: {SHAPES}"
    raise Unusable(why)


def _frames(source: _Source, reading: Reading) -> Frames:
    shape, fortran, kind = source.header()
    what = layout(shape)
    if len(shape) == 4 and what.colours == 1 and shape[1] in (3, 4):
        reading.note(f"read as {what.clips:,} clips of {what.length} grey frames: colour would stand last")
    low, high = math.inf, -math.inf
    count, whole = 0, what.clips * what.length
    for block in _blocks(source, what, fortran, kind):
        least, most = block.min(), block.max()
        if not (np.isfinite(least) and np.isfinite(most)):
            raise Unusable(
                "holds numbers that are none (NaN or infinite): replace them, as with numpy.nan_to_num"
            )
        low, high, count = min(low, float(least)), max(high, float(most)), count + len(block)
        reading.at(0.3 * count / whole)
    if count < whole:
        reading.note(f"breaks off after {count:,} of {whole:,} frames")
    black, white = _range(low, high, kind, reading.note)
    done = 0
    for block in _blocks(source, what, fortran, kind):
        for frame in block:
            if done and done % what.length == 0:
                yield None
            yield _square(_eight_bit(frame, black, white), reading.size)
            done += 1
            reading.at(0.3 + 0.7 * done / whole)


def _blocks(source: _Source, what: Layout, fortran: bool, kind: np.dtype) -> Iterator[np.ndarray]:
    """Some frames at a time, ``(n, H, W)`` or ``(n, H, W, C)``, as many as there are."""
    one = (what.height, what.width) if what.colours == 1 else (what.height, what.width, what.colours)
    if fortran and len(what.shape) > 1:
        yield _turned(source, what, kind).reshape(-1, *one)
        return
    size = math.prod(one) * kind.itemsize
    several = max(1, _AT_ONCE // size)
    left = what.clips * what.length
    with source.opened() as file:
        _header(file)
        while left:
            content = _read(file, min(several, left) * size)
            count = len(content) // size
            if count:
                yield np.frombuffer(content, kind, count * math.prod(one)).reshape(count, *one)
            if count < min(several, left):
                return
            left -= count


def _turned(source: _Source, what: Layout, kind: np.dtype) -> np.ndarray:
    size = math.prod(what.shape) * kind.itemsize
    if size > _LARGEST_TURNED:
        raise Unusable("a large array in Fortran's order: save numpy.ascontiguousarray of it")
    with source.opened() as file:
        _header(file)
        content = _read(file, size)
    if len(content) < size:
        raise Unusable("breaks off: copy it again")
    return np.frombuffer(content, kind).reshape(what.shape, order="F")


def _read(file: IO[bytes], size: int) -> bytes:
    parts, left = [], size
    while left and (part := file.read(min(left, 2**20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _range(low: float, high: float, kind: np.dtype, note: Note) -> tuple[float, float]:
    """Which numbers are black and white. Raises :class:`Unusable`."""
    wrong = Unusable(f"numbers from {low:.4g} to {high:.4g}: expected 0 to 255, or 0 to 1")
    if kind.kind == "f" and low >= -1 - _OVER and high <= 1 + _OVER:
        black = 0.0 if low >= -_OVER else -1.0
        note(f"numbers with a point: {black:g} to 1 is black to white")
        return black, 1.0
    if low < (-_OVER if kind.kind == "f" else 0):
        raise wrong
    top = next((top for top in ((1, *TOPS) if kind.kind != "f" else (255,)) if high <= top), None)
    if top is None:
        raise wrong
    if top != 255 and kind.kind != "b":
        note(f"whole numbers of {top.bit_length()} bit{'s' * (top > 1)}: 0 to {top:,} is black to white")
    elif kind.kind == "f":
        note("numbers with a point: 0 to 255 is black to white")
    return 0.0, float(top)


def _eight_bit(frame: np.ndarray, black: float, white: float) -> np.ndarray:
    if frame.dtype == np.uint8 and white == 255:
        return frame
    scaled = (frame.astype(np.float32) - black) * (255 / (white - black))
    result: np.ndarray = scaled.round().clip(0, 255).astype(np.uint8)
    return result


def _square(frame: np.ndarray, size: int) -> np.ndarray:
    return square(Image.fromarray(np.ascontiguousarray(frame)), size)
