"""Parts of speech: known where a grammar tells, guessed for words of grammar elsewhere, and said so."""

from __future__ import annotations

import pytest

from ssllab.data.text.tags import GUESS, PARTS_OF_SPEECH, part_of_speech, tags_of
from ssllab.text.units import learn

PROSE = ["It was there. The cat sat on the mat, and she didn't see that it was there, as it was."]


def test_everyday_english_tells_what_its_words_are_and_nothing_is_a_guess():
    tags = tags_of(learn("word", ["The calico cat sits on the sunny ledge."]), "everyday")
    assert tags["cat"][0] == "NOUN"
    assert tags["sits"][0] == "VERB"
    assert tags["."][0] == "PUNCT"
    assert not any(tag.endswith(GUESS) for tag, _ in tags.values())


@pytest.mark.parametrize("unit", ["word", "bpe"])
def test_in_prose_words_of_grammar_have_a_guess_and_others_nothing(unit):
    units = learn(unit, PROSE * 20, size=400)
    found = tags_of(units, "prose")
    whole = [i for i in range(1, len(units)) if not units.continues(i)]
    tags = {units.decode([i]).strip(): found.get(units.symbols[i], ("",))[0] for i in whole}
    assert (tags["on"], tags["and"], tags["she"], tags["was"]) == ("ADP?", "CCONJ?", "PRON?", "AUX?")
    assert tags["The"] == tags["the"] == "DET?"
    assert tags["cat"] == tags["mat"] == ""
    assert tags[","] == "PUNCT"


def test_a_guess_is_called_one():
    assert part_of_speech("DET?") == "determiners?"
    assert part_of_speech("DET") == "determiners"
    assert part_of_speech("") == part_of_speech("nothing") == ""


@pytest.mark.parametrize(
    ("unit", "language"), [("char", "prose"), ("byte", "prose"), ("kmer", "dna"), ("char", "dna")]
)
def test_letters_and_dna_have_none(unit, language):
    assert tags_of(learn(unit, ["ACGTACGT"]), language) == {}


def test_every_guess_is_of_a_part_of_speech_that_is_listed():
    from ssllab.data.text.closed_classes import CLOSED

    assert set(CLOSED.values()) <= PARTS_OF_SPEECH.keys()
    assert all(word == word.lower() for word in CLOSED)
