"""NT-Xent against a loop written from the formula, against lightly, and at its limits."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssllab._torchvision import torchvision
from ssllab.objectives.nt_xent import nt_xent, nt_xent_logits


def pair(n: int, d: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(2 * n, d, generator=generator, dtype=dtype)
    return z[:n], z[n:]


def by_the_formula(z1: Tensor, z2: Tensor, t: float) -> float:
    """SimCLR, equation 1 and algorithm 1, one term at a time."""
    rows = [z / z.norm() for z in torch.cat([z1, z2])]
    n = len(z1)
    total = 0.0
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = sum(math.exp(float(rows[i] @ rows[k]) / t) for k in range(2 * n) if k != i)
        total -= math.log(math.exp(float(rows[i] @ rows[j]) / t) / others)
    return total / (2 * n)


@settings(max_examples=25)
@given(n=st.integers(2, 9), t=st.floats(0.05, 20), seed=st.integers(0, 99))
def test_is_the_papers_mean_over_2n_terms(n: int, t: float, seed: int) -> None:
    z1, z2 = pair(n, 5, seed)
    assert float(nt_xent(z1, z2, t)) == pytest.approx(by_the_formula(z1, z2, t), abs=1e-10)


@pytest.mark.parametrize("t", [0.05, 0.5, 5.0])
def test_value_and_gradient_equal_lightly(t: float) -> None:
    assert torchvision  # lightly imports it, and it must load first.
    from lightly import loss

    ours = [z.clone().requires_grad_() for z in pair(16, 8)]
    theirs = [z.clone().requires_grad_() for z in pair(16, 8)]
    # lightly too takes the mean over 2N terms.
    a, b = nt_xent(*ours, t), loss.NTXentLoss(temperature=t)(*theirs)
    torch.testing.assert_close(a, b, rtol=0, atol=1e-6)
    a.backward()
    b.backward()
    for x, y in zip(ours, theirs, strict=True):
        torch.testing.assert_close(x.grad, y.grad, rtol=0, atol=1e-6)


@pytest.mark.parametrize("normalize", [True, False])
def test_gradient_is_the_slope_of_the_loss(normalize: bool) -> None:
    z1, z2 = (z.requires_grad_() for z in pair(3, 4))
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.3, normalize), (z1, z2))


@settings(max_examples=20)
@given(n=st.integers(2, 40), t=st.floats(0.01, 100))
def test_constant_embeddings_give_the_chance_loss(n: int, t: float) -> None:
    z = torch.ones(n, 8)
    assert float(nt_xent(z, z, t)) == pytest.approx(math.log(2 * n - 1), abs=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("t", [0.01, 100.0])
@pytest.mark.parametrize("n", [2, 64])
def test_extreme_temperatures_give_finite_numbers(dtype: torch.dtype, t: float, n: int) -> None:
    z1, z2 = (z.to(dtype).requires_grad_() for z in pair(n, 16))
    loss = nt_xent(z1, z2, t)
    loss.backward()
    assert loss.isfinite()
    assert z1.grad is not None
    assert z1.grad.isfinite().all()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


def test_opposite_positives_at_low_temperature_stay_finite() -> None:
    z = torch.eye(2, 4).requires_grad_()
    loss = nt_xent(z, -z, 0.01)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(100 + math.log(2), rel=1e-5)
    assert z.grad is not None
    assert z.grad.isfinite().all()


def test_half_precision_autocast_does_not_reach_the_logits() -> None:
    z1, z2 = pair(8, 32, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        inside = nt_xent(z1, z2, 0.05)
    torch.testing.assert_close(inside, nt_xent(z1, z2, 0.05), rtol=0, atol=0)


def test_no_anchor_is_its_own_candidate_and_every_target_is_the_other_view() -> None:
    z1, z2 = pair(3, 4)
    logits, targets = nt_xent_logits(z1, z2, 0.5)
    assert targets.tolist() == [3, 4, 5, 0, 1, 2]
    assert logits.diagonal().isneginf().all()
    assert logits.isinf().sum() == 6
    assert float(logits[1, 4]) == pytest.approx(float(torch.cosine_similarity(z1[1], z2[1], 0)) / 0.5)


@settings(max_examples=20)
@given(seed=st.integers(0, 999), scale=st.floats(0.1, 50))
def test_length_and_order_of_views_do_not_matter(seed: int, scale: float) -> None:
    z1, z2 = pair(6, 5, seed)
    expected = float(nt_xent(z1, z2, 0.2))
    assert float(nt_xent(scale * z1, z2, 0.2)) == pytest.approx(expected, abs=1e-9)
    assert float(nt_xent(z2, z1, 0.2)) == pytest.approx(expected, abs=1e-9)


def test_unequal_views_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        nt_xent(torch.ones(3, 4), torch.ones(2, 4), 0.5)
