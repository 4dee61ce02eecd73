"""The tables of the grammar are read as they are written, and a slip in them is named."""

import pytest

from ssllab.data.text.everyday import everyday
from ssllab.data.text.everyday.automaton import Expansion
from ssllab.data.text.everyday.lexicon import LITERALS, NOUNS, VERBS, conjugated, literal, noun
from ssllab.data.text.everyday.notation import Call, Literal, Maybe, Mood, Phrase, items_of, read
from ssllab.data.text.everyday.rules import RULES


def test_a_line_is_read_into_its_items():
    assert items_of("<det $n> *is/VERB [.3 (near *<noun way sing>)] @positive") == (
        Call(("det", "$n")),
        Literal("is", "VERB", True),
        Maybe(0.3, (Phrase((Literal("near"), Call(("noun", "way", "sing"), True))),)),
        Mood("positive"),
    )


@pytest.mark.parametrize("line", ["the cat )", "<det sing", "the ] cat"])
def test_a_line_that_does_not_close_is_refused(line):
    with pytest.raises(ValueError, match=r"notation|closes nothing"):
        items_of(line)


def test_a_phrase_of_several_words_names_one_head():
    expansion = Expansion(read("sentence =\n 1 the bad\n"))
    end = expansion.state([])
    with pytest.raises(ValueError, match="needs one head"):
        expansion.call(("sentence",), end, head=True)


def test_a_rule_that_is_not_there_is_named():
    expansion = Expansion(read("sentence =\n 1 *<ghost sing> the\n"))
    end = expansion.state([])
    with pytest.raises(ValueError, match="<ghost sing>"):
        expansion.call(("sentence",), end, head=True)


def test_a_word_that_is_not_listed_is_named():
    with pytest.raises(ValueError, match="'axolotl'"):
        literal("axolotl")


def test_words_take_their_forms():
    assert conjugated("chase") == {"base": "chase", "sing": "chases", "past": "chased", "ing": "chasing"}
    assert conjugated("sit/sits/sat/sitting")["past"] == "sat"
    assert noun("mouse/mice", "plur") == "mice"
    assert noun("dog", "plur") == "dogs"


def test_every_class_of_words_and_every_listed_word_is_used():
    words = {word.lower() for word in everyday().words}
    for name, (_, entries) in NOUNS.items():
        forms = {noun(entry, number) for entry in entries.split() for number in ("sing", "plur")}
        assert len(forms & words) >= len(entries.split()), name
    for name, (_, entries) in VERBS.items():
        assert f"<verb {name} " in RULES, name
        assert entries
    listed = {word.lower() for entries in LITERALS.values() for word in entries.split()}
    assert listed - words == set()


def test_rules_read_no_empty_rule():
    assert all(rule.lines for rule in read(RULES))
