"""Variance, invariance and covariance (VICReg: Bardes, Ponce, LeCun 2022, section 4.1).

Three terms that hold an embedding in shape without negatives: no dimension may shrink, two views are alike, no two
dimensions say the same. The paper and its code do not agree in one factor, and others scale the covariance in another way;
here stands what `main_vicreg.py <https://github.com/facebookresearch/vicreg>`_ computes: half the sum over views of the
variance term (equation 1 does not halve it), the covariance term over D (EB-JEPA: over D (D - 1)).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ssllab.objectives.contrast import full_precision

EPSILON = 1e-4  # under the root, so that its gradient stays finite where a dimension is constant


class Terms(NamedTuple):
    """Scalars: the loss, and its three terms before their weights."""

    loss: Tensor
    invariance: Tensor
    variance: Tensor
    covariance: Tensor


def invariance(z1: Tensor, z2: Tensor) -> Tensor:
    """Mean squared difference of two views ``(N, D)``, over N and D (equation 5 sums over D)."""
    return F.mse_loss(full_precision(z1), full_precision(z2))


def variance(z: Tensor) -> Tensor:
    """Mean over D of ``relu(1 - std)`` of ``z: (N, D)``, N over 1 (equations 1 and 2): 0 where every dimension spreads by 1,
    0.99 where all rows are one vector."""
    return F.relu(1 - (full_precision(z).var(0) + EPSILON).sqrt()).mean()


def covariance(z: Tensor) -> Tensor:
    """Squared covariances of different dimensions of ``z: (N, D)``, summed, over D (equations 3 and 4)."""
    with torch.autocast(z.device.type, enabled=False):
        z = full_precision(z)
        z = z - z.mean(0)
        table = z.T @ z / (len(z) - 1)
    return (table.square().sum() - table.diagonal().square().sum()) / z.shape[1]


def vicreg(
    z1: Tensor,
    z2: Tensor,
    invariance_weight: float = 25.0,
    variance_weight: float = 25.0,
    covariance_weight: float = 1.0,
) -> Terms:
    """The loss of two views ``(N, D)`` (equation 6, scaled as above). One vector for everything costs 24.75.

    Raises ValueError for other shapes and for a batch of one, which has no variance.
    """
    if z1.shape != z2.shape or z1.ndim != 2 or len(z1) < 2:
        raise ValueError(
            f"z1 and z2 must have one shape (N, D) with N > 1, got {tuple(z1.shape)} and {tuple(z2.shape)}"
        )
    alike = invariance(z1, z2)
    narrow = (variance(z1) + variance(z2)) / 2
    shared = covariance(z1) + covariance(z2)
    loss = invariance_weight * alike + variance_weight * narrow + covariance_weight * shared
    return Terms(loss, alike, narrow, shared)
