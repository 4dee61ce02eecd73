"""Kneser-Ney: equal to counting by hand, sums to one everywhere, known values on Tiny Shakespeare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.text.kneser_ney import FALLBACK, KneserNey

SHAKESPEARE = (
    Path(__file__).parents[2] / "../shared/data/text_tinyshakespeare/tinyshakespeare_first80.txt"
).resolve()


class ByHand:
    """Chen and Goodman's equation 26, word for word, with dictionaries."""

    def __init__(self, ids: Sequence[int], size: int, order: int) -> None:
        self.size, self.order = size, order
        self.counts: dict[int, Counter[tuple[int, ...]]] = {}
        for n in range(1, order + 1):
            self.counts[n] = Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))
        for n in range(1, order):  # occurrences give way to different symbols before
            before = defaultdict(set)
            for gram in {tuple(ids[i : i + n + 1]) for i in range(len(ids) - n)}:
                before[gram[1:]].add(gram[0])
            self.counts[n] = Counter({gram: len(symbols) for gram, symbols in before.items()})
        self.after: defaultdict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for counts in self.counts.values():
            for gram, count in counts.items():
                self.after[gram[:-1]][gram[-1]] = count

    def discounts(self, n: int) -> tuple[float, float, float]:
        n1, n2, n3, n4 = (sum(c == i for c in self.counts[n].values()) for i in (1, 2, 3, 4))
        if 0 in (n1, n2, n3, n4):
            return FALLBACK
        y = n1 / (n1 + 2 * n2)
        found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
        return found if 0 < found[0] <= 1 and 0 < found[1] <= 2 and 0 < found[2] <= 3 else FALLBACK

    def p(self, symbol: int, context: tuple[int, ...]) -> float:
        lower = self.p(symbol, context[1:]) if context else 1 / self.size
        n = len(context) + 1
        if context not in self.after:
            return lower
        after = self.after[context]
        total, d = sum(after.values()), self.discounts(n)
        once, twice = (sum(c == i for c in after.values()) for i in (1, 2))
        more = len(after) - once - twice
        c = after.get(symbol, 0)
        kept = c - d[min(c, 3) - 1] if c else 0
        return kept / total + (d[0] * once + d[1] * twice + d[2] * more) / total * lower


def sample(seed: int, n: int, size: int) -> list[int]:
    """Zipf-like symbols that depend on the one before, so that n-grams come once, twice, three and four times."""
    generator = np.random.default_rng(seed)
    ids = [0]
    for _ in range(n - 1):
        ids.append(int((ids[-1] % 4 + generator.zipf(1.8)) % size))
    return ids


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_it_equals_the_equation_where_all_counts_of_counts_are_there(order: int) -> None:
    ids, size = sample(3, 500, 60), 60
    model, by_hand = KneserNey(size, order), ByHand(ids, size, order)
    model.count(ids)
    assert all(found.estimated for found in model.discounts())
    for n, found in enumerate(model.discounts(), 1):
        assert found.values == pytest.approx(by_hand.discounts(n), abs=1e-12)
    held_out = sample(4, 40, 60)
    for i in range(len(held_out)):
        context = tuple(held_out[max(0, i - order + 1) : i])
        expected = [by_hand.p(symbol, context) for symbol in range(size)]
        assert model.distribution(context) == pytest.approx(expected, abs=1e-12)
        assert model.log_probabilities(held_out[: i + 1])[i] == pytest.approx(
            log(expected[held_out[i]]), abs=1e-12
        )


def test_a_word_of_eleven_letters_by_hand() -> None:
    # abracadabra, order 2: no pair comes three times, so that both orders have the stated discounts .5, 1 and 1.5.
    ids = ["abcdr".index(letter) for letter in "abracadabra"]
    model = KneserNey(5, 2)
    model.count(ids)
    assert [found.estimated for found in model.discounts()] == [False, False]
    # Before a stand r, c, d; before each other letter one. Seven pairs: ab br ra ac ca ad da.
    single = np.array([3 - 1.5, 0.5, 0.5, 0.5, 0.5]) / 7 + (1.5 + 4 * 0.5) / 7 / 5
    assert model.distribution([]) == pytest.approx(single, abs=1e-15)
    # After a: b twice, c and d once.
    after_a = np.array([0, 2 - 1, 0.5, 0.5, 0]) / 4 + (1 + 2 * 0.5) / 4 * single
    assert model.distribution([0]) == pytest.approx(after_a, abs=1e-15)
    # The same letters one by one, as occurrences: a five times, b and r twice, c and d once.
    alone = np.array([5 - 1.5, 2 - 1, 0.5, 0.5, 2 - 1]) / 11 + (1.5 + 1 + 1 + 0.5 + 0.5) / 11 / 5
    assert model.distribution([0], order=1) == pytest.approx(alone, abs=1e-15)


@settings(max_examples=60)
@given(
    ids=st.lists(st.integers(0, 4), max_size=60),
    order=st.integers(1, 6),
    context=st.lists(st.integers(0, 4), max_size=7),
)
def test_probabilities_sum_to_one_and_exclude_nothing(ids: list[int], order: int, context: list[int]) -> None:
    model = KneserNey(5, 6)
    model.count(ids)
    chances = model.distribution(context, order)
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert (chances > 0).all()
    for symbol in range(5):
        scored = model.log_probabilities([symbol], order, before=context)
        assert scored == pytest.approx(np.log(chances[[symbol]]), abs=1e-12)


@settings(max_examples=60)
@given(
    chunks=st.lists(st.lists(st.integers(0, 6), max_size=20), max_size=6),
    order=st.integers(1, 6),
    asked=st.booleans(),
)
def test_counting_in_chunks_is_counting_at_once(chunks: list[list[int]], order: int, asked: bool) -> None:
    once, bit_by_bit = KneserNey(7, order), KneserNey(7, order)
    once.count([i for chunk in chunks for i in chunk])
    for chunk in chunks:
        bit_by_bit.count(chunk)
        if asked:
            bit_by_bit.log_probabilities([0, 1])
    expected, found = once.state(), bit_by_bit.state()
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(expected[name], found[name])


def test_stored_counts_go_on_as_if_nothing_had_been() -> None:
    ids = sample(3, 500, 30)
    whole, half = KneserNey(30, 4), KneserNey(30, 4)
    whole.count(ids)
    half.count(ids[:250])
    half = KneserNey.from_state(half.state())
    half.count(ids[250:])
    assert (half.log_probabilities(ids) == whole.log_probabilities(ids)).all()
    with pytest.raises(ValueError, match="counts"):
        KneserNey.from_state({})
    with pytest.raises(ValueError, match="counts"):
        KneserNey.from_state(half.state() | {"keys.2": np.array([2, 1])})


@pytest.mark.parametrize("order", [0, 7])
def test_an_order_out_of_bounds_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 6"):
        KneserNey(5, order)
    with pytest.raises(ValueError, match="expected 1 to 6"):
        KneserNey(5).distribution([], order)


def test_symbols_outside_the_vocabulary_are_refused() -> None:
    for ids in ([5], [-1]):
        with pytest.raises(ValueError, match="expected 0 to 4"):
            KneserNey(5).count(ids)


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="the shared data is not here")
def test_tiny_shakespeare_has_its_known_values() -> None:
    text = SHAKESPEARE.read_text()
    letters = sorted(set(text))
    assert len(letters) == 65
    number = {letter: i for i, letter in enumerate(letters)}
    ids = np.array([number[letter] for letter in text])
    model = KneserNey(65, 6)
    for start in range(0, 802_906, 1 << 16):
        model.count(ids[start : min(start + (1 << 16), 802_906)])
    found = [-model.log_probabilities(ids[802_906:], order).mean() for order in (3, 4, 5, 6)]
    assert found == pytest.approx([2.058, 1.716, 1.585, 1.555], abs=0.01)
