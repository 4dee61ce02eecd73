"""The truth for characters is that of the words that go on so."""

import numpy as np
import pytest

from ssllab.data.text.everyday import everyday


@pytest.fixture(scope="module")
def grammar():
    return everyday()


def test_characters_sum_over_the_words_that_begin_so(grammar):
    words = grammar.distribution(["The", "calico"])
    found = grammar.character_distribution("The calico ca")
    fitting = {word: words[place] for word, place in grammar.places.items() if word.startswith("ca")}
    assert found == pytest.approx({"t": 1.0})
    assert {word for word, share in fitting.items() if share} == {"cat", "cats"}
    found = grammar.character_distribution("The ca")
    after_the = grammar.distribution(["The"])
    begun = {word: after_the[place] for word, place in grammar.places.items() if word.startswith("ca")}
    total = sum(begun.values())
    for character, share in found.items():
        assert share == pytest.approx(sum(p for word, p in begun.items() if word[2:3] == character) / total)
    assert sum(found.values()) == pytest.approx(1)


def test_a_finished_word_may_go_on_or_end(grammar):
    found = grammar.character_distribution("The calico cat")
    words = grammar.distribution(["The", "calico"])
    cat, cats = words[grammar.places["cat"]], words[grammar.places["cats"]]
    comma = grammar.distribution(["The", "calico", "cat"])[grammar.places[","]]
    assert found["s"] == pytest.approx(cats / (cat + cats))
    assert found.get(",", 0) == pytest.approx(comma * cat / (cat + cats))
    assert sum(found.values()) == pytest.approx(1)


def test_the_characters_of_sentences_together_are_as_likely_as_their_words(grammar):
    sentences = grammar.sample(np.random.default_rng(2), 100)
    text = "".join(sentence.text + "\n" for sentence in sentences)
    by_words = sum(grammar.log_probability([word.text for word in sentence.words]) for sentence in sentences)
    assert grammar.character_log_probabilities(text).sum() == pytest.approx(by_words)
    for at in range(0, len(text), 53):
        assert sum(grammar.character_distribution(text[:at]).values()) == pytest.approx(1)


def test_after_a_newline_a_sentence_begins(grammar):
    assert grammar.character_distribution("It rains.") == pytest.approx({"\n": 1.0})
    assert grammar.character_distribution("It rains.\n") == grammar.character_distribution("")


@pytest.mark.parametrize(
    "text", ["The catz", "the cat", "The  cat", " The", "The cat ,", "It rains. ", "It rains.x"]
)
def test_what_no_sentence_begins_with_is_said(grammar, text):
    with pytest.raises(ValueError, match="no sentence of Everyday English"):
        grammar.character_distribution(text)
