"""A masked language model: predict hidden symbols from both sides (BERT: Devlin, Chang, Lee, Toutanova 2019, section 3.1).

Some symbols of a window are chosen; most of them are hidden behind a mask, some are swapped for others, some are left as
they are. The model sees the whole window and says what stood at the chosen places. The loss is taken there alone.
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
from ssllab.looks import AttentionMaps, LayerReadings, SymbolVectors
from ssllab.methods.base import StepResult
from ssllab.methods.inside import attention_maps, layer_readings, symbol_vectors
from ssllab.methods.predictor import Predictor, in_groups
from ssllab.methods.sequence_scalars import NEURAL_SERIES
from ssllab.methods.sequence_settings import NeuralSequenceConfig, TransformerSettings
from ssllab.methods.sequences import SequenceMethod
from ssllab.nn.language.transformer import Shape, Transformer
from ssllab.text.units import END, Units

MASKED, SWAPPED = 0.8, 0.1  # of the chosen; the rest stays
MASK_SEED = 15  # of what is hidden in held-out text


class MaskedLMConfig(NeuralSequenceConfig, TransformerSettings):
    """Units, model, batch and optimizer, and how much is hidden."""

    mask_rate: Annotated[
        float,
        Control(
            "Share of symbols that are to be guessed: of them 80 % are hidden, 10 % swapped for any other, 10 % left.",
            low=0.01,
            high=0.95,
            live=True,
            group="Method",
            paper="BERT: 0.15; Wettig et al. 2023: 0.4 is as good for large models",
        ),
    ] = 0.15


class MaskedLM(SequenceMethod):
    """The encoder of a Transformer."""

    name = "masked_lm"
    title = "Hidden symbols (Transformer)"
    paper = "Devlin, Chang, Lee, Toutanova: BERT, NAACL 2019"
    Config = MaskedLMConfig
    config: MaskedLMConfig
    series = NEURAL_SERIES
    parts: ClassVar = {**SequenceMethod.parts, LayerReadings: "", AttentionMaps: "", SymbolVectors: ""}
    causal = False

    def __init__(self, config: MaskedLMConfig, units: Units) -> None:
        super().__init__()
        self.config, self.units = config, units
        self.mask = len(units.symbols)
        self.model = Transformer(
            Shape(
                self.mask + 1,
                config.context,
                config.layers,
                config.heads,
                config.width,
                False,
                config.positions,
            )
        )

    def step(self, batch: Tensor, generator: torch.Generator) -> StepResult:
        """``batch (B, T + 1)``, of which the first T are read."""
        ids = batch[:, :-1]
        shown, chosen = hidden(ids, self.config.mask_rate, self.mask, generator)
        states = self.model(shown, self.config.dropout, generator)
        logits = self.model.logits(states[chosen])[:, : self.mask].float()
        loss = F.cross_entropy(logits, ids[chosen])
        right = (logits.detach().argmax(1) == ids[chosen]).float().mean()
        return StepResult(loss, {"loss": loss.detach(), "top1": right})

    @torch.no_grad()
    def held_out(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities of hidden symbols alone, hidden by the same dice each time; whole windows of the context."""
        device, length = self.model.embedding.weight.device, min(self.config.context, len(ids))
        places = window_starts(ids, length)
        windows = torch.from_numpy(ids[places[:, None] + np.arange(length)].astype(np.int64))
        shown, chosen = hidden(
            windows, self.config.mask_rate, self.mask, torch.Generator().manual_seed(MASK_SEED)
        )
        found = []
        for rows, places, true in zip(shown.split(64), chosen.split(64), windows.split(64), strict=True):
            states = self.model(rows.to(device))[places.to(device)]
            logs = self.model.logits(states)[:, : self.mask].float().log_softmax(-1).cpu()
            found.append(logs.gather(1, true[places][:, None])[:, 0])
        return torch.cat(found).numpy()

    def asked(self) -> Predictor:
        """See :meth:`SequenceMethod.asked`."""
        return MaskedPredictor(self.model, self.units)


def window_starts(ids: NDArray[np.int32], length: int) -> NDArray[np.intp]:
    """Where windows of ``length`` begin that together hold all of ``ids`` but less than one window at the end: one behind
    the other or, where one ends amid a document, at the beginning of that, as in training."""
    ends = np.flatnonzero(ids == END)
    found, place = [0], 0
    while True:
        last = ends[np.searchsorted(ends, place + length, "right") - 1] if len(ends) else 0
        place = int(last) if last > place else place + length
        if place + length > len(ids):
            return np.array(found)
        found.append(place)


def hidden(ids: Tensor, rate: float, mask: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What the model is shown of ``ids (B, T)``, and which places are chosen, ``(B, T)`` bool: at least one."""
    draw = torch.rand(ids.shape, generator=generator, device=ids.device)
    chosen = (draw < rate) | (draw == draw.min())
    how = torch.rand(ids.shape, generator=generator, device=ids.device)
    others = torch.randint(mask, ids.shape, generator=generator, device=ids.device)
    shown = torch.where(chosen & (how < MASKED), mask, ids)
    return torch.where(chosen & (how >= MASKED) & (how < MASKED + SWAPPED), others, shown), chosen


class MaskedPredictor(Predictor):
    """A masked Transformer that is asked; what comes next is asked as what is hidden at the end. The mask stands behind all
    symbols."""

    causal = False

    def __init__(self, model: Transformer, units: Units) -> None:
        self.model, self.units = model, units
        self.mask = len(units.symbols)
        self.context = model.shape.context - 1  # symbols beside the one that is asked for

    @torch.no_grad()
    def at(self, ids: NDArray[np.int32], place: int) -> NDArray[np.float32]:
        """Log-probabilities ``(size,)`` of what stands at ``place`` of ``ids (n,)``, which is hidden; of a long text the
        context around it is read."""
        shown, row = self._around(ids, place)
        device = self.model.embedding.weight.device
        states = self.model(torch.from_numpy(shown).to(device)[None])[0, row]
        logits = self.model.logits(states)[: self.mask].float()
        return logits.log_softmax(-1).cpu().numpy()

    def _around(self, ids: NDArray[np.int32], place: int) -> tuple[NDArray[np.int64], int]:
        """The context around ``place``, which is hidden, and its number there."""
        most = self.model.shape.context
        first = max(0, min(place - most // 2, len(ids) - most))
        shown = ids[first : first + most].astype(np.int64)
        shown[place - first] = self.mask
        return shown, place - first

    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See :meth:`.Predictor.next`."""
        return self.at(np.append(ids, 0), len(ids))

    @torch.no_grad()
    def told(self, many: Sequence[NDArray[np.int32]], places: Sequence[int]) -> NDArray[np.float32]:
        """Many at once."""
        device = self.model.embedding.weight.device

        def hidden_one(ids: NDArray[np.int64]) -> NDArray[np.float32]:
            states = self.model(torch.from_numpy(ids[:, 1:]).to(device))[np.arange(len(ids)), ids[:, 0]]
            return self.model.logits(states)[:, : self.mask].float().log_softmax(-1).cpu().numpy()

        around = [self._around(ids, place) for ids, place in zip(many, places, strict=True)]
        rows = [np.append(row, shown) for shown, row in around]  # the place goes along in front
        return in_groups(hidden_one, rows, np.array([ids[p] for ids, p in zip(many, places, strict=True)]))

    def by_layer(self, ids: NDArray[np.int32], place: int) -> LayerReadings:
        """See :meth:`.Predictor.by_layer`."""
        shown, row = self._around(np.append(ids, 0) if place == len(ids) else ids, place)
        return layer_readings(self.model, shown, row, self.mask)

    def attention(self, ids: NDArray[np.int32]) -> AttentionMaps:
        """See :meth:`.Predictor.attention`."""
        return attention_maps(self.model, ids)

    def vectors(self) -> SymbolVectors:
        """See :meth:`.Predictor.vectors`."""
        return symbol_vectors(self.model.embedding, self.mask)

    @torch.no_grad()
    def at_each(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities ``(n - 1, size)`` of each of ``ids (n,)`` but the first, hidden in turn, all others seen but the
        rest of its word, which would give it away (Kauf and Ivanova 2023); ``n - 1`` is at most the context."""
        shown = np.repeat(ids.astype(np.int64)[None], len(ids) - 1, 0)
        places = np.arange(1, len(ids))
        begins = [not self.units.continues(int(i)) for i in ids]
        for row, place in zip(shown, places, strict=True):
            end = next((at for at in range(place + 1, len(ids)) if begins[at]), len(ids))
            row[place:end] = self.mask
        device = self.model.embedding.weight.device
        every = torch.from_numpy(places).to(device)
        found = []
        for rows, at in zip(torch.from_numpy(shown).to(device).split(64), every.split(64), strict=True):
            states = self.model(rows)[torch.arange(len(rows), device=device), at]
            found.append(self.model.logits(states)[:, : self.mask].float().log_softmax(-1).cpu())
        return torch.cat(found).numpy()

    def window(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Pseudo-log-likelihoods (Salazar et al. 2020)."""
        return self.at_each(ids)[np.arange(len(ids) - 1), ids[1:]]
