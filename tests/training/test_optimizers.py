"""LARS against lightly's and the paper's formula; the schedule's known values; who decays."""

import math

import pytest
import torch
from torch import nn

from ssllab._torchvision import torchvision  # noqa: F401  lightly imports it
from ssllab.methods.causal_lm import CausalLMConfig
from ssllab.methods.settings import OptimizerSettings
from ssllab.training.optimizers import LARS, apply_settings, build_optimizer, gradient_norm, learning_rate_at


def test_lars_equals_lightlys():
    """With hardly any decay; lightly takes |g| + wd |w| for |g + wd w| and scales no group without decay."""
    from lightly.utils.lars import LARS as reference_class

    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(5, 4, generator=generator), torch.randn(5, generator=generator)
    ours, theirs = ([nn.Parameter(weight.clone()), nn.Parameter(bias.clone())] for _ in range(2))
    optimizer = LARS([{"params": ours[:1]}, {"params": ours[1:], "adapt": False}], lr=0.3, momentum=0.9)
    reference = reference_class(
        [{"params": theirs[:1], "weight_decay": 1e-12}, {"params": theirs[1:]}], lr=0.3, momentum=0.9
    )
    for _ in range(6):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=generator)
            other.grad = mine.grad.clone()
        optimizer.step()
        reference.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-7)


def test_lars_steps_by_a_share_of_the_weights_own_norm():
    weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))  # norm 5
    weight.grad = torch.tensor([[1e4, -7.0]])
    LARS([{"params": [weight]}], lr=0.5, weight_decay=0.1, trust=0.001).step()
    step = weight.detach() - torch.tensor([[3.0, 4.0]])
    assert step.norm().item() == pytest.approx(0.5 * 0.001 * 5, rel=1e-3)


def test_lars_multiplies_the_new_step_not_the_memory_by_the_learning_rate():
    weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
    optimizer = LARS([{"params": [weight]}], lr=1.0, momentum=0.9)
    weight.grad = torch.tensor([[1.0, 0.0]])
    start = weight.detach().clone()
    optimizer.step()
    first = weight.detach() - start
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    torch.testing.assert_close(weight.detach() - start - first, 0.9 * first, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("zero", ["weight", "gradient"])
def test_lars_stays_finite_where_a_norm_is_zero(zero):
    weight = nn.Parameter(torch.zeros(2, 2) if zero == "weight" else torch.ones(2, 2))
    weight.grad = torch.ones(2, 2) if zero == "weight" else torch.zeros(2, 2)
    LARS([{"params": [weight]}], lr=0.1).step()
    assert weight.isfinite().all()


@pytest.mark.parametrize("name", ["sgd", "adamw", "lars"])
def test_biases_and_batch_norm_do_not_decay(name):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    config = OptimizerSettings.make(
        {"optimizer": name, "learning_rate": 0.1, "weight_decay": 0.5, "warmup_steps": 0, "momentum": 0.0}
    )
    optimizer = build_optimizer(model, config)
    apply_settings(optimizer, 0, config)
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    after = dict(model.named_parameters())
    moved = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert moved == {"0.weight"}
    assert after["0.weight"].norm() < before["0.weight"].norm()


def test_frozen_parameters_are_left_out():
    model = nn.Linear(3, 4)
    model.bias.requires_grad_(False)
    optimizer = build_optimizer(model, OptimizerSettings())
    assert [p.shape for group in optimizer.param_groups for p in group["params"]] == [(4, 3)]


@pytest.mark.parametrize("name", ["sgd", "adamw", "lars"])
def test_a_parameter_may_get_its_first_gradient_in_mid_run_and_then_moves_as_if_it_were_new(name):
    """As a predictor does that is switched on while it trains."""
    late = build_optimizer(pair := nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2)]), _settings(name))
    early = nn.Linear(3, 2)
    early.load_state_dict(pair[1].state_dict())
    fresh = build_optimizer(early, _settings(name))
    for step in range(4):
        used, of = (pair[:1], []) if step < 2 else (pair, [(fresh, early)])
        for optimizer, part in [(late, used), *of]:
            optimizer.zero_grad(set_to_none=True)
            for parameter in part.parameters():
                parameter.grad = torch.full_like(parameter, 0.5 + step)
            apply_settings(optimizer, 0, _settings(name))
            optimizer.step()
    assert torch.equal(pair[1].weight, early.weight)
    assert torch.equal(pair[1].bias, early.bias)


def _settings(name):
    return OptimizerSettings(optimizer=name, learning_rate=0.1, warmup_steps=0)


def test_live_settings_reach_the_optimizer():
    model = nn.Linear(2, 2)
    config = OptimizerSettings.make({"warmup_steps": 0, "schedule": "constant"})
    optimizer = build_optimizer(model, config)
    changed = config.changed({"learning_rate": 0.25, "weight_decay": 0.125, "momentum": 0.5})
    assert apply_settings(optimizer, 10, changed) == 0.25
    weights, biases = optimizer.param_groups
    assert (weights["lr"], weights["weight_decay"], weights["betas"][0]) == (0.25, 0.125, 0.5)
    assert (biases["lr"], biases["weight_decay"]) == (0.25, 0.0)


def test_warm_up_is_linear_and_the_cosine_ends_at_a_hundredth():
    config = OptimizerSettings.make({"learning_rate": 1.0, "warmup_steps": 10, "schedule_steps": 110})
    assert learning_rate_at(0, config) == pytest.approx(0.1)
    assert learning_rate_at(4, config) == pytest.approx(0.5)
    assert learning_rate_at(10, config) == pytest.approx(1.0)
    assert learning_rate_at(60, config) == pytest.approx(0.505)  # half-way between the peak and the floor
    assert learning_rate_at(110, config) == pytest.approx(0.01)
    assert learning_rate_at(10_000, config) == pytest.approx(0.01)
    falling = [learning_rate_at(step, config) for step in range(10, 111)]
    assert falling == sorted(falling, reverse=True)


def test_the_schedule_of_a_language_model_ends_at_a_tenth_as_nano_gpts_does():
    config = CausalLMConfig(learning_rate=1e-3, warmup_steps=100, schedule_steps=2000)
    assert learning_rate_at(100, config) == pytest.approx(1e-3)
    assert learning_rate_at(2000, config) == pytest.approx(1e-4)


def test_the_constant_schedule_stays_at_the_peak():
    config = OptimizerSettings.make({"learning_rate": 0.3, "warmup_steps": 0, "schedule": "constant"})
    assert {learning_rate_at(step, config) for step in (0, 1, 10**6)} == {0.3}


def test_the_gradient_norm_is_euclidean_over_all_parameters():
    a, b, untouched = (nn.Parameter(torch.zeros(2)) for _ in range(3))
    a.grad, b.grad = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    assert gradient_norm([a, b, untouched]).item() == pytest.approx(math.sqrt(1 + 4 + 4 + 16))
