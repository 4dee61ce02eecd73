"""Counting: an n-gram model smoothed by Kneser and Ney (Kneser, Ney 1995; Chen, Goodman 1999, interpolated and modified).

A step is surprised by one chunk of text, then counts it; there is nothing else to learn, and the text is gone through once.
On little text it is hard to beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.controls import Control
from ssllab.data.text.batches import TextChunks
from ssllab.data.text.types import TextData
from ssllab.doctor.language import COUNTING_RULES
from ssllab.methods.base import StepResult
from ssllab.methods.predictor import Predictor
from ssllab.methods.sequence_scalars import CAUSAL_SERIES
from ssllab.methods.sequence_settings import UnitSettings
from ssllab.methods.sequences import SequenceMethod
from ssllab.methods.symbol_stream import stream
from ssllab.text.kneser_ney import ORDERS, KneserNey
from ssllab.text.units import Units


class NGramConfig(UnitSettings):
    """Units, how far it looks, and how much text makes a step."""

    order: Annotated[
        int,
        Control(
            "Symbols that are looked at together: the one to come and those before it. Up to six are counted, so it may "
            "change at any time.",
            low=ORDERS[0],
            high=ORDERS[1],
            live=True,
        ),
    ] = 5
    chunk: Annotated[
        int,
        Control("Text that a step counts.", low=1, high=65_536, log=True, unit="kB", live=True),
    ] = 64


class NGram(SequenceMethod):
    """Counts and their smoothing."""

    name = "ngram"
    title = "Counting (Kneser-Ney)"
    paper = "Chen, Goodman: An Empirical Study of Smoothing Techniques for Language Modeling, 1999"
    Config = NGramConfig
    config: NGramConfig
    series = CAUSAL_SERIES
    rules = COUNTING_RULES

    def __init__(self, config: NGramConfig, units: Units) -> None:
        super().__init__()
        self.config, self.units = config, units
        self.counts = KneserNey(len(units), ORDERS[1])

    def get_extra_state(self) -> dict[str, Any]:
        """Units and counts."""
        counts = {name: torch.from_numpy(array) for name, array in self.counts.state().items()}
        return {**super().get_extra_state(), "counts": counts}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on from these counts."""
        self.counts = KneserNey.from_state({name: tensor.numpy() for name, tensor in state["counts"].items()})

    def batches(self, data: TextData, seed: int, rank: int = 0, ranks: int = 1) -> TextChunks:  # type: ignore[override]
        """The text from its beginning to its end, once."""
        text = self.learned(data)
        symbols = stream(text, self.units)
        return TextChunks(torch.from_numpy(symbols), text.size / len(symbols))

    def items(self, batch: Tensor) -> float:
        """Symbols that are counted."""
        return float(len(batch))

    def step(self, batch: Tensor, generator: torch.Generator) -> StepResult:
        """``batch (n,)``: the next chunk, from one end to the next."""
        ids = batch.numpy()
        loss = torch.tensor(-float(self.counts.log_probabilities(ids, self.config.order).mean()))
        self.counts.count(ids)
        return StepResult(loss, {"loss": loss})

    def asked(self) -> Predictor:
        """See :meth:`SequenceMethod.asked`."""
        return _Asked(self.counts, self.units, self.config.order)


class _Asked(Predictor):
    whole = True

    def __init__(self, counts: KneserNey, units: Units, order: int) -> None:
        self.counts, self.units, self.order = counts, units, order
        self.context = max(1, order - 1)

    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        # What a context is not long enough for has not been counted after it: then the longest n-grams are those that it
        # has. Short ones of a higher order count different symbols before, and before an end stands nearly always a stop.
        order = min(self.order, len(ids) + 1)
        return np.log(self.counts.distribution(ids, order)).astype(np.float32)

    def window(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        return self.log_probabilities(ids)

    def log_probabilities(self, ids: NDArray[np.int32], stride: int = 0) -> NDArray[np.float32]:
        """Whole at once: every symbol is told all that the order lets it see; the first ones, as in :meth:`next`, less."""
        found = self.counts.log_probabilities(ids[1:], self.order, before=ids[:1]).astype(np.float32)
        for place in range(1, min(len(ids), self.order - 1)):
            found[place - 1] = self.next(ids[:place])[ids[place]]
        return found

    def scored(self, ids: NDArray[np.int32], stride: int = 0) -> Iterator[tuple[NDArray[np.float32], int]]:
        """In one go."""
        yield self.log_probabilities(ids), len(ids) - 1
