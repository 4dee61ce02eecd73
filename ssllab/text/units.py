"""What a text is cut into: words, characters, bytes, parts of words (BPE), k-mers of DNA, or codes of sound.

Learnt from the training part of a text only, deterministic, and stored with the run that uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssllab.storage.errors import DataError
from ssllab.text.bpe import BytePairs
from ssllab.text.codes import Codes
from ssllab.text.letters import ONE_CHARACTER, Bytes, Characters, Kmers
from ssllab.text.symbols import END, END_NAME, UNKNOWN_NAME, UnitName, Units
from ssllab.text.tokenizer_file import vocabulary
from ssllab.text.wordpiece import WordPieces
from ssllab.text.words import Words, pattern_of_tokenizers

__all__ = ["END", "NAMES", "UnitName", "Units", "from_json", "from_tokenizer_json", "learn"]

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


def from_tokenizer_json(document: Mapping[str, Any], size: int | None = None) -> Units:
    """From the content of a ``tokenizer.json``, ours or of a model like GPT-2 or BERT.

    ``size``: how many symbols the model beside it knows. Raises DataError where they do not fit, and for other kinds.
    """
    try:
        model = document["model"]
        kind = model.get("type", "BPE" if "merges" in model else "")
        if kind == "WordLevel":
            return _of_words(document, size)
        if kind == "BPE" and model["vocab"] == Bytes().to_tokenizer_json()["model"]["vocab"]:
            return Bytes()
        if kind in ("BPE", "WordPiece"):
            return (BytePairs if kind == "BPE" else WordPieces).of(dict(document), size)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the tokenizer.json cannot be read ({type(error).__name__}: {error}).") from None
    raise DataError(
        f"a tokenizer.json of the kind {str(kind)[:40]!r}: expected byte-level BPE, WordPiece or words."
    )


def _of_words(document: Mapping[str, Any], size: int | None) -> Units:
    """The words or characters that :meth:`Units.to_tokenizer_json` wrote."""
    symbols, _ = vocabulary(dict(document), size)
    pre_tokenizer = document["pre_tokenizer"]
    known = symbols[:2] == [END_NAME, UNKNOWN_NAME] and pre_tokenizer["type"] == "Split"
    cut_by = pre_tokenizer["pattern"]["Regex"] if known else None
    if cut_by == pattern_of_tokenizers():
        return Words.of(symbols[2:], 0)
    if cut_by == ONE_CHARACTER:
        return Characters.of("".join(symbols[2:]))
    raise DataError(
        "the tokenizer.json cuts words in another way than ssllab: expected one that ssllab wrote."
    )


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
                return BytePairs.of(stored["tokenizer"], int(stored["size"]))
            case "wordpiece":
                return WordPieces.of(stored["tokenizer"], int(stored["size"]))
            case "kmer":
                return Kmers.of(int(stored["k"]))
            case "code":
                return Codes.of_json(stored)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the stored units cannot be read ({type(error).__name__}: {error}).") from None
    raise DataError(f"stored units of the kind {str(stored['name'])[:40]!r}: expected {', '.join(NAMES)}.")
