"""What keeps all codes in use: the diversity loss of wav2vec 2.0 (paper equation 4), and an entropy penalty."""

from __future__ import annotations

import torch
from torch import Tensor


def diversity_loss(probabilities: Tensor) -> Tensor:
    """``(GV - sum_g exp H(p_g)) / GV``, 0-d, between 0 (all codes alike) and ``(GV - G) / GV`` (one of each group).

    ``probabilities: (M, G, V)`` softmax of masked frames, without noise or temperature; p_g is their mean. This is
    fairseq's form; the paper writes ``(1 / GV) sum p log p``, whose minimum is at the same place.
    """
    mean = probabilities.mean(0)
    total = mean.numel()
    return (total - entropy(mean).exp().sum()) / total


def entropy_loss(probabilities: Tensor) -> Tensor:
    """``mean H(p) - H(mean p)`` summed over groups, in nats: sure of each frame, all codes over many.

    LFQ of MAGVIT-v2 (Yu et al. 2023, equation 6). ``probabilities: (M, G, V)``.
    """
    return (entropy(probabilities).mean(0) - entropy(probabilities.mean(0))).sum()


def entropy(p: Tensor) -> Tensor:
    """Entropy in nats over the last dimension; 0 log 0 = 0."""
    return -torch.special.xlogy(p, p.clamp_min(torch.finfo(p.dtype).tiny)).sum(-1)
