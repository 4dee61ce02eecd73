"""Alignment and uniformity on the unit sphere (Wang and Isola 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ssllab.objectives.contrast import full_precision, unit


@torch.no_grad()
def alignment(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared distance of positive pairs, E||x - y||^2, from 0 (same place) to 4 (opposite); equation 2.

    ``x, y: (N, D)``, row i of both from the same image; normalised here. A scalar.
    """
    difference = unit(full_precision(x)) - unit(full_precision(y))
    return difference.square().sum(-1).mean()


@torch.no_grad()
def chance_alignment(x: Tensor, y: Tensor) -> Tensor:
    """:func:`alignment` where each ``x: (N, D)`` has the ``y`` of another: what two images have that are no pair.

    Collapsed embeddings have 0 here too. A scalar; not a number for fewer than two pairs.
    """
    return alignment(x, y.roll(max(1, len(y) // 2), 0)) if len(y) > 1 else x.new_full((), torch.nan)


@torch.no_grad()
def uniformity(x: Tensor, t: float = 2.0) -> Tensor:
    """log E e^{-t ||x - y||^2} over distinct pairs: 0 if all points coincide, lower if spread; equation 3.

    ``x: (N, D)``, normalised here. A scalar; not a number for fewer than two points.
    """
    z = unit(full_precision(x))
    n = len(z)
    if n < 2:
        return z.new_full((), torch.nan)
    with torch.autocast(z.device.type, enabled=False):
        squared_distance = (2 - 2 * z @ z.T).clamp_min(0)
    exponent = (-t * squared_distance).fill_diagonal_(-torch.inf)
    return exponent.flatten().logsumexp(0) - math.log(n * (n - 1))
