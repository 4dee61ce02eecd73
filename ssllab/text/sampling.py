"""What sampling leaves of a distribution: temperature first, then top-k, then top-p (Holtzman et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sampling:
    """``temperature`` divides the log-probabilities (0: the likeliest symbol alone); then the ``top_k`` likeliest stay (0:
    all); of them the fewest that carry ``top_p`` (1: all)."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def left(self, logs: NDArray[np.floating]) -> NDArray[np.float64]:
        """``(size,)`` what each symbol is drawn with, of log-probabilities ``(size,)``; 0 for what falls away."""
        logs = logs.astype(np.float64)
        best = int(logs.argmax())
        if self.temperature <= 0:
            only = np.zeros(len(logs))
            only[best] = 1.0
            return only
        chances = np.exp((logs - logs[best]) / self.temperature)
        order = np.argsort(-chances, kind="stable")
        if self.top_k > 0:
            chances[order[self.top_k :]] = 0.0
        chances /= chances.sum()
        if self.top_p < 1:
            before = np.cumsum(chances[order]) - chances[order]  # what those that are likelier carry
            chances[order[1:][before[1:] >= self.top_p]] = 0.0
            chances /= chances.sum()
        return chances
