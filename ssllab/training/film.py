"""What a run keeps of its looks, so that its life can be seen again: a few dozen, spread evenly over its steps.

A frame is the parts of a look as JSON, its arrays apart under the hash of their bytes: what does not change from look to
look, as the pictures of the fixed items, is there once. A field that :data:`ssllab.looks.NOT_FILMED` marks is left out.
Nothing that is read here can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import FILMED, Look

MOST_FRAMES = 60
MOST_BYTES = 16_000_000  # of a run's arrays, compressed
_LARGEST_ARRAY = 64_000_000  # bytes that one may unfold to


@dataclass(frozen=True)
class Frame:
    """A look as it is stored: JSON, and the compressed bytes of its arrays by their hash."""

    step: int
    parts: str
    arrays: Mapping[str, bytes] = field(repr=False)


class Film:
    """At most :data:`MOST_FRAMES` frames of at most :data:`MOST_BYTES`; when there would be more, the one goes that leaves
    the smallest gap, never the first or the last. One thread adds, others may read :attr:`frames`."""

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self.frames = tuple(frames)  # replaced, never changed

    @property
    def last_step(self) -> int:
        """Of the newest frame; -1 without any."""
        return self.frames[-1].step if self.frames else -1

    def until(self, step: int) -> Film:
        """What there was up to a step."""
        return Film(frame for frame in self.frames if frame.step <= step)

    def add(self, look: Look) -> None:
        """Keep a look, unless it is not newer than the last one or has no parts."""
        known = {key: data for frame in self.frames[-1:] for key, data in frame.arrays.items()}
        if look.step <= self.last_step or (frame := _framed(look, known)) is None:
            return
        frames = [*self.frames, frame]
        while len(frames) > 2 and (len(frames) > MOST_FRAMES or _bytes(frames) > MOST_BYTES):
            gaps = [after.step - before.step for before, after in zip(frames, frames[2:], strict=False)]
            del frames[1 + int(np.argmin(gaps))]
        self.frames = tuple(frames)

    def looks(self, kinds: Iterable[type]) -> list[Look]:
        """Every frame as a look again, with those parts whose class is one of ``kinds``; what is damaged is left out."""
        by_name = {kind.__name__: kind for kind in kinds}
        looks = (Look(frame.step, tuple(_parts(frame, by_name))) for frame in self.frames)
        return [look for look in looks if look.parts]


def _bytes(frames: Iterable[Frame]) -> int:
    return sum(map(len, {key: data for frame in frames for key, data in frame.arrays.items()}.values()))


def _framed(look: Look, known: Mapping[str, bytes]) -> Frame | None:
    """None where no part can be kept: a person's own may hold anything."""
    arrays: dict[str, bytes] = {}
    parts = {}
    for part in look.parts:
        if is_dataclass(part):
            try:
                told = {
                    place.name: _plain(getattr(part, place.name), _filmed(place), known, arrays)
                    for place in fields(part)
                    if _filmed(place) or place.default is MISSING
                }
                parts[type(part).__name__] = json.loads(json.dumps(told))
            except (TypeError, ValueError):
                continue
    return Frame(look.step, json.dumps(parts), arrays) if parts else None


def _filmed(place: Field[Any]) -> bool:
    return place.metadata.get(FILMED, True)


def _plain(value: Any, filmed: bool, known: Mapping[str, bytes], arrays: dict[str, bytes]) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an array of {value.dtype}")
        about = {"dtype": value.dtype.str, "shape": value.shape}
        if not filmed:
            return about
        content = np.ascontiguousarray(value).tobytes()
        key = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        arrays[key] = known.get(key) or arrays.get(key) or zlib.compress(content, 1)
        return {**about, "key": key}
    if isinstance(value, tuple | list):
        return [_plain(item, filmed, known, arrays) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _parts(frame: Frame, kinds: Mapping[str, type]) -> Iterable[object]:
    try:
        told = json.loads(frame.parts)
        named = [(kinds[name], values) for name, values in told.items() if name in kinds]
    except (ValueError, AttributeError):
        return
    for kind, values in named:
        try:
            yield kind(**{name: _whole(value, frame.arrays) for name, value in values.items()})
        except (
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            zlib.error,
        ):  # damaged, or of another version
            continue


def _whole(value: Any, arrays: Mapping[str, bytes]) -> Any:
    if isinstance(value, list):
        return tuple(_whole(item, arrays) for item in value)
    return _array(value, arrays) if isinstance(value, dict) else value


def _array(about: Mapping[str, Any], arrays: Mapping[str, bytes]) -> NDArray:
    dtype, shape = np.dtype(str(about["dtype"])), tuple(int(side) for side in about["shape"])
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if dtype.kind not in "biuf" or min(shape, default=0) < 0 or size > _LARGEST_ARRAY:
        raise ValueError("no array of a look")
    if "key" not in about:
        return np.broadcast_to(np.zeros((), dtype), shape)
    content = zlib.decompressobj().decompress(arrays[about["key"]], size or 1)
    return np.frombuffer(content, dtype).reshape(shape)


# In the run's database. A run of an ssllab before films has no such tables.

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS frame (step INTEGER PRIMARY KEY, parts TEXT NOT NULL, arrays TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS frame_array (key TEXT PRIMARY KEY, data BLOB NOT NULL)",
)


def write_film(connection: sqlite3.Connection, film: Film) -> None:
    """Make the stored film this one, inside a transaction; only what differs is written."""
    frames = {frame.step: frame for frame in film.frames}
    arrays = {key: data for frame in frames.values() for key, data in frame.arrays.items()}
    for statement in _SCHEMA:
        connection.execute(statement)
    steps = {step for (step,) in connection.execute("SELECT step FROM frame")}
    keys = {key for (key,) in connection.execute("SELECT key FROM frame_array")}
    connection.executemany("DELETE FROM frame WHERE step=?", [(step,) for step in steps - frames.keys()])
    connection.executemany("DELETE FROM frame_array WHERE key=?", [(key,) for key in keys - arrays.keys()])
    connection.executemany(
        "INSERT INTO frame (step, parts, arrays) VALUES (?,?,?)",
        [
            (step, frame.parts, json.dumps(list(frame.arrays)))
            for step, frame in frames.items()
            if step not in steps
        ],
    )
    connection.executemany(
        "INSERT INTO frame_array (key, data) VALUES (?,?)",
        [(key, data) for key, data in arrays.items() if key not in keys],
    )


def read_film(connection: sqlite3.Connection) -> Film:
    """The stored film; an empty one where there is none. A frame that is damaged is left out: it costs no run its life."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='frame_array'").fetchone():
        return Film()
    arrays = dict(connection.execute("SELECT key, data FROM frame_array"))
    frames = []
    for step, parts, keys in connection.execute("SELECT step, parts, arrays FROM frame ORDER BY step"):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            frames.append(Frame(int(step), parts, {key: arrays[key] for key in json.loads(keys)}))
    return Film(frames)
