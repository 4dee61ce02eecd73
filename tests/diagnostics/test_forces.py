"""The drawn forces are the negative gradient of the loss, and tangent to the sphere."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssllab.diagnostics.forces import Forces, anchor_forces, force_weights, info_nce_forces, nt_xent_forces
from ssllab.objectives.contrast import Contrast, unit
from ssllab.objectives.info_nce import info_nce, info_nce_logits, queue_info_nce_logits
from ssllab.objectives.nt_xent import nt_xent, nt_xent_logits


def sphere(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return unit(torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype))


@pytest.mark.parametrize(
    ("loss", "forces", "terms_per_pair"), [(nt_xent, nt_xent_forces, 2), (info_nce, info_nce_forces, 1)]
)
# Forces go up to 16, where a float32's last bit is 1.9e-6, and sums differ by vector unit: errors up to 7e-6 were met.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 3e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("temperature", [0.1, 0.5, 5.0])
@pytest.mark.parametrize("n", [2, 32])
def test_attraction_and_repulsion_add_up_to_the_gradient(
    loss: Callable[..., Tensor],
    forces: Callable[..., Forces],
    terms_per_pair: int,
    dtype: torch.dtype,
    tolerance: float,
    temperature: float,
    n: int,
) -> None:
    z = sphere(2 * n, 16, dtype=dtype).requires_grad_()
    z1, z2 = z.chunk(2)
    # autograd goes through the normalisation inside the loss.
    (gradient,) = torch.autograd.grad(loss(z1, z2, temperature), z)
    attraction, repulsion = forces(z1.detach(), z2.detach(), temperature)
    expected = -terms_per_pair * n * gradient
    torch.testing.assert_close(attraction + repulsion, expected, rtol=0, atol=tolerance)
    for force in (attraction, repulsion):
        radial = (force * z.detach()).sum(1)
        torch.testing.assert_close(radial, torch.zeros_like(radial), rtol=0, atol=tolerance)


def test_attraction_points_to_the_positive_and_repulsion_away_from_a_lone_negative() -> None:
    angles = torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    anchor, positive, negative = torch.stack([angles.cos(), angles.sin()], dim=1)
    forces = anchor_forces(anchor, positive, negative[None], 0.5)
    assert float(forces.attraction @ positive) > 0
    assert float(forces.repulsion @ negative) < 0


@settings(max_examples=25)
@given(k=st.integers(1, 30), t=st.floats(0.05, 50), seed=st.integers(0, 99))
def test_an_anchors_repulsion_weights_sum_to_its_attraction_weight(k: int, t: float, seed: int) -> None:
    z = sphere(k + 2, 6, seed=seed)
    forces = anchor_forces(z[0], z[1], z[2:], t)
    assert float(forces.negative_weights.sum()) == pytest.approx(float(forces.positive_weight), rel=1e-12)
    p = torch.exp(z[1:] @ z[0] / t)
    p = p / p.sum()
    assert float(forces.positive_weight) == pytest.approx(float(1 - p[0]) / t, abs=1e-9)
    torch.testing.assert_close(forces.negative_weights, p[1:] / t)


@pytest.mark.parametrize("shared", [True, False])
def test_anchor_forces_are_the_gradient_on_moco_queries(shared: bool) -> None:
    query, key, queue = sphere(4, 6), sphere(4, 6, seed=1), sphere(9, 6, seed=2)
    query.requires_grad_()
    logits, targets = queue_info_nce_logits(query, key, queue, 0.2)
    loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, query)
    negatives = queue if shared else queue.expand(4, 9, 6)
    forces = anchor_forces(query.detach(), key, negatives, 0.2)
    torch.testing.assert_close(forces.attraction + forces.repulsion, -gradient, rtol=0, atol=1e-12)
    assert forces.negative_weights.shape == (4, 9)


@pytest.mark.parametrize("t", [0.01, 100.0])
def test_forces_stay_finite_at_extreme_temperatures(t: float) -> None:
    z = sphere(4, 3, dtype=torch.float32)
    for forces in (nt_xent_forces(z[:2], z[2:], t), info_nce_forces(z[:2], z[2:], t)):
        assert all(force.isfinite().all() for force in forces)


def test_collapsed_embeddings_feel_no_force() -> None:
    z = sphere(1, 8).expand(6, 8)
    attraction, repulsion = nt_xent_forces(z, z, 0.1)
    assert float(attraction.abs().max()) < 1e-12
    assert float(repulsion.abs().max()) < 1e-12


def contrasts(t: float, n: int = 8) -> list[tuple[Contrast, int]]:
    a, b = sphere(2, n, 5)
    return [
        (nt_xent_logits(a, b, t), 2 * n - 2),
        (info_nce_logits(a, b, t), n - 1),
        (queue_info_nce_logits(a, b, sphere(11, 5, seed=3), t), 11),
    ]


def test_all_negatives_push_alike_when_hot_and_one_alone_when_cold() -> None:
    for contrast, negatives in contrasts(1e4):
        weights = force_weights(contrast, 1e4)
        assert weights.negatives.tolist() == [negatives] * len(contrast.targets)
        torch.testing.assert_close(weights.effective_negatives, weights.negatives.double(), rtol=1e-3, atol=0)
    for contrast, _ in contrasts(1e-4):
        effective = force_weights(contrast, 1e-4).effective_negatives
        torch.testing.assert_close(effective, torch.ones_like(effective), rtol=1e-3, atol=0)


def test_more_negatives_push_as_temperature_rises() -> None:
    previous = [0.0, 0.0, 0.0]
    for t in (0.05, 0.1, 0.2, 0.5, 1.0, 5.0):
        effective = [float(force_weights(c, t).effective_negatives.mean()) for c, _ in contrasts(t)]
        assert all(now > before for now, before in zip(effective, previous, strict=True))
        previous = effective


def test_pull_equals_push_and_follows_the_probability_of_the_positive() -> None:
    for contrast, _ in contrasts(0.3):
        weights = force_weights(contrast, 0.3)
        torch.testing.assert_close(weights.positive_force, (1 - weights.positive_probability) / 0.3)
        torch.testing.assert_close(weights.negative_force, weights.positive_force)
        assert (weights.hardest_negative_force <= weights.negative_force).all()


def test_known_weights_of_a_collapsed_batch() -> None:
    z = torch.ones(4, 8, dtype=torch.float64)
    weights = force_weights(nt_xent_logits(z, z, 0.5), 0.5)
    assert weights.positive_probability.tolist() == pytest.approx([1 / 7] * 8)
    assert weights.positive_force.tolist() == pytest.approx([6 / 7 / 0.5] * 8)
    assert weights.effective_negatives.tolist() == pytest.approx([6] * 8)


def test_one_hard_negative_among_two() -> None:
    # Shares 3/4 and 1/4 of the push: entropy ln 4 - 3/4 ln 3.
    logits = torch.tensor([[0.0, math.log(3), 0.0]], dtype=torch.float64)
    weights = force_weights(Contrast(logits, torch.tensor([0])), 1.0)
    assert float(weights.effective_negatives) == pytest.approx(4 / 3**0.75)
    assert float(weights.hardest_negative_force) == pytest.approx(3 / 5)
