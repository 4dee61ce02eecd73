"""InfoNCE over the batch and over a queue, against loops written from the formula."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab._torchvision import torchvision
from ssllab.objectives.contrast import cross_entropy, unit
from ssllab.objectives.info_nce import chance_loss, info_nce, info_nce_logits, queue_info_nce_logits


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=25)
@given(n=st.integers(2, 9), t=st.floats(0.05, 20), seed=st.integers(0, 99))
def test_is_the_mean_over_originals_with_augmentations_as_candidates(n: int, t: float, seed: int) -> None:
    anchor, positive = draw(2, n, 5, seed=seed)
    total = 0.0
    for i in range(n):
        s = [float(torch.cosine_similarity(anchor[i], positive[j], 0)) / t for j in range(n)]
        total -= math.log(math.exp(s[i]) / sum(map(math.exp, s)))
    assert float(info_nce(anchor, positive, t)) == pytest.approx(total / n, abs=1e-10)


def test_gradient_is_the_slope_of_the_loss() -> None:
    anchor, positive = (z.clone().requires_grad_() for z in draw(2, 3, 4))
    assert torch.autograd.gradcheck(lambda a, b: info_nce(a, b, 0.3), (anchor, positive))


@pytest.mark.parametrize("t", [0.01, 100.0])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_extreme_temperatures_and_a_batch_of_two_give_finite_numbers(dtype: torch.dtype, t: float) -> None:
    anchor, positive = (z.to(dtype).requires_grad_() for z in draw(2, 2, 16))
    loss = info_nce(anchor, positive, t)
    loss.backward()
    assert loss.isfinite()
    assert anchor.grad is not None
    assert anchor.grad.isfinite().all()


@settings(max_examples=20)
@given(n=st.integers(2, 40), t=st.floats(0.01, 100))
def test_constant_embeddings_give_the_chance_loss(n: int, t: float) -> None:
    z = torch.ones(n, 8)
    assert float(info_nce(z, z, t)) == pytest.approx(chance_loss(n), abs=1e-5)


def test_the_loss_is_one_directional() -> None:
    anchor, positive = draw(2, 6, 4)
    assert float(info_nce(anchor, positive, 0.2)) != pytest.approx(float(info_nce(positive, anchor, 0.2)))


def test_queue_puts_the_key_first_and_the_queue_behind() -> None:
    query, key = draw(2, 4, 6)
    queue = unit(draw(7, 6, seed=1))
    logits, targets = queue_info_nce_logits(query, key, queue, 0.2)
    assert logits.shape == (4, 8)
    assert targets.tolist() == [0] * 4
    for i in range(4):
        assert float(logits[i, 0]) == pytest.approx(float(torch.cosine_similarity(query[i], key[i], 0)) / 0.2)
        for k in range(7):
            expected = float(torch.cosine_similarity(query[i], queue[k], 0)) / 0.2
            assert float(logits[i, 1 + k]) == pytest.approx(expected)


def test_queue_gradient_equals_lightlys_and_only_the_query_gets_one() -> None:
    assert torchvision  # lightly imports it, and it must load first.
    from lightly import loss

    query, key, queue = draw(5, 6), draw(5, 6, seed=1), unit(draw(9, 6, seed=2))
    ours, key_with_gradient, queue_with_gradient = (z.clone().requires_grad_() for z in (query, key, queue))
    value = cross_entropy(queue_info_nce_logits(ours, key_with_gradient, queue_with_gradient, 0.07))
    value.backward()
    assert key_with_gradient.grad is None
    assert queue_with_gradient.grad is None

    theirs = query.clone().requires_grad_()
    reference = loss.NTXentLoss(temperature=0.07, memory_bank_size=(9, 6))
    reference.memory_bank.bank = queue.clone()
    expected = reference(theirs, key)
    expected.backward()
    torch.testing.assert_close(value, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=1e-6)


def test_known_chance_losses() -> None:
    # wav2vec 2.0 with 100 distractors; fairseq logs 6.658 bits.
    assert chance_loss(101) == pytest.approx(4.615, abs=5e-4)
    assert chance_loss(101) / math.log(2) == pytest.approx(6.658, abs=5e-4)


def test_unequal_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        info_nce_logits(torch.ones(3, 4), torch.ones(3, 5), 0.5)
    with pytest.raises(ValueError, match="queue"):
        queue_info_nce_logits(torch.ones(3, 4), torch.ones(3, 4), torch.ones(7, 5), 0.5)
