"""What a text is cut into: every text comes back, nothing is shown as a replacement sign, and stored units are the same."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssllab.storage.errors import DataError
from ssllab.text.units import END, NAMES, Units, from_json, learn

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


@pytest.mark.parametrize("name", ["word", "char", "bpe"])
def test_nothing_can_be_learnt_from_nothing(name: str) -> None:
    with pytest.raises(DataError, match="nothing to learn"):
        learn(name, ["", ""], size=300)
