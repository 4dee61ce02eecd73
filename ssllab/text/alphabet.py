"""The symbols a speech recogniser writes with, between text and numbers.

The default is the alphabet of wav2vec 2.0 models fine-tuned on LibriSpeech, in the order of Hugging Face's
``vocab.json``: padding (CTC's blank), three specials, the word delimiter, the letters by frequency, the apostrophe.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ssllab.storage.errors import DataError

DELIMITER = "|"
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
LIBRISPEECH = (*SPECIALS, DELIMITER, *"ETAONIHSRDLUMWCFGYPBVK'XJQZ")
PADDINGS = ("<pad>", "[PAD]")
_LIKE_AN_APOSTROPHE = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4", "'"))


@dataclass(frozen=True)
class Normalised:
    """Text as the alphabet can write it: words with single spaces between.

    ``dropped``: letters and digits that have no symbol (signs between words are no loss and not counted).
    """

    text: str
    dropped: int


@dataclass(frozen=True)
class Alphabet:
    """``symbols[i]`` is what class ``i`` of the recogniser stands for; one of them is the padding, CTC's blank."""

    symbols: tuple[str, ...] = LIBRISPEECH

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def blank(self) -> int:
        """The class that writes nothing. Raises DataError where there is none."""
        for name in PADDINGS:
            if name in self.symbols:
                return self.symbols.index(name)
        raise DataError(f"the alphabet has no {' or '.join(PADDINGS)}: CTC needs one as its blank.")

    @cached_property
    def written(self) -> dict[str, int]:
        """What text is written with: characters -> class, a space standing for the delimiter."""
        plain = {symbol: i for i, symbol in enumerate(self.symbols) if len(symbol) == 1}
        if DELIMITER in plain:
            plain[" "] = plain.pop(DELIMITER)
        return plain

    def normalise(self, text: str) -> Normalised:
        """``text`` in the alphabet's own case; accents fall where only the bare letter is known, signs part words."""
        kept, dropped = [], 0
        for character in unicodedata.normalize("NFC", text.translate(_LIKE_AN_APOSTROPHE)):
            written = self._writing(character)
            if written is None:
                dropped += character.isalnum()
                written = "" if character.isalnum() else " "
            kept.append(written)
        return Normalised(" ".join("".join(kept).split()), dropped)

    def _writing(self, character: str) -> str | None:
        if character == DELIMITER:
            return None
        bare = "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))
        for form in (character, character.upper(), character.lower(), bare.upper(), bare.lower()):
            if form and all(c in self.written for c in form):
                return form
        return None

    def encode(self, text: str) -> list[int]:
        """Classes of a text that :meth:`normalise` gave. Raises KeyError for any other character."""
        return [self.written[character] for character in text]

    def decode(self, classes: Iterable[int]) -> str:
        """The text of classes in a row; specials write nothing. Repeats are kept: see ``ctc_decode``."""
        letters = {i: character for character, i in self.written.items()}
        return " ".join("".join(letters.get(int(i), "") for i in classes).split())


def read_alphabet(path: Path) -> Alphabet:
    """The alphabet of a Hugging Face ``vocab.json``: token -> class. Raises DataError."""
    try:
        tokens = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} cannot be read as an alphabet: {error}") from error
    if not isinstance(tokens, dict) or sorted(map(str, tokens.values())) != sorted(
        map(str, range(len(tokens)))
    ):
        raise DataError(f"{path} is no alphabet: expected tokens with the numbers 0 to their count less one.")
    alphabet = Alphabet(tuple(sorted(tokens, key=lambda token: int(tokens[token]))))
    alphabet.blank  # noqa: B018 - an alphabet that CTC cannot use is refused where its file is known
    return alphabet


def write_alphabet(alphabet: Alphabet, path: Path) -> None:
    """Hugging Face's ``vocab.json``."""
    path.write_text(json.dumps({symbol: i for i, symbol in enumerate(alphabet.symbols)}, indent=1), "utf-8")
