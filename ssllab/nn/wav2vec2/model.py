"""wav2vec 2.0 (Baevski et al. 2020): the model, its pre-training heads, and its CTC head.

Modules carry Hugging Face's names, so that their ``state_dict`` is that of the class of the same name there.
Randomness comes in through ``generator`` arguments; without one nothing is random.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ssllab.nn.random import dropout
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.feature_encoder import FeatureEncoder, frame_counts, frame_mask
from ssllab.nn.wav2vec2.quantizer import Quantized, build_quantizer, quantized_width
from ssllab.nn.wav2vec2.statistics import Statistics, standardised
from ssllab.nn.wav2vec2.transformer import Encoder


class FeatureProjection(nn.Module):
    """The latents' norm, and their projection to the width of the Transformer."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.p = config.feat_proj_dropout
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], eps=config.layer_norm_eps)
        self.projection = nn.Linear(config.conv_dim[-1], config.hidden_size)
        bound = config.conv_dim[-1] ** -0.5
        nn.init.uniform_(self.projection.bias, -bound, bound)

    def forward(self, z: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """``z: (B, T, C)`` -> projected ``(B, T, D)`` and normalised latents ``(B, T, C)``."""
        z = self.layer_norm(z)
        return dropout(self.projection(z), self.p, generator), z


@dataclass(frozen=True)
class Context:
    """What :class:`Wav2Vec2Model` gives for a batch.

    ``context (B, T, D)``: c; ``latents (B, T, C)``: z after its norm, what the quantizer reads; ``raw_latents``:
    z before it; ``counts (B,)``: valid frames; ``valid (B, T)``.
    """

    context: Tensor
    latents: Tensor
    raw_latents: Tensor
    counts: Tensor
    valid: Tensor


class Wav2Vec2Model(nn.Module):
    """Feature encoder, masking, context network."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.feature_extractor = FeatureEncoder(config)
        self.feature_projection = FeatureProjection(config)
        self.masked_spec_embed = nn.Parameter(torch.rand(config.hidden_size))
        self.encoder = Encoder(config)
        self.apply(self._begin)

    def _begin(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear) and module is not self.feature_projection.projection:
            nn.init.normal_(module.weight, std=self.config.initializer_range)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv1d) and module is not self.encoder.pos_conv_embed.conv:
            nn.init.kaiming_normal_(module.weight)
            if self.config.smooth_start and module.in_channels > 1:
                taps = module.weight.shape[2]
                # One draw for all taps; divided so that the output is as large as before for a slow input.
                module.weight.data.copy_(module.weight.data[..., :1].expand_as(module.weight) / taps**0.5)

    def encode(
        self,
        waveform: Tensor,
        lengths: Tensor | None = None,
        *,
        norm_over_padding: bool = False,
        whole: Statistics | None = None,
    ) -> tuple[Tensor, Tensor]:
        """``waveform: (B, n)``, ``lengths: (B,)`` samples -> raw latents ``(B, T, C)`` and frame counts ``(B,)``.

        ``norm_over_padding``: let Base's group norm see the padding, as the published code does. ``whole``: of the
        recording that the rows are parts of; without it they are whole ones.
        """
        if lengths is None:
            lengths = torch.full((len(waveform),), waveform.shape[1], device=waveform.device)
        if self.config.do_normalize:
            waveform = standardised(waveform, lengths, whole)
        exact = None if norm_over_padding else lengths
        return self.feature_extractor(waveform, exact, whole), frame_counts(self.config, lengths)

    def forward(
        self,
        waveform: Tensor,
        lengths: Tensor | None = None,
        masked: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        feature_gradient: float = 1.0,
        norm_over_padding: bool = False,
        until: int | None = None,
        whole: Statistics | None = None,
    ) -> Context:
        """``waveform: (B, n)``; ``masked: (B, T)`` bool frames that the context network must not see.

        ``whole``, ``norm_over_padding``: see :meth:`encode`.
        ``feature_gradient`` scales the gradient into the feature encoder (fairseq's ``feature_grad_mult``).
        """
        if feature_gradient > 0.0:
            raw, counts = self.encode(waveform, lengths, norm_over_padding=norm_over_padding, whole=whole)
            if feature_gradient != 1.0:
                raw = raw * feature_gradient + raw.detach() * (1 - feature_gradient)
        else:
            with torch.no_grad():
                raw, counts = self.encode(waveform, lengths, norm_over_padding=norm_over_padding, whole=whole)
        return self.contextualise(raw, counts, lengths is not None, masked, generator, until)

    def contextualise(
        self,
        raw: Tensor,
        counts: Tensor,
        padded: bool,
        masked: Tensor | None = None,
        generator: torch.Generator | None = None,
        until: int | None = None,
    ) -> Context:
        """From raw latents ``(B, T, C)`` on: projection, mask, context network."""
        projected, latents = self.feature_projection(raw, generator)
        if masked is not None:
            projected = torch.where(masked[..., None], self.masked_spec_embed.to(projected.dtype), projected)
        valid = frame_mask(counts, raw.shape[1])
        context = self.encoder(projected, valid if padded else None, generator, until)
        return Context(context, latents, raw, counts, valid)


@dataclass(frozen=True)
class CodeFrames:
    """What is heard in every frame: ``codes (B, T, G)`` int64, ``confidence (B, T, G)`` float32, the softmax
    probability of the chosen code, ``latents (B, T, C)``, ``counts (B,)`` valid frames."""

    codes: Tensor
    confidence: Tensor
    latents: Tensor
    counts: Tensor


class Wav2Vec2ForPreTraining(nn.Module):
    """The model with the quantizer and the two projections into the space of the contrastive loss."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.wav2vec2 = Wav2Vec2Model(config)
        self.quantizer = build_quantizer(config)
        self.project_hid = nn.Linear(config.hidden_size, config.proj_codevector_dim)
        self.project_q = nn.Linear(quantized_width(config), config.proj_codevector_dim)

    def quantize(
        self,
        latents: Tensor,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        noise: bool = True,
    ) -> Quantized:
        """Normalised latents ``(..., C)`` -> codes; see :class:`GumbelVectorQuantizer`."""
        latents = dropout(latents, self.config.feat_quantizer_dropout, generator)
        return self.quantizer(latents, temperature, generator, noise)

    @torch.no_grad()
    def codes(
        self, waveform: Tensor, lengths: Tensor | None = None, whole: Statistics | None = None
    ) -> CodeFrames:
        """Codes of ``waveform (B, n)`` float32; the Transformer has no part in them. ``whole``: of the recording that
        it is a part of."""
        raw, counts = self.wav2vec2.encode(waveform, lengths, whole=whole)
        latents = self.wav2vec2.feature_projection.layer_norm(raw)
        quantized = self.quantizer(latents)
        confidence = quantized.probabilities.gather(-1, quantized.codes[..., None])[..., 0]
        return CodeFrames(quantized.codes, confidence.float(), latents, counts)


class Wav2Vec2ForCTC(nn.Module):
    """The model with a linear layer to characters."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.wav2vec2 = Wav2Vec2Model(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        nn.init.normal_(self.lm_head.weight, std=config.initializer_range)
        nn.init.zeros_(self.lm_head.bias)

    def forward(
        self,
        waveform: Tensor,
        lengths: Tensor | None = None,
        masked: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        feature_gradient: float = 1.0,
        norm_over_padding: bool = False,
        whole: Statistics | None = None,
    ) -> tuple[Tensor, Context]:
        """Logits ``(B, T, A)`` over characters, and the context they were read from."""
        found = self.wav2vec2(
            waveform,
            lengths,
            masked,
            generator,
            feature_gradient=feature_gradient,
            norm_over_padding=norm_over_padding,
            whole=whole,
        )
        return self.lm_head(dropout(found.context, self.config.final_dropout, generator)), found
