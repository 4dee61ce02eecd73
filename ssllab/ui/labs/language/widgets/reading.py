"""A text as a model reads it: its symbols, where they stand, and which place is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.text.symbols import END, bytes_of, text_of

if TYPE_CHECKING:
    from ssllab.methods.predictor import Predictor
    from ssllab.text.symbols import Units

BLANK = "___"
HOLE = -1  # stands in ``ids`` for a blank


@dataclass(frozen=True)
class Reading:
    """``ids (n,)`` begin with an end; ``spans[i]`` is where ``ids[i + 1]`` stands in ``text``. What is asked for stands at
    ``place`` of ``ids`` (``n``: what comes next) and in ``text`` at ``gap``. ``typed``: the beginning of a word that is
    being typed there; ``ids`` are without it."""

    text: str
    units: Units
    ids: NDArray[np.int32]
    spans: tuple[tuple[int, int], ...]
    place: int
    gap: tuple[int, int]
    typed: str = ""

    @property
    def at_end(self) -> bool:
        """Whether what comes next is asked for, not a place in the middle."""
        return self.place == len(self.ids)

    @property
    def present(self) -> int | None:
        """The symbol that stands at the place now; None at the end and for a blank."""
        return None if self.at_end or self.ids[self.place] == HOLE else int(self.ids[self.place])

    def with_symbol(self, id: int) -> tuple[str, int]:
        """The text with that symbol at the place that is asked for, and where the cursor is after it."""
        first, last = self.gap
        before, after = self.text[:first], self.text[last:]
        if (content := self.units.raw(id)) is not None:  # with the half before it, it may be a character
            before = text_of(bytes_of(before) + content)
            return before + after, len(before)
        piece = self._written(id)
        if _drops_blanks(self.units) and before.endswith(" "):
            before = before.rstrip(" ")  # the piece brings its own
        return before + piece + after, len(before + piece)

    def _written(self, id: int) -> str:
        """The symbol as it is written after those before it."""
        before = [int(i) for i in self.ids[1 : self.place]]
        head = self.units.decode(before)
        whole = self.units.decode([*before, id])
        return whole[len(head) :] if whole.startswith(head) else self.units.decode([id])

    def one_less(self) -> tuple[str, int]:
        """The text without the symbol before the place that is asked for, and where the cursor is then; of a word that is
        being typed without its last letter."""
        if self.typed:
            return self.text[: self.gap[1] - 1] + self.text[self.gap[1] :], self.gap[1] - 1
        if self.place < 2:
            return self.text[self.gap[0] :], 0
        first = self.spans[self.place - 2][0]
        kept = self.text[:first]
        if _drops_blanks(self.units):
            kept = kept.rstrip(" ")
        return kept + self.text[self.gap[0] :], len(kept)


def read(text: str, units: Units, asked: int | None = None) -> Reading:
    """``asked``: the number of a symbol of the text (from 0) that is asked for; None: a blank, or else what comes next."""
    blank = text.find(BLANK)
    ids: list[int] = [END]
    spans: list[tuple[int, int]] = []
    typed, gap = "", (len(text), len(text))
    if blank < 0:
        _add(text, 0, units, ids, spans)
        unfinished = bool(spans) and spans[-1][1] == len(text) and ids[-1] == units.unknown
        if unfinished and _drops_blanks(units) and asked is None:
            gap = spans.pop()
            ids.pop()
            typed = text[gap[0] :]
        place = len(ids)
    else:
        end = blank + len(BLANK)
        if units.name == "bpe":  # its parts begin with the blank before a word
            blank = len(text[:blank].rstrip(" "))
        _add(text[:blank], 0, units, ids, spans)
        place, gap = len(ids), (blank, end)
        ids.append(HOLE)
        spans.append(gap)
        _add(text[gap[1] :], gap[1], units, ids, spans)
    if asked is not None and 0 <= asked < len(spans):
        place, gap = asked + 1, spans[asked]
    return Reading(text, units, np.array(ids, np.int32), tuple(spans), place, gap, typed)


def known(reading: Reading, model: Predictor) -> NDArray[np.int32]:
    """What the model is told of a reading: all of it, blanks behind its mask; one that only looks back what stands before
    the place. Raises ValueError where it would have to read over a blank."""
    if model.causal:
        told = reading.ids[: reading.place]
        if (told == HOLE).any():
            raise ValueError("A model that only looks back reads over no blank: fill it first.")
        return told
    return np.where(reading.ids == HOLE, np.int32(model.mask), reading.ids)


def _add(part: str, start: int, units: Units, ids: list[int], spans: list[tuple[int, int]]) -> None:
    """The symbols of ``part``, which stands at ``start``; a new line that is no symbol ends what was before."""
    for number, line in enumerate(part.split("\n") if _lines_end(units) else [part]):
        if number:
            ids.append(END)
            spans.append((start - 1, start))
        own, places = units.read(line)
        ids += own.tolist()
        spans += [(start + first, start + last) for first, last in places]
        start += len(line) + 1


def _drops_blanks(units: Units) -> bool:
    """Whether blanks between symbols are no symbols."""
    return units.name in ("word", "code")


def _lines_end(units: Units) -> bool:
    """Whether a new line is no symbol, so that it stands for the end of what was before."""
    found = units.encode("\n")
    return not len(found) or int(found[0]) == units.unknown
