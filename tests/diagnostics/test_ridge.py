"""Ridge probes against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.preprocessing import StandardScaler

from ssllab.diagnostics.ridge import RIDGE, ridge_accuracy, ridge_r2


@pytest.fixture
def features():
    return torch.randn(300, 12, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 2, 12) + 5


def test_r2_is_that_of_scikit_learn(features):
    targets = features[:, [0, 5]] * torch.tensor([100.0, 0.3]) + torch.randn(300, 2)
    fit, held = features[:200], features[200:]
    scaler = StandardScaler().fit(fit.numpy().astype(np.float64))
    model = Ridge(alpha=RIDGE * 200).fit(scaler.transform(fit.numpy()), targets[:200].numpy())
    expected = r2_score(targets[200:].numpy(), model.predict(scaler.transform(held.numpy())))
    assert ridge_r2(fit, targets[:200], held, targets[200:]) == pytest.approx(expected, abs=1e-4)


def test_what_is_there_is_read_and_noise_is_not(features):
    noise = torch.randn(300, 1)
    assert ridge_r2(features[:200], features[:200, :1], features[200:], features[200:, :1]) > 0.999
    assert ridge_r2(features[:200], noise[:200], features[200:], noise[200:]) < 0.1


def test_accuracy_is_balanced_so_that_chance_is_one_over_the_classes(features):
    rare = (torch.arange(300) % 10 == 0).long()
    assert 0.3 < ridge_accuracy(features[:200], rare[:200], features[200:], rare[200:]) < 0.7
    shown = torch.cat((features, rare[:, None].float()), 1)
    assert ridge_accuracy(shown[:200], rare[:200], shown[200:], rare[200:]) == 1.0
    guesses = torch.zeros(100, dtype=torch.long)
    assert balanced_accuracy_score(rare[200:], guesses) == 0.5


def test_a_constant_latent_knows_nothing_and_is_no_error():
    same, targets = torch.ones(40, 4), torch.randn(40, 2)
    assert ridge_r2(same[:30], targets[:30], same[30:], targets[30:]) < 0.1


def test_what_is_not_finite_is_not_a_number():
    bad = torch.full((40, 4), float("nan"))
    assert np.isnan(ridge_r2(bad[:30], torch.randn(30, 1), bad[30:], torch.randn(10, 1)))


def test_more_features_than_samples_are_the_same_regression():
    generator = torch.Generator().manual_seed(2)
    wide, targets = torch.randn(60, 200, generator=generator), torch.randn(60, 2, generator=generator)
    scaler = StandardScaler().fit(wide[:40].numpy().astype(np.float64))
    model = Ridge(alpha=RIDGE * 40).fit(scaler.transform(wide[:40].numpy()), targets[:40].numpy())
    expected = r2_score(targets[40:].numpy(), model.predict(scaler.transform(wide[40:].numpy())))
    assert ridge_r2(wide[:40], targets[:40], wide[40:], targets[40:]) == pytest.approx(expected, abs=1e-2)
