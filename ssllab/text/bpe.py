"""Parts of words by byte-level byte pair encoding (BPE), through Hugging Face's ``tokenizers``.

Sennrich et al. 2016, over bytes as in GPT-2. Merges are learnt and used inside words only; words are bounded in length,
for a line of 300,000 letters of DNA that counted as one took 17.6 s for 256 merges.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text import tokenizer_file
from ssllab.text.symbols import (
    END,
    END_NAME,
    SIGN,
    UnitName,
    Units,
    begins_with_letter,
    blocks,
    byte_letters,
    text_of,
    utf8,
    visible_bytes,
)

if TYPE_CHECKING:  # only who cuts a text waits for the library
    from tokenizers import Tokenizer

SMALLEST = 1 + 256  # the end and all bytes
# GPT-2's cut, but marks belong to their letters and no piece is longer than 32 characters.
_PIECE = (
    r"'(?:s|t|re|ve|m|ll|d)| ?[\p{L}\p{M}]{1,32}| ?\p{N}{1,32}| ?[^\s\p{L}\p{M}\p{N}]{1,32}"
    r"|\s{1,32}(?!\S)|\s{1,32}"
)


@dataclass(frozen=True)
class Stage:
    """A text after one merge more. ``rank``: its number in :attr:`BytePairs.merges`; None at first, when all is bytes."""

    rank: int | None
    ids: tuple[int, ...]


@dataclass(frozen=True)
class BytePairs(Units):
    """Parts of words: bytes, and what they were merged to.

    ``document``: the ``tokenizer.json``. ``end_in_file``: the number that ``<end>`` has there (0 in our own); it
    changes places with the symbol 0.
    """

    name: ClassVar[UnitName] = "bpe"
    document: str
    end_in_file: int = END

    @classmethod
    def learn(cls, documents: Iterable[str], size: int) -> BytePairs:
        """``size`` symbols with the end and the 256 bytes, or fewer where no pair is left that comes twice.

        Raises DataError for a size too small and for no text.
        """
        if size < SMALLEST:
            raise DataError(f"{size} parts of words: expected at least {SMALLEST} (the end and 256 bytes).")
        from tokenizers import trainers

        vocab = {END_NAME: END} | {letter: 1 + b for b, letter in enumerate(byte_letters())}
        split = {"type": "Split", "pattern": {"Regex": _PIECE}, "behavior": "Isolated", "invert": False}
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        model = {"type": "BPE", "vocab": vocab, "merges": []}
        document = tokenizer_file.document(
            model, {"type": "Sequence", "pretokenizers": [split, level]}, level
        )
        tokenizer = tokenizer_file.library(json.dumps(document))
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
                for block in blocks(text):
                    read += len(block)
                    yield block

        tokenizer.train_from_iterator(pieces(), trainer)
        if not read:
            raise DataError("there is nothing to learn parts of words from: the training part is empty.")
        learnt = json.loads(tokenizer.to_str())["model"]
        # The trainer orders bytes by their letter; ids in the order of bytes are easier to read.
        for a, b in learnt["merges"]:
            vocab.setdefault(a + b, len(vocab))  # two pairs may give one part
        document["model"] = {**learnt, "vocab": vocab}
        return cls.of(document)

    @classmethod
    def of(cls, document: dict[str, Any], size: int | None = None) -> BytePairs:
        """From the content of a ``tokenizer.json``; ``size``: how many symbols its model knows.

        Raises DataError where it does not fit or is none of byte-level BPE.
        """
        symbols, end = tokenizer_file.vocabulary(document, size)
        letters = set(byte_letters())
        lacking = letters.difference(symbols)
        if lacking or "ByteLevel" not in json.dumps([document.get("pre_tokenizer"), document.get("decoder")]):
            raise DataError("the tokenizer.json cuts no bytes: expected byte-level BPE, as GPT-2 has it.")
        units = cls(tokenizer_file.swapped(symbols, end), tokenizer_file.compact(document), end)
        _ = units._tokenizer  # refuses what it cannot read
        return units

    @cached_property
    def merges(self) -> tuple[tuple[int, int, int], ...]:
        """The pairs that were joined and what they became, as ids, in the order in which they were learnt."""
        merges = json.loads(self.document)["model"]["merges"]
        pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in merges)
        ids = self._ids
        return tuple((ids[a], ids[b], ids[a + b]) for a, b in pairs)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return tokenizer_file.library(self.document)

    @cached_property
    def _bytes(self) -> tuple[bytes, ...]:
        numbers = {letter: b for b, letter in enumerate(byte_letters())}
        added = {token["content"] for token in json.loads(self.document).get("added_tokens") or ()}

        def content(symbol: str) -> bytes:
            if symbol in added or not numbers.keys() >= set(symbol):
                return utf8(symbol)
            return bytes(numbers[letter] for letter in symbol)

        return (b"\n", *map(content, self.symbols[1:]))

    @property
    def rows(self) -> NDArray[np.intp]:
        """The file's number of each id."""
        rows = np.arange(len(self.symbols))
        rows[[END, self.end_in_file]] = rows[[self.end_in_file, END]]
        return rows

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a part."""
        encode = self._tokenizer.encode_batch_fast
        parts = [encode([block], add_special_tokens=False)[0].ids for block in blocks(text)]
        ids = np.concatenate([np.array(part, np.int32) for part in parts])
        return np.where(ids == END, np.int32(self.end_in_file), ids)

    def replay(self, text: str) -> list[Stage]:
        """``text`` in bytes, then after each merge that changes it, in the order in which they were learnt.

        The last stage is ``encode(text)``.
        """
        ranks = self._ranks
        normalizer, pre_tokenizer = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer
        words = [
            [self._ids[letter] for letter in piece]
            for block in blocks(text)
            for piece, _ in pre_tokenizer.pre_tokenize_str(
                normalizer.normalize_str(block) if normalizer else block
            )
        ]
        stages = [Stage(None, tuple(i for word in words for i in word))]
        while pairs := {pair for word in words for pair in pairwise(word)} & ranks.keys():
            pair = min(pairs, key=ranks.__getitem__)
            rank, joined = ranks[pair]
            words = [_merged(word, pair, joined) for word in words]
            stages.append(Stage(rank, tuple(i for word in words for i in word)))
        return stages

    @cached_property
    def _ranks(self) -> dict[tuple[int, int], tuple[int, int]]:
        """What two neighbours are merged to, and when."""
        return {(a, b): (rank, joined) for rank, (a, b, joined) in reversed(list(enumerate(self.merges)))}

    def read(self, text: str) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
        """One id a part; a sign's bytes are merged with the word before it, for a part may be a blank and half a letter."""
        ids: list[int] = []
        places: list[tuple[int, int]] = []

        def plain(first: int, last: int) -> None:
            ids.extend(self.encode(text[first:last]).tolist())
            places.extend((first + a, first + b) for a, b in self.cut(text[first:last]))

        start = 0
        for sign in SIGN.finditer(text):
            pieces = self._tokenizer.pre_tokenizer.pre_tokenize_str(text[start : sign.start()])
            word = start + (pieces[-1][1][0] if pieces else 0)
            plain(start, word)
            content = utf8(text[word : sign.start()])
            owners = [
                (word + i, word + i + 1)
                for i, letter in enumerate(text[word : sign.start()])
                for _ in utf8(letter)
            ]
            owners += [sign.span()] * len(bytes.fromhex(sign[1]))
            for id in self._joined(content + bytes.fromhex(sign[1])):
                size = len(self._bytes[id])
                ids.append(id)
                places.append((owners[0][0], owners[size - 1][1]))
                owners = owners[size:]
            start = sign.end()
        plain(start, len(text))
        return np.array(ids, np.int32), places

    def _joined(self, content: bytes) -> list[int]:
        """The parts that a word of these bytes is merged to."""
        word = [self._ids[byte_letters()[b]] for b in content]
        while pairs := set(pairwise(word)) & self._ranks.keys():
            pair = min(pairs, key=self._ranks.__getitem__)
            word = _merged(word, pair, self._ranks[pair][1])
        return word

    def raw(self, id: int) -> bytes:
        """The bytes of a part; a new line for the end."""
        return self._bytes[id]

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """The text; bytes that are no character as ``⟨E2 80⟩``."""
        return text_of(b"".join(self._bytes[i] for i in ids))

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The parts; those of one character share its place."""
        places, start = [], 0
        for block in blocks(text):
            found = self._tokenizer.encode(block, add_special_tokens=False)
            places += [(start + a, start + b) for a, b in found.offsets]
            start += len(block)
        return places

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
        return {"name": self.name, "tokenizer": json.loads(self.document), "size": len(self.symbols)}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """The ``tokenizer.json``."""
        return json.loads(self.document)


def _merged(word: list[int], pair: tuple[int, int], joined: int) -> list[int]:
    merged: list[int] = []
    for i in word:
        if merged and (merged[-1], i) == pair:
            merged[-1] = joined
        else:
            merged.append(i)
    return merged
