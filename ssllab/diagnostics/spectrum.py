"""How many directions an embedding uses, and how far it spreads in them: the two faces of collapse.

Read both. Complete collapse shows in the raw spread while the centred rank measures leftover noise;
dimensional collapse shows in the rank while the spread looks fine, above all behind an output batch norm.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from ssllab.objectives.contrast import full_precision, unit

# RankMe's epsilon (Garrido et al. 2023, equation 1).
RANKME_EPSILON = 1e-7

# Variance below this share of the mean square is rounding: the points coincide.
ROUNDING_VARIANCE = 1e-28


def _double(z: Tensor) -> Tensor:
    # MPS knows neither float64 nor eigenvalues.
    return (z.detach().cpu() if z.device.type == "mps" else z.detach()).double()


@torch.no_grad()
def channel_std(h: Tensor) -> Tensor:
    """The raw standard deviation of each dimension (unbiased). ``h: (N, D)`` -> ``(D,)``; zeros for N < 2."""
    h = full_precision(h)
    return h.std(0) if len(h) > 1 else torch.zeros_like(h[:1].sum(0))


@torch.no_grad()
def covariance_matrix(z: Tensor, most: int = 128) -> Tensor:
    """The covariance (unbiased) of ``most`` of the dimensions of ``z: (N, D)``, evenly chosen: ``(d, d)`` float32."""
    z = _double(z)
    z = z[:, torch.linspace(0, z.shape[1] - 1, min(most, z.shape[1]), device=z.device).round().long()]
    z = z - z.mean(0)
    return (z.T @ z / max(len(z) - 1, 1)).float()


@torch.no_grad()
def mean_cosine(z: Tensor) -> Tensor:
    """Mean cosine of the vectors of unrelated items, ``z: (N, D)`` -> scalar: 1 when all point the same way; 0 for N < 2."""
    directions, count = unit(_double(z)), len(z)
    both = directions.sum(0).square().sum() - directions.square().sum()
    return both / max(count * (count - 1), 1)


@torch.no_grad()
def normalized_std(z: Tensor) -> Tensor:
    """SimSiam's measure of collapse: mean over channels of the std of z/||z||, times sqrt(D).

    ``z: (N, D)`` -> scalar: 1 for directions spread evenly over the sphere, 0 for a single direction
    (Chen and He 2021, section 4.1).
    """
    return channel_std(unit(full_precision(z))).mean() * z.shape[1] ** 0.5


def _squared_singular_values(z: Tensor) -> Tensor:
    """Descending, ``(min(N, D),)``, from the smaller Gram matrix: several times faster than an SVD of z."""
    count = min(z.shape)
    if not z.isfinite().all():
        return z.new_full((count,), torch.nan)
    gram = z.T @ z if z.shape[1] <= z.shape[0] else z @ z.T
    return torch.linalg.eigvalsh(gram).flip(0).clamp_min(0)


@torch.no_grad()
def singular_values(z: Tensor) -> Tensor:
    """Singular values of ``z: (N, D)`` as it is (not centred), descending, ``(min(N, D),)`` float64.

    Values below about 1e-8 of the largest are rounding. Not a number where z is not.
    """
    return _squared_singular_values(_double(z)).sqrt()


@torch.no_grad()
def covariance_spectrum(z: Tensor) -> Tensor:
    """Eigenvalues of the centred covariance of ``z: (N, D)``, descending, ``(min(N, D),)`` float64.

    Jing et al. 2022, section 3. A sharp fall is dimensional collapse. All zero when the points coincide.
    """
    z = _double(z)
    centred = z - z.mean(0)
    if centred.square().sum() <= ROUNDING_VARIANCE * z.square().sum():
        centred = torch.zeros_like(z)
    return _squared_singular_values(centred) / max(len(z) - 1, 1)


@torch.no_grad()
def rankme(z: Tensor) -> Tensor:
    """RankMe: exp of the entropy of p = s/||s||_1 + 1e-7 over the uncentred singular values s.

    ``z: (N, D)`` -> scalar float64 from 1 to min(N, D) (Garrido et al. 2023, equations 1 and 2).
    """
    s = singular_values(z)
    p = s / s.sum().clamp_min(torch.finfo(s.dtype).tiny) + RANKME_EPSILON
    return (-(p * p.log()).sum()).exp()


@torch.no_grad()
def effective_rank(z: Tensor) -> Tensor:
    """exp of the entropy of the centred covariance's normalised eigenvalues: how many directions vary.

    ``z: (N, D)`` -> scalar float64 from 1 to min(N - 1, D); 0 when the points coincide.
    """
    spectrum = covariance_spectrum(z)
    total = spectrum.sum()
    p = spectrum / total.clamp_min(torch.finfo(spectrum.dtype).tiny)
    entropy = -torch.special.xlogy(p, p).sum()
    return torch.where(total == 0, 0.0, entropy.exp())


@lru_cache(maxsize=16)
def noise_rank(images: int, dimensions: int) -> tuple[float, float]:
    """RankMe and effective rank of Gaussian noise ``(images, dimensions)``, the same every time.

    Noise has more of both than any representation: they show collapse, and prove nothing beyond it.
    """
    noise = torch.randn(images, dimensions, generator=torch.Generator().manual_seed(0))
    return float(rankme(noise)), float(effective_rank(noise))
