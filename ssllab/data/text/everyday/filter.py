"""The forward filter: which states a sentence may be in after its words so far, and what follows.

Several paths of the automaton can read the same words ("The" begins most sentences; "the sheep" may be one or many), so
what is known after some words is a *belief*, a probability for each state. Beliefs are numbered as they are met, and a
belief's next words are computed once. After `END` the next sentence begins, whatever came before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssllab.data.text.everyday.automaton import FINAL, State
from ssllab.data.text.everyday.lexicon import Reading

Belief = int  # the number of a belief
START: Belief = 0  # before the first word of a sentence


class Row(NamedTuple):
    """The words that can follow a belief: places in the vocabulary, probabilities (their sum is 1), beliefs after."""

    words: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    next: dict[int, tuple[float, Belief]]  # word -> its probability and the belief after it


class Expected(NamedTuple):
    """What a sentence holds on average, its end included: information in nats, symbols, characters.

    ``reached_at`` and ``nats_at``: for each place, how probable it is that the sentence has a symbol there, and what that
    symbol adds to ``nats``.
    """

    nats: float
    symbols: float
    characters: float
    reached_at: tuple[float, ...]
    nats_at: tuple[float, ...]


class ForwardFilter:
    """Next-word distributions of a weighted automaton; ``places`` gives each word's place in the vocabulary."""

    def __init__(self, states: Sequence[State], places: dict[str, int]) -> None:
        self._states = states
        self._arcs = [
            [(places[arc.reading.text], arc.probability, arc.target) for arc in state] for state in states
        ]
        self._members: list[tuple[tuple[int, float], ...]] = [((0, 1.0),)]
        self._numbers: dict[tuple[tuple[int, float], ...], Belief] = {self._members[0]: START}
        self._rows: dict[Belief, Row] = {}

    def row(self, belief: Belief) -> Row:
        """The words that can follow."""
        if belief not in self._rows:
            self._rows[belief] = self._read(belief)
        return self._rows[belief]

    def _read(self, belief: Belief) -> Row:
        after: dict[int, dict[int, float]] = {}
        for state, weight in self._members[belief]:
            for word, probability, target in self._arcs[state]:
                targets = after.setdefault(word, {})
                targets[target] = targets.get(target, 0.0) + weight * probability
        following = {word: self._followed(after[word]) for word in sorted(after)}
        probabilities = np.array([probability for probability, _ in following.values()])
        return Row(np.array(list(following)), probabilities, following)

    def _followed(self, targets: dict[int, float]) -> tuple[float, Belief]:
        total = sum(targets.values())
        if FINAL in targets:
            return total, START
        # Rounded, so that the same belief by two ways is one number; far below what a probability is read to.
        members = tuple(sorted((state, round(weight / total, 13)) for state, weight in targets.items()))
        if members not in self._numbers:
            self._numbers[members] = len(self._members)
            self._members.append(members)
        return total, self._numbers[members]

    def readings(self, belief: Belief) -> dict[str, Reading]:
        """The likeliest reading of each word that can follow."""
        weights: dict[Reading, float] = {}
        for state, weight in self._members[belief]:
            for arc in self._states[state]:
                weights[arc.reading] = weights.get(arc.reading, 0.0) + weight * arc.probability
        return {reading.text: reading for reading in sorted(weights, key=weights.__getitem__)}

    def expected(self, characters: NDArray[np.float64]) -> Expected:
        """The exact entropy of a sentence, its expected symbols, and characters: each word brings its own, one is off."""
        reached_at, nats_at, letters = [], [], -1.0  # no blank before the first word
        level = {START: 1.0}  # the probability of being in each belief after so many words
        while level:
            after: dict[Belief, float] = {}
            nats = 0.0
            for belief, reached in level.items():
                row = self.row(belief)
                nats -= reached * float(row.probabilities @ np.log(row.probabilities))
                letters += reached * float(row.probabilities @ characters[row.words])
                for probability, number in row.next.values():
                    if number != START:
                        after[number] = after.get(number, 0.0) + reached * probability
            reached_at.append(sum(level.values()))
            nats_at.append(nats)
            level = after
        return Expected(sum(nats_at), sum(reached_at), letters, tuple(reached_at), tuple(nats_at))
