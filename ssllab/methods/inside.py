"""Inside a Transformer that is asked: what each layer would say, and who looks at whom."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ssllab.looks import AttentionMaps, LayerReadings, SymbolVectors
from ssllab.nn.language.transformer import Transformer


@torch.no_grad()
def layer_readings(model: Transformer, ids: NDArray[np.integer], row: int, size: int) -> LayerReadings:
    """What every layer says at ``row`` of ``ids (n,)``, of the first ``size`` symbols."""
    streams: list[torch.Tensor] = []
    model(_batch(model, ids), layers=streams)
    logits = model.logits(model.hidden(torch.stack([stream[0, row] for stream in streams])))[:, :size]
    return LayerReadings(logits.float().log_softmax(-1).cpu().numpy())


@torch.no_grad()
def attention_maps(model: Transformer, ids: NDArray[np.integer]) -> AttentionMaps:
    """The weights of every layer and head over ``ids (n,)``."""
    maps: list[torch.Tensor] = []
    model(_batch(model, ids), maps=maps)
    return AttentionMaps(torch.cat(maps).float().cpu().numpy())


@torch.no_grad()
def symbol_vectors(embedding: torch.nn.Embedding, size: int) -> SymbolVectors:
    """A copy of the rows of the first ``size`` symbols."""
    return SymbolVectors(embedding.weight[:size].detach().float().cpu().numpy().copy())


def _batch(model: Transformer, ids: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(ids.astype(np.int64)).to(model.embedding.weight.device)[None]
