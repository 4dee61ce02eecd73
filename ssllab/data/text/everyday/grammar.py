"""Everyday English: sentences of a grammar of our own, whose true next-word distribution is known at every point.

Case is kept: a sentence begins with a capital, and "The" and "the" are two words. Punctuation marks are words. A sentence
is a line: as characters it ends with a newline.
"""

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ssllab.data.text.everyday.automaton import END, State, expand
from ssllab.data.text.everyday.characters import LINE, CharacterFilter, Spelling
from ssllab.data.text.everyday.facts import Fact, facts
from ssllab.data.text.everyday.filter import START, Belief, Expected, ForwardFilter
from ssllab.data.text.everyday.lexicon import Reading
from ssllab.data.text.everyday.pairs import Pair, find
from ssllab.data.text.everyday.sentences import PUNCTUATION, Sampler, Sentence, written


class Grammar:
    """A language of which everything is known. All methods are exact and draw nothing, except `sample` and `symbols`."""

    def __init__(self, states: Sequence[State]) -> None:
        self.lexicon: dict[str, tuple[Reading, ...]] = _lexicon(states)
        self.words: tuple[str, ...] = (END, *sorted(self.lexicon.keys() - {END}))
        self.places = {word: place for place, word in enumerate(self.words)}
        self.facts: tuple[Fact, ...] = facts()
        self._filter = ForwardFilter(states, self.places)
        self.spelling = CharacterFilter(self.words, self._filter)
        self._sampler = Sampler(states)
        self._place_of_arc = np.array([self.places[arc.reading.text] for arc in self._sampler.arcs])

    # ------------------------------------------------------------------ drawing
    def sample(self, generator: np.random.Generator, count: int) -> list[Sentence]:
        """``count`` sentences, drawn independently."""
        return [
            self._sampler.sentence([arc for arc in path if arc >= 0])
            for chunk in self._sampler.paths(generator, count)
            for path in chunk.tolist()
        ]

    def symbols(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """The sentences that `sample` draws as places in ``words``, one after another, each closed by `END` (place 0)."""
        chunks = [chunk[chunk >= 0] for chunk in self._sampler.paths(generator, count)]
        return self._place_of_arc[np.concatenate([*chunks, np.zeros(0, dtype=np.int64)])]

    def parse(self, words: Sequence[str]) -> Sentence:
        """The likeliest reading of a whole sentence: tags, numbers, meanings, tree; ValueError: not in the language."""
        path = self._sampler.likeliest([*(word for word in words if word != END), END])
        if path is None:
            raise ValueError(f"{written(words)!r} is no sentence of Everyday English")
        return self._sampler.sentence(path)

    # ------------------------------------------------------------------ the truth, word by word
    def start(self) -> Belief:
        """What is known before the first word of a sentence; `advance` it, ask it for `next`."""
        return START

    def advance(self, belief: Belief, word: str) -> Belief:
        """What is known after one more word; after `END` a sentence begins. ValueError: the word cannot come here."""
        following = self._filter.row(belief).next.get(self.places.get(word, -1))
        if following is None:
            raise ValueError(f"{word!r} cannot come next in Everyday English")
        return following[1]

    def next(self, belief: Belief) -> NDArray[np.float64]:
        """The true probabilities of the next word, (len(words),)."""
        row = self._filter.row(belief)
        dense = np.zeros(len(self.words))
        dense[row.words] = row.probabilities
        return dense

    def after(self, prefix: Iterable[str]) -> Belief:
        """What is known after the first words of a sentence; ValueError where no sentence begins so."""
        belief, read = START, []
        for word in prefix:
            read.append(word)
            try:
                belief = self.advance(belief, word)
            except ValueError:
                fault = "begins so" if word in self.places else f"has the word {word!r}"
                raise ValueError(f"{written(read)!r}: no sentence of Everyday English {fault}") from None
        return belief

    def distribution(self, prefix: Iterable[str]) -> NDArray[np.float64]:
        """The true next-word probabilities after ``prefix``, (len(words),); ValueError where no sentence begins so."""
        return self.next(self.after(prefix))

    def readings(self, belief: Belief) -> dict[str, Reading]:
        """What each word that can come next would be there: its likeliest part of speech, number and meaning."""
        return self._filter.readings(belief)

    def masked_distribution(self, words: Sequence[str], place: int) -> NDArray[np.float64]:
        """The true probabilities of the word at ``place`` when all others of the sentence are seen, (len(words),).

        Zeros where no word fits; ValueError where no sentence begins as the words before ``place`` do.
        """
        rest = [*(word for word in words[place + 1 :] if word != END), END]
        fits = np.zeros(len(self.words))
        for word, (probability, belief) in self._filter.row(self.after(words[:place])).next.items():
            if word:  # the end is never hidden
                fits[word] = probability * math.exp(self._log_probability(belief, rest))
        return fits / (fits.sum() or 1.0)

    def log_probability(self, words: Iterable[str]) -> float:
        """ln of the probability of a whole sentence, its end included (added if missing); -inf: not in the language."""
        return self._log_probability(START, [*(word for word in words if word != END), END])

    def _log_probability(self, belief: Belief, words: Iterable[str]) -> float:
        total = 0.0
        for word in words:
            following = self._filter.row(belief).next.get(self.places.get(word, -1))
            if following is None:
                return -math.inf
            total += math.log(following[0])
            belief = following[1]
        return total

    def log_probabilities(self, symbols: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
        """ln of the true probability of each symbol (places in ``words``) of a stream that begins with a sentence.

        The mean of their negatives over the targets of a batch is the floor of its loss, if windows begin so too.
        ValueError where the stream leaves the language.
        """
        belief, found = START, []
        for at, symbol in enumerate(np.asarray(symbols).tolist()):
            following = self._filter.row(belief).next.get(symbol)
            if following is None:
                raise ValueError(
                    f"symbol {at} ({self.words[symbol]!r}) cannot come there in Everyday English"
                )
            found.append(following[0])
            belief = following[1]
        return np.log(np.array(found))

    # ------------------------------------------------------------------ the truth, over all sentences
    @cached_property
    def expected(self) -> Expected:
        """Nats, symbols and characters of a sentence on average, exact (a second's work, once)."""
        blanks = np.array([len(word) + (word not in PUNCTUATION) for word in self.words], dtype=np.float64)
        blanks[0] = 1  # the newline
        return self._filter.expected(blanks)

    @property
    def entropy(self) -> float:
        """Nats a symbol, `END` included: the floor of a word model's loss on a long text."""
        return self.expected.nats / self.expected.symbols

    def floor(self, symbols: int) -> float:
        """Nats a symbol, exact, over the first ``symbols`` of a text that begins with a sentence.

        The floor of the loss on windows of that length that begin with a sentence. It lies a little above `entropy`:
        first words are the least certain, and such windows hold more of them.
        """
        nats, going = np.array(self.expected.nats_at), np.array([*self.expected.reached_at, 0.0])
        ends = going[:-1] - going[1:]
        begins = np.zeros(symbols)  # how probable it is that a sentence begins at each symbol
        begins[:1] = 1
        for at in range(1, symbols):
            first = max(0, at - len(ends))
            begins[at] = begins[first:at] @ ends[at - 1 - first :: -1][: at - first]
        return float(np.convolve(begins, nats)[:symbols].mean())

    @property
    def character_entropy(self) -> float:
        """Nats a character, the newline included; all characters are ASCII, so that it is nats a byte too."""
        return self.expected.nats / self.expected.characters

    # ------------------------------------------------------------------ words
    @cached_property
    def usual(self) -> dict[str, Reading]:
        """What each word is most often: its part of speech, number and meaning; without `END`."""
        arcs = self._sampler.arcs
        # Those that are never drawn come last.
        times = np.array([arc.probability for arc in arcs]) / len(arcs)
        for chunk in self._sampler.paths(np.random.default_rng(0), 4000):
            times += np.bincount(chunk[chunk >= 0], minlength=len(arcs))
        counts: dict[str, dict[Reading, float]] = {}
        for arc, weight in zip(arcs, times.tolist(), strict=True):
            of_word = counts.setdefault(arc.reading.text, {})
            of_word[arc.reading] = of_word.get(arc.reading, 0.0) + weight
        return {word: max(found, key=found.__getitem__) for word, found in counts.items() if word != END}

    # ------------------------------------------------------------------ characters
    def split(self, text: str) -> list[str]:
        """Text as words and punctuation marks, with `END` between sentences; they need not be in the language."""
        words = re.findall(r"\w+|[^\w\s]", text)
        ended = [[word, END] if word in (".", "!") else [word] for word in words[:-1]]
        return [*itertools.chain.from_iterable(ended), *words[-1:]]

    def character_distribution(self, text: str) -> dict[str, float]:
        """The true probabilities of the next character after ``text``: the words that go on so, summed.

        ``text`` may hold several lines. ValueError where no sentence begins so.
        """
        return self.spelling.next(self._spelt(text)[0])

    def character_log_probabilities(self, text: str) -> NDArray[np.float64]:
        """ln of the true probability of each character of ``text``, which begins with a sentence, (len(text),)."""
        return np.log(np.array(self._spelt(text)[1]))

    def _spelt(self, text: str) -> tuple[Spelling, list[float]]:
        spelling, found = LINE, []
        for at, sign in enumerate(text):
            share = self.spelling.next(spelling).get(sign)
            if share is None:
                line = text[: at + 1].rpartition("\n")[2]
                raise ValueError(f"{line!r}: no sentence of Everyday English begins so")
            found.append(share)
            spelling = self.spelling.advance(spelling, sign)
        return spelling, found

    # ------------------------------------------------------------------ what a model should know
    def pairs(self, count: int = 100, seed: int = 13) -> tuple[Pair, ...]:
        """``count`` minimal pairs of each phenomenon, all of words of the language: the good is in it, the bad is not."""
        generator = np.random.default_rng(seed)
        drawn = (sentence for _ in range(400) for sentence in self.sample(generator, 500))
        return find(drawn, self._is_wrong, count)

    def _is_wrong(self, words: Sequence[str]) -> bool:
        return self.places.keys() >= set(words) and self.log_probability(words) == -math.inf


def _lexicon(states: Sequence[State]) -> dict[str, tuple[Reading, ...]]:
    """Every reading that a word has somewhere in the language, sorted by part of speech, number and meaning."""
    readings = {arc.reading for state in states for arc in state}
    found: dict[str, tuple[Reading, ...]] = {}
    for reading in sorted(readings, key=lambda each: (each.text, each.tag, each.number, each.group)):
        found[reading.text] = (*found.get(reading.text, ()), reading)
    return found


@cache
def everyday() -> Grammar:
    """The one grammar, built once."""
    return Grammar(expand())
