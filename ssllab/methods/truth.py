"""The grammar of Everyday English as a model that is asked like any other: what it says is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.methods.predictor import Predictor
from ssllab.text.symbols import END, Units

if TYPE_CHECKING:
    from ssllab.data.text.everyday.grammar import Grammar


class Truth(Predictor):
    """Over words. What is not in the language has the probability 0."""

    def __init__(self, grammar: Grammar, units: Units) -> None:
        self.grammar, self.units, self.context = grammar, units, 1 << 20
        self._places = np.array([grammar.places.get(symbol, -1) for symbol in units.symbols])

    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Raises ValueError where no sentence begins so."""
        ends = np.flatnonzero(np.asarray(ids) == END)
        words = [self.units.symbols[i] for i in ids[ends[-1] + 1 if len(ends) else 0 :]]
        chances = np.append(self.grammar.distribution(words), 0.0)[self._places]
        with np.errstate(divide="ignore"):
            return np.log(chances).astype(np.float32)

    def window(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Minus infinity for a symbol that cannot come, and for all after it in its sentence."""
        found = np.full(len(ids) - 1, -np.inf, np.float32)
        for at in range(1, len(ids)):
            try:
                found[at - 1] = self.next(ids[:at])[ids[at]]
            except ValueError:
                continue
        return found
