"""Alignment and uniformity against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from ssllab.diagnostics.geometry import alignment, uniformity


def directions(n: int, d: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("d", "expected"), [(2, -1.573), (3, -2.079), (64, -3.875), (128, -3.938)])
def test_uniformity_of_the_uniform_sphere(d: int, expected: float) -> None:
    assert float(uniformity(directions(3000, d))) == pytest.approx(expected, abs=0.02)


def test_uniformity_of_the_circle_has_a_closed_form() -> None:
    # E e^{-4 + 4 cos a} over a uniform angle is e^{-4} I0(4); distinct pairs of a regular polygon leave out a = 0.
    n = 400
    angle = torch.arange(n, dtype=torch.float64) * 2 * math.pi / n
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)
    mean = math.exp(-4) * float(torch.special.i0(torch.tensor(4.0, dtype=torch.float64)))
    assert float(uniformity(circle)) == pytest.approx(math.log((n * mean - 1) / (n - 1)), abs=1e-12)


def test_uniformity_is_zero_for_one_point_and_least_for_two_opposite_ones() -> None:
    assert float(uniformity(torch.ones(50, 16))) == pytest.approx(0, abs=1e-5)
    assert float(uniformity(torch.tensor([[1.0, 0], [-5.0, 0]]))) == pytest.approx(-8)


def test_uniformity_of_one_point_is_not_a_number() -> None:
    assert uniformity(torch.ones(1, 3)).isnan()


def test_alignment_from_same_to_opposite() -> None:
    x = directions(20, 8)
    assert float(alignment(x, 3 * x)) == pytest.approx(0, abs=1e-6)
    assert float(alignment(x, -x)) == pytest.approx(4, abs=1e-5)
    # 2 - 2 cos of a right angle.
    assert float(alignment(torch.tensor([[1.0, 0]]), torch.tensor([[0, 2.0]]))) == pytest.approx(2)
