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
    write_alphabet(alphabet, tmp_path)
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


def alphabet_of(folder: Path, size: int | None = None, **contents: object) -> Alphabet:
    """Of a folder with these JSON files."""
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return read_alphabet(folder / "vocab.json", size)


def test_the_blank_is_what_the_tokenizer_says(tmp_path: Path) -> None:
    vocab = {"a": 0, "_": 1, "<pad>": 2, "|": 3}
    assert alphabet_of(tmp_path, vocab=vocab).blank == 2
    assert alphabet_of(tmp_path, special_tokens_map={"pad_token": {"content": "_"}}).blank == 1
    assert alphabet_of(tmp_path, tokenizer_config={"pad_token": "<pad>"}).blank == 2
    assert alphabet_of(tmp_path, tokenizer_config={"pad_token": "not there"}).blank == 2
    with pytest.raises(DataError, match=r"tokenizer_config.json: it has pad_token = 7"):
        alphabet_of(tmp_path, tokenizer_config={"pad_token": 7})


def test_a_blank_that_nobody_names_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"vocab\.json: .* no <pad> or \[PAD\].* pad_token in tokenizer_config"
    ):
        alphabet_of(tmp_path, vocab={"a": 0, "_": 1})
    found = alphabet_of(tmp_path, tokenizer_config={"pad_token": "_", "word_delimiter_token": "a"})
    assert (found.blank, found.written) == (1, {" ": 0})


def test_tokens_beyond_the_vocabulary_count_where_the_model_writes_them(tmp_path: Path) -> None:
    vocab, added = {"a": 0, "[PAD]": 1}, {"<s>": 2, "</s>": 3}
    assert alphabet_of(tmp_path, 4, vocab=vocab, added_tokens=added).symbols == ("a", "[PAD]", "<s>", "</s>")
    assert alphabet_of(tmp_path, 2).symbols == ("a", "[PAD]")
    with pytest.raises(DataError, match="has 4 symbols and the model writes 5"):
        alphabet_of(tmp_path, 5)
    (tmp_path / "added_tokens.json").unlink()
    newer = {"added_tokens_decoder": {"2": {"content": "<s>", "special": True}}}
    assert alphabet_of(tmp_path, 3, tokenizer_config=newer).symbols == ("a", "[PAD]", "<s>")


def test_several_letters_may_be_one_symbol(tmp_path: Path) -> None:
    import transformers

    vocab = {"<pad>": 0, "|": 1, "l": 2, "ll": 3, "a": 4, "<unk>": 5, "e": 6}
    alphabet = alphabet_of(tmp_path, vocab=vocab)
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json"))
    classes = alphabet.encode(alphabet.normalise("La LLal, \u00e0!").text)
    assert classes == [2, 4, 1, 3, 4, 2, 1, 4] == tokenizer("la|llal|a").input_ids
    assert alphabet.decode(classes) == "la llal a" == tokenizer.decode(classes, group_tokens=False)
    mixed = [5, 4, 1, 6]
    assert alphabet.decode(mixed, specials=True) == tokenizer.decode(mixed) == "<unk>a e"
    assert alphabet.decode(mixed) == "a e"


def test_sounds_are_written_apart_and_an_alphabet_comes_back_as_it_was(tmp_path: Path) -> None:
    phones = alphabet_of(tmp_path, vocab={"<pad>": 0, "a\u026a": 1, "f": 2, "<s>": 3})
    assert phones.phones
    assert phones.decode([1, 2, 0, 1]) == "a\u026a f a\u026a"
    for number, alphabet in enumerate(
        (phones, Alphabet(), Alphabet(("_", "A", "-"), padding="_", delimiter="-", lower_case=True))
    ):
        (tmp_path / str(number)).mkdir()
        write_alphabet(alphabet, tmp_path / str(number))
        assert read_alphabet(tmp_path / str(number) / "vocab.json", len(alphabet)) == alphabet


def test_words_are_not_parted_where_the_alphabet_knows_no_space() -> None:
    assert Alphabet(("<pad>", "\u4f60", "\u597d")).normalise("\u4f60 \u597d").text == "\u4f60\u597d"


def test_a_pointer_is_no_alphabet(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    with pytest.raises(DataError, match="Git LFS pointer"):
        read_alphabet(tmp_path / "vocab.json")
