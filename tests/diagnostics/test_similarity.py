"""Contrastive accuracy and similarities, above all at ties."""

from __future__ import annotations

import pytest
import torch

from ssllab.diagnostics.similarity import contrastive_accuracy, similarities, similarity_statistics
from ssllab.objectives.contrast import Contrast
from ssllab.objectives.info_nce import info_nce_logits
from ssllab.objectives.nt_xent import nt_xent_logits


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("temperature", [0.01, 0.5, 100.0])
@pytest.mark.parametrize("n", [2, 33, 256])
def test_collapsed_embeddings_score_chance(temperature: float, n: int) -> None:
    z = draw(1, 128).expand(n, 128)
    accuracy = contrastive_accuracy(nt_xent_logits(z, z, temperature))
    assert float(accuracy[1]) == pytest.approx(1 / (2 * n - 1), rel=1e-4)
    assert float(accuracy[5]) == pytest.approx(min(1, 5 / (2 * n - 1)), rel=1e-4)
    accuracy = contrastive_accuracy(info_nce_logits(z, z, temperature))
    assert float(accuracy[1]) == pytest.approx(1 / n, rel=1e-4)


def test_equals_sorting_where_nothing_ties() -> None:
    a, b = draw(2, 40, 8)
    contrast = nt_xent_logits(a, a + 0.7 * b, 0.2)
    order = contrast.logits.argsort(dim=1, descending=True)
    for k, accuracy in contrastive_accuracy(contrast, ks=(1, 3, 5)).items():
        expected = (order[:, :k] == contrast.targets[:, None]).any(1).double().mean()
        assert float(accuracy) == pytest.approx(float(expected))


def test_separate_images_are_all_found_and_swapped_ones_never() -> None:
    z = torch.eye(6)
    assert float(contrastive_accuracy(info_nce_logits(z, z, 0.1))[1]) == 1
    assert float(contrastive_accuracy(info_nce_logits(z, z.roll(1, 0), 0.1))[1]) == 0


def test_two_equal_candidates_share_the_hit() -> None:
    contrast = Contrast(torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]]), torch.tensor([0, 0]))
    accuracy = contrastive_accuracy(contrast, ks=(1, 2, 3))
    assert [float(accuracy[k]) for k in (1, 2, 3)] == pytest.approx([0.25, 0.5, 1.0])


def test_broken_logits_are_not_a_success() -> None:
    contrast = nt_xent_logits(torch.full((4, 3), torch.nan), torch.ones(4, 3), 0.5)
    assert contrastive_accuracy(contrast)[1].isnan()


@pytest.mark.parametrize("temperature", [0.05, 0.5, 10.0])
def test_statistics_are_means_of_cosines(temperature: float) -> None:
    a, b = draw(2, 10, 6)
    cosine = torch.cosine_similarity(a[:, None], b[None], dim=-1)
    contrast = info_nce_logits(a, b, temperature)
    statistics = similarity_statistics(contrast, temperature)
    assert float(statistics.positive) == pytest.approx(float(cosine.diagonal().mean()), abs=1e-6)
    off = cosine[~torch.eye(10, dtype=torch.bool)]
    assert float(statistics.negative) == pytest.approx(float(off.mean()), abs=1e-6)
    parts = similarities(contrast, temperature)
    torch.testing.assert_close(parts.positive, cosine.diagonal(), atol=1e-5, rtol=0)
    torch.testing.assert_close(parts.negative, off, atol=1e-5, rtol=0)


def test_negatives_of_nt_xent_leave_out_self_and_positive() -> None:
    a, b = draw(2, 4, 6)
    contrast = nt_xent_logits(a, b, 0.5)
    assert similarities(contrast, 0.5).negative.shape == (8 * 6,)
    assert similarity_statistics(contrast, 0.5).negative == pytest.approx(
        float(similarities(contrast, 0.5).negative.mean()), abs=1e-6
    )
