"""Does a model of sequences prefer the right sentence of a pair (Linzen et al. 2016; BLiMP: Warstadt et al. 2020)?

Summed log-probabilities are compared, after exactly one end of what was before; a tie counts half. A pair with a symbol that
the model does not know is not covered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssllab.data.text.minimal_pairs import Pair
from ssllab.methods.predictor import Predictor
from ssllab.text.units import END

Z = 1.959963984540054  # of 95 %
TIE = 1e-6  # nats: as near as that is no preference but rounding


@dataclass(frozen=True)
class Judged:
    """``right`` counts a tie half; of ``pairs`` only ``covered`` ones are judged."""

    pairs: int
    covered: int
    right: float
    ties: int

    @property
    def accuracy(self) -> float | None:
        """Of what is covered."""
        return self.right / self.covered if self.covered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's, of 95 %."""
        return wilson(self.right, self.covered) if self.covered else None


def judge(model: Predictor, pairs: Sequence[Pair]) -> Judged:
    """Every pair by ``model``."""
    cut = [(sentence_ids(model, pair.good), sentence_ids(model, pair.bad)) for pair in pairs]
    unknown = model.units.unknown
    covered = [
        (good, bad)
        for good, bad in cut
        if unknown is None or not ((good == unknown).any() or (bad == unknown).any())
    ]
    scores = np.array(model.sentences([ids for pair in covered for ids in pair])).reshape(-1, 2)
    difference = scores[:, 0] - scores[:, 1]
    ties = int((np.abs(difference) <= TIE).sum())
    return Judged(len(pairs), len(covered), float((difference > TIE).sum()) + ties / 2, ties)


def together(judged: Sequence[Judged]) -> Judged:
    """All files as one."""
    return Judged(
        *(sum(getattr(one, name) for one in judged) for name in ("pairs", "covered", "right", "ties"))
    )


def wilson(right: float, count: int) -> tuple[float, float]:
    """The interval in which the true share lies (Wilson 1927)."""
    share, z2 = right / count, Z * Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def sentence_ids(model: Predictor, sentence: str) -> NDArray[np.int32]:
    """A sentence after the end of what was before."""
    return np.concatenate([np.array([END], np.int32), model.units.encode(sentence)])
