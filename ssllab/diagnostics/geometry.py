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
