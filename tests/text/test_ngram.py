"""The n-gram models: known values, sums, and text that they prefer."""

from __future__ import annotations

from itertools import product
from math import exp, log

import numpy as np
import pytest

from ssllab.text.alphabet import Alphabet
from ssllab.text.ngram import CharacterModel, NGram, WordModel

TEXTS = ["THE CAT SAT", "THE DOG SAT", "A CAT RAN", "THE CAT RAN OFF"]


def test_witten_bell_by_hand() -> None:
    # Outcomes a = 0, b = 1, end = 2; one text "a b a".
    model = NGram([[0, 1, 0]], size=3, order=2)
    # Unigrams: 4 tokens of 3 kinds, mixed with the uniform 1/3.
    single = np.array([2 + 3 / 3, 1 + 3 / 3, 1 + 3 / 3]) / (4 + 3)
    assert model.distribution(()) == pytest.approx(single)
    # After a: b once, the end once; two kinds.
    after_a = (np.array([0, 1, 1]) + 2 * single) / (2 + 2)
    assert model.distribution((0,)) == pytest.approx(after_a)
    # After b: a once; one kind.
    assert model.distribution((1,)) == pytest.approx((np.array([1, 0, 0]) + single) / 2)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_every_distribution_sums_to_one_and_excludes_nothing(order: int) -> None:
    generator = np.random.default_rng(0)
    model = NGram([generator.integers(0, 5, n) for n in (0, 1, 4, 60)], size=6, order=order)
    for context in product(range(-1, 5), repeat=min(order, 3)):
        chances = model.distribution(context)
        assert chances.sum() == pytest.approx(1)
        assert (chances > 0).all()


def test_without_any_text_all_is_alike() -> None:
    assert NGram([], size=4, order=3).distribution((1, 2)) == pytest.approx([0.25] * 4)


def total(model: CharacterModel | WordModel, alphabet: Alphabet, text: str) -> float:
    state, logs = model.start, 0.0
    for symbol in alphabet.encode(text):
        logs += model.scores(state)[0][symbol]
        state = model.next(state, symbol)
    return logs + model.end(state)[0]


def test_texts_of_two_letters_have_a_probability_of_one_together() -> None:
    # An alphabet of A, B and the space: all texts up to a length hold nearly all probability.
    alphabet = Alphabet(("<pad>", "|", "A", "B"))
    model = CharacterModel(["A", "B", "AB"], alphabet, order=3)
    mass = sum(
        exp(total(model, alphabet, "".join(text))) for n in range(9) for text in product("AB ", repeat=n)
    )
    assert 0.95 < mass <= 1 + 1e-9


def test_the_word_model_shares_one_between_all_words_known_or_new() -> None:
    alphabet = Alphabet(("<pad>", "|", "A", "B"))
    model = WordModel(["A", "A B", "AA A"], alphabet, order=1)
    words = ["".join(letters) for n in range(1, 9) for letters in product("AB", repeat=n)]
    delimiter = alphabet.encode(" ")[0]
    mass = sum(exp(model.scores((model.start[0], word))[0][delimiter]) for word in words)
    mass += exp(model.end(model.start)[0])
    # The rest is what the spelling gives to no letters at all and to spaces.
    assert 0.8 < mass <= 1 + 1e-9
    # Eight tokens (A three times, the end three times) of four kinds: four parts of twelve are for what is new.
    assert exp(model.scores((model.start[0], "A"))[0][delimiter]) == pytest.approx(3 / 12)
    assert exp(model.end(model.start)[0]) == pytest.approx((3 + 4 * 0.5) / 12)


@pytest.mark.parametrize("kind", [CharacterModel, WordModel])
def test_what_was_read_is_likelier_than_what_was_not(kind: type) -> None:
    alphabet = Alphabet()
    model = kind(TEXTS, alphabet)
    assert total(model, alphabet, "THE CAT SAT") > total(model, alphabet, "THE CUT SAT") + log(3)
    assert total(model, alphabet, "THE DOG RAN") > total(model, alphabet, "RAN DOG THE") + log(3)


def test_a_word_costs_nothing_before_it_is_complete() -> None:
    alphabet = Alphabet()
    model = WordModel(TEXTS, alphabet)
    logs, units = model.scores((model.start[0], "TH"))
    letter, delimiter = alphabet.encode("E ")
    assert (logs[letter], units[letter]) == (0, 0)
    assert logs[delimiter] < 0
    assert units[delimiter] == 1
    assert (
        model.next(model.start, delimiter) == model.start
    )  # a delimiter before any letter completes no word
