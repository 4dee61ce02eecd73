"""From latents to discrete codes: the Gumbel product quantizer (paper section 2), cosine codes, and FSQ.

G groups of V codevectors each; one code of every group, their vectors side by side, is what a frame is told
apart by. Training is hard with the gradient of the soft choice (straight through).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssllab.nn.wav2vec2.config import Wav2Vec2Config

FSQ_LEVELS = {320: (8, 8, 5), 64: (8, 8), 40: (8, 5), 1000: (8, 5, 5, 5)}
COSINE_SCALE = 20.0  # logits of cosine codes: cosines times this, so that a softmax can be sharp


@dataclass(frozen=True)
class Quantized:
    """``vectors (..., D)`` with gradient, ``codes (..., G)`` int64, ``probabilities (..., G, V)``: the softmax
    without noise or temperature, with gradient."""

    vectors: Tensor
    codes: Tensor
    probabilities: Tensor


class GumbelVectorQuantizer(nn.Module):
    """``weight_proj`` scores the codes, ``codevectors`` are what they stand for; names are Hugging Face's."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.groups, self.size = config.num_codevector_groups, config.num_codevectors_per_group
        self.cosine = config.quantizer == "cosine"
        if config.codevector_dim % self.groups:
            raise ValueError(
                f"codevector_dim {config.codevector_dim}: expected a multiple of num_codevector_groups ({self.groups})."
            )
        width = config.codevector_dim // self.groups
        self.codevectors = nn.Parameter(torch.rand(1, self.groups * self.size, width))
        self.weight_proj = nn.Linear(config.conv_dim[-1], self.groups * self.size)
        nn.init.normal_(self.weight_proj.weight)  # fairseq's initial values, as the uniform codevectors
        nn.init.zeros_(self.weight_proj.bias)

    def logits(self, z: Tensor) -> Tensor:
        """``z: (..., C)`` normalised latents -> scores ``(..., G, V)`` float32."""
        if (
            self.cosine
        ):  # ViT-VQGAN, section 3.2: both sides on the sphere, so that no code wins by its length
            weight = F.normalize(self.weight_proj.weight.float(), dim=-1)
            scores = COSINE_SCALE * F.linear(F.normalize(z.float(), dim=-1), weight)
        else:
            scores = self.weight_proj(z).float()
        return scores.unflatten(-1, (self.groups, self.size))

    def look_up(self, codes: Tensor) -> Tensor:
        """``codes: (..., G)`` -> codevectors side by side ``(..., D)``."""
        table = self.codevectors.view(self.groups, self.size, -1)
        return torch.cat([table[g][codes[..., g]] for g in range(self.groups)], -1)

    def forward(
        self,
        z: Tensor,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        noise: bool = True,
    ) -> Quantized:
        """``z: (..., C)``. Without a generator the best code is taken, as in evaluation.

        With one: ``softmax((logits + Gumbel noise) / temperature)``, hard forward, soft backward (equation 1).
        """
        logits = self.logits(z)
        if generator is None:
            codes = logits.argmax(-1)
            return Quantized(self.look_up(codes), codes, logits.softmax(-1))
        if noise:
            uniform = torch.rand(logits.shape, generator=generator, device=logits.device)
            noisy = logits - uniform.clamp_(1e-20, 1 - 1e-7).log_().neg_().log_()
        else:
            noisy = logits
        soft = (noisy / temperature).softmax(-1)
        codes = noisy.argmax(-1)
        hard = torch.zeros_like(soft).scatter_(-1, codes[..., None], 1.0)
        choice = (hard - soft).detach() + soft
        table = self.codevectors.view(self.groups, self.size, -1).float()
        vectors = torch.cat([choice[..., g, :] @ table[g] for g in range(self.groups)], -1)
        return Quantized(vectors, codes, logits.softmax(-1))


class FiniteScalarQuantizer(nn.Module):
    """FSQ (Mentzer et al. 2023): every channel is bounded and rounded to a few levels; no codebook to collapse.

    V is the product of a group's levels; the "codevectors" are the rounded channels themselves, in [-1, 1].
    """

    levels: Tensor
    basis: Tensor

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.groups, self.size = config.num_codevector_groups, config.num_codevectors_per_group
        if self.size not in FSQ_LEVELS:
            raise ValueError(
                f"codebook_size = {self.size}: expected one of {', '.join(map(str, sorted(FSQ_LEVELS)))} with "
                "the quantizer fsq, whose codes are all combinations of a few levels."
            )
        levels = torch.tensor(FSQ_LEVELS[self.size])
        self.weight_proj = nn.Linear(config.conv_dim[-1], self.groups * len(levels))
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("basis", torch.cumprod(F.pad(levels[:-1], (1, 0), value=1), 0), persistent=False)

    def forward(
        self,
        z: Tensor,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        noise: bool = True,
    ) -> Quantized:
        """``z: (..., C)``; temperature and noise mean nothing here. ``probabilities`` are the choice itself."""
        channels = self.weight_proj(z).float().unflatten(-1, (self.groups, -1))
        # Bound to the levels; an even number of them needs half a step of shift (paper, appendix A.1).
        half = (self.levels - 1) * (1 + 1e-3) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = (channels + (offset / half).atanh()).tanh() * half - offset
        rounded = bounded + (bounded.round() - bounded).detach()
        codes = ((rounded.detach().round() + self.levels // 2).long() * self.basis).sum(-1)
        choice = F.one_hot(codes, self.size).float()
        return Quantized((rounded / (self.levels // 2)).flatten(-2), codes, choice)


Quantizer = GumbelVectorQuantizer | FiniteScalarQuantizer


def build_quantizer(config: Wav2Vec2Config) -> Quantizer:
    """The quantizer that ``config`` names. Raises ValueError for a size that FSQ cannot have."""
    return FiniteScalarQuantizer(config) if config.quantizer == "fsq" else GumbelVectorQuantizer(config)


def quantized_width(config: Wav2Vec2Config) -> int:
    """Width of the quantized vectors."""
    if config.quantizer != "fsq":
        return config.codevector_dim
    levels = FSQ_LEVELS.get(config.num_codevectors_per_group, (1,))
    return config.num_codevector_groups * len(levels)


@torch.no_grad()
def restart_dead(quantizer: Quantizer, dead: Tensor, z: Tensor, generator: torch.Generator) -> int:
    """Give dead codes the place of latents seen now (Jukebox, section 3.3 of Dhariwal et al. 2020).

    ``dead: (G, V)`` bool; ``z: (N, C)`` latents. The scoring row of a dead code becomes a random latent, as long
    as the other rows: it wins there. Returns how many were moved.
    """
    if isinstance(quantizer, FiniteScalarQuantizer) or not len(z):
        return 0
    rows = dead.flatten().nonzero()[:, 0]
    pick = torch.randint(len(z), (len(rows),), generator=generator, device=z.device)
    weight, bias = quantizer.weight_proj.weight, quantizer.weight_proj.bias
    length = weight.norm(dim=1).mean()
    weight[rows] = (F.normalize(z[pick].float(), dim=1) * length).to(weight.dtype)
    bias[rows] = bias.median()
    return len(rows)


@torch.no_grad()
def k_means_start(quantizer: Quantizer, z: Tensor, generator: torch.Generator, rounds: int = 10) -> None:
    """Begin with the codes at the k-means centres of latents ``z (N, C)``, N at least V.

    Each group clusters its own random half-rotation of the space, or all groups would start as one. Scores become
    ``2 c z - |c|^2``, whose best is the nearest centre: linear, so the model stays a published one.
    """
    gumbel = cast(GumbelVectorQuantizer, quantizer)
    weight, bias = gumbel.weight_proj.weight, gumbel.weight_proj.bias
    z = z.float()
    for g in range(gumbel.groups):
        draw = torch.randn(z.shape[1], z.shape[1] // 2, generator=generator, device=z.device)
        basis = torch.linalg.qr(draw).Q  # (C, C / 2)
        points = z @ basis
        start = torch.randperm(len(points), generator=generator, device=z.device)[: gumbel.size]
        centres = points[start].clone()
        for _ in range(rounds):
            nearest = (2 * points @ centres.T - centres.square().sum(1)).argmax(1)
            count = torch.bincount(nearest, minlength=gumbel.size)
            summed = torch.zeros_like(centres).index_add_(0, nearest, points)
            centres = torch.where(count[:, None] > 0, summed / count.clamp_min(1)[:, None], centres)
        rows = slice(g * gumbel.size, (g + 1) * gumbel.size)
        weight[rows] = (2 * centres @ basis.T).to(weight.dtype)
        bias[rows] = -centres.square().sum(1).to(bias.dtype)
