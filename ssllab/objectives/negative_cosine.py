"""How far a prediction points from its target (SimSiam: Chen, He 2021, equation 1; BYOL: Grill et al. 2020, equation 2)."""

from __future__ import annotations

from torch import Tensor

from ssllab.objectives.contrast import full_precision, unit


def negative_cosine(prediction: Tensor, target: Tensor, stop_gradient: bool = True) -> Tensor:
    """Mean over N of ``-cos(prediction, target)``: a scalar in -1..1, -1 where all are parallel.

    ``prediction, target: (N, D)``. SimSiam's D(p, stopgrad(z)); with ``stop_gradient=False`` the gradient also flows into
    the target, and everything mapped to one vector is a minimum that is found (SimSiam, section 4.1). BYOL's loss is
    ``2 + 2 * negative_cosine``, the squared distance of unit vectors. Raises ValueError for other shapes.
    """
    if prediction.shape != target.shape or prediction.ndim != 2:
        raise ValueError(
            "prediction and target must have one shape (N, D), "
            f"got {tuple(prediction.shape)} and {tuple(target.shape)}"
        )
    p, z = full_precision(prediction), full_precision(target)
    return -(unit(p) * unit(z.detach() if stop_gradient else z)).sum(-1).mean()
