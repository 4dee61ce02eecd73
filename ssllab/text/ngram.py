"""Small n-gram models of characters and of words, made from the transcripts at hand.

Interpolated Witten-Bell smoothing: after a context ``h`` seen ``c(h)`` times with ``t(h)`` different continuations

    P(w | h) = (c(h w) + t(h) P(w | h')) / (c(h) + t(h)),        h' = h without its oldest symbol,

down to the uniform distribution. It needs no discounts, which some dozen sentences could not estimate (Kneser-Ney's
would divide by zero), and sums to one. Witten and Bell 1991, method C; Chen and Goodman 1999, section 2.6.

It stands beside :mod:`ssllab.text.kneser_ney`, which needs more text. Characters of the shipped recogniser's 360 sentences,
all else equal: Kneser-Ney costs 0.53 nats a character of the held-out ones (here 0.50), and the recogniser makes 11.3 % word
errors with it (5.6 %).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from ssllab.text.alphabet import Alphabet

BEGIN = -1  # a context symbol before the first one; never predicted
IMPOSSIBLE = -1e4  # nats: never chosen, yet nought times it is nought


class NGram:
    """Distributions over ``size`` outcomes after up to ``order - 1`` symbols; outcome ``size - 1`` ends a text.

    ``sequences``: outcomes in ``range(size - 1)``. ``base (size,)``: what is expected of an outcome never seen,
    uniform unless given.
    """

    def __init__(
        self,
        sequences: Iterable[Sequence[int]],
        size: int,
        order: int,
        base: NDArray[np.float64] | None = None,
    ) -> None:
        self.size, self.order, self.end = size, order, size - 1
        self._base = np.full(size, 1 / size) if base is None else base
        self._counts: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for sequence in sequences:
            padded = [*[BEGIN] * (order - 1), *sequence, self.end]
            for i in range(order - 1, len(padded)):
                for length in range(order):
                    self._counts[tuple(padded[i - length : i])][padded[i]] += 1
        self._known: dict[tuple[int, ...], NDArray[np.float64]] = {}

    @property
    def start(self) -> tuple[int, ...]:
        """The context before the first symbol."""
        return (BEGIN,) * (self.order - 1)

    def after(self, context: tuple[int, ...], symbol: int) -> tuple[int, ...]:
        """The context one symbol later."""
        return (*context, symbol)[1:]

    def distribution(self, context: tuple[int, ...]) -> NDArray[np.float64]:
        """P(outcome | context) as ``(size,)``; of a longer context the last ``order - 1`` symbols count."""
        return self._distribution(context[max(0, len(context) - self.order + 1) :])

    def _distribution(self, context: tuple[int, ...]) -> NDArray[np.float64]:
        while context and context not in self._counts:  # a context never seen says nothing
            context = context[1:]
        if context not in self._known:
            lower = self._distribution(context[1:]) if context else self._base
            counts = self._counts.get(context, Counter())
            mixed = len(counts) * lower
            mixed[list(counts)] += list(counts.values())
            total = counts.total() + len(counts)
            self._known[context] = mixed / total if total else lower
        return self._known[context]


class CharacterModel:
    """How likely the next character is: scores every symbol as it is written.

    A language model for :func:`ssllab.text.ctc_decode.beam_search`; its state is the context.
    """

    def __init__(self, texts: Iterable[str], alphabet: Alphabet, order: int = 5) -> None:
        self._alphabet = alphabet
        self._outcomes = np.array(list(alphabet.written.values()))  # outcome -> class
        self._outcome = {int(c): i for i, c in enumerate(self._outcomes)}
        numbers = (
            [self._outcome[c] for c in alphabet.encode(alphabet.normalise(text).text)] for text in texts
        )
        self._ngram = NGram(numbers, len(self._outcomes) + 1, order)
        self.start: tuple[int, ...] = self._ngram.start
        self._scores: dict[tuple[int, ...], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def next(self, state: tuple[int, ...], symbol: int) -> tuple[int, ...]:
        """The state after writing class ``symbol``."""
        return self._ngram.after(state, self._outcome[symbol]) if symbol in self._outcome else state

    def scores(self, state: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(A,)`` log P of each class next, ``(A,)`` how many units (here characters) that writes."""
        if state not in self._scores:
            logs = np.full(len(self._alphabet), IMPOSSIBLE)
            logs[self._outcomes] = np.log(self._ngram.distribution(state)[:-1])
            units = np.zeros(len(self._alphabet))
            units[self._outcomes] = 1
            self._scores[state] = logs, units
        return self._scores[state]

    def end(self, state: tuple[int, ...]) -> tuple[float, int]:
        """Log P that the text ends here; it writes no character."""
        return log(self._ngram.distribution(state)[-1]), 0


WordState = tuple[tuple[int, ...], str]
SPELLING_ORDER = 3


class WordModel:
    """How likely the next word is: scores a word when the delimiter or the end completes it.

    Any word can be said: one never seen has the probability of "a new word" times that of its spelling. A language
    model for ``beam_search``; its state is the context and the letters of the word under way.
    """

    def __init__(self, texts: Iterable[str], alphabet: Alphabet, order: int = 2) -> None:
        sentences = [alphabet.normalise(text).text.split() for text in texts]
        words = dict.fromkeys(word for sentence in sentences for word in sentence)
        self.vocabulary = {word: i for i, word in enumerate(words)}
        self._new = len(self.vocabulary)
        numbers = ([self.vocabulary[word] for word in sentence] for sentence in sentences)
        base = np.zeros(self._new + 2)
        base[-2:] = 0.5  # what comes unexpected is a new word or the end
        self._ngram = NGram(numbers, len(base), order, base)
        self._spelling = CharacterModel(words, alphabet, SPELLING_ORDER)
        self._spellings = {"": (self._spelling.start, 0.0)}
        self._alphabet, self._classes = alphabet, alphabet.written
        self._letters = {c: letter for letter, c in alphabet.written.items()}
        self._size = len(alphabet)
        self.start: WordState = (self._ngram.start, "")

    def next(self, state: WordState, symbol: int) -> WordState:
        """The state after writing class ``symbol``."""
        context, word = state
        if symbol != self._classes.get(" "):
            return context, word + self._letters.get(symbol, "")
        return (self._ngram.after(context, self._number(word)), "") if word else state

    def scores(self, state: WordState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(A,)`` log P and units (words) that each class completes: nought but for the delimiter."""
        logs, units = np.full(self._size, IMPOSSIBLE), np.zeros(self._size)
        logs[list(self._letters)] = 0
        context, word = state
        if word and " " in self._classes:
            logs[self._classes[" "]] = self._log_probability(context, word)
            units[self._classes[" "]] = 1
        return logs, units

    def end(self, state: WordState) -> tuple[float, int]:
        """Log P of the last word and of the end after it; the words (0 or 1) that this completes."""
        context, word = state
        of_word = 0.0
        if word:
            of_word = self._log_probability(context, word)
            context = self._ngram.after(context, self._number(word))
        return of_word + log(self._ngram.distribution(context)[self._ngram.end]), int(bool(word))

    def _number(self, word: str) -> int:
        return self.vocabulary.get(word, self._new)

    def _log_probability(self, context: tuple[int, ...], word: str) -> float:
        found = log(self._ngram.distribution(context)[self._number(word)])
        if word in self.vocabulary:
            return found
        state, letters = self._spelled(word)
        return found + letters + self._spelling.end(state)[0]

    def _spelled(self, letters: str) -> tuple[tuple[int, ...], float]:
        """The spelling model's state and log P after some letters; kept, for beam search asks letter by letter."""
        if letters not in self._spellings:
            *first, symbol = self._alphabet.encode(letters)
            state, before = self._spelled("".join(self._letters[c] for c in first))
            here = float(self._spelling.scores(state)[0][symbol])
            self._spellings[letters] = self._spelling.next(state, symbol), before + here
        return self._spellings[letters]
