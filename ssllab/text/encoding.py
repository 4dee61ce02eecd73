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
    decoder = Decoder()
    letters = decoder.of(content) + decoder.of(b"", final=True)
    return Text(letters, decoder.guess)


class Decoder:
    """Letters of a file that is read piece by piece; ``guess``: see :class:`Text`, known when all is read.

    The first piece tells the encoding: it has :data:`SNIFFED` bytes, or all there are.
    """

    def __init__(self) -> None:
        self.guess = ""
        self._told: str | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._foreign = False  # whether letters beyond ASCII were UTF-8

    def of(self, piece: bytes, final: bool = False) -> str:
        """The letters of the next bytes. Raises :class:`NotText`."""
        if self._decoder is None:
            return self._began(piece, final)
        pending = self._decoder.getstate()[0]
        try:
            letters = self._decoder.decode(piece, final)
            self._foreign = self._foreign or not letters.isascii()
            return letters
        except UnicodeDecodeError as error:
            if self._told:
                raise NotText(
                    f"begins as {self._told.upper()} text but is broken: save it anew as UTF-8"
                ) from None
            if self.guess:
                raise NotText("is in an unknown encoding: save it as UTF-8") from None
            good = error.object[: error.start]
        # A file of UTF-8 with some other bytes stays UTF-8; one that never was is Windows-1252 from here on.
        if self._foreign or not good.isascii():
            self.guess = f"is not all UTF-8: its other bytes are read as {_GUESS}"
            self._decoder = codecs.getincrementaldecoder("utf-8")(_OTHERS)
        else:
            self.guess = f"is not UTF-8: read as {_GUESS}"
            self._decoder = codecs.getincrementaldecoder("cp1252")()
        return self.of(pending + piece, final)

    def _began(self, piece: bytes, final: bool) -> str:
        beginning = piece[:SNIFFED]
        if looks_binary(beginning):
            raise NotText("is not text; expected CSV, JSON or lines of text in UTF-8")
        self._told = _marked(piece) or _unmarked_utf16(beginning)
        self._decoder = codecs.getincrementaldecoder(self._told or "utf-8")()
        return self.of(piece, final).removeprefix("\ufeff")


def _other_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252"), error.end


_GUESS = "Windows-1252 (Western European letters)"
_OTHERS = "ssllab.windows-1252"
codecs.register_error(_OTHERS, _other_bytes)


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
