"""Which letters the bytes of a text file stand for.

UTF-8 and UTF-16, with or without a mark at the beginning; what is neither is told by the letters that it would have, and is
taken for Windows-1252, of which Latin-1's letters are a part, where nothing speaks for another. A guess is said.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from itertools import islice

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
        except UnicodeDecodeError:
            if self._told:
                raise NotText(
                    f"begins as {self._told.upper()} text but is broken: save it anew as UTF-8"
                ) from None
            if self.guess:
                raise NotText("is in an unknown encoding: save it as UTF-8") from None
        # A file of UTF-8 with some other bytes stays UTF-8; one that never was is in another encoding.
        if self._foreign or _mostly_utf8(pending + piece, final):
            self.guess = f"is not all UTF-8: its other bytes are read as {_GUESS}"
            self._decoder = codecs.getincrementaldecoder("utf-8")(_OTHERS)
        else:
            name = _likely(pending + piece)
            self.guess = f"is not UTF-8: read as {_ENCODINGS[name]}"
            self._decoder = codecs.getincrementaldecoder(name)()
        return self.of(pending + piece, final)

    def _began(self, piece: bytes, final: bool) -> str:
        beginning = piece[:SNIFFED]
        if looks_binary(beginning):
            raise NotText("is not text; expected CSV, JSON or lines of text in UTF-8")
        self._told = _marked(piece) or _unmarked_utf16(beginning)
        self._decoder = codecs.getincrementaldecoder(self._told or "utf-8")()
        return self.of(piece, final).removeprefix("\ufeff")


def _mostly_utf8(content: bytes, final: bool) -> bool:
    """Whether more letters beyond ASCII are UTF-8 than bytes are not; two other letters may look like one by chance."""
    good, read = codecs.utf_8_decode(content, "ignore", final)
    letters = sum(letter > "\x7f" for letter in good)
    return letters > 0 and letters >= read - len(good.encode("utf-8"))


def _other_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252"), error.end


_ENCODINGS = {
    "cp1252": "Windows-1252 (Western European letters)",
    "cp1250": "Windows-1250 (Central European letters)",
    "iso8859_2": "ISO 8859-2 (Central European letters)",
    "cp1251": "Windows-1251 (Cyrillic letters)",
    "koi8_r": "KOI8-R (Cyrillic letters)",
    "cp1253": "Windows-1253 (Greek letters)",
    "cp1255": "Windows-1255 (Hebrew letters)",
    "cp1256": "Windows-1256 (Arabic letters)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "EUC-KR (Korean)",
}
_GUESS = _ENCODINGS["cp1252"]
_LATIN = ("cp1252", "cp1250", "iso8859_2")
_JUDGED = 200  # lines
_FOREIGN = 0.25  # of the letters: fewer, and they are Latin ones with accents
_EQUAL = 0.02, 0.1  # differences of what speaks against and for an encoding, that say nothing


def _likely(content: bytes) -> str:
    """The encoding of bytes that are no UTF-8."""
    from charset_normalizer import from_bytes  # only who meets such a file waits for it

    foreign = (line for line in content.splitlines() if not line.isascii())  # lines of ASCII say nothing
    judged = b"\n".join(islice(foreign, _JUDGED))
    plain = sum(chr(byte).isalpha() for byte in judged if byte < 0x80)
    others = sum(byte >= 0x80 for byte in judged)
    latin = others < _FOREIGN * (plain + others)
    found = from_bytes(judged, cp_isolation=list(_LATIN if latin else _ENCODINGS))
    best = found.best()
    if best is None:
        return "cp1252"
    for other in found:
        western = "cp1252" in (other.encoding, *other.could_be_from_charset)
        if western and best.encoding in _LATIN:
            as_good = other.chaos <= best.chaos + _EQUAL[0] and other.coherence >= best.coherence - _EQUAL[1]
            return "cp1252" if as_good else best.encoding
    return best.encoding


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
