"""What a model knows of Everyday English, and what its numbers say of models that know nothing, or all."""

from collections import Counter

import numpy as np
import pytest
import torch

from ssllab.data.text.everyday.grammar import everyday
from ssllab.data.text.everyday.pairs import PHENOMENA
from ssllab.methods.knowledge import CHANCE, everyday_pairs, facts_chance, facts_known, pairs_known
from ssllab.methods.predictor import Predictor
from ssllab.methods.writing import longest_copy, looped
from ssllab.text.units import learn
from ssllab.text.words import Words


class Known(Predictor):
    """One that scores whole sentences by ``score``."""

    context = 64

    def __init__(self, units, score):
        self.units, self.score = units, score

    def next(self, ids):
        raise NotImplementedError

    def window(self, ids):
        raise NotImplementedError

    def sentences(self, many):
        return [self.score([self.units.symbols[i] for i in ids[1:]]) for ids in many]


@pytest.fixture(scope="module")
def units():
    return Words.of(list(everyday().words[1:]), 0)


def begun(words):
    """The true probability of the first words of a sentence; ln."""
    grammar, belief, total = everyday(), everyday().start(), 0.0
    for word in words:
        chance = grammar.next(belief)[grammar.places[word]]
        if chance == 0:
            return -np.inf
        total, belief = total + np.log(chance), grammar.advance(belief, word)
    return total


def test_the_grammar_itself_knows_every_pair_and_every_fact(units):
    truth = Known(units, begun)
    found = pairs_known(truth)
    assert found == {"pairs_accuracy": 1.0} | {f"pairs_{name.replace(' ', '_')}": 1.0 for name in PHENOMENA}
    assert facts_known(truth) == 1.0


def test_one_that_cannot_decide_is_at_chance(units):
    blind = Known(units, lambda words: 0.0)
    assert set(pairs_known(blind).values()) == {CHANCE}
    assert facts_known(blind) == pytest.approx(facts_chance(blind))
    assert 0.1 < facts_chance(blind) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_one_that_likes_some_words_better_whatever_stands_around_is_near_chance(units, seed):
    """As an untrained model does: of a change that is always asked in one direction it would know all or nothing."""
    liked = dict(zip(units.symbols, np.random.default_rng(seed).normal(size=len(units)), strict=True))
    found = pairs_known(Known(units, lambda words: sum(liked[word] for word in words)))
    assert abs(found.pop("pairs_accuracy") - CHANCE) < 0.06
    one_way = found.pop(
        "pairs_tense_with_yesterday"
    )  # the present beside "yesterday" is wrong, the past never is
    assert abs(one_way - CHANCE) < 0.35
    assert all(abs(share - CHANCE) < 0.11 for share in found.values()), found


def test_each_phenomenon_has_pairs_of_both_directions(units):
    split = everyday().split
    for name, pairs in everyday_pairs().items():
        changes = Counter(
            next(
                (good, bad)
                for good, bad in zip(split(pair.good), split(pair.bad), strict=True)
                if good != bad
            )
            for pair in pairs
        )
        assert sum(changes.values()) >= 10
        if name != "tense with yesterday":
            assert sum(min(count, changes[good, bad]) for (bad, good), count in changes.items()) >= 8, changes


def test_what_the_symbols_do_not_cover_is_not_asked():
    few = learn("word", ["Paris is the capital of France. Rome is the capital of Italy."], size=50)
    knows = Known(few, lambda words: float("France" in words))
    assert pairs_known(knows) == {}
    assert (facts_known(knows), facts_chance(knows)) == (0.5, 0.5)


def test_the_longest_copy_is_found_wherever_it_stands():
    dice = np.random.default_rng(0)
    text = dice.integers(1, 50, 5000).astype(np.int32)
    ids = dice.integers(50, 60, 100).astype(np.int32)
    assert longest_copy(ids, text) == (0, 0)
    ids[20:60] = text[3000:3040]
    assert longest_copy(ids, text) == (20, 40)
    ids[70:100] = text[-30:]
    assert longest_copy(ids, text) == (20, 40)
    ids[50:100] = text[-50:]
    assert longest_copy(ids, text) == (50, 50)


@pytest.mark.parametrize(
    ("ids", "share"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.0),
        ([5] * 10, 1.0),
        ([1, 2, 3, 4] * 2 + [9, 8], 0.0),  # twice is no loop
        ([7, 8] + [1, 2, 3, 4] * 3 + [9, 8, 7, 6, 5, 0], 0.6),
        ([1, 1, 1, 2, 3, 4, 5, 6], 0.0),  # three alike are none either
        ([], 0.0),
    ],
)
def test_a_loop_is_what_is_said_three_times_in_a_row(ids, share):
    assert looped(np.array(ids, np.int32)) == pytest.approx(share)


def test_a_probe_says_what_is_known_and_quotes_what_is_copied(everyday_text):
    from ssllab.training.run_record import RunSettings
    from ssllab.training.trainer import Trainer

    torch.set_num_threads(1)
    made = Trainer(RunSettings(method="ngram", data="everyday", config={"unit": "word"}), everyday_text)
    made.train_step()
    found = made.probe()
    assert found.constants["pairs_chance"] == CHANCE
    assert 0 <= found.scalars["pairs_accuracy"] <= 1
    assert len(made.method.quotes["copied"].split()) <= found.scalars["copied_span"]
