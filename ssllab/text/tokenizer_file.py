"""Reading and writing ``tokenizer.json``, the file in which Hugging Face's models keep what their text is cut into."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ssllab.storage.errors import DataError
from ssllab.text.symbols import END, END_NAME, UNKNOWN_NAME

if TYPE_CHECKING:  # only who cuts a text waits for the library
    from tokenizers import Tokenizer

MASK_NAME = "<mask>"  # of our own masked models
#: What ends a text in the models at large, the likeliest name first.
ENDS = (END_NAME, "<|endoftext|>", "<|end_of_text|>", "</s>", "[SEP]", "<eos>")


def library(document: str) -> Tokenizer:
    """Hugging Face's tokenizer. Raises DataError where the document is none."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(document)
    except Exception as error:  # the library knows no narrower one
        raise DataError(f"the tokenizer.json cannot be read: {error}.") from None
    tokenizer.encode_special_tokens = True  # "<end>" in a text is a text
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def vocabulary(document: dict[str, Any], size: int | None) -> tuple[list[str], int]:
    """The symbols in the order of the file, and which of them ends a text.

    ``size``: how many the model of this file knows; it may be rounded up. Raises DataError where they do not fit.
    """
    numbers: dict[int, str] = {i: symbol for symbol, i in document["model"]["vocab"].items()}
    numbers |= {added["id"]: added["content"] for added in document.get("added_tokens") or ()}
    if not numbers:
        raise DataError("the tokenizer.json has no symbols.")
    known = max(numbers) + 1
    spare = max(64, known // 50)
    if size is not None and not known <= size <= known + spare:
        raise DataError(
            f"the tokenizer.json does not fit its model: it has {known:,} symbols, the model {size:,}."
        )
    if min(numbers) < 0 or known > len(numbers) + spare:
        raise DataError("the numbers of the symbols in the tokenizer.json have gaps.")
    symbols = [numbers.get(i, f"<unused {i}>") for i in range(size or known)]
    for end in ENDS:
        if end in symbols:
            return symbols, symbols.index(end)
    raise DataError(f"the tokenizer.json has nothing that ends a text: expected one of {', '.join(ENDS)}.")


def swapped(symbols: list[str], end: int) -> tuple[str, ...]:
    """With the end in front, as everywhere in ssllab; it changes places with what stood there."""
    symbols = list(symbols)
    symbols[end], symbols[END] = symbols[END], END_NAME
    return tuple(symbols)


def of_words(vocabulary: Iterable[str], pattern: str) -> dict[str, Any]:
    """A ``tokenizer.json`` whose symbols are what ``pattern`` finds; the first two are ``<end>`` and ``<unknown>``."""
    return document(
        {
            "type": "WordLevel",
            "vocab": {symbol: i for i, symbol in enumerate(vocabulary)},
            "unk_token": UNKNOWN_NAME,
        },
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True},
        None,
    )


def document(
    model: dict[str, Any], pre_tokenizer: dict[str, Any], decoder: dict[str, Any] | None
) -> dict[str, Any]:
    """The whole ``tokenizer.json`` round a model."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(END_NAME, END)],
        "normalizer": None,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": model,
    }


def _added(name: str, id: int) -> dict[str, Any]:
    token = {"id": id, "content": name, "special": True}
    return token | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)


def with_mask(document: dict[str, Any], id: int) -> dict[str, Any]:
    """For a masked model: what hides a symbol stands behind all others, and a text is read between two ends."""
    end = {"SpecialToken": {"id": END_NAME, "type_id": 0}}
    framed = {
        "type": "TemplateProcessing",
        "single": [end, {"Sequence": {"id": "A", "type_id": 0}}, end],
        "pair": [end, *({"Sequence": {"id": name, "type_id": 0}} for name in "AB"), end],
        "special_tokens": {END_NAME: {"id": END_NAME, "ids": [END], "tokens": [END_NAME]}},
    }
    mask = _added(MASK_NAME, id)
    return document | {"added_tokens": [*document["added_tokens"], mask], "post_processor": framed}


def without_mask(document: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The same backwards, and whether there was one of ours."""
    added = document.get("added_tokens")
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added):
        return document, False
    others = [token for token in added if token.get("content") != MASK_NAME]
    ours = len(others) == len(added) - 1 and any(token.get("content") == END_NAME for token in others)
    return (document | {"added_tokens": others}, True) if ours else (document, False)


def compact(content: dict[str, Any]) -> str:
    """As it is kept in memory: the same content gives the same letters."""
    return json.dumps(content, ensure_ascii=False)
