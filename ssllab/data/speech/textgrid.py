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
_WANTED = "expected a TextGrid that Praat saved as text"
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
    return parsed(_letters(path), str(path))


def parsed(letters: str, name: str) -> Grid:
    """The TextGrid in ``letters``; see :func:`read`. What is said of it calls it ``name``."""
    tiers, seconds = _tiers(letters, name)
    spans = {
        title: _spans(name, title, tier) for title, tier in tiers.items() if tier["class"] == "IntervalTier"
    }
    chosen: dict[str, str] = {}
    for kind, beginnings in _NAMES.items():
        named = (title for title in spans if any(part in title.lower() for part in beginnings))
        if (title := next((title for title in named if title not in chosen.values()), None)) is not None:
            chosen[kind] = title
    if not chosen:
        chosen = dict(zip(_NAMES, spans, strict=False))
    if not any(spans[title] for title in chosen.values()):
        raise DataError(f"{name} has no interval with a label: expected a tier of words or of phones.")
    return Grid(
        seconds,
        **{kind: spans[title] for kind, title in chosen.items()},
        others=tuple(title for title in tiers if title not in chosen.values()),
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


def _letters(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB: {_WANTED}.")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if content.startswith(b"ooBinaryFile"):
        raise DataError(f"{path} is a binary Praat file: open it there and choose 'Save as text file'.")
    try:
        return decoded(content).letters
    except NotText as error:
        raise DataError(f"{path} {error}") from error


def _tiers(letters: str, name: str) -> tuple[dict[str, Any], float]:
    from praatio.utilities.errors import PraatioException
    from praatio.utilities.textgrid_io import parseTextgridStr

    if "TextGrid" not in letters[:200]:
        raise DataError(f"{name} is no TextGrid: {_WANTED}.")
    try:
        found = parseTextgridStr(letters.replace("\r\n", "\n"), includeEmptyIntervals=False)
        tiers = {tier["name"]: {**tier, "entries": list(tier["entries"])} for tier in found["tiers"]}
        return tiers, float(found["xmax"])
    except (PraatioException, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        raise DataError(f"{name} is cut off or damaged: {_WANTED}.") from error
    except ValueError as error:
        raise DataError(f"{name} has something else where a number belongs: {_WANTED}.") from error


def _spans(name: str, title: str, tier: Mapping[str, Any]) -> tuple[Span, ...]:
    try:
        found = [Span(float(start), float(end), label.strip()) for start, end, label in tier["entries"]]
    except ValueError as error:
        raise DataError(f"{name} has something else where a time belongs, in the tier '{title}'.") from error
    for span in found:
        if not (math.isfinite(span.end) and 0 <= span.start < span.end):
            raise DataError(
                f"{name} has an interval from {span.start:g} to {span.end:g} s in the tier '{title}'."
            )
    for before, after in itertools.pairwise(found):
        if after.start < before.end - 1e-6:
            raise DataError(f"{name} has intervals that overlap at {after.start:g} s in the tier '{title}'.")
    return tuple(span for span in found if span.label)
