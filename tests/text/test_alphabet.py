"""The alphabet against Hugging Face's tokenizer, and what becomes of text it cannot write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssllab.storage.errors import DataError
from ssllab.text.alphabet import Alphabet, read_alphabet, write_alphabet


def test_the_default_is_read_by_transformers_and_decodes_alike(tmp_path: Path) -> None:
    import transformers

    alphabet = Alphabet()
    write_alphabet(alphabet, tmp_path / "vocab.json")
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json"))
    text = "IT'S A FAIR COP"
    assert alphabet.encode(text) == tokenizer(text).input_ids
    assert alphabet.decode(alphabet.encode(text)) == text
    assert alphabet.blank == tokenizer.pad_token_id
    assert read_alphabet(tmp_path / "vocab.json") == alphabet


@pytest.mark.parametrize(
    ("text", "written", "dropped"),
    [
        ("Hello,  world!", "HELLO WORLD", 0),
        ("the café isn\u2019t well-known", "THE CAFE ISN'T WELL KNOWN", 0),
        ("Stra\u00dfe", "STRASSE", 0),
        ("room 42", "ROOM", 2),
        ("\u4f60\u597d", "", 2),
        ("a|b", "A B", 0),
        ("", "", 0),
    ],
)
def test_what_the_alphabet_cannot_write_is_dropped_and_letters_are_counted(
    text: str, written: str, dropped: int
) -> None:
    normalised = Alphabet().normalise(text)
    assert (normalised.text, normalised.dropped) == (written, dropped)
    assert Alphabet().decode(Alphabet().encode(written)) == written


def test_the_case_is_the_alphabets_own() -> None:
    assert Alphabet(("[PAD]", "|", *"abc")).normalise("Cab").text == "cab"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"<pad>": 0, "A": 2}', '{"A": 0, "B": 1}', '{"<pad>": 0, "A": "x"}']
)
def test_a_file_that_is_no_alphabet_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vocab.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"^[^\n]+$"):
        read_alphabet(path)
    with pytest.raises(DataError):
        read_alphabet(tmp_path / "absent.json")


def test_numbers_may_come_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps({"a": 2, "<pad>": 1, "|": 0}))
    assert read_alphabet(path).symbols == ("|", "<pad>", "a")
    assert read_alphabet(path).blank == 1
