"""Sentences, drawn from the automaton, with what is known of their words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssllab.data.text.everyday.automaton import FINAL, State

CHUNK = 1 << 15  # sentences drawn side by side


@dataclass(frozen=True)
class Word:
    """One word of a sentence.

    ``tag``: Universal part of speech. ``number``: "sing", "plur" or "" (of a finite verb: its subject's, where its form
    tells). ``group``: what it means ("animal", "sunny place", "weather" ...; "" for words of grammar). ``head``: the place
    in the sentence of the word it depends on, -1 for the root.
    """

    text: str
    tag: str
    number: str
    group: str
    head: int


@dataclass(frozen=True)
class Sentence:
    """A sentence: its words with punctuation, without `END`; ``sentiment``: "positive", "negative" or "neutral"."""

    words: tuple[Word, ...]
    sentiment: str

    @property
    def text(self) -> str:
        """As one writes it: "The calico cat sits on the sunny ledge."."""
        return written([word.text for word in self.words])


PUNCTUATION = (".", ",", "!")


def written(words: Sequence[str]) -> str:
    """Words in one line of text: blanks between them, none before punctuation."""
    return "".join(
        word if not place or word in PUNCTUATION else " " + word for place, word in enumerate(words)
    )


class Sampler:
    """Draws sentences from an automaton, many side by side."""

    def __init__(self, states: Sequence[State]) -> None:
        arcs = [arc for state in states for arc in state]
        self.arcs = arcs
        self._target = np.array([arc.target for arc in arcs])
        self._last = np.cumsum([len(state) for state in states]) - 1  # the last arc of each state
        # Ascending over all arcs: the number of the state plus the probability summed within the state.
        self._edges = np.concatenate(
            [number + np.cumsum([arc.probability for arc in state]) for number, state in enumerate(states)]
        )
        self._structures: dict[tuple[str, ...], tuple[tuple[int, ...], str]] = {}
        self._words: dict[tuple[int, int], Word] = {}

    def paths(self, generator: np.random.Generator, count: int) -> Iterator[NDArray[np.int64]]:
        """The arcs of ``count`` sentences, (sentences, longest) in chunks; -1 after the arc of the end."""
        for begin in range(0, count, CHUNK):
            yield self._chunk(generator, min(CHUNK, count - begin))

    def _chunk(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        active, state = np.arange(count), np.zeros(count, dtype=np.int64)
        columns = []
        while len(active):
            drawn = np.searchsorted(self._edges, state + generator.random(len(active)), side="right")
            drawn = np.minimum(drawn, self._last[state])  # a sum that is rounded up to the next state
            column = np.full(count, -1)
            column[active] = drawn
            columns.append(column)
            state = self._target[drawn]
            active, state = active[state >= 0], state[state >= 0]
        return np.stack(columns, axis=1)

    def likeliest(self, words: Sequence[str]) -> list[int] | None:
        """The likeliest path that reads ``words``, the end included (Viterbi); None: there is none."""
        best: dict[int, tuple[float, list[int]]] = {0: (1.0, [])}
        for word in words:
            after: dict[int, tuple[float, list[int]]] = {}
            for state, (probability, path) in best.items():
                first = self._last[state - 1] + 1 if state > 0 else 0
                for arc in range(first, self._last[state] + 1):
                    target, reached = self.arcs[arc].target, probability * self.arcs[arc].probability
                    if self.arcs[arc].reading.text == word and reached > after.get(target, (0.0,))[0]:
                        after[target] = (reached, [*path, arc])
            best = after
        return best[FINAL][1] if FINAL in best else None

    def sentence(self, path: Sequence[int]) -> Sentence:
        """The sentence of a path of arcs, the end's included."""
        marks = tuple([self.arcs[arc].marks for arc in path])
        if marks not in self._structures:
            self._structures[marks] = structure(marks)
        heads, sentiment = self._structures[marks]
        return Sentence(
            tuple([self._word(arc, head) for arc, head in zip(path, heads, strict=False)]), sentiment
        )

    def _word(self, arc: int, head: int) -> Word:
        if (arc, head) not in self._words:
            reading = self.arcs[arc].reading
            self._words[arc, head] = Word(reading.text, reading.tag, reading.number, reading.group, head)
        return self._words[arc, head]


class _Open(NamedTuple):
    """A phrase that is not closed yet: is it the head of the one around it, its head word, what depends on that."""

    leads: bool
    head: list[int]
    others: list[int]

    def take(self, word: int, leads: bool) -> None:
        (self.head if leads else self.others).append(word)


def structure(marks: Sequence[str]) -> tuple[tuple[int, ...], str]:
    """The head of every word and the sentence's sentiment, from the marks of its arcs (see `automaton`)."""
    heads = [-1] * (len(marks) - 1)
    phrases = [_Open(True, [], [])]
    for word, signs in enumerate(marks):
        for sign in signs:
            if sign in "([":
                phrases.append(_Open(sign == "[", [], []))
            elif sign == ")":
                closed = phrases.pop()
                for other in closed.others:
                    heads[other] = closed.head[0]
                phrases[-1].take(closed.head[0], closed.leads)
            elif sign in "*.":
                phrases[-1].take(word, sign == "*")
    praise = sum(signs.count("+") - signs.count("-") for signs in marks)
    return tuple(heads), "positive" if praise > 0 else "negative" if praise < 0 else "neutral"
