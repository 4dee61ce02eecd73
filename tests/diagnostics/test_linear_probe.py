"""The linear probe against scikit-learn's logistic regression."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from ssllab.diagnostics import linear_probe
from ssllab.diagnostics.linear_probe import (
    MOST_CLASSES,
    frequent,
    linear_probe_accuracy,
    linear_probes,
    logistic_regression,
)


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def scores(x: torch.Tensor, y: torch.Tensor, train: int) -> tuple[float, float]:
    classes = int(y.max()) + 1
    mean, std = x[:train].mean(0), x[:train].std(0, correction=0)
    standard = ((x - mean) / torch.where(std > 0, std, 1)).double().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=1.0, max_iter=2000).fit(standard[:train], y[:train].numpy())
    ours = linear_probe_accuracy(x[:train], y[:train], x[train:], y[train:], classes)
    return ours, float(model.score(standard[train:], y[train:].numpy()))


def test_accuracy_on_digits_equals_scikit_learns() -> None:
    x, y = digits()
    ours, theirs = scores(x, y, 1200)
    assert ours == pytest.approx(theirs, abs=0.005)
    assert ours > 0.9


def test_accuracy_on_correlated_features_equals_scikit_learns() -> None:
    # An encoder's features: wide, positive, of a steep spectrum.
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 10, (1500,), generator=generator)
    latent = torch.randn(10, 64, generator=generator)[y] * 0.5 + torch.randn(1500, 64, generator=generator)
    mixing = torch.logspace(0, -2, 64)[:, None] * torch.randn(64, 256, generator=generator)
    ours, theirs = scores((latent @ mixing).relu(), y, 1000)
    assert ours == pytest.approx(theirs, abs=0.015)


def test_weights_are_scikit_learns() -> None:
    x, y = digits()
    x = (x[:600] - x[:600].mean(0)) / 8
    reference = LogisticRegression(C=1.0, max_iter=5000, tol=1e-10).fit(x.double().numpy(), y[:600].numpy())
    weights = logistic_regression(x.double(), y[:600], 10, iterations=1000)
    torch.testing.assert_close(weights[:-1].T, torch.tensor(reference.coef_), atol=1e-3, rtol=1e-3)


def test_targets_of_the_same_features_are_solved_one_by_one_and_repeatably() -> None:
    x, y = digits()
    x, y = x[:500], y[:500]
    targets = {
        "digit": (y[:300], y[300:], 10),
        "odd": (y[:300] % 2, y[300:] % 2, 2),
    }
    state = torch.get_rng_state()
    together = linear_probes(x[:300], x[300:], targets)
    assert together["digit"] == linear_probe_accuracy(x[:300], y[:300], x[300:], y[300:], 10)
    assert linear_probes(x[:300], x[300:], targets) == together
    assert torch.equal(torch.get_rng_state(), state)


def test_scale_and_offset_of_a_channel_do_not_matter_and_dead_channels_do_no_harm() -> None:
    x, y = digits()
    x, y = x[:600], y[:600]
    moved = torch.cat([x * 1e4 - 3e4, torch.full((600, 3), 0.1)], dim=1)
    accuracy = linear_probe_accuracy(x[:400], y[:400], x[400:], y[400:], 10)
    assert linear_probe_accuracy(moved[:400], y[:400], moved[400:], y[400:], 10) == pytest.approx(
        accuracy, abs=0.011
    )


def test_collapsed_features_give_the_commonest_class() -> None:
    y = torch.tensor([0] * 60 + [1] * 40)
    x = torch.ones(100, 8)
    assert linear_probe_accuracy(x, y, x, y, 2) == pytest.approx(0.6)


def test_a_class_never_seen_in_training_is_allowed() -> None:
    x, y = digits()
    keep = y[:300] != 7
    assert 0.5 < linear_probe_accuracy(x[:300][keep], y[:300][keep], x[300:600], y[300:600], 10) < 0.95


def test_broken_features_have_no_accuracy() -> None:
    x, y = digits()
    assert math.isnan(linear_probe_accuracy(x[:50] * torch.nan, y[:50], x[:50], y[:50], 10))


CASES = Path(__file__).resolve().parents[2] / ".." / "shared" / "cases" / "images"


@pytest.mark.skipif(not CASES.is_dir(), reason="no ../shared/cases beside the repository")
def test_the_denormal_features_of_a_diverged_step_have_an_accuracy() -> None:
    case = np.load(CASES / "19-denormal-features.npz")
    x, y = torch.from_numpy(case["x"]), torch.from_numpy(case["y"])
    assert 0.5 < linear_probe_accuracy(x, y, x, y, 2) <= 1


@pytest.mark.parametrize("scale", [1e-44, 1e-40, 1e-30, 1e15, 1e25, 3e38])
def test_features_of_any_size_give_a_number_or_none_and_never_an_error(scale: float) -> None:
    x, y = digits()
    x = x[:200] / 16 * scale
    for features in (x, torch.cat([x, digits()[0][:200]], 1)):
        accuracy = linear_probe_accuracy(features[:100], y[:100], features[100:], y[100:200], 10)
        assert math.isnan(accuracy) or 0 <= accuracy <= 1


def test_of_thousands_of_classes_the_most_frequent_are_learned_and_asked_for(monkeypatch) -> None:
    """The work is bounded: never more classes than MOST_CLASSES reach the classifier."""
    many = 5000
    generator = torch.Generator().manual_seed(0)
    often = torch.arange(MOST_CLASSES) * 7  # these classes have three images each, the others one
    y = torch.cat([torch.arange(many), often, often])
    codes = torch.randn(many, 16, generator=generator)
    x = codes[y] + 0.01 * torch.randn(len(y), 16, generator=generator)
    solved = []
    whole = linear_probe.logistic_regression

    def counted(x, y, classes):
        solved.append((len(x), classes, int(y.max()) + 1))
        return whole(x, y, classes, iterations=20)

    monkeypatch.setattr(linear_probe, "logistic_regression", counted)
    assert linear_probe_accuracy(x, y, codes[often], often, many) > 0.95
    assert solved == [(3 * MOST_CLASSES, MOST_CLASSES, MOST_CLASSES)]


def test_equally_frequent_classes_are_kept_by_their_numbers() -> None:
    assert frequent(torch.tensor([5, 5, 1, 9, 9, 3, 7]), 3).tolist() == [1, 5, 9]
