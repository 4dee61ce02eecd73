"""WordPiece, the parts of words of BERT: read from its ``tokenizer.json``, never learnt here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text import tokenizer_file
from ssllab.text.symbols import END, UnitName, Units, blocks, visible

if TYPE_CHECKING:  # only who cuts a text waits for the library
    from tokenizers import Encoding, Tokenizer


@dataclass(frozen=True)
class WordPieces(Units):
    """Words and, with a prefix (``##``), parts that go on with one.

    ``document``: the ``tokenizer.json``. ``end_in_file``: the number that ``[SEP]``, here ``<end>``, has there; it
    changes places with the symbol 0.
    """

    name: ClassVar[UnitName] = "wordpiece"
    document: str
    end_in_file: int
    prefix: str = "##"

    @classmethod
    def of(cls, document: dict[str, Any], size: int | None = None) -> WordPieces:
        """From the content of a ``tokenizer.json``; ``size``: how many symbols its model knows. Raises DataError."""
        symbols, end = tokenizer_file.vocabulary(document, size)
        model = document["model"]
        if model["unk_token"] not in symbols:
            raise DataError(f"the tokenizer.json has no {model['unk_token']} for what it does not know.")
        prefix = model.get("continuing_subword_prefix") or "##"
        units = cls(tokenizer_file.swapped(symbols, end), tokenizer_file.compact(document), end, prefix)
        _ = units._tokenizer  # refuses what it cannot read
        return units

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return tokenizer_file.library(self.document)

    @cached_property
    def unknown(self) -> int:
        """The id of ``[UNK]``."""
        return self.symbols.index(json.loads(self.document)["model"]["unk_token"])

    @property
    def rows(self) -> NDArray[np.intp]:
        """The file's number of each id."""
        rows = np.arange(len(self.symbols))
        rows[[END, self.end_in_file]] = rows[[self.end_in_file, END]]
        return rows

    def _encodings(self, text: str) -> Iterable[tuple[int, Encoding]]:
        start = 0
        for block in blocks(text):
            yield start, self._tokenizer.encode(block, add_special_tokens=False)
            start += len(block)

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a piece; the file may say that case and accents do not count."""
        ids = np.concatenate([np.array(found.ids, np.int32) for _, found in self._encodings(text)])
        return np.where(ids == END, np.int32(self.end_in_file), ids)

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """Words with blanks between, punctuation as the file has it; ``<end>`` as a new line."""
        rows, texts = self.rows, list[list[int]]([[]])
        for i in ids:
            if i == END:
                texts.append([])
            else:
                texts[-1].append(int(rows[i]))
        return "\n".join(self._tokenizer.decode(text, skip_special_tokens=False) for text in texts)

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The pieces, without the blanks between."""
        return [(start + a, start + b) for start, found in self._encodings(text) for a, b in found.offsets]

    def continues(self, id: int) -> bool:
        """Whether it has the prefix."""
        return self.symbols[id].startswith(self.prefix) and self.symbols[id] != self.prefix

    def shown(self, id: int) -> str:
        """A part from inside with a dot in place of the prefix (``·ing``)."""
        symbol = self.symbols[id]
        return "·" + visible(symbol.removeprefix(self.prefix)) if self.continues(id) else super().shown(id)

    def to_json(self) -> dict[str, Any]:
        """The ``tokenizer.json``."""
        return {"name": self.name, "tokenizer": json.loads(self.document), "size": len(self.symbols)}

    def to_tokenizer_json(self) -> dict[str, Any]:
        """The ``tokenizer.json``."""
        return json.loads(self.document)
