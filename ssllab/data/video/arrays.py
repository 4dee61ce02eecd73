"""Frames as numbers: ``.npy``, and ``.npz`` with one array of them or several. Nothing is unpickled, and of an array no
more than some frames are in memory.
"""

from __future__ import annotations

import errno
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Protocol

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
_LARGEST_TURNED = 2**28  # bytes of an array in Fortran's order that is read whole from a .npz
_AT_ONCE = 2**24  # bytes
_COMPARED, _PLACES = 64, 16  # frames of a clip, and places in it, at which likeness is measured
_COARSE = 8  # parts of a side: what moves a little stays in its part
_SHORT = Unusable("breaks off: copy it again")
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
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # the disk; a place before the file's beginning is the archive's fault
        raise Unusable(f"broken ({' '.join(str(error).split())[:80]}): copy or save it again") from None


class _Source(Protocol):
    """An array that can be read from its beginning, more than once."""

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """At the beginning of its header."""

    def whole(self, shape: tuple[int, ...], fortran: bool, kind: np.dtype) -> np.ndarray:
        """All of it, to be read in another order. Raises :class:`Unusable`."""


@dataclass
class _Plain:
    path: Path

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as file:
            yield file

    def whole(self, shape: tuple[int, ...], fortran: bool, kind: np.dtype) -> np.ndarray:
        """Mapped: however large, it is not in memory."""
        with self.opened() as file:
            _header(file)
            at = file.tell()
        try:
            return np.memmap(self.path, kind, "r", at, shape, "F" if fortran else "C")
        except (ValueError, OverflowError):
            raise _SHORT from None


@dataclass
class _Packed:
    members: zipfile.ZipFile
    name: str

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        with self.members.open(self.name) as file:
            yield file

    def whole(self, shape: tuple[int, ...], fortran: bool, kind: np.dtype) -> np.ndarray:
        """In memory."""
        size = math.prod(shape) * kind.itemsize
        if size > _LARGEST_TURNED:
            raise Unusable(
                "a large array in Fortran's order or with time first: save it as (N, T, H, W), or as .npy"
            )
        with self.opened() as file:
            _header(file)
            content = _read(file, size)
        if len(content) < size:
            raise _SHORT
        return np.frombuffer(content, kind).reshape(shape, order="F" if fortran else "C")


def _shaped(source: _Source) -> tuple[tuple[int, ...], bool, np.dtype]:
    with source.opened() as file:
        return _header(file)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran's order, and type. Raises :class:`Unusable`."""
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
            layout(_shaped(_Packed(members, name))[0])
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
    shape, fortran, kind = _shaped(source)
    what = layout(shape)
    if len(shape) == 4 and what.colours == 1 and shape[1] in (3, 4):
        reading.note(f"read as {what.clips:,} clips of {what.length} grey frames: colour would stand last")
    low, high = math.inf, -math.inf
    count, whole = 0, what.clips * what.length
    likeness = _Likeness(what)
    for block in _blocks(source, what, fortran, kind):
        least, most = block.min(), block.max()
        if not (np.isfinite(least) and np.isfinite(most)):
            raise Unusable(
                "holds numbers that are none (NaN or infinite): replace them, as with numpy.nan_to_num"
            )
        low, high = min(low, float(least)), max(high, float(most))
        likeness.add(block, count)
        count += len(block)
        reading.at(0.3 * count / whole)
    if count < whole:
        reading.note(f"breaks off after {count:,} of {whole:,} frames")
    black, white = _range(low, high, kind, reading.note)
    if time_first := likeness.time_first():
        what = replace(what, clips=what.length, length=what.clips)
        reading.note(
            f"time is its first axis by what it shows: read as {what.clips:,} clips of {what.length} frames"
        )
    done = 0
    for block in _blocks(source, what, fortran, kind, time_first):
        for frame in block:
            if done and done % what.length == 0:
                yield None
            yield _square(_eight_bit(frame, black, white), reading.size)
            done += 1
            reading.at(0.3 + 0.7 * done / whole)


class _Likeness:
    """Along which of the first two axes neighbours are alike: Moving MNIST's own file has time before the clips."""

    def __init__(self, what: Layout) -> None:
        self._what = what
        #: Compared all over the clips: episodes that begin alike go on differently.
        self._places = set(np.linspace(0, what.length - 1, _PLACES).astype(int).tolist())
        self._parts = min(_COARSE, what.height), min(_COARSE, what.width)
        self._sides = what.height // self._parts[0], what.width // self._parts[1]
        self._last: np.ndarray | None = None
        self._seen: dict[int, np.ndarray] = {}
        self._within: list[float] = []  # the first clip
        self._across: list[float] = []

    def add(self, block: np.ndarray, at: int) -> None:
        """Frames ``at`` and following."""
        for number, frame in enumerate(block, at):
            place = number % self._what.length
            if number < min(_COMPARED, self._what.length):
                self._last = self._compared(frame, self._last, self._within)
            if place in self._places and len(self._across) < _PLACES * _COMPARED:
                self._seen[place] = self._compared(frame, self._seen.get(place), self._across)

    @np.errstate(over="ignore", invalid="ignore")  # numbers so large are refused behind
    def _compared(self, frame: np.ndarray, before: np.ndarray | None, apart: list[float]) -> np.ndarray:
        (down, across), (height, width) = self._parts, self._sides
        whole = frame[: down * height, : across * width].reshape(down, height, across, width, -1)
        coarse: np.ndarray = whole.mean((1, 3), dtype=np.float32)
        if before is not None:
            apart.append(float(np.abs(coarse - before).mean()))
        return coarse

    def time_first(self) -> bool:
        """Whether there are more frames than clips, and clips follow each other as frames do."""
        if not self._within or not self._across or self._what.clips >= self._what.length:
            return False
        return 0 < float(np.mean(self._across)) < 0.5 * float(np.mean(self._within))


def _blocks(
    source: _Source, what: Layout, fortran: bool, kind: np.dtype, time_first: bool = False
) -> Iterator[np.ndarray]:
    """Some frames at a time, ``(n, H, W)`` or ``(n, H, W, C)``, as many as there are."""
    one = (what.height, what.width) if what.colours == 1 else (what.height, what.width, what.colours)
    size = math.prod(one) * kind.itemsize
    several = max(1, _AT_ONCE // size)
    if fortran or time_first:
        array = source.whole(what.shape, fortran, kind)
        if time_first:
            array = array.swapaxes(0, 1)
        for clip in array.reshape(1, *array.shape) if what.clips == 1 else array:
            for first in range(0, what.length, several):
                yield np.ascontiguousarray(clip[first : first + several]).reshape(-1, *one)
        return
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
