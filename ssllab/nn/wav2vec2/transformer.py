"""The context network: convolutional position embedding and Transformer (paper section 2).

Post-norm as in Base, pre-norm ("stable layer norm") as in Large. Parameter names are Hugging Face's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssllab.nn.random import chance, dropout
from ssllab.nn.wav2vec2.config import Wav2Vec2Config


class PositionalConvEmbedding(nn.Module):
    """A grouped convolution over 128 frames with weight normalisation: relative positions."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        kernel = config.num_conv_pos_embeddings
        conv = nn.Conv1d(
            config.hidden_size,
            config.hidden_size,
            kernel,
            padding=kernel // 2,
            groups=config.num_conv_pos_embedding_groups,
        )
        nn.init.normal_(conv.weight, std=2 * (1 / (kernel * config.hidden_size)) ** 0.5)
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        self.conv = nn.utils.parametrizations.weight_norm(conv, dim=2)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, D) -> (B, T, D)``."""
        # An even kernel gives one frame too many, which the published model cuts off.
        return F.gelu(self.conv(x.transpose(1, 2))[:, :, : x.shape[1]]).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads, self.p = config.num_attention_heads, config.attention_dropout
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """``x: (B, T, D)``; ``bias: (B, 1, 1, T)`` is added to the scores, -inf at padding."""
        batch, time, width = x.shape
        q, k, v = (
            layer(x).view(batch, time, self.heads, -1).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        if generator is None or self.p <= 0.0:
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        else:  # with dropout drawn from the run's own generator
            scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
            weights = (scores if bias is None else scores + bias).softmax(-1)
            attended = dropout(weights, self.p, generator) @ v
        return self.out_proj(attended.transpose(1, 2).reshape(batch, time, width))


class FeedForward(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.inner_p, self.outer_p = config.activation_dropout, config.hidden_dropout
        self.intermediate_dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.output_dense = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        x = dropout(F.gelu(self.intermediate_dense(x)), self.inner_p, generator)
        return dropout(self.output_dense(x), self.outer_p, generator)


class Layer(nn.Module):
    """Attention and feed-forward, each with its residual; the norm after (Base) or before (Large)."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.pre_norm, self.p = config.do_stable_layer_norm, config.hidden_dropout
        self.attention = Attention(config)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.feed_forward = FeedForward(config)
        self.final_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x: Tensor, bias: Tensor | None, generator: torch.Generator | None) -> Tensor:
        if self.pre_norm:
            x = x + dropout(self.attention(self.layer_norm(x), bias, generator), self.p, generator)
            return x + self.feed_forward(self.final_layer_norm(x), generator)
        x = self.layer_norm(x + dropout(self.attention(x, bias, generator), self.p, generator))
        return self.final_layer_norm(x + self.feed_forward(x, generator))


class Encoder(nn.Module):
    """Positions, layers (with LayerDrop), and the norm where the variant has it."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.pre_norm, self.p, self.layerdrop = (
            config.do_stable_layer_norm,
            config.hidden_dropout,
            config.layerdrop,
        )
        self.pos_conv_embed = PositionalConvEmbedding(config)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))

    def forward(
        self,
        x: Tensor,
        valid: Tensor | None = None,
        generator: torch.Generator | None = None,
        until: int | None = None,
    ) -> Tensor:
        """``x: (B, T, D)``; ``valid: (B, T)`` bool, False at padding; gives context vectors ``(B, T, D)``.

        ``until``: stop after so many layers, without the last norm (HuBERT's targets of a later round).
        """
        bias = None
        if valid is not None:
            x = x * valid[..., None]
            # A clip without one valid frame would make softmax of -inf alone; its rows are never read.
            bias = torch.zeros_like(valid, dtype=x.dtype).masked_fill(~valid, -torch.inf)[:, None, None]
            bias = bias.masked_fill(~valid.any(1)[:, None, None, None], 0.0)
        x = x + self.pos_conv_embed(x)
        if not self.pre_norm:
            x = self.layer_norm(x)
        x = dropout(x, self.p, generator)
        for layer in self.layers[:until]:
            if not chance(self.layerdrop, generator):
                x = layer(x, bias, generator)
        return self.layer_norm(x) if self.pre_norm and until is None else x
