"""Redundancy reduction (Barlow Twins: Zbontar, Jing, Misra, LeCun, Deny 2021, equations 1 and 2)."""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.objectives.contrast import full_precision

EPSILON = 1e-5  # of batch norm


def cross_correlation(z1: Tensor, z2: Tensor) -> Tensor:
    """``(D, D)``: how dimension i of one view varies with j of the other, -1 to 1, over the batch ``z1, z2: (N, D)``.

    Standardised as batch norm without weights does: by the biased variance plus 1e-5. Raises ValueError for other shapes.
    """
    if z1.shape != z2.shape or z1.ndim != 2 or len(z1) < 2:
        raise ValueError(
            f"z1 and z2 must have one shape (N, D) with N > 1, got {tuple(z1.shape)} and {tuple(z2.shape)}"
        )
    with torch.autocast(z1.device.type, enabled=False):
        return _standardised(full_precision(z1)).T @ _standardised(full_precision(z2)) / len(z1)


def barlow_twins(z1: Tensor, z2: Tensor, redundancy_weight: float = 0.0051) -> Tensor:
    """Squared differences of the cross-correlation from the identity, those off the diagonal times ``redundancy_weight``.

    ``z1, z2: (N, D)``; a scalar, a sum over D and D², as in the official ``main.py`` (lambda 0.0051). With weight 0
    nothing keeps the dimensions apart: they become one, which is dimensional collapse and no complete one.
    """
    table = cross_correlation(z1, z2)
    diagonal = table.diagonal()
    redundant = table.square().sum() - diagonal.square().sum()
    return (1 - diagonal).square().sum() + redundancy_weight * redundant


def _standardised(z: Tensor) -> Tensor:
    return (z - z.mean(0)) / (z.var(0, correction=0) + EPSILON).sqrt()
