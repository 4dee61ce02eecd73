"""What a text is cut into: every text comes back, nothing is shown as a replacement sign, and stored units are the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from ssllab.storage.errors import DataError
from ssllab.text.bpe import BytePairs
from ssllab.text.symbols import blocks, bytes_of, text_of
from ssllab.text.units import END, NAMES, Units, from_json, from_tokenizer_json, learn
from ssllab.text.words import pattern

PROSE = 'The calico cat doesn\'t sit -- "not now," he said (at 3,000.5 m). The cat sits; the cats sat!\n' * 2
ODD = (
    "Naïve 👩\u200d👩\u200d👧 👍🏽 🇫🇷 e\u0301 नमस्ते",
    "שלום עולם \u202bمرحبا\u202c",
    "one\r\ntwo\r\n\r\nthree\rfour",
    "\x00\x01\x1b[31m\x7f\x1c\x1f\x85\u2028",
    "<end> <unknown> <unk>",
    " \t  ",
    "",
)
UNITS = {name: learn(name, [PROSE, *ODD], size=300) for name in NAMES}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("name", ["byte", "bpe"])
@given(text=texts)
@example(text=ODD[0])
@example(text=ODD[1])
@example(text=ODD[2])
@example(text=ODD[3])
@example(text=ODD[4])
def test_every_text_comes_back_from_bytes_and_parts_of_words(name: str, text: str) -> None:
    units = UNITS[name]
    ids = units.encode(text)
    assert units.decode(ids) == text
    assert END not in ids


@pytest.mark.parametrize("text", [PROSE, *ODD])
def test_a_text_of_known_characters_comes_back(text: str) -> None:
    units = UNITS["char"]
    assert units.decode(units.encode(text)) == text


@pytest.mark.parametrize("name", NAMES)
@given(text=texts)
@example(text=ODD[0])
@example(text=ODD[3])
def test_every_symbol_has_its_place_in_the_text_in_order(name: str, text: str) -> None:
    units = UNITS[name]
    places = units.cut(text)
    assert len(places) == len(units.encode(text))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(places))


@pytest.mark.parametrize("name", NAMES)
def test_units_come_back_from_json_as_they_were(name: str) -> None:
    units = UNITS[name]
    again = from_json(json.loads(json.dumps(units.to_json())))
    assert again == units
    for text in (PROSE, *ODD):
        assert (again.encode(text) == units.encode(text)).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_symbol_can_be_seen(name: str) -> None:
    units = UNITS[name]
    for i in range(len(units)):
        shown = units.shown(i)
        assert shown.strip()
        assert shown.isprintable()
        assert "\ufffd" not in shown


def test_blanks_halves_of_characters_and_parts_of_words_are_marked() -> None:
    char, byte, bpe = UNITS["char"], UNITS["byte"], UNITS["bpe"]
    assert [char.shown(i) for i in char.encode("a \n\u0301\u200d\x00")] == [
        "a",
        "␣",
        "↵",
        "◌́",
        "⟨U+200D⟩",
        "␀",
    ]
    assert [byte.shown(i) for i in byte.encode("a –\n")] == ["a", "␣", "⟨E2⟩", "⟨80⟩", "⟨93⟩", "↵"]
    assert [bpe.shown(i) for i in bpe.encode(" cat cats\n")] == ["cat", "cat", "·s", "↵"]


def test_bytes_that_are_no_character_are_written_as_bytes() -> None:
    for name in ("byte", "bpe"):
        units: Units = UNITS[name]
        ids = units.encode("a🐈")[:-1]
        assert units.decode(ids) == "a⟨F0 9F 90⟩"


@given(ids=st.lists(st.integers(1, len(UNITS["word"]) - 1), max_size=30))
@example(ids=UNITS["word"].encode(PROSE).tolist())
def test_words_written_as_prose_are_the_same_words(ids: list[int]) -> None:
    units = UNITS["word"]
    assert units.encode(units.decode(ids)).tolist() == ids


def test_punctuation_stands_where_english_has_it() -> None:
    text = "The cat's paw (left) -- \"not now,\" he said: 3,000.5 m, isn't it? Well-known... 50%!"
    units = learn("word", [text], 100)
    assert units.decode(units.encode(text)) == text.replace(" -- ", "--")
    shown = [units.shown(i) for i in units.encode("The cat's (left): 3,000.5!")]
    assert shown == ["The", "cat's", "(", "left", ")", ":", "3,000.5", "!"]


def test_the_most_frequent_words_are_kept_and_the_first_of_equals() -> None:
    units = learn("word", ["b a c", "a d. e"], size=3)
    assert units.symbols == ("<end>", "<unknown>", "a", "b", "c")
    assert units.unknown_stands_for == 3  # d, the full stop, e
    assert units.encode("a e zebra").tolist() == [2, 1, 1]


def test_an_emoji_of_several_parts_and_a_letter_with_its_marks_are_one_word() -> None:
    text = "👩\u200d👩\u200d👧 👍🏽 e\u0301te\u0301 नमस्ते"
    assert len(UNITS["word"].cut(text)) == 4


def test_dna_in_either_case_and_rna_are_the_same_words_and_n_is_unknown() -> None:
    units = learn("kmer", [], k=3)
    assert len(units) == 2 + 64
    ids = units.encode("ACG\nacgUuu ANC GG")
    assert [units.shown(i) for i in ids] == ["ACG", "ACG", "TTT", "<unknown>"]
    assert units.decode(ids) == "ACGACGTTTNNN"
    assert units.cut("ACG\nac g") == [(0, 3), (4, 8)]
    assert units.unknown == 1
    assert units.unknown_stands_for == 15**3 - 4**3


def test_learning_twice_gives_the_same_units() -> None:
    texts = [PROSE, *ODD]
    for name in NAMES:
        assert learn(name, texts, size=290) == learn(name, iter(texts), size=290)


def test_merges_replayed_one_by_one_end_where_the_text_is_cut() -> None:
    units = UNITS["bpe"]
    assert isinstance(units, BytePairs)
    for text in (PROSE, *ODD):
        stages = units.replay(text)
        assert stages[0].rank is None
        assert [units.symbols[i] for i in stages[0].ids] == [
            units.symbols[1 + byte] for byte in text.encode()
        ]
        assert [a.rank for a in stages[1:]] == sorted({a.rank for a in stages[1:]})
        for before, after in pairwise(stages):
            first, second, joined = units.merges[after.rank]
            assert units.decode([first, second]) == units.decode([joined])
            assert len(after.ids) < len(before.ids)
            assert joined in after.ids
        assert stages[-1].ids == tuple(units.encode(text))


@pytest.mark.parametrize("name", ["word", "char", "byte", "bpe"])
def test_a_tokenizer_json_says_the_same_to_hugging_face(name: str) -> None:
    units = UNITS[name]
    document = units.to_tokenizer_json()
    other = Tokenizer.from_str(json.dumps(document))
    other.encode_special_tokens = True
    assert other.get_vocab_size() == len(units)
    assert other.id_to_token(END) == "<end>"
    for text in (PROSE, *ODD):
        assert other.encode(text).ids == units.encode(text).tolist()
        if name != "byte":
            again = from_tokenizer_json(document, len(units))
            assert (again.encode(text) == units.encode(text)).all()


def of_another_model(kind: str) -> Tokenizer:
    if kind == "bpe":  # as GPT-2: the end is the last symbol; as GPT-NeoX: letters are composed first
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator([PROSE], trainer)
        tokenizer.add_special_tokens(["<|endoftext|>"])
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        wordpiece = trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
        tokenizer.train_from_iterator([PROSE], wordpiece)
    return tokenizer


@pytest.mark.parametrize("kind", ["bpe", "wordpiece"])
def test_the_units_of_other_models_have_the_end_in_front(kind: str) -> None:
    tokenizer = of_another_model(kind)
    units = from_tokenizer_json(json.loads(tokenizer.to_str()), tokenizer.get_vocab_size() + 3)
    assert units.symbols[END] == "<end>"
    assert tokenizer.id_to_token(units.rows[END]) in ("<|endoftext|>", "[SEP]")
    assert sorted(units.rows) == list(range(len(units)))
    text = "The cafe\u0301! cats 🐈 <|endoftext|> sat"
    ids = units.encode(text)
    tokenizer.encode_special_tokens = True
    assert units.rows[ids].tolist() == tokenizer.encode(text).ids
    assert all(0 <= start < end <= len(text) for start, end in units.cut(text))
    assert END not in ids
    assert from_json(json.loads(json.dumps(units.to_json()))) == units
    cats = [units.shown(i) for i in units.encode("xcats")]
    assert sum(shown.startswith("·") for shown in cats) >= len(cats) - 1


def test_units_from_elsewhere_that_do_not_fit_are_refused_in_one_line() -> None:
    good = UNITS["bpe"].to_tokenizer_json()
    unigram = {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}
    holes = {"type": "BPE", "vocab": {"<end>": 0, "a": 5000}, "merges": []}
    broken: list[tuple[Any, int | None, str]] = [
        (good, 200, "does not fit its model: it has 300 symbols, the model 200"),
        (good, 50_257, "does not fit"),
        ({}, None, "cannot be read"),
        ({"model": None}, None, "cannot be read"),
        (good | {"model": unigram}, None, "expected byte-level BPE"),
        (good | {"model": holes, "added_tokens": []}, None, "gaps"),
        (good | {"model": good["model"] | {"merges": [["no", "such"]]}}, None, "cannot be read"),
        (good | {"pre_tokenizer": None, "decoder": None}, None, "cuts no bytes"),
    ]
    for document, size, expected in broken:
        with pytest.raises(DataError, match=expected) as error:
            from_tokenizer_json(document, size)
        assert "\n" not in str(error.value)
    for stored in (
        {},
        {"name": "runes"},
        {"name": "kmer", "k": 99},
        {"name": "word", "words": ["a", "a"], "left_out": 0},
    ):
        with pytest.raises(DataError):
            from_json(stored)


def test_a_vocabulary_too_small_and_a_unit_that_there_is_not_are_refused() -> None:
    for name, size, k, expected in (
        ("bpe", 256, 3, "at least 257"),
        ("word", 0, 3, "at least 1"),
        ("kmer", 10, 9, "expected 1 to 8"),
        ("rune", 10, 3, "expected one of word, char"),
    ):
        with pytest.raises(DataError, match=expected):
            learn(name, [PROSE], size, k)


def test_one_line_of_dna_is_cut_into_short_parts() -> None:
    line = "".join(random.Random(0).choices("ACGT", k=300_000))
    units = learn("bpe", [line], size=400)
    assert len(units) == 400
    assert units.decode(units.encode(line)) == line
    assert max(map(len, units.symbols)) <= 32
    words = learn("word", [line], size=10)
    assert max(end - start for start, end in words.cut(line)) <= 64


@pytest.mark.parametrize("name", NAMES)
def test_a_long_text_is_cut_as_its_parts_are(name: str) -> None:
    text = (PROSE + ODD[2]) * 1000
    units = UNITS[name]
    assert "".join(blocks(text)) == text
    assert len(list(blocks(text))) > 2
    cut = units.cut(text)
    assert len(cut) == len(units.encode(text))
    assert cut[-1][1] > len(text) - 4
    if name == "bpe":  # by the library in one piece
        whole = Tokenizer.from_str(json.dumps(units.to_tokenizer_json())).encode(text)
        assert np.array_equal(whole.ids, units.encode(text))


@pytest.mark.parametrize("name", NAMES)
def test_half_a_surrogate_pair_is_a_question_mark(name: str) -> None:
    units = UNITS[name]
    assert (units.encode("a \ud83d b") == units.encode("a ? b")).all()


def test_the_library_is_loaded_when_a_text_is_cut_and_brings_no_network() -> None:
    program = (
        "import sys, ssllab.text.units as u; assert 'tokenizers' not in sys.modules;"
        "u.learn('bpe', ['a a'], 257); assert 'tokenizers' in sys.modules;"
        "print([m for m in ('huggingface_hub', 'ssl', 'http.client', 'requests', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["word", "char", "bpe"])
def test_nothing_can_be_learnt_from_nothing(name: str) -> None:
    with pytest.raises(DataError, match="nothing to learn"):
        learn(name, ["", ""], size=300)


def test_words_of_ascii_are_found_as_among_other_letters():
    every = "".join(map(chr, range(128)))
    dice = np.random.default_rng(0)
    for _ in range(200):
        text = "".join(dice.choice(list(every), 60)) + "".join(dice.choice(list("ab1.-' ,_<unk>@"), 60))
        assert pattern(ascii=True).findall(text) == pattern().findall(text)


@pytest.mark.parametrize("name", ["byte", "bpe"])
@given(text=texts)
@example(text=ODD[0])
@example(text="“Naïve” – 👍🏽")
def test_symbols_taken_one_by_one_become_the_text_whatever_halves_lie_between(name: str, text: str) -> None:
    """A board keeps text alone: half a character stands in it as its bytes, and becomes whole with its other half."""
    units, board, content = UNITS[name], "", b""
    for id in units.encode(text).tolist():
        board = text_of(bytes_of(board) + units.raw(id))
        content += units.raw(id)
        ids, places = units.read(board)
        assert b"".join(units.raw(i) for i in ids.tolist()) == content
        assert "\ufffd" not in board or "\ufffd" in text
        assert len(ids) == len(places)
        assert all(0 <= a < b <= len(board) for a, b in places)
        assert [a for a, _ in places] == sorted(a for a, _ in places)
    assert board == text
    if "⟨" not in text:
        assert np.array_equal(units.read(text)[0], units.encode(text))


def test_a_part_that_is_a_blank_and_half_a_character_is_read_as_that_part() -> None:
    """GPT-2's vocabulary has such parts: without them the other half would be told another beginning."""
    units = learn("bpe", [" “ ” – — ‘ ’ … •" * 50], size=259)
    ids = units.encode("a “b")
    taken = next(i for i in range(len(ids)) if not _whole(units.raw(int(ids[i]))))
    board = text_of(b"".join(units.raw(i) for i in ids[: taken + 1].tolist()))
    assert "⟨" in board
    assert units.read(board)[0].tolist() == ids[: taken + 1].tolist()


def _whole(content: bytes) -> bool:
    try:
        return bool(content.decode())
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("name", ["word", "char", "kmer"])
def test_units_that_are_no_bytes_read_a_sign_as_the_letters_that_it_is_written_with(name: str) -> None:
    units = UNITS[name]
    assert np.array_equal(units.read("cat ⟨E2 80⟩")[0], units.encode("cat ⟨E2 80⟩"))
    assert units.raw(2) is None


def test_capitals_alone_read_small_letters_as_such() -> None:
    dna = learn("char", ["ACGTN"])
    assert dna.encode("acgtN").tolist() == dna.encode("ACGTN").tolist()
    assert learn("char", ["ACGTn"]).encode("a").tolist() == [1]
