"""What every contrastive objective shares: the table of logits and which of its columns are right."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Contrast(NamedTuple):
    """A classification of candidates. Row i is an anchor, its columns the candidates.

    ``logits: (M, C)`` similarity over temperature, -inf for a column that is no candidate (an anchor itself).
    ``targets: (M,)`` int64, the column of each anchor's positive.
    """

    logits: Tensor
    targets: Tensor


def full_precision(z: Tensor) -> Tensor:
    """``z`` in float32 where it came in half precision; float32 and float64 stay as they are.

    At temperature 0.01 rounding a similarity to bfloat16 moves its logit by up to 0.2.
    """
    return z.float() if z.dtype in (torch.float16, torch.bfloat16) else z


def unit(z: Tensor) -> Tensor:
    """``z: (..., D)`` scaled to length 1. A zero vector stays zero."""
    return F.normalize(z, dim=-1)


def cross_entropy(contrast: Contrast) -> Tensor:
    """Mean over anchors of -log softmax(logits)[target], in nats: a scalar."""
    return F.cross_entropy(contrast.logits, contrast.targets)
