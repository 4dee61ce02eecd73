"""Energies of what comes next, and contrasts over them: against formulas written out by hand, in float64."""

import math

import pytest
import torch
import torch.nn.functional as F

from ssllab.objectives.contrast import cross_entropy
from ssllab.objectives.energy import energy, energy_logits
from ssllab.objectives.info_nce_over_time import time_logits


@pytest.fixture
def z():
    return torch.randn(6, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def gradient(loss, of):
    return torch.autograd.grad(loss, of)[0]


def test_energy_is_the_mean_squared_difference(z):
    assert torch.allclose(energy(z[:, 0], z[:, 1]).mean(), F.mse_loss(z[:, 0], z[:, 1]))
    assert energy(z[:, 0], z[:, 0]).abs().max() == 0


def test_info_nce_over_energies_is_written_out(z):
    prediction = z[:, 0].clone().requires_grad_()
    target, negatives = z[:, 1], z[:, 2]
    own = torch.eye(6, dtype=torch.bool)
    loss = cross_entropy(energy_logits(prediction, target, negatives, own, 0.3))
    by_hand = []
    for i in range(6):
        fits = math.e ** (-(prediction[i] - target[i]).square().mean() / 0.3)
        others = [
            math.e ** (-(prediction[i] - negatives[j]).square().mean() / 0.3) for j in range(6) if j != i
        ]
        by_hand.append(-torch.log(fits / (fits + sum(others))))
    expected = torch.stack(by_hand).mean()
    assert float((loss - expected).detach().abs()) < 1e-9
    assert (gradient(loss, prediction) - gradient(expected, prediction)).abs().max() < 1e-6


def test_one_vector_for_all_costs_what_a_guess_costs():
    same = torch.ones(6, 4)
    loss = cross_entropy(energy_logits(same, same, same, torch.eye(6, dtype=torch.bool), 0.1))
    assert float(loss) == pytest.approx(math.log(6))


@pytest.mark.parametrize("negatives_from", ["other", "same", "both"])
def test_info_nce_over_time_is_written_out(z, negatives_from):
    prediction = torch.randn(6, 8, dtype=torch.float64, requires_grad=True)
    contrast = time_logits(prediction, z, 3, negatives_from, 100)
    loss = cross_entropy(contrast)
    by_hand = []
    for i in range(6):
        others = [z[j, 3] for j in range(6) if j != i] if negatives_from != "same" else []
        others += [z[i, t] for t in range(5) if t != 3] if negatives_from != "other" else []
        scores = torch.stack([prediction[i] @ one for one in (z[i, 3], *others)])
        by_hand.append(-F.log_softmax(scores, 0)[0])
    expected = torch.stack(by_hand).mean()
    assert contrast.logits.shape[1] == {"other": 6, "same": 5, "both": 10}[negatives_from]
    assert float((loss - expected).detach().abs()) < 1e-9
    assert (gradient(loss, prediction) - gradient(expected, prediction)).abs().max() < 1e-6


def test_fewer_negatives_are_other_clips_still(z):
    contrast = time_logits(z[:, 0], z, 3, "other", 2)
    assert contrast.logits.shape == (6, 3)
    assert torch.allclose(contrast.logits[:, 0], (z[:, 0] * z[:, 3]).sum(1))


def test_small_distances_of_a_collapsed_model_are_kept_in_single_precision():
    z = 1 + 0.001 * torch.randn(128, 32, generator=torch.Generator().manual_seed(1))
    own = torch.zeros(128, 128, dtype=torch.bool)
    single = energy_logits(z, z, z, own, 0.1).logits
    double = energy_logits(z.double(), z.double(), z.double(), own, 0.1).logits
    far = double[:, 1:] < -1e-9
    assert ((single[:, 1:] - double[:, 1:]) / double[:, 1:])[far].abs().max() < 1e-3
