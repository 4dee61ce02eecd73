"""Minimal pairs of the grammar: one sentence is in the language, the other is not, and they differ in one word."""

import math
from collections import Counter

import pytest

from ssllab.data.text.everyday import everyday
from ssllab.data.text.everyday.pairs import PHENOMENA


@pytest.fixture(scope="module")
def pairs():
    return everyday().pairs(60)


def test_every_phenomenon_has_its_pairs(pairs):
    assert Counter(pair.phenomenon for pair in pairs) == dict.fromkeys(PHENOMENA, 60)
    assert pairs == everyday().pairs(60)


def test_the_good_is_in_the_language_and_the_bad_is_not(pairs):
    grammar = everyday()
    for pair in pairs:
        good, bad = grammar.split(pair.good), grammar.split(pair.bad)
        assert grammar.log_probability(good) > -math.inf
        assert grammar.log_probability(bad) == -math.inf
        assert sum(left != right for left, right in zip(good, bad, strict=True)) == 1
        assert set(bad) <= set(grammar.words)  # a word vocabulary covers both


def test_a_noun_of_the_other_number_stands_between(pairs):
    grammar = everyday()
    for pair in pairs:
        if pair.phenomenon not in ("agreement across a relative clause", "agreement across a phrase"):
            continue
        good, bad = grammar.split(pair.good), grammar.split(pair.bad)
        verb = next(at for at, (left, right) in enumerate(zip(good, bad, strict=True)) if left != right)
        numbers = {
            reading.number
            for word in good[:verb]
            for reading in grammar.lexicon[word]
            if reading.tag == "NOUN"
        }
        assert numbers == {"sing", "plur"}, pair
        assert ({"that", "who"} & set(good[:verb]) != set()) == (
            pair.phenomenon.endswith("relative clause")
        ), pair


def test_the_bicycles_even_though_old_were():
    grammar = everyday()
    good = "The bicycles , even though old , were in good shape ."
    assert grammar.log_probability(good.split()) > -math.inf
    assert grammar.log_probability(good.replace("were", "was").split()) == -math.inf
