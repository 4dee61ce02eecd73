"""Ranks and spreads of embeddings whose spectrum is known."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.diagnostics.spectrum import (
    channel_std,
    covariance_spectrum,
    effective_rank,
    normalized_std,
    rankme,
    singular_values,
)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("d", [2, 16, 128])
def test_normalized_std_is_one_on_the_uniform_sphere(d: int) -> None:
    assert float(normalized_std(7 * draw(4000, d))) == pytest.approx(1, abs=0.02)


def test_normalized_std_of_a_single_direction_is_zero() -> None:
    z = draw(1, 32) * torch.arange(1, 101)[:, None]
    assert float(normalized_std(z)) == pytest.approx(0, abs=1e-5)


def test_channel_std_is_the_unbiased_one_per_dimension() -> None:
    h = torch.tensor([[0.0, 5.0], [2.0, 5.0]])
    assert channel_std(h).tolist() == pytest.approx([math.sqrt(2), 0])
    assert channel_std(h[:1]).tolist() == [0, 0]


@settings(max_examples=20)
@given(rank=st.integers(1, 12), scale=st.floats(1e-3, 1e3))
def test_equal_directions_count_as_many_as_they_are(rank: int, scale: float) -> None:
    # Plus and minus each axis: centred, with equal variance along `rank` directions.
    axes = scale * torch.eye(16)[:rank]
    z = torch.cat([axes, -axes]).repeat(3, 1)
    assert float(effective_rank(z)) == pytest.approx(rank, rel=1e-5)
    # RankMe's epsilon adds a little for each empty direction.
    assert float(rankme(z)) == pytest.approx(rank, rel=1e-4)


def test_rankme_follows_its_equation() -> None:
    z = draw(50, 8)
    s = torch.linalg.svdvals(z.double())
    p = s / s.sum() + 1e-7
    assert float(rankme(z)) == pytest.approx(
        math.exp(-sum(float(x) * math.log(float(x)) for x in p)), rel=1e-9
    )


@pytest.mark.parametrize("shape", [(60, 9), (9, 60)])
def test_spectra_equal_those_of_the_full_decomposition(shape: tuple[int, int]) -> None:
    z = draw(*shape)
    torch.testing.assert_close(singular_values(z), torch.linalg.svdvals(z.double()))
    covariance = torch.linalg.eigvalsh(torch.cov(z.T.double())).flip(0)[: min(shape)]
    torch.testing.assert_close(covariance_spectrum(z), covariance, atol=1e-10, rtol=1e-8)


def test_the_mean_counts_for_rankme_and_not_for_the_centred_rank() -> None:
    z = torch.cat([torch.eye(8), -torch.eye(8)]) + 1000
    assert float(rankme(z)) < 1.2
    assert float(effective_rank(z)) == pytest.approx(8, rel=1e-4)


def test_complete_collapse_hides_from_the_rank_and_shows_in_the_raw_std() -> None:
    # docs/papers.md: residual noise around one point has a high centred rank.
    h = 1 + 1e-2 * draw(400, 32)
    assert float(effective_rank(h)) > 25
    assert float(channel_std(h).mean()) == pytest.approx(0.01, rel=0.05)


def test_dimensional_collapse_hides_from_the_std_and_shows_in_the_rank() -> None:
    # One direction behind a batch norm: every channel has std 1.
    z = draw(400, 1).sign() * draw(1, 32).sign()
    assert float(normalized_std(z)) == pytest.approx(1, abs=0.02)
    assert float(effective_rank(z)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-20])
def test_one_point_has_rank_zero(value: float) -> None:
    z = torch.full((100, 12), value)
    assert float(effective_rank(z)) == 0
    assert covariance_spectrum(z).tolist() == [0] * 12
    assert float(rankme(z)) == pytest.approx(1, abs=1e-3)


def test_what_is_not_a_number_stays_so_and_raises_nothing() -> None:
    z = draw(10, 4)
    z[3, 2] = torch.nan
    assert rankme(z).isnan()
    assert effective_rank(z).isnan()
    assert singular_values(z).isnan().all()
    assert normalized_std(z).isnan()
