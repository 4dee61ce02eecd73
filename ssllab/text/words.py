"""Words of prose as units, and the text again from words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text import tokenizer_file
from ssllab.text.letters import UNKNOWN
from ssllab.text.symbols import END, END_NAME, UNKNOWN_NAME, UnitName, Units, blocks

# W: letters, digits and marks upon them. S: any other sign. E: what an emoji is varied by. Lengths are bounded so that
# a line of 100 MB without a blank is no single word.
_WORD = (
    "<unknown>|<unk>|@[-.,]@"  # ours, and two signs of WikiText's
    "|[0-9]{1,64}(?:[.,:][0-9]{1,64}){1,8}"
    "|[\u3400-\u9fff]"  # Chinese has no blanks between words
    "|W{1,64}(?:['’-]W{1,64}){0,8}"
    r"|-{2,64}|\.{2,64}"
    "|SE{0,8}(?:\u200dSE{0,8}){0,8}"  # a family of emoji is joined from several
)
_SKIN = "\U0001f3fb-\U0001f3ff"
_LAST_MARK = 0xE01EF  # of Unicode: a variation selector

_NO_BLANK_BEFORE = frozenset(".,;:!?)]}%’”…»")
_NO_BLANK_AFTER = frozenset("([{“‘«$£€#¿¡")
_NO_BLANK_AROUND = frozenset(("--", "—", "/"))
_QUOTES = frozenset("\"'")


def _filled(letter: str, sign: str, extension: str) -> str:
    return _WORD.replace("W", letter).replace("S", sign).replace("E", extension)


@lru_cache(2)
def pattern(ascii: bool = False) -> re.Pattern[str]:
    """Finds words; between them are blanks only. ``ascii``: in ASCII alone, where it finds the same three times as fast."""
    if ascii:
        return re.compile(_filled(r"\w", r"[^\w\s\x1c-\x1f]", r"[^\s\S]"), re.ASCII)
    marks = _marks()
    return re.compile(_filled(rf"[\w{marks}]", rf"[^\w\s{marks}]", f"[{marks}{_SKIN}]"))


def _found(text: str) -> list[str]:
    return [word for block in blocks(text) for word in pattern(block.isascii()).findall(block)]


def _marks() -> str:
    """Unicode's combining marks for a class of a regular expression; Python's ``re`` has no name for them."""
    found, first = [], None
    for code in range(0x300, _LAST_MARK + 2):
        marks = unicodedata.category(chr(code))[0] == "M"
        if marks and first is None:
            first = code
        elif not marks and first is not None:
            found.append(f"{chr(first)}-{chr(code - 1)}")
            first = None
    return "".join(found)


def pattern_of_tokenizers() -> str:
    """The same for Hugging Face's ``tokenizers``; unlike Python they take ASCII's separators for no blanks."""
    letter = r"\p{L}\p{N}\p{M}_"
    return _filled(f"[{letter}]", rf"[^{letter}\s\x1c-\x1f]", rf"[\p{{M}}{_SKIN}]")


@dataclass(frozen=True)
class Words(Units):
    """The most frequent words, numbers and punctuation marks of the training part, as they are written.

    Blanks and line ends are not kept. ``left_out``: how many different words of the training part are ``<unknown>``.
    """

    name: ClassVar[UnitName] = "word"
    left_out: int = 0

    @classmethod
    def learn(cls, documents: Iterable[str], size: int) -> Words:
        """The ``size`` most frequent words (those that come first, among equals). Raises DataError for no word."""
        if size < 1:
            raise DataError(f"a vocabulary of {size} words: expected at least 1.")
        counts: Counter[str] = Counter()
        for document in documents:
            counts.update(_found(document))
        counts.pop(UNKNOWN_NAME, None)
        if not counts:
            raise DataError("there is nothing to learn words from: the training part of the text has none.")
        kept = [word for word, _ in counts.most_common(size)]
        return cls.of(kept, len(counts) - len(kept))

    @classmethod
    def of(cls, words: Iterable[str], left_out: int) -> Words:
        """From a list of words. Raises DataError for one that comes twice."""
        symbols = (END_NAME, UNKNOWN_NAME, *words)
        if len(set(symbols)) < len(symbols) or "" in symbols:
            raise DataError("a vocabulary of words has one of them twice, or an empty one.")
        return cls(symbols, left_out)

    @property
    def unknown(self) -> int:
        """The id of all other words."""
        return UNKNOWN

    @property
    def unknown_stands_for(self) -> int:
        """The different words of the training part that are in no vocabulary; 0: there is none."""
        return self.left_out

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.symbols) if i > UNKNOWN}

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a word."""
        ids = self._ids
        return np.fromiter((ids.get(word, UNKNOWN) for word in _found(text)), np.int32)

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """Prose: punctuation marks stand where English has them. ``encode`` of it gives the same ids again."""
        written: list[str] = []
        attach, open_quotes = True, set[str]()
        for i in ids:
            if i == END:
                written.append("\n")
                attach, open_quotes = True, set()
                continue
            word = self.symbols[i]
            opens = word in _QUOTES and word not in open_quotes
            before = (
                word[0] in _NO_BLANK_BEFORE or word in _NO_BLANK_AROUND or (word in _QUOTES and not opens)
            )
            if not ((attach or before) and _stay_apart(written[-2:], word)):
                written.append(" ")
            written.append(word)
            attach = opens or word in _NO_BLANK_AFTER or word in _NO_BLANK_AROUND
            if word in _QUOTES:
                open_quotes ^= {word}
        return "".join(written)

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The words, without the blanks between."""
        places, start = [], 0
        for block in blocks(text):
            places += [(start + a, start + b) for a, b in (m.span() for m in pattern().finditer(block))]
            start += len(block)
        return places

    def to_json(self) -> dict[str, Any]:
        """The words in their order."""
        return {"name": self.name, "words": list(self.symbols[UNKNOWN + 1 :]), "left_out": self.left_out}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """A vocabulary of whole words."""
        return tokenizer_file.of_words(self.symbols, pattern_of_tokenizers())


def _stay_apart(before: list[str], word: str) -> bool:
    """Whether ``word`` written right after the two pieces ``before`` is still a word of its own."""
    pieces = [piece for piece in (*before, word) if not piece.isspace()]
    return pattern().findall("".join((*before, word))) == pieces
