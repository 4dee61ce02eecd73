"""A recurrent language model: predict the next symbol from a memory that is carried along (Mikolov et al. 2010; the LSTM of
Hochreiter and Schmidhuber 1997). What the field did before Transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ssllab.controls import Control
from ssllab.looks import SymbolVectors
from ssllab.methods.base import StepResult
from ssllab.methods.inside import symbol_vectors
from ssllab.methods.next_symbol import NextSymbolPredictor
from ssllab.methods.predictor import Predictor, in_groups
from ssllab.methods.sequence_scalars import CAUSAL_SERIES, NEURAL_SERIES
from ssllab.methods.sequence_settings import NeuralSequenceConfig
from ssllab.methods.sequences import SequenceMethod
from ssllab.nn.language.lstm import LSTM
from ssllab.text.units import Units


class LSTMConfig(NeuralSequenceConfig):
    """Units, model, batch and optimizer."""

    layers: Annotated[int, Control("Layers, one above another.", low=1, high=8, group="Model")] = 1


class LSTMLM(SequenceMethod):
    """One or more LSTM layers."""

    name = "lstm_lm"
    title = "Next symbol (LSTM)"
    paper = "Hochreiter, Schmidhuber: Long Short-Term Memory, 1997; Zaremba et al. 2014"
    Config = LSTMConfig
    config: LSTMConfig
    series: ClassVar = {**CAUSAL_SERIES, **NEURAL_SERIES}
    parts: ClassVar = {**SequenceMethod.parts, SymbolVectors: ""}

    def __init__(self, config: LSTMConfig, units: Units) -> None:
        super().__init__()
        self.config, self.units = config, units
        self.model = LSTM(len(units.symbols), config.layers, config.width)

    def step(self, batch: Tensor, generator: torch.Generator) -> StepResult:
        """``batch (B, T + 1)``: at each place the next symbol is to be guessed."""
        expected = batch[:, 1:].reshape(-1)
        states, _ = self.model(batch[:, :-1], self.config.dropout, generator)
        logits = self.model.logits(states).flatten(0, 1).float()
        loss = F.cross_entropy(logits, expected)
        right = (logits.detach().argmax(1) == expected).float().mean()
        return StepResult(loss, {"loss": loss.detach(), "top1": right})

    def asked(self) -> Predictor:
        """See :meth:`SequenceMethod.asked`."""
        return _Asked(self.model, self.units, self.config.context)


class _Asked(NextSymbolPredictor):
    def __init__(self, model: LSTM, units: Units, context: int) -> None:
        self.model, self.units, self.context = model, units, context

    @torch.no_grad()
    def logs(self, ids: NDArray[np.int32]) -> Tensor:
        """See :meth:`.NextSymbolPredictor.logs`."""
        read = torch.from_numpy(ids).to(self.model.embedding.weight.device, torch.int64)[None]
        return self.model.logits(self.model(read)[0]).float().log_softmax(-1)[0]

    @torch.no_grad()
    def told(self, many: Sequence[NDArray[np.int32]], places: Sequence[int]) -> NDArray[np.float32]:
        """Many at once."""
        device = self.model.embedding.weight.device

        def last(ids: NDArray[np.int64]) -> NDArray[np.float32]:
            hidden = self.model(torch.from_numpy(ids).to(device))[0][:, -1]
            return self.model.logits(hidden).float().log_softmax(-1).cpu().numpy()

        before = [ids[max(0, p - self.context) : p] for ids, p in zip(many, places, strict=True)]
        return in_groups(last, before, np.array([ids[p] for ids, p in zip(many, places, strict=True)]))

    def vectors(self) -> SymbolVectors:
        return symbol_vectors(self.model.embedding, len(self.units.symbols))
