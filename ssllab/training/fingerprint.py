"""What tells the data of a run from data that has changed since: two numbers, how much there is, and a checksum."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator, Mapping, Sized
from typing import Any

import numpy as np
import torch

from ssllab.data.batches import Data

_WHOLE = 2**28  # bytes of an array up to which all of it is read; of a larger one evenly spaced blocks
_BLOCKS, _BLOCK = 1024, 2**16
_NOT_LEARNED_FROM = {"name", "title", "about", "skipped"}


def fingerprint(data: Data) -> dict[str, Any]:
    """``{"train": n, "test": n, "classes": n, "crc32": n}`` of a data set: JSON, the same for equal data.

    Where it lies and what it is called do not count: data that has moved is the same. Of arrays beyond 256 MB, as
    hours of speech, 64 MB all over them are read.
    """
    check = 0
    for part in _parts(data):
        check = zlib.crc32(part, check)
    sizes = {name: _count(getattr(data, name, ())) for name in ("train", "test")}
    return {**sizes, "classes": len(data.class_names), "crc32": check}


def _count(split: object) -> int:
    """Items; 0 where they are made without end."""
    return len(split) if isinstance(split, Sized) else 0


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """One line where data is not what it was, "" where it is or where nothing is known of before."""
    if not before or before == now:
        return ""
    words = {"train": "items to learn from", "test": "held out", "classes": "classes"}
    changed = [
        f"{before.get(key)} {what} then, {now[key]} now"
        for key, what in words.items()
        if before.get(key) != now[key]
    ]
    said = "; ".join(changed) or "its content is another"
    return f"The data is not that of the run so far: {said}. It goes on with the data of now."


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    if isinstance(value, torch.Tensor):
        array = value.detach().cpu().numpy()
        yield f"{array.dtype}{array.shape}".encode()
        yield from _bytes_of(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in _NOT_LEARNED_FROM:
                yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple) and value and _holds_tensors(value[0]):
        for item in value:
            yield from _parts(item)
    else:
        yield repr(value).encode(errors="backslashreplace")


def _holds_tensors(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and any(
        isinstance(getattr(value, field.name), torch.Tensor) for field in dataclasses.fields(value)
    )


def _bytes_of(flat: np.ndarray) -> Iterator[memoryview]:
    if flat.size <= _WHOLE:
        yield flat.data
        return
    for start in np.linspace(0, flat.size - _BLOCK, _BLOCKS).astype(np.int64).tolist():
        yield flat[start : start + _BLOCK].data
