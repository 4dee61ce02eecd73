"""Text from elsewhere (names of files, words of a library) as it is safe to show: in one line, nothing hidden in it."""

from __future__ import annotations

import unicodedata

#: Control characters, halves of surrogate pairs (bytes of a name that are no UTF-8), separators of lines.
_ESCAPED = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: They turn the direction of writing, so that a name reads otherwise than it is.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    r"""``text`` with what a terminal would act on, or could not write, escaped.

    >>> one_line("a\nb\x1b[31m caf\udce9")
    'a\\nb\\x1b[31m caf\\xe9'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _ESCAPED or c in _TURNING else c for c in text)


def _escape(character: str) -> str:
    byte = ord(character) - 0xDC00  # of a name: Python keeps what is no UTF-8 as a surrogate
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode("ascii")
