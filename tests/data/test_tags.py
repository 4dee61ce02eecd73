"""What a grammar tells of symbols."""

from ssllab.data.text.tags import PARTS_OF_SPEECH, tags_of
from ssllab.text.units import learn
from ssllab.text.words import Words


def test_words_of_the_grammar_have_part_of_speech_and_meaning_and_no_others():
    from ssllab.data.text.everyday.grammar import everyday

    units = Words.of([*everyday().words[1:], "zebra"], 0)
    tags = tags_of(units, "everyday")
    assert tags["cat"] == ("NOUN", "animal")
    assert tags["ledge"] == ("NOUN", "sunny place")
    assert tags["calico"][0] == "ADJ"
    assert tags["The"][0] == "DET"
    assert tags["is"][0] == "AUX"  # its most frequent reading
    assert tags["."][0] == "PUNCT"
    assert set(tags) == set(units.symbols) - {"zebra", "<unknown>"}
    assert {tag for tag, _ in tags.values()} <= set(PARTS_OF_SPEECH)
    parts = learn("bpe", ["the cat sits on the ledge"] * 20, size=280)
    shown = {
        parts.shown(parts.symbols.index(piece)): tag for piece, tag in tags_of(parts, "everyday").items()
    }
    assert shown["cat"] == ("NOUN", "animal")
    assert "·he" not in shown  # a part from inside a word is no word
    assert "cat" not in tags_of(units, "prose")  # elsewhere only words of grammar have one, as a guess
    assert tags_of(units, "prose")["The"][0] == "DET?"
    assert tags_of(learn("char", ["the cat"]), "everyday") == {}


def test_the_grammar_as_a_model_says_the_truth_and_refuses_what_is_not_its_language():
    import numpy as np
    import pytest

    from ssllab.data.text.everyday.grammar import everyday
    from ssllab.methods.truth import Truth

    grammar = everyday()
    units = Words.of(sorted(grammar.words[1:], reverse=True), 0)  # in an order of their own
    model = Truth(grammar, units)
    ids = np.append(0, units.encode("The calico cat sits on the"))
    told = np.exp(model.next(ids))
    expected = grammar.distribution(["The", "calico", "cat", "sits", "on", "the"])
    assert told[units.symbols.index("sunny")] == pytest.approx(expected[grammar.places["sunny"]], rel=1e-5)
    assert told.sum() == pytest.approx(1, abs=1e-4)
    again = np.concatenate([ids[:2], [0], ids[1:]])  # after an end a sentence begins
    np.testing.assert_array_equal(model.next(again), model.next(ids))
    with pytest.raises(ValueError, match="begins so"):
        model.next(np.append(ids, units.encode("the the")))
