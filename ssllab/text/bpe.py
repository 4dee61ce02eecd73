"""Parts of words by byte-level byte pair encoding (BPE), through Hugging Face's ``tokenizers``.

Sennrich et al. 2016, over bytes as in GPT-2. Merges are learnt and used inside words only; words are bounded in length,
for one line of DNA that counted as a word would take minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text.symbols import (
    END,
    END_NAME,
    UnitName,
    Units,
    begins_with_letter,
    byte_letters,
    text_of,
    tokenizer_json,
    utf8,
    visible_bytes,
)

if TYPE_CHECKING:  # loading takes as long as a window needs to open; only texts need it
    from tokenizers import Tokenizer

SMALLEST = 1 + 256  # the end and all bytes
# GPT-2's cut, but marks belong to their letters and no piece is longer than 32 characters.
_PIECE = (
    r"'(?:s|t|re|ve|m|ll|d)| ?[\p{L}\p{M}]{1,32}| ?\p{N}{1,32}| ?[^\s\p{L}\p{M}\p{N}]{1,32}"
    r"|\s{1,32}(?!\S)|\s{1,32}"
)
_BLOCK = 1 << 16
_SEAM = re.compile(
    r"(?<=\S)(?=\s\S)"
)  # no piece reaches over it, so that blocks are cut as the whole text is


@dataclass(frozen=True)
class BytePairs(Units):
    """Parts of words: the 256 bytes, then one symbol a merge. ``document``: the ``tokenizer.json``."""

    name: ClassVar[UnitName] = "bpe"
    document: str = ""

    @classmethod
    def learn(cls, documents: Iterable[str], size: int) -> BytePairs:
        """``size`` symbols with the end and the bytes, or fewer where no pair is left that comes twice.

        Raises DataError for a size too small and for no text.
        """
        if size < SMALLEST:
            raise DataError(
                f"{size} parts of words: expected at least {SMALLEST}, the end and the 256 bytes."
            )
        from tokenizers import trainers

        vocab = {END_NAME: END} | {letter: 1 + b for b, letter in enumerate(byte_letters())}
        split = {"type": "Split", "pattern": {"Regex": _PIECE}, "behavior": "Isolated", "invert": False}
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        model = {"type": "BPE", "vocab": vocab, "merges": []}
        document = tokenizer_json(model, {"type": "Sequence", "pretokenizers": [split, level]}, level)
        tokenizer = _tokenizer(json.dumps(document))
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=2,
            show_progress=False,
            special_tokens=[END_NAME],
            initial_alphabet=list(byte_letters()),
        )
        read = 0

        def pieces() -> Iterator[str]:
            nonlocal read
            for text in documents:
                for block in _blocks(text):
                    read += len(block)
                    yield block

        tokenizer.train_from_iterator(pieces(), trainer)
        if not read:
            raise DataError(
                "there is nothing to learn parts of words from: the training part of the text is empty."
            )
        learnt = json.loads(tokenizer.to_str())["model"]
        # The trainer orders bytes by their letter; ids in the order of bytes are easier to read.
        for a, b in learnt["merges"]:
            vocab.setdefault(a + b, len(vocab))  # two pairs may give one part
        document["model"] = {**learnt, "vocab": vocab}
        return cls.of(document)

    @classmethod
    def of(cls, document: dict[str, Any]) -> BytePairs:
        """From the content of a ``tokenizer.json``. Raises DataError where it is none of byte-level BPE."""
        units = cls(_symbols(document), json.dumps(document))
        _ = units._tokenizer, units._bytes
        return units

    @cached_property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The pairs that were joined, in the order in which they were learnt, in byte-level BPE's letters."""
        merges = json.loads(self.document)["model"]["merges"]
        return tuple((a, b) for a, b in (m.split(" ") if isinstance(m, str) else m for m in merges))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return _tokenizer(self.document)

    @cached_property
    def _bytes(self) -> tuple[bytes, ...]:
        numbers = {letter: b for b, letter in enumerate(byte_letters())}
        return tuple(
            b"\n" if i == END else bytes(numbers[letter] for letter in s) for i, s in enumerate(self.symbols)
        )

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a part."""
        encode = self._tokenizer.encode_batch_fast
        parts = [encode([block], add_special_tokens=False)[0].ids for block in _blocks(text)]
        return np.concatenate([np.array(part, np.int32) for part in parts])

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The text; bytes that are no character as ``⟨E2 80⟩``."""
        return text_of(b"".join(self._bytes[i] for i in ids))

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The parts; those of one character share its place."""
        ends = np.cumsum([len(self._bytes[i]) for i in self.encode(text)], dtype=np.intp)
        begins = np.frombuffer(utf8(text), np.uint8) & 0xC0 != 0x80  # a character's first byte
        character = np.cumsum(begins) - 1
        starts = np.concatenate([ends[:0], [0], ends[:-1]])[: len(ends)]
        return list(zip(character[starts].tolist(), (character[ends - 1] + 1).tolist(), strict=True))

    def continues(self, id: int) -> bool:
        """Whether it begins with a letter or digit and no blank, or is the end of "don't"."""
        return id != END and begins_with_letter(self._bytes[id].removeprefix(b"'"))

    def shown(self, id: int) -> str:
        """A word's beginning as it is, a part from inside with a dot before it (``·ing``), bytes in hexadecimal."""
        if id == END:
            return END_NAME
        content = self._bytes[id]
        if content[:1] == b" " and begins_with_letter(content[1:]):
            return visible_bytes(content[1:])
        return "·" * self.continues(id) + visible_bytes(content)

    def to_json(self) -> dict[str, Any]:
        """The ``tokenizer.json``."""
        return {"name": self.name, "tokenizer": json.loads(self.document)}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """The ``tokenizer.json``."""
        return json.loads(self.document)


def _symbols(document: dict[str, Any]) -> tuple[str, ...]:
    vocab = document["model"]["vocab"]
    symbols = tuple(sorted(vocab, key=vocab.__getitem__))
    if [vocab[s] for s in symbols] != list(range(len(symbols))) or symbols[:1] != (END_NAME,):
        raise DataError(
            "the tokenizer.json has gaps in its numbers, or something else than <end> as number 0."
        )
    return symbols


def _tokenizer(document: str) -> Tokenizer:
    """Raises DataError where it is none."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(document)
    except Exception as error:  # the library knows no narrower one
        raise DataError(f"the tokenizer.json cannot be read: {error}.") from None
    tokenizer.encode_special_tokens = True  # "<end>" in a text is a text
    return tokenizer


def _blocks(text: str) -> Iterator[str]:
    """``text`` in parts of some 64,000 characters, for ``tokenizers`` needs a hundred times as much memory."""
    if not text.isascii():
        text = utf8(text).decode()
    start = 0
    while len(text) - start > 2 * _BLOCK:
        seam = _SEAM.search(text, start + _BLOCK, start + 2 * _BLOCK)
        end = seam.start() if seam else start + 2 * _BLOCK
        yield text[start:end]
        start = end
    yield text[start:]
