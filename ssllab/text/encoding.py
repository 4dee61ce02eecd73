"""Which letters the bytes of a text file stand for.

UTF-8 and UTF-16, with or without a mark at the beginning; what is neither is taken for Windows-1252, of which
Latin-1's letters are a part. That is a guess, so it is said.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

#: How many bytes at the beginning tell text from other files.
SNIFFED = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What no text has: neither blanks, nor the end of a DOS file.
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\n\v\f\r\x1a")


class NotText(ValueError):
    """These bytes are no text that can be read; the message is the reason in a few words."""


@dataclass(frozen=True)
class Text:
    """The letters; ``guess`` says what was assumed where the bytes do not say it themselves."""

    letters: str
    guess: str = ""


def decoded(content: bytes) -> Text:
    """The text of a file. Raises :class:`NotText`.

    >>> decoded("Käse".encode("utf-16")).letters
    'Käse'
    >>> decoded("Käse".encode("latin-1"))
    Text(letters='Käse', guess='is not UTF-8: read as Windows-1252 (Western European letters)')
    """
    if looks_binary(content[:SNIFFED]):
        raise NotText("is not text; expected CSV, JSON or lines of text in UTF-8")
    told = _marked(content) or _unmarked_utf16(content[:SNIFFED])
    try:
        return Text(content.decode(told or "utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError:
        if told:
            raise NotText(f"begins as {told.upper()} text but is broken: save it anew as UTF-8") from None
    try:
        letters = content.decode("cp1252")
    except UnicodeDecodeError:
        raise NotText("is in an unknown encoding: save it as UTF-8") from None
    return Text(letters, "is not UTF-8: read as Windows-1252 (Western European letters)")


def looks_binary(beginning: bytes) -> bool:
    """Whether the first bytes of a file (an even number of them) are no text in any encoding known here."""
    name = _marked(beginning) or _unmarked_utf16(beginning) or "latin-1"
    return not _CONTROLS.isdisjoint(beginning.decode(name, "ignore"))


def _marked(beginning: bytes) -> str:
    return next((name for mark, name in _MARKS if beginning.startswith(mark)), "")


def _unmarked_utf16(beginning: bytes) -> str:
    """Blanks and line ends have a zero byte in UTF-16, always on the same side."""
    even, odd = beginning[::2].count(0), beginning[1::2].count(0)
    if bool(even) == bool(odd) or len(beginning) % 2:
        return ""
    return "utf-16-le" if odd else "utf-16-be"
