"""NT-Xent, the loss of SimCLR (Chen et al. 2020, equation 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast, cross_entropy, full_precision, unit


def nt_xent_logits(z1: Tensor, z2: Tensor, temperature: float | Tensor, normalize: bool = True) -> Contrast:
    """The logits of 2N anchors against 2N columns, an anchor's own column -inf.

    ``z1, z2: (N, D)``, row i of both from the same image. Returns ``logits: (2N, 2N)`` and
    ``targets: (2N,)``; rows and columns are z1 then z2. The positive of row i is column i + N, that of
    row i + N column i; the other 2N - 2 columns are its negatives. ``normalize=False`` compares by dot
    product instead of cosine.
    """
    if z1.shape != z2.shape or z1.ndim != 2:
        raise ValueError(f"z1 and z2 must have one shape (N, D), got {tuple(z1.shape)} and {tuple(z2.shape)}")
    n = z1.shape[0]
    # Autocast would put the matrix product back into half precision.
    with torch.autocast(z1.device.type, enabled=False):
        z = torch.cat([full_precision(z1), full_precision(z2)])
        if normalize:
            z = unit(z)
        logits = z @ z.T / temperature
        logits = logits.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    targets = torch.arange(2 * n, device=z.device).roll(n)
    return Contrast(logits, targets)


def nt_xent(z1: Tensor, z2: Tensor, temperature: float | Tensor, normalize: bool = True) -> Tensor:
    """The mean over 2N terms of -log[e^{s_ij/t} / sum_{k != i} e^{s_ik/t}], in nats: a scalar.

    ``z1, z2: (N, D)``. This is the paper's mean. The official code (``simclr/objective.py``) returns
    loss_a + loss_b, each a mean over N: twice this number. Constant embeddings give ln(2N - 1).
    """
    return cross_entropy(nt_xent_logits(z1, z2, temperature, normalize))
