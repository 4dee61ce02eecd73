"""Energies: how badly a next frame fits what went before (LeCun 2022, section 4), and a loss that contrasts them."""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast, full_precision


def energy(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference over the last dimension: ``(..., D)`` and ``(..., D)``, broadcast, -> ``(...)``."""
    return (full_precision(prediction) - full_precision(target)).square().mean(-1)


def energy_logits(
    prediction: Tensor, target: Tensor, negatives: Tensor, own: Tensor, temperature: float
) -> Contrast:
    """InfoNCE over energies: softmax of ``-energy / temperature`` (van den Oord et al. 2018, equation 4, with the energy in
    place of a similarity).

    ``prediction, target: (N, D)``; ``negatives: (K, D)``; ``own: (N, K)`` bool, which of them are no negatives of an anchor.
    Returns ``logits: (N, 1 + K)`` with the positive in column 0.
    """
    with torch.autocast(prediction.device.type, enabled=False):
        p, z = full_precision(prediction), full_precision(negatives)
        # By differences: by products, its default, the small distances of a collapsed model are rounding.
        far = torch.cdist(p, z, compute_mode="donot_use_mm_for_euclid_dist").square() / p.shape[1]
        far = far.masked_fill(own, torch.inf)
        logits = -torch.cat((energy(p, target)[:, None], far), 1) / temperature
    return Contrast(logits, torch.zeros(len(p), dtype=torch.long, device=p.device))
