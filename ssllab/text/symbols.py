"""What every kind of unit shares: its face, and how symbols that cannot be seen are shown."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError

END = 0  # the id of "<end>": it ends a document and stands before its first symbol
END_NAME, UNKNOWN_NAME = "<end>", "<unknown>"
UnitName = Literal["word", "char", "byte", "bpe", "wordpiece", "kmer", "code"]


@dataclass(frozen=True)
class Units(ABC):
    """What a text is cut into. ``symbols[i]`` is what id ``i`` stands for, exactly; :meth:`shown` is for people.

    ``symbols[END]`` is ``<end>``; :meth:`encode` never gives it, :meth:`decode` writes it as a new line. ``unknown``:
    the id of what is not in the vocabulary, None where every text can be written.
    """

    name: ClassVar[UnitName]
    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def unknown(self) -> int | None:
        """The id of ``<unknown>``."""
        return None

    @property
    def unknown_stands_for(self) -> int:
        """How many different symbols ``<unknown>`` stands for: one of them costs its probability plus ln of this."""
        return 1

    @property
    def rows(self) -> NDArray[np.intp]:
        """``(len,)``: the row of each id in the weights of a model from elsewhere, whose end is no symbol 0."""
        return np.arange(len(self.symbols))

    @abstractmethod
    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of ``text`` as ``(n,)``."""

    def encode_pieces(self, pieces: Iterable[str]) -> Iterator[NDArray[np.int32]]:
        """The ids of one text that comes piece by piece, parted at a :data:`SEAM` where it has any."""
        return map(self.encode, pieces)

    @abstractmethod
    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The text again; ``<end>`` as a new line."""

    @abstractmethod
    def cut(self, text: str) -> list[tuple[int, int]]:
        """Where each symbol of ``encode(text)`` begins and ends in ``text``, in characters.

        Symbols that share a character have the same place.
        """

    def read(self, text: str) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
        """:meth:`encode` and :meth:`cut` of what stands on a board, where a half character is its sign, ``⟨E2 80⟩``: units
        of bytes take it as those bytes."""
        return self.encode(text), self.cut(text)

    def raw(self, id: int) -> bytes | None:
        """The bytes that a symbol stands for; None where symbols are no bytes."""
        return None

    def shown(self, id: int) -> str:
        """The symbol for bars and boards: blanks, control characters and halves of characters can be seen."""
        return self.symbols[id] if id in (END, self.unknown) else visible(self.symbols[id])

    def continues(self, id: int) -> bool:
        """Whether the symbol goes on with a word that the one before began."""
        return False

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """All of it, to be read by :func:`ssllab.text.units.from_json`."""

    def to_tokenizer_json(self) -> dict[str, Any]:
        """The same for Hugging Face's libraries: what belongs into a ``tokenizer.json``. Raises DataError."""
        raise DataError(
            f"the unit {self.name} cannot be written as tokenizer.json; word, char, byte and bpe can."
        )


def visible(text: str) -> str:
    """``text`` with a sign for everything that a line of text does not show.

    >>> visible("a b\\n"), visible("\\u200d"), visible("\\u0301")
    ('a␣b↵', '⟨U+200D⟩', '◌́')
    """
    return "".join(map(_visible, text)) if not unicodedata.combining(text[:1] or " ") else "◌" + text


_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥", "\x7f": "␡"}


def _visible(letter: str) -> str:
    if letter in _SIGNS:
        return _SIGNS[letter]
    if letter < " ":
        return chr(0x2400 + ord(letter))
    if letter == "\ufffd" or unicodedata.category(letter)[0] in "CZ":
        return f"⟨U+{ord(letter):04X}⟩"
    return letter


def as_bytes(content: bytes) -> str:
    """Bytes that are no character: ``⟨E2 80⟩``."""
    return f"⟨{content.hex(' ').upper()}⟩"


SIGN = re.compile(r"⟨([89A-F][0-9A-F](?: [89A-F][0-9A-F])*)⟩")  # bytes that are no character


def bytes_of(text: str) -> bytes:
    """The other way round of :func:`text_of`: UTF-8, where signs are the bytes that they show.

    >>> text_of(bytes_of("caf⟨C3⟩") + bytes([0xA9]))
    'café'
    """
    parts = SIGN.split(text)
    return b"".join(bytes.fromhex(part) if at % 2 else utf8(part) for at, part in enumerate(parts))


def text_of(content: bytes) -> str:
    """The characters of UTF-8; what is none stands there as its bytes, never as a replacement sign."""
    return "".join(as_bytes(part) if isinstance(part, bytes) else part for part in _characters(content))


def visible_bytes(content: bytes) -> str:
    """:func:`visible` of UTF-8; what is no character as its bytes."""
    return "".join(
        as_bytes(part) if isinstance(part, bytes) else visible(part) for part in _characters(content)
    )


def begins_with_letter(content: bytes) -> bool:
    """Whether UTF-8 begins with a letter, a digit, or a mark upon one."""
    first = next(_characters(content), "")
    return isinstance(first, str) and unicodedata.category(first[0])[0] in "LMN" if first else False


def _characters(content: bytes) -> Iterator[str | bytes]:
    """Stretches of characters and, between them, of bytes that are none."""
    view, broken = memoryview(content), b""
    while view:
        try:
            end, bad, good = len(view), 0, str(view, "utf-8")
        except UnicodeDecodeError as error:
            end, bad, good = error.end, error.end - error.start, str(view[: error.start], "utf-8")
        if good and broken:
            yield broken
            broken = b""
        if good:
            yield good
        broken += view[end - bad : end]
        view = view[end:]
    if broken:
        yield broken


def utf8(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which no text has, becomes a question mark."""
    return text.encode("utf-8", "replace")


_BLOCK = 1 << 16
#: Where a long text may be parted: no word and no part of one reaches over it, both are cut as in the whole text.
SEAM = re.compile(r"(?<=\S)(?=\s\S)")


def blocks(text: str) -> Iterator[str]:
    """``text`` in parts of some 64,000 characters: cutting a long one at once takes a hundred times its memory.

    Half a surrogate pair becomes a question mark.
    """
    if not text.isascii():
        text = utf8(text).decode()
    start = 0
    while len(text) - start > 2 * _BLOCK:
        seam = SEAM.search(text, start + _BLOCK, start + 2 * _BLOCK)
        end = seam.start() if seam else start + 2 * _BLOCK
        yield text[start:end]
        start = end
    yield text[start:]


def code_points(text: str) -> NDArray[np.uint32]:
    """``(n,)``, one for each character."""
    return np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")


@lru_cache(1)
def byte_letters() -> tuple[str, ...]:
    """The letter that byte-level BPE writes for each of the 256 bytes (GPT-2's ``bytes_to_unicode``)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (b for b in range(256) if b not in plain)
    letters = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}
    return tuple(letters[b] for b in range(256))
