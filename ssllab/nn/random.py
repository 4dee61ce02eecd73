"""Dropout and LayerDrop from a generator of one's own: torch's own functions draw from the global one.

No generator means evaluation: nothing is dropped.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def dropout(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """Each value zero with probability ``p``, the others scaled by ``1 / (1 - p)``."""
    if generator is None or p <= 0.0:
        return x
    return x * torch.empty_like(x).bernoulli_(1.0 - p, generator=generator).div_(1.0 - p)


def chance(p: float, generator: torch.Generator | None) -> bool:
    """True with probability ``p``."""
    if generator is None or p <= 0.0:
        return False
    return bool(torch.rand((), generator=generator, device=generator.device) < p)


def set_dropout(model: nn.Module, p: float, layerdrop: float) -> None:
    """Give every part of a context network these rates: they are read anew in each forward pass."""
    for module in model.modules():
        for name in ("p", "inner_p", "outer_p"):
            if name in vars(module):
                setattr(module, name, p)
        if "layerdrop" in vars(module):
            module.layerdrop = layerdrop  # type: ignore[assignment]
