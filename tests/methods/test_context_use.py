"""How far back a model looks is seen in how its loss answers to a blurred context."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssllab.methods.context_use import context_use
from ssllab.methods.ngram import NGram, NGramConfig
from ssllab.methods.predictor import Predictor
from ssllab.text.units import learn

UNITS = learn("char", ["abcdefgh"])
TEXT = np.random.default_rng(0).integers(2, len(UNITS), 2000).astype(np.int32)


class Echo(Predictor):
    """Says that the symbol that stood ``back`` symbols ago comes, whatever else stands there."""

    def __init__(self, back: int, causal: bool = True) -> None:
        self.units, self.context, self.back, self.causal, self.mask = UNITS, 64, back, causal, len(UNITS)

    def next(self, ids):
        return self.at(ids, len(ids))

    def at(self, ids, place):
        logs = np.full(len(UNITS), np.log(0.01), np.float32)
        if place >= self.back and ids[place - self.back] != self.mask:
            logs[ids[place - self.back]] = np.log(0.9)
        return logs

    def window(self, ids):
        raise NotImplementedError


def repeating(back: int) -> np.ndarray:
    """A text in which the symbol of ``back`` places ago comes again."""
    text = TEXT.copy()
    for at in range(back, len(text)):
        text[at] = text[at - back]
    return text


@pytest.mark.parametrize("causal", [True, False])
def test_the_loss_rises_where_the_symbol_that_is_used_is_blurred_and_nowhere_else(causal):
    text = repeating(8)
    use = context_use(Echo(8, causal), text, places=60)
    assert use.both_sides is not causal
    assert use.whole == pytest.approx(-np.log(0.9), abs=1e-5)
    assert use.distances.tolist() == ([1, 2, 4, 8, 16, 32] if causal else [1, 2, 4, 8, 16])
    near = use.distances < 8
    assert use.hidden[near] == pytest.approx(-np.log(0.01), abs=1e-4)
    assert use.hidden[~near] == pytest.approx(use.whole, abs=1e-6)
    assert use.shuffled[~near] == pytest.approx(use.whole, abs=1e-6)
    # Shuffled, it is still there by chance now and then.
    assert (use.shuffled[near] > use.whole + 1).all()
    assert (use.shuffled[near] < use.hidden[near]).all()
    assert (use.hidden_error[~near] == 0).all()
    assert (use.shuffled_error[near] > 0).all()


def test_the_same_model_is_measured_alike_each_time():
    first, second = (context_use(Echo(4), repeating(4), places=20) for _ in range(2))
    assert np.array_equal(first.shuffled, second.shuffled)


def test_counts_are_flat_from_their_order_on():
    counted = NGram(NGramConfig.make({"order": 3}), UNITS)
    text = np.array([2, 2, 3] * 400, np.int32)  # two symbols tell the next one, one does not
    counted.counts.count(text)
    use = context_use(counted.eval().asked(), text[:400], places=40)
    assert use.distances.tolist() == [1, 2, 4, 8]
    assert use.shuffled[1:] == pytest.approx(np.full(3, use.whole), abs=1e-6)
    assert use.hidden[1:] == pytest.approx(np.full(3, use.whole), abs=1e-6)
    assert use.hidden[0] > use.whole + 0.3


def test_texts_that_begin_with_an_end_are_cut_as_if_they_began_there():
    """A model that only ever read from the beginning of a sentence is told of one."""
    seen = []

    class Watched(Echo):
        def next(self, ids):
            seen.append(ids.copy())
            return super().next(ids)

    text = repeating(4)
    text[::10] = 0
    context_use(Watched(4), text, whole=True, places=10)
    assert all(ids[0] == 0 for ids in seen)
    assert {len(ids) for ids in seen} >= {2, 3, 5}


def test_too_little_text_is_said_in_a_line():
    with pytest.raises(ValueError, match="3 held-out symbols are too few"):
        context_use(Echo(4, causal=False), TEXT[:3])


def test_progress_is_reported_and_ends_it():
    shares = []

    def report(share):
        shares.append(share)
        if len(shares) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        context_use(Echo(4), repeating(4), places=10, report=report)
    assert shares == sorted(shares)
    assert shares[0] == 0.0


def test_measuring_draws_nothing_from_the_dice_of_training():
    before = torch.get_rng_state()
    context_use(Echo(4), repeating(4), places=10)
    assert torch.equal(before, torch.get_rng_state())


def test_of_a_large_context_less_is_read():
    model = Echo(4)
    model.context = 1024
    use = context_use(model, repeating(4), places=256)
    assert (use.reach, use.places) == (256, 64)
    assert use.distances[-1] == 128
