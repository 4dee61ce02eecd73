"""The truth for characters: what the words add up to that begin with the letters so far.

A sentence is a line. Between words stands a blank, none before punctuation; the newline is the end of the sentence.
"""

from typing import NamedTuple

from ssllab.data.text.everyday.automaton import END
from ssllab.data.text.everyday.filter import START, Belief, ForwardFilter
from ssllab.data.text.everyday.sentences import PUNCTUATION


class Spelling(NamedTuple):
    """Where one stands in a line: the belief after its whole words, the letters of the word that is being spelt.

    ``blank``: a blank (or the line's start) has been read, so that a word must begin.
    """

    belief: Belief
    letters: str
    blank: bool


LINE = Spelling(START, "", True)  # the start of a line


class CharacterFilter:
    """Next-character distributions, from the next words of a `ForwardFilter` over ``words``."""

    def __init__(self, words: tuple[str, ...], filter_: ForwardFilter) -> None:
        self._words, self._filter = words, filter_
        self._places = {word: place for place, word in enumerate(words)}
        self._known: dict[Spelling, dict[str, float]] = {}

    def next(self, spelling: Spelling) -> dict[str, float]:
        """The probability of every character that can follow; empty: none can."""
        if spelling not in self._known:
            found = (
                self._letters(spelling) if spelling.letters else self._signs(spelling.belief, spelling.blank)
            )
            total = sum(found.values())
            self._known[spelling] = {sign: found[sign] / total for sign in sorted(found)}
        return self._known[spelling]

    def advance(self, spelling: Spelling, sign: str) -> Spelling:
        """Where one stands one character on; ValueError: it cannot come here."""
        if sign not in self.next(spelling):
            raise ValueError(f"{sign!r} cannot come next in Everyday English")
        if sign == "\n":
            return LINE
        if sign != " " and sign not in PUNCTUATION:
            return Spelling(spelling.belief, spelling.letters + sign, False)
        belief = spelling.belief
        for word in (spelling.letters, sign):
            if word.strip():
                belief = self._filter.row(belief).next[self._places[word]][1]
        return Spelling(belief, "", sign == " ")

    def _letters(self, spelling: Spelling) -> dict[str, float]:
        """What follows inside a word: a letter of a longer one, or what follows the word if it is whole."""
        found: dict[str, float] = {}
        at = len(spelling.letters)
        for place, (probability, after) in self._filter.row(spelling.belief).next.items():
            word = self._words[place]
            if word == spelling.letters:
                for sign, share in self._signs(after, blank=False).items():
                    found[sign] = found.get(sign, 0.0) + probability * share
            elif word.startswith(spelling.letters) and word not in (END, *PUNCTUATION):
                found[word[at]] = found.get(word[at], 0.0) + probability
        return found

    def _signs(self, belief: Belief, blank: bool) -> dict[str, float]:
        """The first character of what follows: a letter after a blank, else the blank, a mark or the newline."""
        found: dict[str, float] = {}
        for place, (probability, _) in self._filter.row(belief).next.items():
            word = self._words[place]
            whole = word == END or word in PUNCTUATION
            if blank and whole:
                continue
            sign = "\n" if word == END else word[0] if blank or whole else " "
            found[sign] = found.get(sign, 0.0) + probability
        return found
