"""The symbols a speech recogniser writes with, between text and numbers.

The default is the alphabet of wav2vec 2.0 models fine-tuned on LibriSpeech, in the order of Hugging Face's
``vocab.json``: padding (CTC's blank), three specials, the word delimiter, the letters by frequency, the apostrophe.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ssllab.storage.errors import DataError
from ssllab.storage.files import read_object, write_whole

DELIMITER = "|"
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
LIBRISPEECH = (*SPECIALS, DELIMITER, *"ETAONIHSRDLUMWCFGYPBVK'XJQZ")
PADDINGS = ("<pad>", "[PAD]")
VOCABULARY, ADDED_TOKENS = "vocab.json", "added_tokens.json"
TOKENIZER, SPECIAL_TOKENS = "tokenizer_config.json", "special_tokens_map.json"
PHONE_TOKENIZER = "Wav2Vec2PhonemeCTCTokenizer"
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
    """``symbols[i]`` is what class ``i`` of the recogniser stands for; one of them is the padding, CTC's blank.

    ``padding``: its name, where it is none of :data:`PADDINGS`. ``delimiter`` stands between words. ``phones``: the
    symbols are sounds and no spelling, written with spaces between. ``lower_case``: text is written small, whatever
    the symbols.
    """

    symbols: tuple[str, ...] = LIBRISPEECH
    padding: str | None = None
    delimiter: str = DELIMITER
    phones: bool = False
    lower_case: bool = False

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def blank(self) -> int:
        """The class that writes nothing. Raises DataError where there is none."""
        names = PADDINGS if self.padding is None else (self.padding,)
        for name in names:
            if name in self.symbols:
                return self.symbols.index(name)
        raise DataError(f"the alphabet has no {' or '.join(names)}: CTC needs one as its blank.")

    @cached_property
    def written(self) -> dict[str, int]:
        """What text is written with: letters, or several of them -> class, a space standing for the delimiter."""
        plain = {
            symbol: i
            for i, symbol in enumerate(self.symbols)
            if symbol and i != self.blank and not _is_special(symbol)
        }
        if self.delimiter in plain:
            plain[" "] = plain.pop(self.delimiter)
        return plain

    @cached_property
    def _piece(self) -> re.Pattern[str]:
        """Matches what one symbol writes, the longest first, or any one character."""
        several = sorted((unit for unit in self.written if len(unit) > 1), key=len, reverse=True)
        return re.compile("|".join([*map(re.escape, several), "."]), re.DOTALL)

    def normalise(self, text: str) -> Normalised:
        """``text`` in the alphabet's own case; accents fall where only the bare letter is known, signs part words.

        Without a delimiter in the alphabet there is nothing between words.
        """
        kept, dropped = [], 0
        for piece in self._pieces_of_any_case(
            unicodedata.normalize("NFC", text.translate(_LIKE_AN_APOSTROPHE))
        ):
            written = piece if piece in self.written else self._writing(piece)
            if written is None:
                dropped += piece.isalnum()
                written = "" if piece.isalnum() else " "
            kept.append(written)
        between = " " if " " in self.written else ""
        return Normalised(between.join("".join(kept).split()), dropped)

    def _pieces_of_any_case(self, text: str) -> Iterator[str]:
        """Parts of ``text``: symbols of several letters in the alphabet's case, else characters as they are."""
        several = {unit.lower(): unit for unit in self.written if len(unit) > 1}
        pattern = re.compile(self._piece.pattern, re.DOTALL | re.IGNORECASE)
        return (several.get(piece.lower(), piece) for piece in pattern.findall(text))

    def _writing(self, character: str) -> str | None:
        if character == self.delimiter:
            return None
        bare = "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))
        for form in (character, character.upper(), character.lower(), bare.upper(), bare.lower()):
            if form and all(c in self.written for c in form):
                return form
        return None

    def encode(self, text: str) -> list[int]:
        """Classes of a text that :meth:`normalise` gave. Raises KeyError for any other character."""
        return [self.written[piece] for piece in self._piece.findall(text)]

    def decode(self, classes: Iterable[int], *, specials: bool = False) -> str:
        """The text of classes in a row, the blank left out. Repeats are kept: see ``ctc_decode``.

        ``specials``: such symbols as ``<unk>`` stand in it by their name, as ``transformers`` writes them.
        """
        found = []
        for i in map(int, classes):
            symbol = self.symbols[i]
            if i == self.blank or (not specials and _is_special(symbol)):
                continue
            found.append(("" if self.phones else " ") if symbol == self.delimiter else symbol)
        text = " ".join(filter(None, found)) if self.phones else "".join(found)
        return (text.lower() if self.lower_case else text).strip()


def _is_special(symbol: str) -> bool:
    """Whether a symbol such as ``<s>`` or ``[UNK]`` stands for no letters."""
    return len(symbol) > 2 and symbol[0] + symbol[-1] in ("<>", "[]")


def read_alphabet(path: Path, size: int | None = None) -> Alphabet:
    """The alphabet of a Hugging Face ``vocab.json``: token -> class. Raises DataError.

    What lies beside it counts as in ``transformers``: ``added_tokens.json`` where the model writes more symbols
    (``size``), and what ``tokenizer_config.json`` says of padding, words and case.
    """
    settings = _settings(path.parent)
    numbered = _numbered(path, read_object(path))
    for number, token in _added(path.parent, settings).items():
        if size is not None and number < size:
            numbered.setdefault(number, token)
    if sorted(numbered) != list(range(len(numbered))):
        raise DataError(f"{path} is no alphabet: expected tokens with the numbers 0 to their count less one.")
    if size is not None and len(numbered) != size:
        raise DataError(
            f"{path} has {len(numbered)} symbols and the model writes {size}: expected the vocab.json that belongs to it."
        )
    symbols = tuple(numbered[number] for number in range(len(numbered)))
    padding, usual = (
        _token(path.parent, settings, "pad_token"),
        [name for name in PADDINGS if name in symbols],
    )
    alphabet = Alphabet(
        symbols,
        # Not named where it is the usual one: an alphabet that was written is the same when it is read.
        padding=padding if padding in symbols and usual[:1] != [padding] else None,
        delimiter=_token(path.parent, settings, "word_delimiter_token") or DELIMITER,
        lower_case=settings.get("do_lower_case") is True,
    )
    try:
        alphabet.blank  # noqa: B018 - an alphabet that CTC cannot use is refused where its file is known
    except DataError as error:
        raise DataError(f"{path}: {error} Or name it as pad_token in {TOKENIZER}.") from None
    if settings.get("tokenizer_class") == PHONE_TOKENIZER or (
        " " not in alphabet.written and any(len(unit) > 1 for unit in alphabet.written)
    ):
        alphabet = replace(alphabet, phones=True)
    return alphabet


def _numbered(path: Path, tokens: Mapping[str, Any]) -> dict[int, str]:
    """Class -> token. Raises DataError, also for an alphabet without the blank that CTC needs."""
    found = {}
    for token, number in tokens.items():
        if not re.fullmatch(r"\d{1,9}", str(number), re.ASCII):
            raise DataError(
                f"{path} is no alphabet: it gives {json.dumps(token)} the number {json.dumps(number)[:40]}: expected a "
                "whole number from 0."
            )
        found[int(number)] = token
    if len(found) != len(tokens):
        raise DataError(f"{path} is no alphabet: two of its tokens have one number.")
    return found


def _settings(folder: Path) -> dict[str, Any]:
    """What is said of the tokenizer; ``special_tokens_map.json`` is the older place."""
    found: dict[str, Any] = {}
    for name in (SPECIAL_TOKENS, TOKENIZER):
        if (folder / name).exists():
            found |= read_object(folder / name)
    return found


def _token(folder: Path, settings: Mapping[str, Any], key: str) -> str | None:
    value = settings.get(key)
    value = value.get("content") if isinstance(value, dict) else value
    if value is not None and not isinstance(value, str):
        raise DataError(f"{folder / TOKENIZER}: it has {key} = {json.dumps(value)[:40]}: expected a token.")
    return value


def _added(folder: Path, settings: Mapping[str, Any]) -> dict[int, str]:
    """Tokens beyond ``vocab.json``, by class: of ``added_tokens.json``, and where newer folders keep them."""
    path = folder / ADDED_TOKENS
    found = _numbered(path, read_object(path)) if path.exists() else {}
    newer = settings.get("added_tokens_decoder")
    for number, token in newer.items() if isinstance(newer, dict) else ():
        content = token.get("content") if isinstance(token, dict) else token
        if number.isdecimal() and isinstance(content, str):
            found.setdefault(int(number), content)
    return found


def write_alphabet(alphabet: Alphabet, folder: Path) -> None:
    """Hugging Face's ``vocab.json`` and ``tokenizer_config.json``, from which ``transformers`` makes the tokenizer."""
    symbols = alphabet.symbols
    unknown, begin, end = (
        next((name for name in names if name in symbols), None)
        for names in (("<unk>", "[UNK]"), ("<s>",), ("</s>",))
    )
    delimiter = {"word_delimiter_token": alphabet.delimiter if alphabet.delimiter in symbols else None}
    if alphabet.phones:
        settings = {"tokenizer_class": PHONE_TOKENIZER, "do_phonemize": False, **delimiter}
    else:
        settings = {
            "tokenizer_class": "Wav2Vec2CTCTokenizer",
            "do_lower_case": alphabet.lower_case,
            **delimiter,
        }
    settings |= {"pad_token": symbols[alphabet.blank], "bos_token": begin, "eos_token": end}
    # transformers asks for an unknown token; one that is not in the alphabet is never written.
    settings["unk_token"] = unknown or "<unk>"
    for name, document in (
        (VOCABULARY, {symbol: i for i, symbol in enumerate(symbols)}),
        (TOKENIZER, settings),
    ):
        write_whole(folder / name, json.dumps(document, indent=1).encode())
