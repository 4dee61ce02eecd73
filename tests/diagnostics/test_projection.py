"""The map's projection: faithful, still between steps, and never in the way of a broken run."""

from __future__ import annotations

import pytest
import torch

from ssllab.diagnostics.projection import project


def cloud(n: int = 200, d: int = 16, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator) * torch.logspace(0, -2, d) * 3 + 1


@pytest.mark.parametrize(("d", "kind"), [(2, "circle"), (3, "sphere")])
def test_small_heads_are_drawn_as_they_are(d: int, kind: str) -> None:
    z = cloud(10, d)
    projection = project(z)
    assert projection.kind == kind
    assert projection.explained == 1
    assert torch.equal(projection.points(z), z)
    assert torch.equal(projection.vectors(z), z)


@pytest.mark.parametrize("dim", [2, 3])
def test_pca_keeps_the_largest_variance(dim: int) -> None:
    z = cloud()
    projection = project(z, dim)
    centred = (z - z.mean(0)).double()
    values = torch.linalg.svdvals(centred).square()
    assert projection.kind == "pca"
    assert projection.explained == pytest.approx(float(values[:dim].sum() / values.sum()), rel=1e-5)
    points = projection.points(z)
    assert points.shape == (200, dim)
    assert float(points.square().sum()) == pytest.approx(float(values[:dim].sum()), rel=1e-4)
    torch.testing.assert_close(projection.basis.T @ projection.basis, torch.eye(dim), atol=1e-5, rtol=0)


def test_vectors_are_differences_of_points() -> None:
    z = cloud()
    projection = project(z)
    step = torch.randn(200, 16, generator=torch.Generator().manual_seed(5))
    difference = projection.points(z + step) - projection.points(z)
    torch.testing.assert_close(projection.vectors(step), difference, atol=1e-4, rtol=0)


def test_a_slowly_moving_cloud_moves_slowly_on_the_picture() -> None:
    # Two nearly equal variances: plain PCA turns freely within the plane and flips its signs.
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(100, 8, generator=generator) * torch.tensor([3.0, 3, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1])
    projection = project(z)
    for _ in range(60):
        moved = z + 0.1 * torch.randn(100, 8, generator=generator)
        following = project(moved, previous=projection)
        jump = (following.points(moved) - projection.points(z)).norm(dim=1).mean()
        assert float(jump) < 0.5
        z, projection = moved, following


def test_a_mirrored_basis_is_mirrored_back() -> None:
    z = cloud()
    projection = project(z)
    turned = type(projection)(projection.basis[:, [1, 0]] * -1, projection.mean, projection.explained, "pca")
    torch.testing.assert_close(project(z, previous=turned).basis, turned.basis, atol=1e-5, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.3, 1e6])
def test_collapsed_embeddings_sit_at_the_origin_with_the_axes_kept(value: float) -> None:
    before = project(cloud())
    z = torch.full((50, 16), value)
    projection = project(z, previous=before)
    assert torch.equal(projection.basis, before.basis)
    torch.testing.assert_close(projection.points(z), torch.zeros(50, 2), atol=1e-6 * max(1, value), rtol=0)
    assert project(z).points(z).shape == (50, 2)
    assert projection.explained == 0


def test_a_line_is_drawn_as_a_line() -> None:
    z = torch.linspace(-1, 1, 50)[:, None] * torch.ones(1, 16)
    points = project(z).points(z)
    assert points.isfinite().all()
    assert float(points.std(0).max()) > 1
    assert float(points.std(0).min()) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("d", [2, 3, 16])
def test_what_is_not_a_number_is_drawn_at_the_origin(d: int) -> None:
    z = torch.full((20, d), torch.nan)
    projection = project(z)
    expected = torch.zeros(20, projection.basis.shape[1])
    assert torch.equal(projection.points(z), expected)
    assert torch.equal(projection.vectors(z * torch.inf), expected)


def test_one_broken_row_does_not_disturb_the_others() -> None:
    z = cloud()
    z[7] = torch.inf
    others = torch.cat([z[:7], z[8:]])
    torch.testing.assert_close(project(z).basis, project(others).basis)


def test_a_change_of_width_or_view_starts_afresh() -> None:
    before = project(cloud(d=16))
    assert project(cloud(d=9), previous=before).basis.shape == (9, 2)
    assert project(cloud(d=16), dim=3, previous=before).basis.shape == (16, 3)
    assert project(cloud(d=1)).points(cloud(d=1)).shape == (200, 2)
    assert project(cloud(d=3), dim=2).kind == "pca"
