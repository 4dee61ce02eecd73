"""The LSTM over symbols (Hochreiter and Schmidhuber 1997), with the embedding tied to the output (Press and Wolf 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssllab.nn.random import dropout

INITIAL = 0.1  # uniform, as in Zaremba et al. 2014

State = list[tuple[Tensor, Tensor]]


class LSTM(nn.Module):
    """Symbols in, hidden states out; one layer's output is the next one's input."""

    def __init__(self, symbols: int, layers: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.layers = nn.ModuleList(nn.LSTM(width, width, batch_first=True) for _ in range(layers))
        nn.init.uniform_(self.embedding.weight, -INITIAL, INITIAL)

    def forward(
        self,
        ids: Tensor,
        p: float = 0.0,
        generator: torch.Generator | None = None,
        state: State | None = None,
    ) -> tuple[Tensor, State]:
        """``ids (B, T)`` -> ``(B, T, C)`` and the state after them; ``state``: what stood before."""
        x, after = dropout(self.embedding(ids), p, generator), []
        for i, layer in enumerate(self.layers):
            x, kept = layer(x, state[i] if state else None)
            x = dropout(x, p, generator)
            after.append(kept)
        return x, after

    def logits(self, hidden: Tensor) -> Tensor:
        """``(..., C)`` -> ``(..., symbols)``."""
        return F.linear(hidden, self.embedding.weight)
