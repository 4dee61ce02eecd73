"""Praat's TextGrid: times of words and phones in, and everything the lanes know out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssllab.data.speech.types import Span
from ssllab.storage.errors import DataError
from ssllab.storage.files import write_whole
from ssllab.text.encoding import NotText, decoded

SUFFIX = ".TextGrid"
MOST_BYTES = 64_000_000  # hours of phones
_NAMES = {
    "words": ("word", "wrd", "ort", "transcript", "utterance", "sentence"),
    "phones": ("phon", "phn", "segment", "mau"),
}


@dataclass(frozen=True)
class Grid:
    """``words`` and ``phones`` in order of time, ``()`` where none is; ``others``: names of tiers that are neither."""

    seconds: float
    words: tuple[Span, ...] = ()
    phones: tuple[Span, ...] = ()
    others: tuple[str, ...] = ()


def read(path: Path) -> Grid:
    """A TextGrid as Praat saves it as text, long or short, in any encoding. Raises DataError in one line.

    Tiers are told by their names; where those say nothing, the first is words and the second phones.
    """
    tiers, seconds = _tiers(path)
    spans = {
        name: _spans(path, name, tier) for name, tier in tiers.items() if tier["class"] == "IntervalTier"
    }
    chosen: dict[str, str] = {}
    for kind, beginnings in _NAMES.items():
        named = (name for name in spans if any(part in name.lower() for part in beginnings))
        if (name := next((name for name in named if name not in chosen.values()), None)) is not None:
            chosen[kind] = name
    if not chosen:
        chosen = dict(zip(_NAMES, spans, strict=False))
    if not any(spans[name] for name in chosen.values()):
        raise DataError(f"{path} has no interval with a label: expected a tier of words or of phones.")
    return Grid(
        seconds,
        **{kind: spans[name] for kind, name in chosen.items()},
        others=tuple(name for name in tiers if name not in chosen.values()),
    )


def write(path: Path, tiers: Mapping[str, Sequence[Span]], seconds: float) -> None:
    """``tiers`` by name, over ``seconds``, as Praat's long text in UTF-8. Raises OSError."""
    from praatio.utilities.constants import Interval
    from praatio.utilities.textgrid_io import getTextgridAsStr

    grid = {
        "xmin": 0.0,
        "xmax": seconds,
        "tiers": [
            {
                "class": "IntervalTier",
                "name": name,
                "xmin": 0.0,
                "xmax": seconds,
                "entries": [
                    Interval(span.start, min(span.end, seconds), span.label)
                    for span in spans
                    if span.start < min(span.end, seconds)
                ],
            }
            for name, spans in tiers.items()
        ],
    }
    write_whole(path, getTextgridAsStr(grid, "long_textgrid", includeBlankSpaces=True).encode())


def _tiers(path: Path) -> tuple[dict[str, Any], float]:
    from praatio.utilities.errors import PraatioException
    from praatio.utilities.textgrid_io import parseTextgridStr

    wanted = "expected a TextGrid that Praat saved as text"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB: {wanted}.")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if content.startswith(b"ooBinaryFile"):
        raise DataError(f"{path} is a binary Praat file: open it there and choose 'Save as text file'.")
    try:
        letters = decoded(content).letters
        if "TextGrid" not in letters[:200]:
            raise DataError(f"{path} is no TextGrid: {wanted}.")
        found = parseTextgridStr(letters.replace("\r\n", "\n"), includeEmptyIntervals=False)
        tiers = {tier["name"]: {**tier, "entries": list(tier["entries"])} for tier in found["tiers"]}
        return tiers, float(found["xmax"])
    except NotText as error:
        raise DataError(f"{path} {error}") from error
    except (PraatioException, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        raise DataError(f"{path} is cut off or damaged: {wanted}.") from error
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} has something else where a number belongs: {wanted}.") from error


def _spans(path: Path, name: str, tier: Mapping[str, Any]) -> tuple[Span, ...]:
    try:
        found = [Span(float(start), float(end), label.strip()) for start, end, label in tier["entries"]]
    except ValueError as error:
        raise DataError(f"{path} has something else where a time belongs, in the tier '{name}'.") from error
    for span in found:
        if not (math.isfinite(span.end) and 0 <= span.start < span.end):
            raise DataError(
                f"{path} has an interval from {span.start:g} to {span.end:g} s in the tier '{name}'."
            )
    for before, after in itertools.pairwise(found):
        if after.start < before.end - 1e-6:
            raise DataError(f"{path} has intervals that overlap at {after.start:g} s in the tier '{name}'.")
    return tuple(span for span in found if span.label)
