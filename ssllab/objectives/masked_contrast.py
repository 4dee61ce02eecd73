"""wav2vec 2.0's contrastive task: tell the true quantized latent of a masked frame from distractors.

Paper section 3.2, equation 3. Candidates are compared by codes: a distractor that is the positive itself does not
count (its logit is -infinity), or a model would be punished for using a code twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class MaskedFrames:
    """The masked frames of a batch, packed: N = the most that a clip has.

    ``index (B, N)`` int64 frame numbers, 0 where a clip has fewer; ``valid (B, N)`` bool.
    """

    index: Tensor
    valid: Tensor

    def gather(self, x: Tensor) -> Tensor:
        """``(B, T, D) -> (B, N, D)``."""
        return x.gather(1, self.index[..., None].expand(-1, -1, x.shape[-1]))


def pack(masked: Tensor) -> MaskedFrames:
    """``masked: (B, T)`` bool -> where its True entries are."""
    most = max(1, int(masked.sum(1).max()))
    order = (~masked).to(torch.int8).argsort(dim=1, stable=True)[:, :most]
    valid = masked.gather(1, order)
    return MaskedFrames(order * valid, valid)


def draw_distractors(frames: MaskedFrames, count: int, generator: torch.Generator) -> Tensor:
    """``(B, N, count)`` int64 positions in 0..N-1: uniform with replacement over the clip's *other* masked frames.

    A clip with one masked frame has no other: its position is its own, which counts as the positive.
    """
    valid = frames.valid
    batch, most = valid.shape
    others = (valid.sum(1) - 1).clamp_min(1)[:, None, None]
    uniform = torch.rand((batch, most, count), generator=generator, device=valid.device)
    drawn = (uniform * others).long().clamp_max(others - 1)
    own = torch.arange(most, device=valid.device)[None, :, None]
    alone = valid.sum(1)[:, None, None] < 2
    return torch.where(alone, own, drawn + (drawn >= own)).clamp_max(most - 1)


@dataclass(frozen=True)
class MaskedContrast:
    """``logits (M, 1 + K)``: the positive first, -inf where a distractor equals it; M masked frames."""

    logits: Tensor

    def loss(self) -> Tensor:
        """Mean over frames of -log p(positive), in nats."""
        zero = torch.zeros(len(self.logits), dtype=torch.int64, device=self.logits.device)
        return F.cross_entropy(self.logits, zero) if len(self.logits) else self.logits.sum()

    def accuracy(self) -> Tensor:
        """Share of frames whose positive scores above every distractor that counts (0-d).

        With a collapsed codebook none counts, so it is 1: alone it proves nothing.
        """
        if not len(self.logits):
            return self.logits.new_zeros(())
        return (self.logits[:, 0] > self.logits[:, 1:].amax(1)).float().mean()

    def chance(self) -> tuple[Tensor, Tensor]:
        """What a guess among the candidates that count has: its accuracy, and its loss in nats (0-d each).

        1/(1 + K) and ln(1 + K) where all K distractors count; 1 and 0 with a collapsed codebook.
        """
        candidates = (~self.logits.isneginf()).sum(1).float()
        if not len(candidates):
            return candidates.sum(), candidates.sum()
        return candidates.reciprocal().mean(), candidates.log().mean()


def masked_contrast(
    context: Tensor,
    targets: Tensor,
    codes: Tensor,
    frames: MaskedFrames,
    distractors: Tensor,
    kappa: float = 0.1,
) -> MaskedContrast:
    """The classification of every masked frame.

    ``context, targets: (B, N, D)`` packed projections of c and q; ``codes: (B, N, G)`` int64, those of the targets;
    ``distractors: (B, N, K)`` from :func:`draw_distractors`; ``kappa`` divides the cosines.

    All N x N cosines of a clip are one matrix product from which the distractors are picked, instead of K copies of
    every target.
    """
    cosines = F.normalize(context.float(), dim=-1) @ F.normalize(targets.float(), dim=-1).transpose(1, 2)
    positive = cosines.diagonal(dim1=1, dim2=2)[..., None]
    others = cosines.gather(2, distractors)
    same = (codes[:, :, None] == codes[:, None]).all(-1).gather(2, distractors)
    logits = torch.cat([positive, others.masked_fill(same, -torch.inf)], -1) / kappa
    return MaskedContrast(logits[frames.valid])


def chance_loss(distractors: int) -> float:
    """The loss of a guess: ln(1 + K) nats."""
    return math.log(1 + distractors)
