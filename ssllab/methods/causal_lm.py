"""A causal language model: predict the next symbol from all before it (Radford et al. 2018, 2019), as in nanoGPT.

One Transformer reads a window from left to right; at every place it says how likely each symbol comes next, and its loss
is how surprised it was by the one that did. That is all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ssllab.looks import AttentionMaps, LayerReadings, SymbolVectors
from ssllab.methods.base import StepResult
from ssllab.methods.inside import attention_maps, layer_readings, symbol_vectors
from ssllab.methods.next_symbol import NextSymbolPredictor
from ssllab.methods.predictor import TOGETHER, Predictor, in_groups
from ssllab.methods.sequence_scalars import CAUSAL_SERIES, NEURAL_SERIES
from ssllab.methods.sequence_settings import NeuralSequenceConfig, TransformerSettings
from ssllab.methods.sequences import SequenceMethod
from ssllab.nn.language.transformer import Shape, Transformer
from ssllab.text.units import Units


class CausalLMConfig(NeuralSequenceConfig, TransformerSettings):
    """Units, model, batch and optimizer."""


class CausalLM(SequenceMethod):
    """The decoder of a Transformer."""

    name = "causal_lm"
    title = "Next symbol (Transformer)"
    paper = "Radford, Wu, Child, Luan, Amodei, Sutskever: Language Models are Unsupervised Multitask Learners, 2019"
    Config = CausalLMConfig
    config: CausalLMConfig
    series: ClassVar = {**CAUSAL_SERIES, **NEURAL_SERIES}
    parts: ClassVar = {**SequenceMethod.parts, LayerReadings: "", AttentionMaps: "", SymbolVectors: ""}

    def __init__(self, config: CausalLMConfig, units: Units) -> None:
        super().__init__()
        self.config, self.units = config, units
        size = len(units.symbols)
        self.model = Transformer(
            Shape(size, config.context, config.layers, config.heads, config.width, True, config.positions)
        )

    def step(self, batch: Tensor, generator: torch.Generator) -> StepResult:
        """``batch (B, T + 1)``: at each place the next symbol is to be guessed."""
        read, expected = batch[:, :-1], batch[:, 1:].reshape(-1)
        hidden = self.model(read, self.config.dropout, generator)
        logits = self.model.logits(hidden).flatten(0, 1).float()
        loss = F.cross_entropy(logits, expected)
        right = (logits.detach().argmax(1) == expected).float().mean()
        return StepResult(loss, {"loss": loss.detach(), "top1": right})

    def asked(self) -> Predictor:
        """See :meth:`SequenceMethod.asked`."""
        return CausalPredictor(self.model, self.units)


class CausalPredictor(NextSymbolPredictor):
    """A causal Transformer that is asked."""

    def __init__(self, model: Transformer, units: Units) -> None:
        self.model, self.units, self.context = model, units, model.shape.context

    @torch.no_grad()
    def logs(self, ids: NDArray[np.int32]) -> Tensor:
        """See :meth:`.NextSymbolPredictor.logs`."""
        device = self.model.embedding.weight.device
        read = torch.from_numpy(ids).to(device, torch.int64)[None]
        return self.model.logits(self.model(read)).float().log_softmax(-1)[0]

    @torch.no_grad()
    def sentences(self, many: Sequence[NDArray[np.int32]]) -> list[float]:
        """Many at once, those of like length together: what fills up the shorter ones stands behind them, unseen."""
        found = [0.0] * len(many)
        short = [i for i, ids in enumerate(many) if len(ids) <= self.context + 1]
        for i in set(range(len(many))) - set(short):
            found[i] = float(self.log_probabilities(many[i]).sum(dtype=np.float64))
        short.sort(key=lambda i: len(many[i]))
        device = self.model.embedding.weight.device
        for chosen in (short[at : at + TOGETHER] for at in range(0, len(short), TOGETHER)):
            length = len(many[chosen[-1]])
            rows = np.zeros((len(chosen), length), np.int64)
            for row, i in zip(rows, chosen, strict=True):
                row[: len(many[i])] = many[i]
            ids = torch.from_numpy(rows).to(device)
            logs = self.model.logits(self.model(ids[:, :-1])).float().log_softmax(-1)
            told = logs.gather(2, ids[:, 1:, None])[..., 0].double()
            counts = torch.tensor([len(many[i]) - 1 for i in chosen], device=device)
            told = told * (torch.arange(length - 1, device=device) < counts[:, None])
            for i, score in zip(chosen, told.sum(1).tolist(), strict=True):
                found[i] = score
        return found

    @torch.no_grad()
    def told(self, many: Sequence[NDArray[np.int32]], places: Sequence[int]) -> NDArray[np.float32]:
        """Many at once."""
        device = self.model.embedding.weight.device

        def last(ids: NDArray[np.int64]) -> NDArray[np.float32]:
            hidden = self.model(torch.from_numpy(ids).to(device))[:, -1]
            return self.model.logits(hidden).float().log_softmax(-1).cpu().numpy()

        before = [ids[max(0, p - self.context) : p] for ids, p in zip(many, places, strict=True)]
        return in_groups(last, before, np.array([ids[p] for ids, p in zip(many, places, strict=True)]))

    def by_layer(self, ids: NDArray[np.int32], place: int) -> LayerReadings:
        """See :meth:`.Predictor.by_layer`."""
        return layer_readings(
            self.model, ids[max(0, place - self.context) : place], -1, len(self.units.symbols)
        )

    def attention(self, ids: NDArray[np.int32]) -> AttentionMaps:
        """See :meth:`.Predictor.attention`."""
        return attention_maps(self.model, ids)

    def vectors(self) -> SymbolVectors:
        """See :meth:`.Predictor.vectors`."""
        return symbol_vectors(self.model.embedding, len(self.units.symbols))
