"""Units that need no learning but their list: characters, bytes, and k-mers of DNA."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text import tokenizer_file
from ssllab.text.symbols import (
    END,
    END_NAME,
    SIGN,
    UNKNOWN_NAME,
    UnitName,
    Units,
    as_bytes,
    blocks,
    byte_letters,
    bytes_of,
    code_points,
    text_of,
    utf8,
    visible,
)

UNKNOWN = 1  # of the units here that have one, and of words
K_BOUNDS = (1, 8)
_CHARACTERS = 0x110000 - 0x800  # all of Unicode but surrogates
_NUCLEOTIDES = 15  # IUPAC's letters: four, and eleven for "one of these"
ONE_CHARACTER = r"(?m)."  # Onigmo's m: a dot is a new line too


@dataclass(frozen=True)
class Characters(Units):
    """Every character of the training part, in the order of Unicode."""

    name: ClassVar[UnitName] = "char"

    @classmethod
    def learn(cls, documents: Iterable[str]) -> Characters:
        """Raises DataError where there is no character."""
        found: set[str] = set()
        for document in documents:
            found.update(document)
        if not found:
            raise DataError(
                "there is nothing to learn characters from: the training part of the text is empty."
            )
        return cls.of("".join(found))

    @classmethod
    def of(cls, characters: str) -> Characters:
        """From the characters, in any order."""
        return cls((END_NAME, UNKNOWN_NAME, *sorted(set(utf8(characters).decode()))))

    @property
    def unknown(self) -> int:
        """The id of a character that the training part has not."""
        return UNKNOWN

    @property
    def unknown_stands_for(self) -> int:
        """All other characters of Unicode."""
        return _CHARACTERS - len(self.symbols) + 2

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        """The id of every character of Unicode."""
        table = np.full(0x110000, UNKNOWN, np.int32)
        known = "".join(self.symbols[2:])
        ids = np.arange(2, len(self.symbols), dtype=np.int32)
        if (
            known.isascii() and known.upper() == known
        ):  # as DNA: what has capitals alone reads small letters as such
            table[code_points(known.lower())] = ids
        table[code_points(known)] = ids
        return table

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a character."""
        return np.concatenate([self._table[code_points(block)] for block in blocks(text)])

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The text; an unknown character as a box."""
        written = ("\n", "□", *self.symbols[2:])
        return "".join(written[i] for i in ids)

    def cut(self, text: str) -> list[tuple[int, int]]:
        """Every character by itself."""
        return [(i, i + 1) for i in range(len(text))]

    def to_json(self) -> dict[str, Any]:
        """The characters in one string."""
        return {"name": self.name, "characters": "".join(self.symbols[2:])}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """Words of one character."""
        return tokenizer_file.of_words(self.symbols, ONE_CHARACTER)


@dataclass(frozen=True)
class Bytes(Units):
    """The 256 bytes of UTF-8: nothing is unknown. Id ``1 + b`` is byte ``b``."""

    name: ClassVar[UnitName] = "byte"
    symbols: tuple[str, ...] = (END_NAME, *(chr(b) if b < 128 else as_bytes(bytes([b])) for b in range(256)))

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a byte."""
        return np.frombuffer(utf8(text), np.uint8).astype(np.int32) + 1

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The text; bytes that are no character as ``⟨E2 80⟩``."""
        return text_of(b"".join(map(self.raw, map(int, ids))))

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The bytes of one character share its place."""
        return [(i, i + 1) for i, letter in enumerate(text) for _ in utf8(letter)]

    def read(self, text: str) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
        """One id a byte; those of a sign share its place."""
        places: list[tuple[int, int]] = []
        start = 0
        for sign in SIGN.finditer(text):
            places += [(start + a, start + b) for a, b in self.cut(text[start : sign.start()])]
            places += [sign.span()] * len(bytes.fromhex(sign[1]))
            start = sign.end()
        places += [(start + a, start + b) for a, b in self.cut(text[start:])]
        return np.frombuffer(bytes_of(text), np.uint8).astype(np.int32) + 1, places

    def raw(self, id: int) -> bytes:
        """A byte, or a new line for the end."""
        return bytes([0x0A if id == END else id - 1])

    def shown(self, id: int) -> str:
        """A letter, or the byte in hexadecimal."""
        return visible(self.symbols[id]) if END < id <= 128 else self.symbols[id]

    def to_json(self) -> dict[str, Any]:
        """The name says it all."""
        return {"name": self.name}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """Byte-level BPE without a merge."""
        vocab = {letter: 1 + b for b, letter in enumerate(byte_letters())}
        model = {"type": "BPE", "vocab": {END_NAME: END, **vocab}, "merges": []}
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        return tokenizer_file.document(model, level, level)


@dataclass(frozen=True)
class Kmers(Units):
    """DNA in words of ``k`` letters, one after the other, in the order of the alphabet.

    Lower case (which marks repeats) counts as upper case, U as T; a word with any other letter is unknown. Blanks
    between letters do not count; what is left over at the end is no symbol yet.
    """

    name: ClassVar[UnitName] = "kmer"
    k: int = 3

    @classmethod
    def of(cls, k: int) -> Kmers:
        """All ``4 ** k`` of them. Raises DataError for a ``k`` out of bounds."""
        low, high = K_BOUNDS
        if not low <= k <= high:
            raise DataError(f"k-mers of {k} letters: expected {low} to {high}.")
        return cls((END_NAME, UNKNOWN_NAME, *("".join(word) for word in product("ACGT", repeat=k))), k)

    @property
    def unknown(self) -> int:
        """The id of a k-mer with a letter other than A, C, G, T."""
        return UNKNOWN

    @property
    def unknown_stands_for(self) -> int:
        """The k-mers with one of IUPAC's letters for "one of these", as N."""
        return _NUCLEOTIDES**self.k - 4**self.k

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id for ``k`` letters."""
        return next(self.encode_pieces([text]))

    def encode_pieces(self, pieces: Iterable[str]) -> Iterator[NDArray[np.int32]]:
        """A k-mer may begin in one piece and end in the next."""
        left = np.zeros(0, np.int8)
        for piece in pieces:
            ascii = np.frombuffer(piece.encode("ascii", "replace"), np.uint8)
            letters = np.concatenate([left, _NUMBERS[ascii[ascii > _BLANK]]])
            whole = len(letters) // self.k * self.k
            left = letters[whole:]
            yield self._words(letters[:whole].reshape(-1, self.k))

    def _words(self, letters: NDArray[np.int8]) -> NDArray[np.int32]:
        words = np.zeros(len(letters), np.int32)
        for column in letters.T:
            words = words * 4 + column
        return np.where((letters < 0).any(1), np.int32(UNKNOWN), words + np.int32(2))

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The letters; N where they are unknown."""
        written = ("\n", "N" * self.k, *self.symbols[2:])
        return "".join(written[i] for i in ids)

    def cut(self, text: str) -> list[tuple[int, int]]:
        """From the first letter of each k-mer to its last."""
        places = np.flatnonzero(code_points(text) > _BLANK)
        first, last = places[:: self.k], places[self.k - 1 :: self.k]
        return [(int(a), int(b) + 1) for a, b in zip(first, last, strict=False)]

    def to_json(self) -> dict[str, Any]:
        """``k`` says it all."""
        return {"name": self.name, "k": self.k}


_BLANK = ord(" ")  # and below it tabs and line ends
_NUMBERS = np.full(128, -1, np.int8)
for _number, _letters in enumerate(("Aa", "Cc", "Gg", "TtUu")):
    for _letter in _letters:
        _NUMBERS[ord(_letter)] = _number
