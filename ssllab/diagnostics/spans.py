"""Where else something sounds like this: occurrences of a code, and nearest spans by codes and by latents.

A *corpus* is the frames of all clips end to end; clip ``i`` is frames ``starts[i]`` to ``starts[i + 1]``, and no
span reaches from one clip into the next.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ssllab.objectives.contrast import unit


class Match(NamedTuple):
    """Frames ``start`` to ``end`` of the corpus (``end`` is not among them) and how far or near they are."""

    start: int
    end: int
    score: float


def code_runs(codes: Tensor, starts: Tensor, code: int) -> Tensor:
    """The stretches on which ``codes: (N,)`` is ``code``, as ``(R, 2)`` int64 of first and last + 1 frame.

    Two clips that meet with the same code give two stretches. ``starts: (C + 1,)``.
    """
    here = codes == code
    first, last = here.clone(), here.clone()
    first[1:] &= ~here[:-1]
    last[:-1] &= ~here[1:]
    border = starts[(starts > 0) & (starts < len(codes))]
    first[border] = here[border]
    last[border - 1] = here[border - 1]
    return torch.stack([first.nonzero().squeeze(1), last.nonzero().squeeze(1) + 1], 1)


def edit_distance(a: Tensor, b: Tensor) -> float:
    """Levenshtein distance of two code sequences ``(m, G)`` and ``(n, G)``.

    Inserting or leaving out a frame costs 1; exchanging one costs the share of its groups that differ.
    """
    row = torch.arange(len(b) + 1, dtype=torch.float64)
    ramp = row.clone()
    for frame in a:
        exchange = (frame != b).double().mean(1) if len(b) else row.new_zeros(0)
        fresh = row + 1
        fresh[1:] = torch.minimum(fresh[1:], row[:-1] + exchange)
        row = torch.cummin(fresh - ramp, 0).values + ramp
    return float(row[-1])


def nearest_by_codes(
    query: Tensor, codes: Tensor, starts: Tensor, k: int, leave_out: tuple[int, int] | None = None
) -> list[Match]:
    """The ``k`` stretches of ``codes: (N, G)`` nearest to ``query: (m, G)`` by :func:`edit_distance`, best first.

    They may be longer or shorter than the query, do not overlap one another nor the frames ``leave_out``;
    the score is the distance. One that agrees in nothing is no match. ``starts: (C + 1,)``.

    Sellers (1980): the table of Levenshtein's distance with a free beginning. Its row i, all ends at once,
    needs a running minimum for the frames left out, so it costs O(m N) without a loop over the corpus.
    """
    total, m = len(codes), len(query)
    if not total or not m:
        return []
    clip = torch.zeros(total, dtype=torch.float64)
    border = starts[(starts > 0) & (starts < total)]
    clip[border] = 1
    # A later clip lies deeper than any cost, so a running minimum never reaches back into an earlier one.
    ramp = torch.arange(total, dtype=torch.float64) + clip.cumsum(0) * (2.0 * (total + m))
    opening = torch.cat([border.new_zeros(1), border])
    cost = torch.zeros(total, dtype=torch.float64)
    begin = torch.arange(total) + 1  # of the best match that ends here; of nothing: the next frame
    for i, frame in enumerate(query):
        before, begin_before = cost.roll(1), begin.roll(1)
        before[opening], begin_before[opening] = float(i), opening
        exchanged = before + (codes != frame).double().mean(1)
        dropped = cost + 1
        better = exchanged <= dropped
        fresh = torch.where(better, exchanged, dropped)
        began = torch.where(better, begin_before, begin)
        lowest, where = torch.cummin(fresh - ramp, 0)
        cost, begin = lowest + ramp, began[where]
    end = torch.arange(total) + 1
    return _apart(begin, end, cost, k, leave_out, worst=float(m))


def nearest_by_latents(
    query: Tensor, latents: Tensor, starts: Tensor, k: int, leave_out: tuple[int, int] | None = None
) -> list[Match]:
    """The ``k`` windows of the query's length whose mean latent is nearest to the query's, best first.

    ``query: (m, D)``, ``latents: (N, D)``, ``starts: (C + 1,)``; the score is the cosine of the means, from the mean of
    all latents: what all frames share makes any two alike. Windows do not overlap one another nor the frames
    ``leave_out``.
    """
    m, total = len(query), len(latents)
    if not m or m > total:
        return []
    middle = latents.sum(0, dtype=torch.float64) / total
    aim = unit(query.double().mean(0) - middle)
    # Cosine of the mean: both the dot product with the aim and the length of the window's sum are wanted.
    along = torch.zeros(total + 1, dtype=torch.float64)
    torch.cumsum(_blockwise_dot(latents, middle, aim), 0, out=along[1:])
    dots = along[m:] - along[:-m]
    lengths = _window_lengths(latents, middle, m)
    cosine = dots / lengths.clamp_min(1e-12)
    clip = torch.bucketize(torch.arange(total), starts[1:], right=True)
    begin = torch.arange(total - m + 1)
    whole = clip[: total - m + 1] == clip[m - 1 :]
    matches = _apart(begin[whole], begin[whole] + m, -cosine[whole], k, leave_out, worst=torch.inf)
    return [Match(start, end, -score) for start, end, score in matches]


_BLOCK = 16_384  # frames whose latents are brought to double precision at a time


def _blockwise_dot(latents: Tensor, middle: Tensor, aim: Tensor) -> Tensor:
    return torch.cat([(block.double() - middle) @ aim for block in latents.split(_BLOCK)])


def _window_lengths(latents: Tensor, middle: Tensor, m: int) -> Tensor:
    """The norm of the sum of every window of ``m`` rows less ``middle``, ``(N - m + 1,)``."""
    lengths = []
    for first in range(0, len(latents) - m + 1, _BLOCK):
        part = latents[first : first + _BLOCK + m - 1].double() - middle
        running = torch.cat([part.new_zeros(1, part.shape[1]), part.cumsum(0)])
        lengths.append((running[m:] - running[:-m]).norm(dim=1))
    return torch.cat(lengths)


def _apart(
    begin: Tensor, end: Tensor, cost: Tensor, k: int, leave_out: tuple[int, int] | None, worst: float
) -> list[Match]:
    """The ``k`` cheapest of the given stretches that overlap neither one another nor ``leave_out``."""
    keep = (cost < worst) & (end > begin)
    if leave_out is not None:
        keep &= (end <= leave_out[0]) | (begin >= leave_out[1])
    begin, end, cost = begin[keep], end[keep], cost[keep]
    found: list[Match] = []
    while len(cost) and len(found) < k:
        best = int(cost.argmin())
        match = Match(int(begin[best]), int(end[best]), float(cost[best]))
        found.append(match)
        free = (end <= match.start) | (begin >= match.end)
        begin, end, cost = begin[free], end[free], cost[free]
    return found
