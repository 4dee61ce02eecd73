"""How similar positives and negatives are, and how often the positive wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast

# Similarities that differ by rounding alone count as equal; otherwise a collapsed encoder would win or lose
# by the order of summation in the matrix product.
TIE_ROUNDINGS = 16


class Similarities(NamedTuple):
    """``positive: (M,)`` and ``negative: (M x negatives,)``: cosines, for histograms."""

    positive: Tensor
    negative: Tensor


class SimilarityStatistics(NamedTuple):
    """Mean cosine of anchors with their positives and with their negatives; scalars."""

    positive: Tensor
    negative: Tensor


@torch.no_grad()
def contrastive_accuracy(contrast: Contrast, ks: Sequence[int] = (1, 5)) -> dict[int, Tensor]:
    """The share of anchors whose positive is among the k most similar candidates; k -> scalar in 0..1.

    Ties are broken by lot, in expectation: with g candidates strictly better and e equal ones (the positive
    included), the positive is among the first k with probability (k - g)/e, kept within 0 and 1. So constant
    embeddings score k/candidates, which is chance. Not a number where logits are not.
    """
    logits, targets = contrast
    positive = logits.gather(1, targets[:, None])
    largest = logits.masked_fill(logits.isinf(), 0).abs_().amax(1, keepdim=True)
    tolerance = TIE_ROUNDINGS * torch.finfo(logits.dtype).eps * largest
    better = (logits > positive + tolerance).sum(1)
    equal = (logits >= positive - tolerance).sum(1) - better
    broken = largest[:, 0].isnan()
    accuracy = {}
    for k in ks:
        hit = ((k - better) / equal.clamp_min(1)).clamp(0, 1)
        accuracy[k] = hit.masked_fill(broken, torch.nan).mean()
    return accuracy


@torch.no_grad()
def similarities(contrast: Contrast, temperature: float) -> Similarities:
    """Every positive and every negative cosine; the logits were made with ``temperature``."""
    logits, targets = contrast
    cosine = logits * temperature
    negative = ~logits.isneginf()
    negative.scatter_(1, targets[:, None], False)
    return Similarities(cosine.gather(1, targets[:, None]).squeeze(1), cosine[negative])


@torch.no_grad()
def similarity_statistics(contrast: Contrast, temperature: float) -> SimilarityStatistics:
    """Mean positive and mean negative cosine; the logits were made with ``temperature``."""
    logits, targets = contrast
    cosine = logits * temperature
    others = logits.isneginf().scatter(1, targets[:, None], True)  # not negatives
    # A masked sum rather than a selection: it needs no wait for the device.
    total = cosine.masked_fill(others, 0).sum()
    return SimilarityStatistics(cosine.gather(1, targets[:, None]).mean(), total / (~others).sum())
