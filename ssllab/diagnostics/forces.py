"""What pulls and pushes an embedding: the negative gradient of a contrastive loss, split in two.

Every force is tangent to the sphere: the gradient through the normalisation at a unit vector z is multiplied
by I - z z^T, so it can turn z but not lengthen it. Divide by ||h|| for the gradient at an unnormalised h.
SimCLR Table 2; Wang and Liu 2021, section 3.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast
from ssllab.objectives.info_nce import info_nce_logits
from ssllab.objectives.nt_xent import nt_xent_logits


class Forces(NamedTuple):
    """``attraction, repulsion: (2N, D)``: towards the positive, and away from the negatives."""

    attraction: Tensor
    repulsion: Tensor


class AnchorForces(NamedTuple):
    """The forces on anchors alone, and the weights they are made of.

    ``attraction, repulsion: (..., D)``; ``positive_weight: (...)`` = (1 - p_positive)/t;
    ``negative_weights: (..., K)`` = p_k/t. The negative weights sum to the positive weight.
    """

    attraction: Tensor
    repulsion: Tensor
    positive_weight: Tensor
    negative_weights: Tensor


class ForceWeights(NamedTuple):
    """How hard each anchor is pulled and pushed. Every tensor ``(M,)``.

    ``positive_force``: (1 - p_positive)/t. ``negative_force``: the sum of p_k/t over negatives (equal to it).
    ``hardest_negative_force``: the largest p_k/t. ``positive_probability``: p_positive.
    ``effective_negatives``: exp of the entropy of p over the negatives alone, from 1 (only the hardest
    pushes) to ``negatives`` (all push alike). ``negatives``: their number.
    """

    positive_force: Tensor
    negative_force: Tensor
    hardest_negative_force: Tensor
    positive_probability: Tensor
    effective_negatives: Tensor
    negatives: Tensor


def _tangent(force: Tensor, z: Tensor) -> Tensor:
    return force - (force * z).sum(-1, keepdim=True) * z


def _without_targets(values: Tensor, targets: Tensor, fill: float) -> Tensor:
    return values.scatter(1, targets[:, None], fill)


@torch.no_grad()
def nt_xent_forces(z1: Tensor, z2: Tensor, temperature: float) -> Forces:
    """Attraction and repulsion in symmetric NT-Xent; their sum is -2N d nt_xent / dz at unit z.

    ``z1, z2: (N, D)`` unit vectors; rows of the result are z1 then z2. A sample feels its own loss term and
    those in which it is a candidate: towards its positive with weight ((1 - p_i,pos) + (1 - p_pos,i))/t, away
    from negative k with weight (p_ik + p_ki)/t.
    """
    z = torch.cat([z1, z2])
    logits, targets = nt_xent_logits(z1, z2, temperature, normalize=False)
    push = _without_targets(logits.softmax(1), targets, 0.0)
    # Summed over negatives, because 1 - p loses every digit once p is nearly 1.
    pull = push.sum(1)
    attraction = (pull + pull[targets])[:, None] / temperature * z[targets]
    repulsion = -(push + push.T) @ z / temperature
    return Forces(_tangent(attraction, z), _tangent(repulsion, z))


@torch.no_grad()
def info_nce_forces(anchor: Tensor, positive: Tensor, temperature: float) -> Forces:
    """Attraction and repulsion in the one-directional loss; their sum is -N d info_nce / dz at unit z.

    ``anchor, positive: (N, D)`` unit vectors; rows of the result are anchors then positives. Anchor i and
    positive i pull each other with weight (1 - p_ii)/t; anchor i and positive k push with weight p_ik/t.
    """
    logits, targets = info_nce_logits(anchor, positive, temperature, normalize=False)
    push = _without_targets(logits.softmax(1), targets, 0.0)
    pull = push.sum(1, keepdim=True)
    attraction = torch.cat([pull * positive, pull * anchor]) / temperature
    repulsion = torch.cat([-push @ positive, -push.T @ anchor]) / temperature
    z = torch.cat([anchor, positive])
    return Forces(_tangent(attraction, z), _tangent(repulsion, z))


@torch.no_grad()
def anchor_forces(anchor: Tensor, positive: Tensor, negatives: Tensor, temperature: float) -> AnchorForces:
    """-dl/dz of one anchor's own loss term: (1/t)[(1 - p+) v+ - sum_k p_k v_k], tangent to the sphere.

    ``anchor, positive: (D,)`` or ``(B, D)``; ``negatives: (K, D)`` shared, or ``(B, K, D)``; unit vectors.
    In symmetric NT-Xent a sample also feels its gradient as a candidate: see :func:`nt_xent_forces`. With
    MoCo's queue as the negatives this is the whole force on the queries.
    """
    positive_logit = (anchor * positive).sum(-1, keepdim=True) / temperature
    negative_logits = (negatives @ anchor.unsqueeze(-1)).squeeze(-1) / temperature
    p = torch.cat([positive_logit, negative_logits], dim=-1).softmax(-1)
    negative_weights = p[..., 1:] / temperature
    positive_weight = negative_weights.sum(-1)
    attraction = positive_weight.unsqueeze(-1) * positive
    repulsion = -(negative_weights.unsqueeze(-2) @ negatives).squeeze(-2)
    return AnchorForces(
        _tangent(attraction, anchor), _tangent(repulsion, anchor), positive_weight, negative_weights
    )


@torch.no_grad()
def force_weights(contrast: Contrast, temperature: float) -> ForceWeights:
    """How hard each anchor of ``contrast`` is pulled and pushed, and by how many negatives effectively.

    The logits must have been made with the same ``temperature``. Lower temperatures put the push on the
    hardest negatives; towards infinity all negatives push alike (Wang and Liu 2021, section 3.2).
    """
    p = contrast.logits.softmax(1)
    push = _without_targets(p, contrast.targets, 0.0)
    total = push.sum(1)
    negative_logits = _without_targets(contrast.logits, contrast.targets, -torch.inf)
    log_share = negative_logits.log_softmax(1).clamp_min_(torch.finfo(p.dtype).min)  # 0 ln 0 = 0
    entropy = -(log_share.exp() * log_share).sum(1)
    negatives = (~negative_logits.isneginf()).sum(1)
    return ForceWeights(
        positive_force=total / temperature,
        negative_force=total / temperature,
        hardest_negative_force=push.amax(1) / temperature,
        positive_probability=p.gather(1, contrast.targets[:, None]).squeeze(1),
        effective_negatives=torch.where(negatives > 0, entropy.exp(), 0.0),
        negatives=negatives,
    )
