"""Where embeddings are drawn: on the circle, on the sphere, or in the plane of their principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["circle", "sphere", "pca"]

# Variance below this share of the mean square is rounding in float32: there is no direction to find.
ROUNDING_VARIANCE = 1e-12


@dataclass(frozen=True)
class Projection:
    """A linear map from D dimensions to the 2 or 3 of the picture.

    ``basis: (D, d)`` with orthonormal columns; ``mean: (D,)``, or None where the origin stays;
    ``explained``: the share of the variance that the picture keeps, 0..1.
    """

    basis: Tensor
    mean: Tensor | None
    explained: float
    kind: Kind

    def points(self, x: Tensor) -> Tensor:
        """Positions: ``(..., D)`` -> ``(..., d)``. What is not a number lands at the origin."""
        x = _finite(x.detach().to(self.basis))
        return (x if self.mean is None else x - self.mean) @ self.basis

    def vectors(self, v: Tensor) -> Tensor:
        """Directions such as forces, which take no mean: ``(..., D)`` -> ``(..., d)``."""
        return _finite(v.detach().to(self.basis)) @ self.basis


def _finite(x: Tensor) -> Tensor:
    return x.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)


@torch.no_grad()
def project(z: Tensor, dim: int | None = None, previous: Projection | None = None) -> Projection:
    """The view of ``z: (N, D)``: as it is for D = 2 (circle) and D = 3 (sphere), else PCA.

    PCA goes to ``dim`` axes, 2 by default; ``dim=2`` with D = 3 asks for PCA to the plane. With ``previous``,
    the axes within the PCA plane are turned (and mirrored) to agree with it as far as they can (orthogonal
    Procrustes), so that a live picture neither flips nor jumps. Rows that are not finite are left out; where
    nothing varies, the previous axes stay.
    """
    z = z.detach().float().cpu()
    width = z.shape[1]
    if width == 2:
        return Projection(torch.eye(2), None, 1.0, "circle")
    if width == 3 and dim in (None, 3):
        return Projection(torch.eye(3), None, 1.0, "sphere")
    dim = dim or 2
    if previous is not None and previous.basis.shape != (width, dim):
        previous = None
    rows = z[z.isfinite().all(1)]
    mean = rows.mean(0) if len(rows) else torch.zeros(width)
    centred = rows - mean
    if centred.square().sum() <= ROUNDING_VARIANCE * rows.square().sum():
        basis = torch.eye(width, dim) if previous is None else previous.basis
        return Projection(basis, mean, 0.0, "pca")
    values, vectors = torch.linalg.eigh((centred.T @ centred).double())
    values = values.clamp_min(0)
    # A width below dim leaves the last axes of the picture empty.
    found = min(dim, width)
    basis = torch.zeros(width, dim, dtype=torch.float64)
    basis[:, :found] = vectors.flip(1)[:, :found]
    if previous is None:
        strongest = basis.gather(0, basis.abs().argmax(0, keepdim=True))
        basis = torch.where(strongest < 0, -basis, basis)
    else:
        u, _, vt = torch.linalg.svd(basis.T @ previous.basis.double())
        basis = basis @ (u @ vt)
    explained = float(values[-found:].sum() / values.sum())
    return Projection(basis.float(), mean, explained, "pca")
