"""The Transformer over symbols, from top to bottom: pre-norm as in GPT-2 (Radford et al. 2019) and nanoGPT.

Causal, each place sees itself and what stands before it; else all see all, as in BERT (Devlin et al. 2019). Embedding
and output share their weights (Press and Wolf 2017). Dropout draws from a generator of one's own, so that a run repeats.
What published models have beside is off unless their file asks for it (:mod:`ssllab.nn.language.files`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssllab.nn.random import dropout

INITIAL_STD = 0.02  # GPT-2 and BERT
ROTARY_BASE = 10_000.0
ACTIVATIONS = {"gelu": nn.GELU(), "gelu_tanh": nn.GELU("tanh"), "relu": nn.ReLU()}  # GPT-2's is the second


@dataclass(frozen=True)
class Shape:
    """How large a Transformer is. ``symbols`` it can read and write, ``context`` it sees at most.

    What only published models have: ``bias`` in all layers and norms; ``norm_first`` False normalises after each sum, as
    BERT does, not before each layer; ``feed`` numbers inside a block where they are not four times the width;
    ``scorer``: BERT's layer before the scores, and a bias of each symbol's score.
    """

    symbols: int
    context: int
    layers: int
    heads: int
    width: int
    causal: bool = True
    positions: Literal["learnt", "rotary"] = "learnt"
    bias: bool = False
    norm_first: bool = True
    feed: int = 0
    activation: str = "gelu"
    epsilon: float = 1e-5
    scorer: bool = False

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(
                f"width = {self.width} cannot be shared by {self.heads} heads: expected a multiple of {self.heads}."
            )
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(
                f"rotary positions turn pairs of numbers: expected heads of an even width, got {self.width // self.heads}."
            )


@dataclass
class Cache:
    """Keys and values of what was read, per layer ``(B, H, T, D)``: the next symbol is then one step's work."""

    layers: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Symbols that were read."""
        return self.layers[0][0].shape[2] if self.layers else 0


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.causal, self.rotary = shape.heads, shape.causal, shape.positions == "rotary"
        self.queries_keys_values = nn.Linear(shape.width, 3 * shape.width, bias=shape.bias)
        self.out = nn.Linear(shape.width, shape.width, bias=shape.bias)

    def forward(
        self,
        x: Tensor,
        p: float,
        generator: torch.Generator | None,
        seen: tuple[Tensor, Tensor] | None = None,
        maps: list[Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """``x (B, T, C)``; ``seen``: keys and values of what stands before. Gives ``(B, T, C)`` and all keys and values.

        ``maps`` collects the attention weights ``(B, H, T, S)``.
        """
        batch, length, width = x.shape
        query, key, value = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.queries_keys_values(x).split(width, dim=2)
        )
        before = 0 if seen is None else seen[0].shape[2]
        if self.rotary:
            query, key = rotated(query, before), rotated(key, before)
        if seen is not None:
            key, value = torch.cat([seen[0], key], 2), torch.cat([seen[1], value], 2)
        dropping = generator is not None and p > 0
        if maps is None and not dropping and (not self.causal or before == 0 or length == 1):
            y = F.scaled_dot_product_attention(query, key, value, is_causal=self.causal and before == 0)
        else:  # written out, where the weights are looked at or some of them dropped
            scores = query @ key.transpose(2, 3) / math.sqrt(width // self.heads)
            if self.causal:
                later = torch.ones(length, before + length, dtype=torch.bool, device=x.device).triu(
                    1 + before
                )
                scores = scores.masked_fill(later, -torch.inf)
            weights = scores.softmax(-1)
            if maps is not None:
                maps.append(weights)
            y = dropout(weights, p, generator) @ value
        return self.out(y.transpose(1, 2).reshape(batch, length, width)), (key, value)


class Block(nn.Module):
    """Attention, then two layers at each place, both added to the residual stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm_first, self.activation = shape.norm_first, ACTIVATIONS[shape.activation]
        feed = shape.feed or 4 * shape.width
        self.attention_norm = norm(shape)
        self.attention = Attention(shape)
        self.feed_norm = norm(shape)
        self.up = nn.Linear(shape.width, feed, bias=shape.bias)
        self.down = nn.Linear(feed, shape.width, bias=shape.bias)

    def forward(
        self,
        x: Tensor,
        p: float,
        generator: torch.Generator | None,
        seen: tuple[Tensor, Tensor] | None = None,
        maps: list[Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """See :meth:`Attention.forward`."""
        if not self.norm_first:
            attended, kept = self.attention(x, p, generator, seen, maps)
            x = self.attention_norm(x + dropout(attended, p, generator))
            return self.feed_norm(x + dropout(self.fed(x), p, generator)), kept
        attended, kept = self.attention(self.attention_norm(x), p, generator, seen, maps)
        x = x + dropout(attended, p, generator)
        return x + dropout(self.fed(self.feed_norm(x)), p, generator), kept

    def fed(self, x: Tensor) -> Tensor:
        """The two layers at each place: ``(B, T, C)`` -> ``(B, T, C)``."""
        y: Tensor = self.down(self.activation(self.up(x)))
        return y


class Transformer(nn.Module):
    """Symbols in, a score of every symbol at every place out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.most = shape.context  # symbols that are read
        self.embedding = nn.Embedding(shape.symbols, shape.width)
        self.places = nn.Embedding(shape.context, shape.width) if shape.positions == "learnt" else None
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = norm(
            shape
        )  # of the last block's stream; where blocks normalise what they give, of the first one's
        self.scorer = None
        if shape.scorer:
            layer = nn.Linear(shape.width, shape.width)
            self.scorer = nn.Sequential(layer, ACTIVATIONS[shape.activation], norm(shape))
            self.score_bias = nn.Parameter(torch.zeros(shape.symbols))
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                # What is added to the residual stream, twice a layer, is kept from growing with depth (GPT-2, section 2.3).
                adds = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=INITIAL_STD / (math.sqrt(2 * shape.layers) if adds else 1.0))

    def forward(
        self,
        ids: Tensor,
        p: float = 0.0,
        generator: torch.Generator | None = None,
        cache: Cache | None = None,
        maps: list[Tensor] | None = None,
        layers: list[Tensor] | None = None,
    ) -> Tensor:
        """``ids (B, T)`` int64 -> hidden states ``(B, T, C)`` for :meth:`logits`.

        ``p`` is the rate of dropout, from ``generator``; without one nothing is dropped. With a ``cache``, ``ids`` goes on
        from what it holds. ``maps`` and ``layers`` collect attention weights, and the stream before and after each block.
        """
        before = cache.length if cache is not None else 0
        if before + ids.shape[1] > self.most:
            raise ValueError(f"{before + ids.shape[1]} symbols: expected at most the context of {self.most}.")
        x = self.embedding(ids)
        if self.places is not None:
            x = x + self.places.weight[before : before + ids.shape[1]]
        if not self.shape.norm_first:
            x = self.norm(x)
        x = dropout(x, p, generator)
        kept = []
        for i, block in enumerate(self.blocks):
            if layers is not None:
                layers.append(x)
            x, pair = block(x, p, generator, cache.layers[i] if before and cache else None, maps)
            kept.append(pair)
        if layers is not None:
            layers.append(x)
        if cache is not None:
            cache.layers = kept
        return self.hidden(x)

    def hidden(self, x: Tensor) -> Tensor:
        """The stream after a block, also one of those that ``layers`` collected, as :meth:`logits` reads it."""
        return self.norm(x) if self.shape.norm_first else x

    def logits(self, hidden: Tensor) -> Tensor:
        """``(..., C)`` -> ``(..., symbols)``."""
        if self.scorer is None:
            return F.linear(hidden, self.embedding.weight)
        return F.linear(self.scorer(hidden), self.embedding.weight, self.score_bias)


def norm(shape: Shape) -> nn.LayerNorm:
    """Brings what stands at each place to mean 0 and variance 1, then scales it by learnt numbers."""
    return nn.LayerNorm(shape.width, shape.epsilon, bias=shape.bias)


def rotated(x: Tensor, first: int) -> Tensor:
    """Rotary positions (Su et al. 2021, equation 34): pairs of numbers of ``x (B, H, T, D)`` turn with their place, which
    begins at ``first``; halves are paired, as in GPT-NeoX and Llama."""
    length, width = x.shape[2:]
    frequency = ROTARY_BASE ** (-torch.arange(0, width, 2, device=x.device) / width)
    angle = torch.arange(first, first + length, device=x.device)[:, None] * frequency
    cosine, sine = angle.cos().repeat(1, 2), angle.sin().repeat(1, 2)
    left, right = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-right, left], -1) * sine
