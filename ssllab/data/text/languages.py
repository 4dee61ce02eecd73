"""What a text is written in, and what it can be cut into. The standard library only: the window lists data early."""

from __future__ import annotations

from typing import Literal

Language = Literal["everyday", "prose", "dna", "sound"]

_PROSE = ("word", "char", "byte", "bpe")
#: The values of the control ``unit`` that fit a language, the usual one first.
UNITS: dict[Language, tuple[str, ...]] = {
    "everyday": _PROSE,
    "prose": _PROSE,
    "dna": ("char", "kmer", "byte", "bpe"),
    "sound": ("code",),
}
