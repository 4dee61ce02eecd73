"""Optimizers and the learning-rate schedule, read anew from the config in every step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ssllab.methods.settings import OptimizerSettings

TRI_STAGE = (0.1, 0.4, 0.5)  # shares of the schedule that the rate rises, holds and falls
TRI_STAGE_FLOOR = 0.05


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017, algorithm 1), as in SimCLR's ``lars_optimizer.py``.

    Each weight matrix steps by a share of its own norm; biases and batch norm (``adapt=False`` groups) take
    plain SGD steps.
    """

    def __init__(
        self,
        parameters: Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 0.001,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "trust": trust,
            "adapt": True,
        }
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update. The learning rate multiplies the step, not the memory, as in the official code."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                update = parameter.grad.add(parameter, alpha=group["weight_decay"])
                if group["adapt"]:
                    weight_norm, update_norm = parameter.norm(), update.norm()
                    usable = (weight_norm > 0) & (update_norm > 0)
                    ratio = group["trust"] * weight_norm / update_norm.clamp_min(1e-30)
                    update = update * torch.where(usable, ratio, 1.0)
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].mul_(group["momentum"]).add_(update, alpha=group["lr"])
                parameter.sub_(state["momentum"])
        return loss


class SGD(torch.optim.SGD):
    """torch's, whose parameters may get their first gradient in mid-run, as those of a predictor that is switched on: the
    fused step takes no memory of some and none of others. A memory of nought changes no number."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and self.state[parameter].get("momentum_buffer") is None:
                    self.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return super().step(closure)


def build_optimizer(model: nn.Module, config: OptimizerSettings) -> torch.optim.Optimizer:
    """The optimizer that ``config`` names over the trainable parameters.

    Weight decay acts on matrices and kernels only, not on biases and batch norm (SimCLR, appendix B.6).
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trainable if p.ndim > 1], "decays": True},
        {"params": [p for p in trainable if p.ndim <= 1], "decays": False, "adapt": False},
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(
            groups,
            lr=config.learning_rate,
            betas=(config.momentum, config.adam_beta2),
            eps=config.adam_epsilon,
            fused=True,
        )
    if config.optimizer == "sgd":
        return SGD(groups, lr=config.learning_rate, momentum=config.momentum, fused=True)
    return LARS(groups, lr=config.learning_rate, momentum=config.momentum)


def learning_rate_at(step: int, config: OptimizerSettings) -> float:
    """Linear warm-up, then constant, or down to ``config.lowest_rate`` of the peak along a cosine (SimCLR appendix B.6) or a
    line; or the three stages of wav2vec 2.0's fine-tuning (section 4.3, exponential fall as in fairseq)."""
    peak = config.learning_rate
    if config.schedule == "tri_stage":
        return peak * _tri_stage((step + 1) / config.schedule_steps)
    if step < config.warmup_steps:
        return peak * (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return peak
    length = max(1, config.schedule_steps - config.warmup_steps)
    share = min(1.0, (step - config.warmup_steps) / length)
    fall = 1 - share if config.schedule == "linear" else (1 + math.cos(math.pi * share)) / 2
    return peak * (config.lowest_rate + (1 - config.lowest_rate) * fall)


def _tri_stage(share: float) -> float:
    rise, hold, fall = TRI_STAGE
    if share < rise:
        return share / rise
    return TRI_STAGE_FLOOR ** min(1.0, max(0.0, share - rise - hold) / fall)


def apply_settings(optimizer: torch.optim.Optimizer, step: int, config: OptimizerSettings) -> float:
    """Put the live settings into the optimizer before a step; returns the learning rate in force."""
    rate = learning_rate_at(step, config)
    for group in optimizer.param_groups:
        group["lr"] = rate
        group["weight_decay"] = config.weight_decay if group["decays"] else 0.0
        if "betas" in group:
            group["betas"] = (config.momentum, group["betas"][1])
        else:
            group["momentum"] = config.momentum
    return rate


def gradient_norm(parameters: Iterable[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients together: a 0-d tensor."""
    return nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
