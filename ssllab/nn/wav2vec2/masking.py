"""Which frames are hidden from the context network: spans that may overlap (paper section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor


def mask_spans(
    counts: Tensor,
    frames: int,
    probability: float,
    length: int,
    generator: torch.Generator,
    *,
    least: int = 2,
) -> Tensor:
    """Masked frames ``(B, frames)`` bool of clips that have ``counts (B,)`` frames.

    ``probability`` is fairseq's ``mask_prob``, 0.65 = p M: so many of a clip's frames would be masked if the
    ``length`` = M frames long spans did not overlap; they do, and 49 % are. The number of spans
    ``probability * T / M`` is rounded up or down at random, at least ``least``; their starts are drawn without
    replacement from the first T - M frames (``compute_mask_indices``). A clip too short for a span is masked as
    far as one frame is left.
    """
    device = counts.device
    wanted = probability * counts / length + torch.rand(counts.shape, generator=generator, device=device)
    spans = wanted.floor().long().clamp_min(least)
    # Where a span does not fit, or not so many: starts from all but the last frame, as fairseq does it.
    starts = torch.where(counts - length > spans, counts - length, counts - 1).clamp_min(0)
    spans = torch.minimum(spans, starts)
    order = torch.rand((len(counts), frames), generator=generator, device=device)
    at = torch.arange(frames, device=device)
    order = order.masked_fill(at >= starts[:, None], 2.0)
    ranks = order.argsort(1).argsort(1)
    begun = (ranks < spans[:, None]) & (at < starts[:, None])
    # A frame is masked when a span began at it or within the length - 1 frames before.
    total = begun.long().cumsum(1)
    before = torch.nn.functional.pad(total, (length, 0))[:, :frames]
    masked = (total - before > 0) & (at < counts[:, None])
    whole = masked.sum(1) >= counts  # something must be left to predict from
    return masked & ~(whole[:, None] & (at == counts[:, None] - 1))
