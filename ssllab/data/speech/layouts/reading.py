"""What every reader of a layout is given and gives back: recordings that can be found by name, and rows about them.

A path in a table never opens a file. It is only compared with the paths of the recordings that were found.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ssllab.data.skipped import Skipped
from ssllab.data.speech.formats import AUDIO_SUFFIXES
from ssllab.data.speech.types import Span

#: ``C:\``, as Windows begins a path.
_DRIVE = re.compile(r"[A-Za-z]:/")
_MICROPHONE = re.compile(r"_mic\d$")

#: Path of a table -> its text.
Tables = Mapping[str, str]


class Outside(Exception):
    """A path in a table leads out of the folder."""


@dataclass(frozen=True)
class Row:
    """What ``table`` says of the recording that it calls ``key``; None and ``()`` where it says nothing.

    ``test``: whether it is held out. ``left_out``: why it is not to be used.
    """

    table: str
    key: str
    text: str | None = None
    speaker: str | None = None
    test: bool | None = None
    words: tuple[Span, ...] = ()
    phones: tuple[Span, ...] = ()
    left_out: str = ""


@dataclass
class Reading:
    """``rows`` of the tables that a reader ``took``, and what is to be said of some of them."""

    rows: list[Row] = field(default_factory=list)
    took: set[str] = field(default_factory=set)
    said: list[Skipped] = field(default_factory=list)

    def take(self, table: str, rows: Sequence[Row]) -> None:
        """``table`` was understood."""
        self.took.add(table)
        self.rows += rows

    def refuse(self, table: str, reason: str) -> None:
        """``table`` is of this layout, but cannot be used."""
        self.took.add(table)
        self.said.append(Skipped(table, reason, "table"))

    def remark(self, table: str, reason: str) -> None:
        """Something a person should know about a table that was read."""
        self.said.append(Skipped(table, reason, "remark"))


class Recordings:
    """The recordings of a folder, found by what tables call them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._exact = {key: path for path in paths for key in (bare(path), path)}
        self._named: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            *folders, name = bare(path).split("/")
            for alias in {name, _MICROPHONE.sub("", name)}:
                self._named[alias].append(path)
                if folders:
                    self._named[f"{folders[-1]}/{alias}"].append(path)
        self.count = len(paths)
        self._flat = len({path.rpartition("/")[0] for path in paths}) < 2

    def find(self, table: str, key: str) -> str | None:
        """The recording that ``table`` calls ``key``, or None.

        By its path from the table's folder, from the top, or else by its name, and among several of that name by
        the folders around it, then by how near it is to the table. A name as common as ``0.wav`` is not enough where
        the folders are others. Audio endings do not count. Raises :class:`Outside`.
        """
        key = key.strip().replace("\\", "/")
        absolute = key.startswith("/") or _DRIVE.match(key) is not None
        parts = _inside([] if absolute else table.split("/")[:-1], key)
        above = [part for part in key.split("/") if part not in ("", ".", "..")]
        for exact in ("/".join(above),) if absolute else ("/".join(parts), "/".join(above)):
            if path := self._exact.get(exact) or self._exact.get(bare(exact)):
                return path
        if not above:
            return None
        own = [*above[:-1], bare(above[-1])]
        named = next(
            (
                found
                for tail in (own[-2:], above[-1:], own[-1:])
                if (found := self._named.get("/".join(tail)))
            ),
            [],
        )
        if len(named) == 1 and (
            self._flat or len(above) == 1 or telling(own[-1]) or shared_folders(named[0], key)
        ):
            return named[0]
        near = [(shared_folders(path, key), closeness(table, path)) for path in named]
        best = max(near, default=(0, 0))
        if near.count(best) != 1 or best == (0, 0) or (len(above) > 1 and not best[0]):
            return None
        return named[near.index(best)]

    def finds(self, table: str, key: str) -> bool:
        """Whether there is a recording that ``table`` calls ``key``."""
        try:
            return self.find(table, key) is not None
        except Outside:
            return False


#: ``(tables that nobody took yet, recordings)`` -> what the reader makes of those that it knows.
Reader = Callable[[Tables, Recordings], Reading]


def bare(path: str) -> str:
    """A path without its audio ending: ``a/b.wav`` is ``a/b``, and so is NIST's copy ``a/b.WAV.wav``."""
    while path.lower().endswith(AUDIO_SUFFIXES):
        path = path[: path.rindex(".")]
    return path


def lines_of(content: str) -> list[str]:
    """The lines of a table. Only line feeds part them: Unicode's other separators are part of a text."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def ending(path: str) -> str:
    """The last ending of a path's name, in small letters."""
    return posixpath.splitext(path)[1].lower()


def without_ending(path: str) -> str:
    """A path without its last ending."""
    return posixpath.splitext(path)[0]


def closeness(table: str, path: str) -> int:
    """How many folders are around both."""
    return _same(table.split("/")[:-1], path.split("/")[:-1])


def shared_folders(path: str, key: str) -> int:
    """How many folders around ``path`` a table's ``key`` names too, from the inside."""
    return _same(path.split("/")[-2::-1], key.split("/")[-2::-1])


def telling(name: str) -> bool:
    """Whether only a recording is called so: ``LJ001-0001``, not ``0`` or ``yes``."""
    return len(name) >= 5 and any(map(str.isdigit, name))


def _same(some: Sequence[str], others: Sequence[str]) -> int:
    """With how many equal parts both begin."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _inside(parts: list[str], key: str) -> list[str]:
    for part in key.split("/"):
        if part == ".." and not parts:
            raise Outside
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return parts
