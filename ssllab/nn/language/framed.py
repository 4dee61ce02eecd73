"""A Transformer that reads every text between two symbols, as BERT does."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ssllab.nn.language.transformer import Cache, Shape, Transformer


class Framed(Transformer):
    """``start`` stands before a text, in place of the ``end`` it may begin with, and ``end`` behind it, unless it has one.

    Both are read and not given; ``shape.context`` is what is left for the text.
    """

    def __init__(self, shape: Shape, start: int, end: int) -> None:
        super().__init__(shape)
        self.start, self.end = start, end
        self.shape = replace(shape, context=shape.context - 2)

    def forward(
        self,
        ids: Tensor,
        p: float = 0.0,
        generator: torch.Generator | None = None,
        cache: Cache | None = None,
        maps: list[Tensor] | None = None,
        layers: list[Tensor] | None = None,
    ) -> Tensor:
        """As the one without a frame; it has no use for a ``cache``."""
        begins = bool((ids[:, 0] == self.end).all())
        ended = bool((ids[:, -1] == self.end).any())
        start, end = (ids.new_full((len(ids), 1), symbol) for symbol in (self.start, self.end))
        read = torch.cat([start, ids[:, 1:] if begins else ids, *([] if ended else [end])], 1)
        own = slice(0, ids.shape[1]) if begins else slice(1, ids.shape[1] + 1)
        hidden = super().forward(read, p, generator, None, maps, layers)[:, own]
        if layers is not None:
            layers[:] = [stream[:, own] for stream in layers]
        if maps is not None:
            maps[:] = [weights[:, :, own, own] for weights in maps]
        return hidden
