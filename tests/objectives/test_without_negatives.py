"""Objectives without negatives against lightly, in float64 with their gradients, and at values known from the papers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ssllab._torchvision import torchvision
from ssllab.objectives.barlow_twins import barlow_twins, cross_correlation
from ssllab.objectives.negative_cosine import negative_cosine
from ssllab.objectives.sigreg import directions, lejepa, sigreg
from ssllab.objectives.vicreg import covariance, variance, vicreg

assert torchvision  # lightly imports it, and it must load first.
from lightly.loss import BarlowTwinsLoss, NegativeCosineSimilarity, VICRegLoss  # noqa: E402
from lightly.loss.lejepa_loss import SIGReg, lejepa_invariance_loss  # noqa: E402

Loss = Callable[[Tensor, Tensor], Tensor]


def pair(n: int = 40, d: int = 12, seed: int = 0, scale: float = 0.7) -> tuple[Tensor, Tensor]:
    """Two views with something in common, dimensions that depend on each other, and a mean."""
    generator = torch.Generator().manual_seed(seed)
    z1 = torch.randn(n, d, generator=generator, dtype=torch.float64)
    z2 = z1 + 0.5 * torch.randn(n, d, generator=generator, dtype=torch.float64)
    mix = torch.randn(d, d, generator=generator, dtype=torch.float64)
    return (scale * z1 @ mix / d**0.5 + 0.3).requires_grad_(), (scale * z2).requires_grad_()


def along(d: int = 12, slices: int = 64) -> Tensor:
    return directions(d, slices, torch.Generator().manual_seed(1), torch.device("cpu")).double()


def lightly_lejepa(z1: Tensor, z2: Tensor) -> Tensor:
    reference = SIGReg(num_vectors=64).double()
    reference.t = torch.linspace(0, 3, 17, dtype=torch.float64)
    reference.phi = (-reference.t.square() / 2).exp()
    weights = torch.full((17,), 2 * 3 / 16, dtype=torch.float64)
    weights[[0, -1]] /= 2
    reference.weights = weights * reference.phi
    reference._generate_unit_vectors = lambda device, dtype, features: along(features)
    both = torch.stack([z1, z2])
    return 0.05 * reference(both) + 0.95 * lejepa_invariance_loss(all_proj=both, global_proj=both)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("ours", "reference"),
    [
        (lambda a, b: vicreg(a, b).loss, VICRegLoss()),
        (lambda a, b: vicreg(a, b, 3.0, 0.0, 0.2).loss, VICRegLoss(3.0, 0.0, 0.2)),
        (barlow_twins, BarlowTwinsLoss(lambda_param=0.0051)),
        (lambda a, b: barlow_twins(a, b, 0.0), BarlowTwinsLoss(lambda_param=0.0)),
        (negative_cosine, lambda a, b: NegativeCosineSimilarity()(a, b.detach())),
        (lambda a, b: negative_cosine(a, b, stop_gradient=False), NegativeCosineSimilarity()),
        (lambda a, b: lejepa(a, b, along()).loss, lightly_lejepa),
    ],
    ids=["vicreg", "vicreg parts", "barlow", "barlow 0", "cosine", "cosine both", "lejepa"],
)
def test_value_and_gradient_are_lightlys(ours: Loss, reference: Loss, seed: int) -> None:
    z1, z2 = pair(seed=seed)
    value, expected = ours(z1, z2), reference(z1, z2)
    assert value.item() == pytest.approx(expected.item(), abs=1e-6, rel=1e-9)
    found = torch.autograd.grad(value, [z1, z2], allow_unused=True, materialize_grads=True)
    wanted = torch.autograd.grad(expected, [z1, z2], allow_unused=True, materialize_grads=True)
    for gradient, right in zip(found, wanted, strict=True):
        torch.testing.assert_close(gradient, right, atol=1e-6, rtol=1e-6)


def test_one_vector_for_everything_costs_what_the_papers_say() -> None:
    z = torch.ones(64, 16, dtype=torch.float64)
    assert vicreg(z, z).loss.item() == pytest.approx(24.75)
    assert variance(z).item() == pytest.approx(0.99)
    assert negative_cosine(z, z).item() == pytest.approx(-1)
    zero = torch.zeros(128, 16)
    assert sigreg(zero, along(16).float()).item() == pytest.approx(0.402 * 128, rel=0.01)
    assert cross_correlation(z, z).abs().max() == 0  # a constant has no correlation, so Barlow Twins costs D
    assert barlow_twins(z, z).item() == pytest.approx(16)


@pytest.mark.parametrize("n", [64, 1024])
def test_a_standard_normal_costs_the_same_whatever_the_batch(n: int) -> None:
    generator = torch.Generator().manual_seed(0)
    values = [sigreg(torch.randn(n, 32, generator=generator), along(32).float()).item() for _ in range(20)]
    assert sum(values) / 20 == pytest.approx(1.05, abs=0.25)


def every_knot(z: Tensor, along: Tensor) -> Tensor:
    """SIGReg as it is written: a cosine and a sine of each knot."""
    knots = torch.linspace(0, 3, 17, dtype=z.dtype)
    gauss = (-knots.square() / 2).exp()
    weights = torch.full((17,), 2 * 3 / 16, dtype=z.dtype)
    weights[[0, -1]] /= 2
    angles = (z @ along)[..., None] * knots
    error = (angles.cos().mean(0) - gauss).square() + angles.sin().mean(0).square()
    return len(z) * (error @ (weights * gauss)).mean()


@pytest.mark.parametrize("scale", [1e-4, 0.7, 30.0])
def test_knots_by_adding_angles_are_those_by_cosine_and_sine(scale: float) -> None:
    z, _ = pair(scale=scale)
    value, expected = sigreg(z, along()), every_knot(z, along())
    assert value.item() == pytest.approx(expected.item(), rel=1e-9)
    found, wanted = (torch.autograd.grad(each, z)[0] for each in (value, expected))
    assert (found - wanted).abs().max() < 1e-9 * max(1, wanted.abs().max())
    single = z.detach().float().requires_grad_()
    gradient = torch.autograd.grad(sigreg(single, along().float()), single)[0]
    assert (gradient - wanted).abs().max() < 1e-5 * max(1, wanted.abs().max())


def test_barlow_twins_is_one_where_dimensions_are_one() -> None:
    z = torch.randn(200, 1, dtype=torch.float64).expand(200, 8)
    assert barlow_twins(z, z, 0.0).item() == pytest.approx(0, abs=1e-6)
    assert barlow_twins(z, z).item() == pytest.approx(0.0051 * 8 * 7, rel=1e-3)
    assert covariance(z).item() == pytest.approx(7 * z[:, 0].var().item() ** 2, rel=1e-6)


def test_half_precision_is_computed_in_full() -> None:
    z1, z2 = (z.detach().bfloat16() for z in pair())
    with torch.autocast("cpu", torch.bfloat16):
        found = [vicreg(z1, z2).loss, barlow_twins(z1, z2), sigreg(z1, along()), negative_cosine(z1, z2)]
    z1, z2 = z1.float(), z2.float()
    exact = [vicreg(z1, z2).loss, barlow_twins(z1, z2), sigreg(z1, along()), negative_cosine(z1, z2)]
    assert [value.dtype for value in found] == [torch.float32] * 4
    torch.testing.assert_close(torch.stack(found), torch.stack(exact))


@pytest.mark.parametrize("loss", [vicreg, barlow_twins, negative_cosine])
def test_shapes_that_do_not_fit_are_said(loss: Loss) -> None:
    with pytest.raises(ValueError, match=r"one shape \(N, D\)"):
        loss(torch.zeros(4, 3), torch.zeros(4, 2))
