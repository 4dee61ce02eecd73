"""InfoNCE (van den Oord et al. 2018, equation 4): over the batch, and over MoCo's queue."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast, cross_entropy, full_precision, unit


def info_nce_logits(
    anchor: Tensor, positive: Tensor, temperature: float | Tensor, normalize: bool = True
) -> Contrast:
    """Every original against every augmentation of the batch.

    ``anchor, positive: (N, D)``, row i of both from the same image. Returns ``logits: (N, N)``, the
    similarity of anchor i and positive j over the temperature, and ``targets: (N,)`` = 0..N-1.
    ``normalize=False`` compares by dot product instead of cosine.
    """
    if anchor.shape != positive.shape or anchor.ndim != 2:
        raise ValueError(
            "anchor and positive must have one shape (N, D), "
            f"got {tuple(anchor.shape)} and {tuple(positive.shape)}"
        )
    # Autocast would put the matrix product back into half precision.
    with torch.autocast(anchor.device.type, enabled=False):
        a, b = full_precision(anchor), full_precision(positive)
        if normalize:
            a, b = unit(a), unit(b)
        logits = a @ b.T / temperature
    return Contrast(logits, torch.arange(len(a), device=a.device))


def info_nce(anchor: Tensor, positive: Tensor, temperature: float | Tensor, normalize: bool = True) -> Tensor:
    """The lecture's variant: mean over N anchors of -log softmax_j(s(z_i, z+_j)/t) at j = i, in nats.

    ``anchor, positive: (N, D)``: the original image and its augmentation; a scalar. One-directional, so only
    originals are anchors. Constant embeddings give ln N.
    """
    return cross_entropy(info_nce_logits(anchor, positive, temperature, normalize))


def queue_info_nce_logits(query: Tensor, key: Tensor, queue: Tensor, temperature: float | Tensor) -> Contrast:
    """MoCo (He et al. 2020, equation 1): each query against its key and a queue of older keys.

    ``query, key: (N, D)`` are normalised here; ``queue: (K, D)`` holds unit vectors already. No gradient
    flows into key or queue. Returns ``logits: (N, 1 + K)`` with the key in column 0, and ``targets: (N,)``,
    all zero.
    """
    if query.shape != key.shape or query.ndim != 2 or queue.shape[1:] != query.shape[1:]:
        raise ValueError(
            "query and key must have one shape (N, D) and queue (K, D), "
            f"got {tuple(query.shape)}, {tuple(key.shape)} and {tuple(queue.shape)}"
        )
    with torch.autocast(query.device.type, enabled=False):
        q, k = unit(full_precision(query)), unit(full_precision(key.detach()))
        negatives = full_precision(queue.detach())
        logits = torch.cat([(q * k).sum(-1, keepdim=True), q @ negatives.T], dim=1) / temperature
    return Contrast(logits, torch.zeros(len(q), dtype=torch.long, device=q.device))


def chance_loss(candidates: int) -> float:
    """The loss of a guess among ``candidates``, in nats: ln(candidates).

    Candidates count the positive: 2N - 1 for NT-Xent, N for the lecture's variant, 1 + K for a queue.
    """
    return math.log(candidates)
