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
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return Text(content[len(mark) :].decode(name))
            except UnicodeDecodeError:
                raise NotText(f"begins as {name.upper()} text but is broken: save it anew as UTF-8") from None
    if looks_binary(content[:SNIFFED]):
        raise NotText("is not text; expected CSV, JSON or lines of text in UTF-8")
    if name := _unmarked_utf16(content[:SNIFFED]):
        try:
            return Text(content.decode(name))
        except UnicodeDecodeError:
            raise NotText("is not text; expected CSV, JSON or lines of text in UTF-8") from None
    try:
        return Text(content.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    try:
        letters = content.decode("cp1252")
    except UnicodeDecodeError:
        raise NotText("is in an unknown encoding: save it as UTF-8") from None
    return Text(letters, "is not UTF-8: read as Windows-1252 (Western European letters)")


def looks_binary(beginning: bytes) -> bool:
    """Whether the first bytes of a file (an even number of them) are no text in any encoding known here."""
    marked = any(beginning.startswith(mark) for mark, _ in _MARKS)
    return b"\0" in beginning and not marked and not _unmarked_utf16(beginning)


def _unmarked_utf16(beginning: bytes) -> str:
    """Blanks and line ends have a zero byte in UTF-16, always on the same side."""
    even, odd = beginning[::2].count(0), beginning[1::2].count(0)
    if bool(even) == bool(odd) or len(beginning) % 2:
        return ""
    return "utf-16-le" if odd else "utf-16-be"
