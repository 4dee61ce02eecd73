"""Connectionist temporal classification (Graves et al. 2006): the loss of a text whose timing is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def ctc_loss(
    logits: Tensor,
    counts: Tensor,
    targets: Tensor,
    target_counts: Tensor,
    *,
    blank: int = 0,
    reduction: Literal["mean", "sum"] = "mean",
    zero_infinity: bool = True,
) -> Tensor:
    """-log P(text | audio), summed over all paths of frames that write the text (equation 8), in nats.

    ``logits: (B, T, A)``, of which clip i has ``counts[i]`` valid frames; ``targets: (B, L)`` int64 classes, of which
    ``target_counts[i]`` count. "mean": each clip's loss over its characters, then the mean over clips; "sum": the sum
    of all. ``zero_infinity``: a text that needs more frames than there are costs nothing and teaches nothing.
    """
    with torch.autocast(logits.device.type, enabled=False):
        log_probs = logits.float().log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(log_probs, targets, counts, target_counts, blank, reduction, zero_infinity)


def deaf_loss(
    frames: int, counts: Tensor, targets: Tensor, target_counts: Tensor, classes: int, *, blank: int = 0
) -> Tensor:
    """The loss of a guess that hears nothing: the same posteriors in every frame, each class as often as it is written.

    Character c has the share (number of c) / (number of frames), blank the rest; a 0-d tensor, "mean" as in
    :func:`ctc_loss`. What a recogniser stuck on the blank comes to.
    """
    written = torch.arange(targets.shape[1], device=targets.device) < target_counts[:, None]
    share = torch.bincount(targets[written], minlength=classes).float()
    total = counts.sum().clamp_min(1)
    share[blank] = 0
    share[blank] = (total - share.sum()).clamp_min(1)
    # Where a class is never written its logarithm must only be very low: paths through it do not matter.
    logits = share.clamp_min(1e-6).log().expand(len(counts), frames, classes)
    return ctc_loss(logits, counts, targets, target_counts, blank=blank)


def frames_needed(targets: Sequence[int]) -> int:
    """The fewest frames that can write ``targets``: one each, and a blank between two equal neighbours."""
    return len(targets) + sum(a == b for a, b in pairwise(targets))
