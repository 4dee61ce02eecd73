"""Quantizers: straight-through gradients, Gumbel statistics, FSQ's levels, and codes brought back to life."""

import dataclasses

import pytest
import torch

from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.quantizer import build_quantizer, k_means_start, restart_dead

CONFIG = dataclasses.replace(PRESETS["tiny"], num_codevectors_per_group=16, codevector_dim=8)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _latents(n=200, seed=0):
    return torch.nn.functional.layer_norm(torch.randn(n, 64, generator=_generator(seed)), (64,))


@pytest.fixture
def quantizer():
    torch.manual_seed(0)
    return build_quantizer(CONFIG)


def test_training_is_hard_forward_and_soft_backward(quantizer):
    z = _latents().requires_grad_()
    found = quantizer(z, 0.7, _generator())
    torch.testing.assert_close(found.vectors, quantizer.look_up(found.codes), atol=1e-5, rtol=1e-5)
    weights = torch.randn(found.vectors.shape, generator=_generator(1))
    (found.vectors * weights).sum().backward()
    # The same noise drawn again: the gradient is that of the soft mixture.
    again = z.detach().requires_grad_()
    logits = quantizer.logits(again)
    uniform = torch.rand(logits.shape, generator=_generator()).clamp(1e-20, 1 - 1e-7)
    soft = ((logits - (-uniform.log()).log()) / 0.7).softmax(-1)
    table = quantizer.codevectors.view(2, 16, -1).detach()
    mixture = torch.cat([soft[:, g] @ table[g] for g in range(2)], -1)
    (mixture * weights).sum().backward()
    torch.testing.assert_close(z.grad, again.grad, atol=1e-5, rtol=1e-4)


def test_gumbel_noise_draws_codes_with_their_softmax_probability(quantizer):
    z = 0.05 * _latents(1).expand(40_000, -1)
    found = quantizer(z, 2.0, _generator())
    for g in range(2):
        share = found.codes[:, g].bincount(minlength=16) / len(z)
        torch.testing.assert_close(share, found.probabilities[0, g].detach(), atol=0.012, rtol=0)


def test_evaluation_takes_the_best_code_and_nothing_is_random(quantizer):
    z = _latents()
    assert torch.equal(quantizer(z).codes, quantizer.logits(z).argmax(-1))
    assert torch.equal(quantizer(z, generator=_generator(), noise=False).codes, quantizer(z).codes)


def test_cosine_codes_do_not_care_how_long_a_latent_is():
    torch.manual_seed(0)
    quantizer = build_quantizer(dataclasses.replace(CONFIG, quantizer="cosine"))
    z = _latents()
    torch.testing.assert_close(quantizer.logits(z), quantizer.logits(7 * z), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("size", "levels"), [(320, (8, 8, 5)), (40, (8, 5)), (1000, (8, 5, 5, 5))])
def test_fsq_uses_all_combinations_of_its_levels(size, levels):
    torch.manual_seed(0)
    quantizer = build_quantizer(dataclasses.replace(CONFIG, quantizer="fsq", num_codevectors_per_group=size))
    z = (4 * torch.randn(60_000, 64, generator=_generator())).requires_grad_()
    found = quantizer(z)
    assert found.codes.min() == 0
    assert found.codes.max() == size - 1
    for column, count in enumerate(levels * 2):
        assert len(found.vectors[:, column].detach().mul(1e4).round().unique()) == count
    assert len(found.codes.unique(dim=0)) > size  # the groups are independent
    found.vectors.sum().backward()
    assert float(z.grad.abs().sum()) > 0


def test_fsq_refuses_a_size_that_levels_cannot_make():
    with pytest.raises(ValueError, match="expected one of"):
        build_quantizer(dataclasses.replace(CONFIG, quantizer="fsq", num_codevectors_per_group=17))


def test_a_dead_code_comes_back_where_there_is_sound(quantizer):
    z = _latents(400)
    dead = torch.zeros(2, 16, dtype=torch.bool)
    dead[0, 3] = dead[1, 9] = True
    with torch.no_grad():  # make them dead indeed
        quantizer.weight_proj.bias[3] = quantizer.weight_proj.bias[16 + 9] = -1e4
    assert not (quantizer(z).codes[:, 0] == 3).any()
    assert restart_dead(quantizer, dead, z, _generator()) == 2
    codes = quantizer(z).codes
    assert (codes[:, 0] == 3).any()
    assert (codes[:, 1] == 9).any()


def test_k_means_begins_with_every_code_alive(quantizer):
    centres = torch.randn(16, 64, generator=_generator(5))
    z = centres[torch.arange(1600) % 16] + 0.1 * torch.randn(1600, 64, generator=_generator(6))
    k_means_start(quantizer, z, _generator())
    codes = quantizer(z).codes
    for g in range(2):
        share = codes[:, g].bincount(minlength=16) / len(z)
        perplexity = float(torch.exp(-torch.special.xlogy(share, share).sum()))
        assert perplexity > 9
        # The same centre is the same code, but for one on the border of two.
        assert (codes[:16, g] == codes[16:32, g]).float().mean() > 0.8
