"""What is said of files that were not used, or not as they lie there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ssllab.storage.one_line import one_line

_NAMED = 4  # tables of one reason


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, and why.

    ``what`` it is: a ``file`` (an item of the data), a ``table`` about items that was not understood, or a
    ``remark``: nothing was left out, but a person should know how it was read.
    """

    path: str
    reason: str
    what: Literal["file", "table", "remark"] = "file"


def left_out(skipped: Iterable[Skipped]) -> int:
    """How many were not used: remarks are not counted."""
    return sum(entry.what != "remark" for entry in skipped)


def in_words(skipped: Iterable[Skipped], most: int) -> list[str]:
    """A line for each reason: tables and remarks all, then the ``most`` frequent reasons of files. What a reason says
    in brackets is its detail: it is left out where that of several files differs. Names are safe to print.

    >>> in_words([Skipped("a.wav", "is empty"), Skipped("b.wav", "is empty"), Skipped("t.csv", "no table", "table")], 5)
    ['t.csv: no table', 'a.wav and 1 more: is empty']
    """
    tables: dict[tuple[str, str], list[Skipped]] = {}
    files: dict[tuple[str, str], list[Skipped]] = {}
    for entry in skipped:
        place = files if entry.what == "file" else tables
        place.setdefault((entry.what, entry.reason.partition(" (")[0]), []).append(entry)
    common = sorted(files.items(), key=lambda item: -len(item[1]))
    lines = []
    for (what, short), entries in (*tables.items(), *common[:most]):
        named = entries[: _NAMED if what != "file" else 1]
        paths = ", ".join(entry.path for entry in named)
        more = f" and {len(entries) - len(named):,} more" if len(entries) > len(named) else ""
        same = all(entry.reason == entries[0].reason for entry in entries)
        lines.append(one_line(f"{paths}{more}: {entries[0].reason if same else short}"))
    if rest := sum(len(entries) for _, entries in common[most:]):
        lines.append(f"{rest:,} more files, for other reasons")
    return lines


def every_word(skipped: Iterable[Skipped]) -> str:
    """A line for each entry."""
    return "\n".join(one_line(f"{entry.path}: {entry.reason}") for entry in skipped)
