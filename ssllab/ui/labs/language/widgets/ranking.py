"""Which symbols a board lists: the likeliest, in groups, with what sampling leaves of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.data.text.tags import part_of_speech

if TYPE_CHECKING:
    from ssllab.text.sampling import Sampling
    from ssllab.text.symbols import Units

TOP = 20
GRAMMAR = "words of grammar"
Tags = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Candidate:
    """One symbol: ``p`` as the model says, ``left`` after sampling; ``rank`` from 1."""

    id: int
    shown: str
    p: float
    left: float
    rank: int
    tag: str = ""
    group: str = ""


@dataclass(frozen=True)
class Heading:
    """Stands above a group: its ``share`` of all symbols, the unlisted ones too."""

    key: str
    words: str
    share: float


Row = Candidate | Heading


def rank(
    logs: NDArray[np.floating],
    units: Units,
    tags: Tags,
    sampling: Sampling,
    *,
    typed: str = "",
    grouping: str = "",
    top: int = TOP,
) -> list[Row]:
    """The ``top`` likeliest symbols that begin as ``typed``; by groups ("tag", "group") each where its best one
    stands, so that the likeliest is always the first."""
    p = np.exp(logs.astype(np.float64))
    left = sampling.left(logs)
    order = np.argsort(-logs, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(1, len(order) + 1)
    if typed:
        order = np.array([i for i in order if units.symbols[i].startswith(typed)], np.int64)
    found = [
        Candidate(
            i,
            units.shown(i),
            float(p[i]),
            float(left[i]),
            int(places[i]),
            *tags.get(units.symbols[i], ("", "")),
        )
        for i in order[:top].tolist()
        if p[i] > 0
    ]
    if not grouping or not any(c.tag for c in found):
        return list(found)
    shares = shares_of(p, units, tags, grouping)
    groups: dict[str, list[Candidate]] = {}
    for c in found:
        groups.setdefault(group_of((c.tag, c.group), grouping), []).append(c)
    rows: list[Row] = []
    for key, own in groups.items():
        rows += [Heading(key, group_words(key, grouping), shares[key]), *own]
    return rows


def likeliest(logs: NDArray[np.floating], units: Units, tags: Tags, top: int) -> tuple[Candidate, ...]:
    """The ``top`` likeliest symbols as the model says, by no groups: quick, also among fifty thousand."""
    top = min(top, len(logs))
    first = np.argpartition(-logs, top - 1)[:top]
    first = first[np.argsort(-logs[first], kind="stable")]
    p = np.exp(logs[first].astype(np.float64)).tolist()
    return tuple(
        Candidate(i, units.shown(i), share, share, place, *tags.get(units.symbols[i], ("", "")))
        for place, (i, share) in enumerate(zip(first.tolist(), p, strict=True), 1)
        if share > 0
    )


def shares_of(p: NDArray[np.floating], units: Units, tags: Tags, grouping: str) -> dict[str, float]:
    """What each part of speech or meaning carries in all."""
    sums: dict[str, float] = {}
    for symbol, share in zip(units.symbols, p.tolist(), strict=False):
        key = group_of(tags.get(symbol, ("", "")), grouping)
        sums[key] = sums.get(key, 0.0) + share
    return sums


def group_of(tags: tuple[str, str], grouping: str) -> str:
    """The group of a symbol of that part of speech and meaning: "" where it is not known."""
    tag, meaning = tags
    return tag if grouping == "tag" else meaning or (GRAMMAR if tag else "")


def group_words(key: str, grouping: str) -> str:
    """A group in words."""
    return (part_of_speech(key) if grouping == "tag" else key) or "others"


def meanings(tags: Tags) -> list[str]:
    """All of them, in a fixed order: their colours follow it."""
    return sorted({group for _, group in tags.values() if group})


def share_words(p: float) -> str:
    """A probability for people."""
    if p < 0.0001:
        return "< 0.01 %"
    return f"{100 * p:.0f} %" if p >= 0.0995 else f"{100 * p:.1f} %" if p >= 0.0095 else f"{100 * p:.2f} %"


def described(rows: Sequence[Row]) -> str:
    """The first candidates in one line, for a screen reader."""
    first = [row for row in rows if isinstance(row, Candidate)][:5]
    return ", ".join(f"{c.shown} {share_words(c.p)}" for c in first)
