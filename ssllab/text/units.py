"""What a text is cut into: words, characters, bytes, parts of words (BPE) or k-mers of DNA.

Learnt from the training part of a text only, deterministic, and stored with the run that uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssllab.storage.errors import DataError
from ssllab.text.bpe import BytePairs
from ssllab.text.letters import Bytes, Characters, Kmers
from ssllab.text.symbols import END, UnitName, Units
from ssllab.text.words import Words

__all__ = ["END", "NAMES", "UnitName", "Units", "from_json", "learn"]

#: What a text can be cut into by learning from it.
NAMES = ("word", "char", "byte", "bpe", "kmer")


def learn(name: str, documents: Iterable[str], size: int = 2000, k: int = 3) -> Units:
    """Units from the training part. ``size``: the most frequent words, or all parts of words; ``k``: of k-mers.

    Reads ``documents`` once (not at all for bytes and k-mers). Raises DataError where there is nothing to learn from
    and for a ``size`` or ``k`` out of bounds.
    """
    match name:
        case "word":
            return Words.learn(documents, size)
        case "char":
            return Characters.learn(documents)
        case "byte":
            return Bytes()
        case "bpe":
            return BytePairs.learn(documents, size)
        case "kmer":
            return Kmers.of(k)
    raise DataError(f"the unit {name!r}: expected one of {', '.join(NAMES)}.")


def from_json(stored: Mapping[str, Any]) -> Units:
    """What :meth:`Units.to_json` gave. Raises DataError for anything else."""
    try:
        match stored["name"]:
            case "word":
                return Words.of(stored["words"], int(stored["left_out"]))
            case "char":
                return Characters.of(str(stored["characters"]))
            case "byte":
                return Bytes()
            case "bpe":
                return BytePairs.of(stored["tokenizer"])
            case "kmer":
                return Kmers.of(int(stored["k"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the stored units cannot be read ({type(error).__name__}: {error}).") from None
    raise DataError(f"stored units of the kind {str(stored['name'])[:40]!r}: expected {', '.join(NAMES)}.")
