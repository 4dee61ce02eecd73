"""How much one label of a frame says of another, read on clips that its table was not made of, and what noise says.

A table of counts that is read where it was made flatters: where most combinations of codes are met once, each "knows"
its frame, of phones that were shuffled too. Here the table is made of one half of the clips and read on the other,
and the other way round; frames of one clip, which resemble each other, never stand on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ssllab.diagnostics.codes import phone_code_counts

# For how many frames a prior may stand: which of these is chosen anew for every table, in its own half.
_WEIGHTS = 2.0 ** torch.arange(-4, 14, dtype=torch.float64)
SHUFFLES = 3

# P(asked | given) of frames: (here, there, asked), masks (N,) of the frames that are counted and of the M that are read;
# asked (M,), one label for each, or (K, 1) for all labels of each -> of the same shape, (K, M).
_Table = Callable[[Tensor, Tensor, Tensor], Tensor]


class Knowledge(NamedTuple):
    """``information``: share of the uncertainty removed, 1 at most, about 0 for noise (a little below it, for a table
    of noise misleads); ``accuracy``: how often the most probable label is right, 0..1. Not a number where unknown.
    """

    information: float
    accuracy: float


def quarters(clip: Tensor) -> Tensor:
    """Into which quarter of the clips each frame falls: ``clip (N,)`` int64 numbers -> ``(N,)`` in 0..3, the same every
    time. Clips are dealt by lot, as voices may take turns. Fewer than four clips are cut into four stretches each.
    """
    kinds, rank = clip.unique(return_inverse=True)
    if len(kinds) < 4:
        found = torch.zeros_like(rank)
        for number in range(len(kinds)):
            at = (rank == number).nonzero()[:, 0]
            found[at] = torch.arange(len(at)) * 4 // max(len(at), 1)
        return found
    return torch.randperm(len(kinds), generator=torch.Generator().manual_seed(0))[rank] % 4


def cross_fitted(
    known: Tensor, given: Tensor, quarter: Tensor, kinds: int, *, accuracy: bool = True
) -> Knowledge:
    """What codes ``given (N, G)`` say of ``known (N,)`` in ``range(kinds)``, read on the half that was not counted.

    ``quarter (N,)``: see :func:`quarters`; 0 and 2 are one half. The table is P(known | code) with the share of every
    label as its prior; of several groups it is that of their combinations, whose prior is the mean of the groups' own
    tables, for most combinations are met too rarely to speak for themselves. A prior weighs as much as best foretells
    one quarter of a half from its other. The information is 1 - H(known | given) / H(known), both cross-entropies on
    what was not counted: a lower bound of I(known; given) / H(known) (HuBERT, section IV) that noise does not raise,
    and that comes closer with more frames.
    """
    told, guessed, right, frames = 0.0, 0.0, 0, 0
    shares = _shares(known, kinds)
    for half in (0, 1):
        first, second, there = quarter == half, quarter == half + 2, quarter % 2 != half
        here, asked = first | second, known[there]
        if not here.any() or not there.any():
            continue
        table = _table(known, given, shares, (first, second), kinds)
        told -= float(table(here, there, asked).log().sum())
        guessed -= float(shares(here, there, asked).log().sum())
        if accuracy:
            right += int((table(here, there, torch.arange(kinds)[:, None]).argmax(0) == asked).sum())
        frames += len(asked)
    several = frames > 0 and len(known.unique()) > 1
    return Knowledge(
        1 - told / guessed if several else math.nan, right / frames if accuracy and frames else math.nan
    )


def of_noise(
    known: Tensor, given: Tensor, quarter: Tensor, kinds: int, shuffles: int = SHUFFLES
) -> Knowledge:
    """The same of labels that have nothing to do with the codes: the chance line, a mean over some shuffles.

    See :func:`rotated`. The numbers drawn are the same every time.
    """
    generator = torch.Generator().manual_seed(0)
    found = [cross_fitted(rotated(known, quarter, generator), given, quarter, kinds) for _ in range(shuffles)]
    return Knowledge(*torch.tensor(found, dtype=torch.float64).mean(0).tolist())


def rotated(known: Tensor, quarter: Tensor, generator: torch.Generator) -> Tensor:
    """``known (N,)`` turned by a random number of frames within each quarter: what stands beside it has changed.

    How long labels last, how they follow each other and how frequent they are stays. Single frames put in any order
    would be a weaker noise than real one, for neighbours are alike.
    """
    found = known.clone()
    for number in range(4):
        at = (quarter == number).nonzero()[:, 0]
        if len(at) > 1:
            found[at] = known[at].roll(int(torch.randint(1, len(at), (1,), generator=generator)))
    return found


def _shares(known: Tensor, kinds: int) -> _Table:
    """How frequent the labels are, whatever is given; nothing is impossible."""

    def shares(here: Tensor, there: Tensor, asked: Tensor) -> Tensor:
        counts = known[here].bincount(minlength=kinds).double() + 0.5
        return (counts / counts.sum())[asked].expand(*asked.shape[:-1], int(there.sum()))

    return shares


def _table(known: Tensor, given: Tensor, shares: _Table, halves: tuple[Tensor, Tensor], kinds: int) -> _Table:
    groups = [_refined(known, group, shares, halves, kinds) for group in given.long().unbind(1)]
    if len(groups) == 1:
        return groups[0]

    def mean(here: Tensor, there: Tensor, asked: Tensor) -> Tensor:
        return torch.stack([group(here, there, asked) for group in groups]).mean(0)

    combination = given.new_zeros(len(given), dtype=torch.int64)
    for group in given.long().unbind(1):
        combination = (combination * (int(group.max()) + 1) + group).unique(return_inverse=True)[1]
    return _refined(known, combination, mean, halves, kinds)


def _refined(known: Tensor, code: Tensor, prior: _Table, halves: tuple[Tensor, Tensor], kinds: int) -> _Table:
    """``prior`` and counts of ``code (N,)``, together as foretells one of the ``halves`` best from the other."""
    codes = int(code.max()) + 1

    def counted(here: Tensor, there: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        counts, at = phone_code_counts(known[here], code[here], kinds, codes), code[there]
        return counts[asked, at].double(), counts.sum(0)[at].double()

    surprise = torch.zeros_like(_WEIGHTS)
    for here, there in (halves, halves[::-1]):
        met, frames = counted(here, there, known[there])
        weights, before = _WEIGHTS[:, None], prior(here, there, known[there])
        surprise -= ((met + weights * before) / (frames + weights)).log().sum(1)
    weight = _WEIGHTS[surprise.argmin()]

    def refined(here: Tensor, there: Tensor, asked: Tensor) -> Tensor:
        met, frames = counted(here, there, asked)
        return (met + weight * prior(here, there, asked)) / (frames + weight)

    return refined
