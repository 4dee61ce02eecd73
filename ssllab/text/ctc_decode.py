"""From the posteriors of a CTC model to text: the best path, and prefix beam search with a language model.

CTC (Graves et al. 2006) sums the probability of a text over all paths that write it: a path names one class per
frame, repeats are merged, then blanks fall.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

State = TypeVar("State", bound=Hashable)
NEVER = -np.inf


class LanguageModel(Protocol[State]):
    """What beam search asks of a language model (:mod:`ssllab.text.ngram` has two)."""

    start: State

    def next(self, state: State, symbol: int) -> State:
        """The state after class ``symbol`` was written."""

    def scores(self, state: State) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each class: log P of what it completes ``(A,)`` and how many units that is ``(A,)``."""

    def end(self, state: State) -> tuple[float, int]:
        """The same for the end of the text."""


@dataclass(frozen=True)
class Hypothesis:
    """A text and its score: ``acoustic`` is log P(text | audio) over the paths kept, ``language`` the rest."""

    classes: tuple[int, ...]
    acoustic: float
    language: float

    @property
    def score(self) -> float:
        """What hypotheses are ranked by."""
        return self.acoustic + self.language


def collapse(path: Sequence[int], blank: int = 0) -> list[int]:
    """What a path writes: repeats are merged, then blanks fall."""
    return [symbol for symbol, _ in groupby(int(i) for i in path) if symbol != blank]


def greedy(log_probs: NDArray, blank: int = 0) -> list[int]:
    """The classes that the most probable path writes. ``log_probs: (T, A)``."""
    return collapse(np.asarray(log_probs).argmax(1).tolist(), blank) if len(log_probs) else []


def cut_at_pauses(
    log_probs: NDArray, blank: int = 0, *, long: int = 400, pause: int = 15, most: int = 1500
) -> list[NDArray]:
    """``(T, A)`` in parts to be searched one by one, cut within pauses: search over an hour would keep too much.

    Cut is once a part has ``long`` frames (8 s) and the best class was blank for ``pause`` frames (0.3 s), and at
    ``most`` frames in any case.
    """
    silent = np.asarray(log_probs).argmax(1) == blank if len(log_probs) else np.empty(0, bool)
    parts, begin, run = [], 0, 0
    for frame, is_silent in enumerate(silent.tolist()):
        run = run + 1 if is_silent else 0
        length = frame + 1 - begin
        if (length >= long and run >= pause) or length >= most:
            parts.append(log_probs[begin : frame + 1])
            begin = frame + 1
    return [*parts, log_probs[begin:]]


def beam_search(
    log_probs: NDArray,
    *,
    blank: int = 0,
    width: int = 16,
    language: LanguageModel[State] | None = None,
    alpha: float = 0.5,
    beta: float = 1.0,
) -> list[Hypothesis]:
    """The best texts of at most ``width`` followed at a time, best first.

    ``log_probs: (T, A)`` log posteriors. Ranked by log P_ctc(text) + alpha log P_lm(text) + beta |text|, where |text|
    counts the units that the model scores (characters or words): each has a probability below one, so without
    beta short texts would win. Prefix beam search of Hannun et al. 2014, algorithm 1, all extensions of a frame at
    once; the language model weighs whole prefixes, so the acoustic sums stay exact.
    """
    frames = np.asarray(log_probs, np.float64)
    tree = _Prefixes(frames.shape[1], language, alpha, beta)
    beam = np.zeros(1, np.int64)  # prefixes by number
    in_blank = np.zeros(1)  # log P of the paths that end in blank
    in_symbol = np.full(1, NEVER)  # ... in the prefix's last symbol; the empty prefix has none
    for frame in frames:
        total = np.logaddexp(in_blank, in_symbol)
        last = tree.symbols[beam]
        stay_blank = total + frame[blank]
        stay_symbol = in_symbol + frame[last]
        grown = total[:, None] + frame
        written = np.flatnonzero(last >= 0)  # a symbol written twice needs a blank between
        grown[written, last[written]] = in_blank[written] + frame[last[written]]
        grown[:, blank] = NEVER
        place = {prefix: row for row, prefix in enumerate(beam.tolist())}
        for row, prefix in enumerate(beam.tolist()):
            parent = place.get(tree.parents[prefix])
            if parent is not None:  # its parent grows into it, too
                stay_symbol[row] = np.logaddexp(stay_symbol[row], grown[parent, last[row]])
                grown[parent, last[row]] = NEVER
        language_score = tree.scores[beam]
        ranks = np.concatenate(
            [
                np.logaddexp(stay_blank, stay_symbol) + language_score,
                (grown + language_score[:, None] + tree.ahead[beam]).ravel(),
            ]
        )
        keep = np.argpartition(-ranks, width)[:width] if len(ranks) > width else np.arange(len(ranks))
        keep = keep[ranks[keep] > NEVER]
        stays = keep[keep < len(beam)]
        origin, symbol = np.divmod(keep[keep >= len(beam)] - len(beam), frames.shape[1])
        children = [tree.child(int(p), int(s)) for p, s in zip(beam[origin], symbol, strict=True)]
        beam = np.concatenate([beam[stays], np.array(children, np.int64)])
        in_blank = np.concatenate([stay_blank[stays], np.full(len(children), NEVER)])
        in_symbol = np.concatenate([stay_symbol[stays], grown[origin, symbol]])
    acoustic = np.logaddexp(in_blank, in_symbol)
    found = [
        Hypothesis(tree.text(p), float(score), tree.finished(p))
        for p, score in zip(beam.tolist(), acoustic, strict=True)
    ]
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


class _Prefixes:
    """Every prefix met, as a tree; number 0 is the empty one. A prefix keeps its number when it returns."""

    def __init__(self, size: int, language: LanguageModel[State] | None, alpha: float, beta: float) -> None:
        self._language, self._alpha, self._beta = language, alpha, beta
        self._children: dict[tuple[int, int], int] = {}
        self._states: list = [language.start if language is not None else None]
        self.parents = [-1]
        room = 1024
        self.symbols = np.full(room, -1, np.int64)
        self.scores = np.zeros(room)  # of the language model, weighed
        self.ahead = np.zeros((room, size))  # what each symbol would add to them
        self._look_ahead(0)

    def child(self, prefix: int, symbol: int) -> int:
        """The number of ``prefix`` with ``symbol`` after it."""
        number = self._children.get((prefix, symbol))
        if number is None:
            number = self._children[prefix, symbol] = len(self.parents)
            if number == len(self.symbols):
                self.symbols, self.scores, self.ahead = (
                    np.concatenate([a, np.zeros_like(a)]) for a in (self.symbols, self.scores, self.ahead)
                )
            self.parents.append(prefix)
            self.symbols[number] = symbol
            if self._language is not None:
                self._states.append(self._language.next(self._states[prefix], symbol))
                self.scores[number] = self.scores[prefix] + self.ahead[prefix, symbol]
                self._look_ahead(number)
        return number

    def _look_ahead(self, number: int) -> None:
        if self._language is not None:
            logs, units = self._language.scores(self._states[number])
            self.ahead[number] = self._alpha * logs + self._beta * units

    def finished(self, prefix: int) -> float:
        """The language model's score of the prefix as a whole text."""
        if self._language is None:
            return 0.0
        logs, units = self._language.end(self._states[prefix])
        return float(self.scores[prefix] + self._alpha * logs + self._beta * units)

    def text(self, prefix: int) -> tuple[int, ...]:
        """Its classes."""
        classes = []
        while prefix:
            classes.append(int(self.symbols[prefix]))
            prefix = self.parents[prefix]
        return tuple(reversed(classes))
