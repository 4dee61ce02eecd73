"""What the codes of a quantizer are worth: which are in use, how evenly, and how well they follow the phones.

Codes come as ``(N, G)`` integers: N frames, G codebook groups, each in ``range(V)``. All counts are hard (the code
that was chosen); a *soft* usage is the mean of the softmax and proves nothing alone, for it can be even while one code
wins everywhere. Usage grows with the number of frames it is counted over, so it is counted over a sliding window of
fixed length (:class:`SlidingUsage`), not over a batch.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import torch
from torch import Tensor

_DENSE_CELLS = 2**20  # joint codes up to which counting in a table is faster than sorting


def usage(codes: Tensor, codebook_size: int) -> Tensor:
    """How often each code of each group occurs: ``codes (N, G)`` -> ``(G, V)`` int64."""
    groups = codes.shape[-1]
    shifted = codes.reshape(-1, groups).long() + torch.arange(groups, device=codes.device) * codebook_size
    return shifted.flatten().bincount(minlength=groups * codebook_size).reshape(groups, codebook_size)


def perplexity(weights: Tensor) -> Tensor:
    """exp of the entropy over the last dimension: ``weights (..., V)`` -> ``(...)`` floats in [1, V].

    How many codes would give the same entropy if used evenly. ``weights`` are probabilities or counts, at least 0;
    where all are 0 nothing is in use and the perplexity is 0. wav2vec 2.0, equation 4 and appendix; fairseq's
    ``code_perplexity`` is the sum over groups of this for hard counts, ``prob_perplexity`` for mean softmaxes.
    """
    weights = weights.to(torch.promote_types(weights.dtype, torch.float32))
    total = weights.sum(-1, keepdim=True)
    entropy = torch.special.entr(weights / total.clamp_min(torch.finfo(weights.dtype).tiny)).sum(-1)
    return torch.where(total.squeeze(-1) > 0, entropy.exp(), 0.0)


def joint_counts(codes: Tensor, codebook_size: int) -> Tensor:
    """How often the codes of two groups occur together: ``codes (N, 2)`` -> ``(V, V)`` int64, rows the first group."""
    first, second = codes.long().unbind(-1)
    cells = first * codebook_size + second
    return cells.bincount(minlength=codebook_size**2).reshape(codebook_size, codebook_size)


def joint_perplexity(codes: Tensor, codebook_size: int) -> Tensor:
    """Perplexity of the combinations of all groups: ``codes (N, G)`` -> 0-d, in [1, min(N, V^G)].

    Where the groups are independent it is the product of their perplexities; where they say the same it is no more
    than that of one group, and the second is wasted.
    """
    groups = codes.shape[-1]
    cells = codebook_size**groups
    if cells > 2**62:
        return perplexity(codes.reshape(-1, groups).unique(dim=0, return_counts=True)[1])
    place = torch.tensor([codebook_size**g for g in range(groups)], device=codes.device)
    combined = (codes.reshape(-1, groups).long() * place).sum(1)
    if cells <= _DENSE_CELLS:
        return perplexity(combined.bincount(minlength=1))
    return perplexity(combined.unique(return_counts=True)[1])


class SlidingUsage:
    """The codes of the last ``window`` frames and their counts, exact after every push.

    The frames themselves are kept (two bytes a code: an hour of speech in two groups takes 0.7 MB), so that what
    leaves the window is known to the frame.
    """

    def __init__(self, groups: int, codebook_size: int, window: int) -> None:
        if window < 1:
            raise ValueError(f"window must be at least 1 frame, not {window}")
        self.groups, self.codebook_size, self.window = groups, codebook_size, window
        kind = torch.int16 if codebook_size <= 2**15 else torch.int32
        self._ring = torch.zeros(window, groups, dtype=kind)
        self._counts = torch.zeros(groups, codebook_size, dtype=torch.int64)
        self._seen = 0

    def __len__(self) -> int:
        """Frames in the window now."""
        return min(self._seen, self.window)

    def push(self, codes: Tensor) -> None:
        """Take in ``codes (..., G)`` in their order; the oldest frames leave."""
        codes = codes.detach().reshape(-1, self.groups)[-self.window :].to("cpu", self._ring.dtype)
        at = (self._seen + torch.arange(len(codes))) % self.window
        leaving = at[max(0, self.window - self._seen) :]  # places not yet written hold nothing
        self._counts += usage(codes, self.codebook_size) - usage(self._ring[leaving], self.codebook_size)
        self._ring[at] = codes
        self._seen += len(codes)

    @property
    def codes(self) -> Tensor:
        """The frames in the window, oldest first: ``(n, G)`` int16 (int32 for codebooks over 32,768)."""
        if self._seen <= self.window:
            return self._ring[: self._seen]
        return self._ring.roll(-(self._seen % self.window), 0)

    @property
    def counts(self) -> Tensor:
        """``(G, V)`` int64."""
        return self._counts.clone()

    @property
    def shares(self) -> Tensor:
        """``(G, V)`` float32 share of the window's frames; 0 while it is empty."""
        return (self._counts / max(len(self), 1)).float()

    @property
    def dead(self) -> float:
        """Share of the G V codes that no frame of the window has chosen."""
        return float((self._counts == 0).double().mean())

    @property
    def perplexities(self) -> Tensor:
        """``(G,)`` float64."""
        return perplexity(self._counts.double())

    @property
    def joint(self) -> Tensor:
        """Counts of pairs of the first two groups: ``(V, V)`` int64."""
        return joint_counts(self._ring[: len(self), :2], self.codebook_size)

    @property
    def joint_perplexity(self) -> float:
        """Of the combinations of all groups in the window."""
        return float(joint_perplexity(self._ring[: len(self)], self.codebook_size))

    def state(self) -> dict[str, Tensor]:
        """What :meth:`load` needs, as plain tensors."""
        return {"codes": self.codes.clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from :meth:`state`; ValueError where it is of other groups, codebook or window."""
        codes = state["codes"]
        fits = codes.ndim == 2 and codes.shape[1] == self.groups and len(codes) <= self.window
        if not fits or (len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < self.codebook_size):
            raise ValueError(
                f"codes {tuple(codes.shape)} do not fit a window of {self.window} frames with {self.groups} groups of "
                f"{self.codebook_size} codes"
            )
        self._seen = 0
        self._counts.zero_()
        self.push(codes)


class SlidingMean:
    """The mean of what came with the last ``window`` frames, in buckets: for soft usage, which no code can stand for.

    The mean runs over at least the last ``window`` frames and at most one bucket more.
    """

    def __init__(self, window: int, buckets: int = 16) -> None:
        if window < 1:
            raise ValueError(f"window must be at least 1 frame, not {window}")
        self.window = window
        self._bucket = max(1, math.ceil(window / buckets))
        self._sums: deque[tuple[Tensor, int]] = deque()

    def push(self, mean: Tensor, frames: int) -> None:
        """Take in the mean over ``frames`` frames, of any shape that stays the same."""
        fresh = mean.detach().to("cpu", torch.float64) * frames
        if self._sums and self._sums[-1][1] < self._bucket:
            total, count = self._sums.pop()
            self._sums.append((total + fresh, count + frames))
        else:
            self._sums.append((fresh, frames))
        while sum(count for _, count in self._sums) - self._sums[0][1] >= self.window:
            self._sums.popleft()

    @property
    def mean(self) -> Tensor | None:
        """float32 of the shape pushed, None before the first push."""
        frames = sum(count for _, count in self._sums)
        if not frames:
            return None
        return (torch.stack([total for total, _ in self._sums]).sum(0) / frames).float()

    def state(self) -> dict[str, Tensor]:
        """What :meth:`load` needs, as plain tensors; empty before the first push."""
        if not self._sums:
            return {}
        return {
            "sums": torch.stack([total for total, _ in self._sums]),
            "frames": torch.tensor([count for _, count in self._sums]),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from :meth:`state`."""
        self._sums.clear()
        if state:
            self._sums.extend(zip(state["sums"].unbind(), state["frames"].tolist(), strict=True))


def phone_of_frames(
    starts: Tensor,
    ends: Tensor,
    phones: Tensor,
    frames: int,
    *,
    frame_seconds: float = 0.02,
    receptive_field: int = 400,
    sample_rate: int = 16_000,
) -> Tensor:
    """The phone of every frame: the one that fills most of its receptive field (wav2vec 2.0, appendix D).

    ``starts, ends (S,)`` seconds and ``phones (S,)`` indices of the spans, in any order. Frame t hears
    ``receptive_field`` samples from ``t * frame_seconds`` on. Returns ``(frames,)`` int64, -1 where there is no span;
    where two phones fill as much, the earlier.
    """
    result = torch.full((frames,), -1, dtype=torch.int64)
    if frames == 0 or len(starts) == 0:
        return result
    order = starts.argsort(stable=True)
    starts, ends, phones = starts[order].double(), ends[order].double(), phones[order].long()
    begin = torch.arange(frames, dtype=torch.float64) * frame_seconds
    end = begin + receptive_field / sample_rate
    first = torch.searchsorted(ends.cummax(0).values, begin, right=True)
    last = torch.searchsorted(starts, end)
    width = int((last - first).max())
    if width <= 0:
        return result
    near = first[:, None] + torch.arange(width)
    inside = near < last[:, None]
    near = near.clamp_max(len(starts) - 1)
    overlap = torch.minimum(ends[near], end[:, None]) - torch.maximum(starts[near], begin[:, None])
    overlap = torch.where(inside, overlap, 0.0).clamp_min(0.0)
    kinds = phones[near]
    # A phone may come twice within one receptive field: its spans count together.
    present = (overlap[:, None, :] * (kinds[:, :, None] == kinds[:, None, :])).sum(-1)
    best = torch.where(overlap > 0, present, 0.0).max(1)
    return torch.where(best.values > 1e-9, kinds.gather(1, best.indices[:, None])[:, 0], result)


def phone_code_counts(phones: Tensor, codes: Tensor, n_phones: int, n_codes: int) -> Tensor:
    """How often phone and code meet: ``phones (N,)``, ``codes (N,)`` -> ``(P, C)`` int64; phone -1 is left out."""
    known = phones >= 0
    cells = phones[known].long() * n_codes + codes[known].long()
    return cells.bincount(minlength=n_phones * n_codes).reshape(n_phones, n_codes)


def phone_given_code(counts: Tensor) -> Tensor:
    """``P(phone | code)``: ``counts (P, C)`` -> ``(P, C)`` float32, columns sum to 1, or are 0 for codes never met.

    wav2vec 2.0, figure 3 (appendix D).
    """
    return (counts / counts.sum(0, keepdim=True).clamp_min(1)).float()


def table_order(table: Tensor) -> Tensor:
    """Order of the columns of ``P(phone | code) (P, C)`` as in figure 3 of wav2vec 2.0: ``(C,)`` int64.

    By the most probable phone of each code, and among the codes of one phone the surest first; codes never met last.
    """
    sure, phone = table.max(0)
    phone = torch.where(sure > 0, phone, len(table))
    by_certainty = sure.argsort(descending=True, stable=True)
    return by_certainty[phone[by_certainty].argsort(stable=True)]
