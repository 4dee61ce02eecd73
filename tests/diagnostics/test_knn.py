"""The weighted nearest-neighbour classifier against lightly's."""

from __future__ import annotations

import math

import pytest
import torch

from ssllab._torchvision import torchvision
from ssllab.diagnostics import knn
from ssllab.diagnostics.knn import knn_accuracy, knn_predict, neighbours
from ssllab.objectives.contrast import unit


def clusters(n: int, d: int, classes: int, noise: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    centres = torch.randn(classes, d, generator=torch.Generator().manual_seed(99))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (n,), generator=generator)
    return centres[labels] + noise * torch.randn(n, d, generator=generator), labels


@pytest.mark.parametrize("k", [1, 20, 200])
@pytest.mark.parametrize("temperature", [0.07, 0.1, 1.0])
def test_predicts_what_lightly_predicts(k: int, temperature: float) -> None:
    assert torchvision  # lightly imports it, and it must load first.
    from lightly.utils.benchmarking import knn as reference

    bank, labels = clusters(600, 8, 5, 2.0)
    queries, _ = clusters(150, 8, 5, 2.0, seed=1)
    expected = reference.knn_predict(
        unit(queries), unit(bank).T, labels, num_classes=5, knn_k=k, knn_t=temperature
    )[:, 0]
    assert (knn_predict(bank, labels, queries, 5, k, temperature) == expected).all()


def test_separate_clusters_are_all_told_apart_and_collapsed_ones_by_chance() -> None:
    bank, labels = clusters(400, 16, 4, 0.01)
    queries, answers = clusters(100, 16, 4, 0.01, seed=1)
    assert knn_accuracy(bank, labels, queries, answers, 4, k=10) == 1
    collapsed = knn_accuracy(torch.ones(400, 16), labels, torch.ones(100, 16), answers, 4, k=10)
    # One class for all queries: the share of that class.
    assert collapsed in {float((answers == c).double().mean()) for c in range(4)}


def test_a_small_bank_is_used_whole() -> None:
    bank, labels = clusters(10, 4, 2, 0.1)
    assert knn_accuracy(bank, labels, bank, labels, 2, k=200) == knn_accuracy(
        bank, labels, bank, labels, 2, k=10
    )


def test_low_temperature_is_the_nearest_neighbour() -> None:
    bank, labels = clusters(300, 6, 3, 2.0)
    queries, _ = clusters(50, 6, 3, 2.0, seed=1)
    nearest = labels[(unit(queries) @ unit(bank).T).argmax(1)]
    assert (knn_predict(bank, labels, queries, 3, k=200, temperature=1e-4) == nearest).all()


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, labels = clusters(100, 6, 3, 2.0)
    queries, _ = clusters(33, 6, 3, 2.0, seed=1)
    whole = knn_predict(bank, labels, queries, 3, k=50)
    monkeypatch.setattr(knn, "SIMILARITIES_AT_ONCE", 700)
    assert (knn_predict(bank, labels, queries, 3, k=50) == whole).all()


def test_broken_or_missing_features_have_no_accuracy() -> None:
    bank, labels = clusters(20, 4, 2, 0.1)
    assert math.isnan(knn_accuracy(bank * torch.nan, labels, bank, labels, 2, k=5))
    assert math.isnan(knn_accuracy(bank, labels, bank[:0], labels[:0], 2, k=5))


def test_neighbours_are_in_proportion_to_the_published_bank_and_ten_at_least() -> None:
    assert neighbours(50_000) == 200
    assert [neighbours(bank) for bank in (60, 1500, 2500, 5000)] == [10, 10, 10, 20]


def test_features_of_noise_have_the_share_of_the_most_frequent_class_at_most() -> None:
    generator = torch.Generator().manual_seed(1)
    share = torch.tensor([0.55, 0.25, 0.15, 0.05])
    bank_labels, answers = (share.multinomial(n, replacement=True, generator=generator) for n in (1500, 1000))
    bank, queries = (torch.randn(n, 32, generator=generator) for n in (1500, 1000))
    chance = float(answers.bincount().max()) / 1000  # twice the 1/4 that equal classes would have
    assert 0.25 < knn_accuracy(bank, bank_labels, queries, answers, 4, k=neighbours(1500)) < chance + 0.03
