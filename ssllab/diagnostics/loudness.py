"""How loud a frame is, and whether codes say no more than that: the shortcut through volume and silence.

A quantizer may tell frames apart by how loud they are. Its codes are then all alive, the contrastive task is solved
(a loud frame is easily told from a silent one), and they know next to nothing about the sound.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.diagnostics.codes import joint_perplexity, usage
from ssllab.diagnostics.information import SHUFFLES, cross_fitted, rotated

FLOOR_DECIBELS = -100.0
QUIET_DECIBELS = 30.0  # so far below the loud frames of the same recordings a frame counts as silent
LOUD_QUANTILE = 0.95
MOST_BINS = (
    16  # of loudness that is to know the phone: with more it knows less on clips that were not counted
)


def frame_decibels(samples: Tensor, *, hop: int = 320, window: int = 400) -> Tensor:
    """Level of every frame: ``samples (n,)`` in [-1, 1] -> ``(T,)`` dB re full scale, at least -100.

    Frame t is the root mean square of samples ``hop * t`` to ``hop * t + window``, as the feature encoder hears them.
    """
    if len(samples) < window:
        return samples.new_empty(0)
    power = samples.float().unfold(0, window, hop).square().mean(1)
    return (10 * power.clamp_min(1e-12).log10()).clamp_min(FLOOR_DECIBELS)


def loudness_bins(decibels: Tensor, bins: int) -> Tensor:
    """Into which of ``bins`` equally full drawers each level falls: ``(N,)`` -> ``(N,)`` int64.

    Equal levels (digital silence) share a drawer, so some may stay empty.
    """
    if not len(decibels):
        return torch.empty(0, dtype=torch.int64)
    ordered = decibels.double().sort().values
    edges = ordered[torch.arange(1, bins) * len(ordered) // bins]
    return torch.bucketize(decibels.double(), edges, right=True)


def silent(decibels: Tensor) -> Tensor:
    """Which frames are silent, ``(N,)`` bool: 30 dB or more below the level that 5 % exceed."""
    if not len(decibels):
        return torch.empty(0, dtype=torch.bool)
    ordered = decibels.sort().values
    return decibels < ordered[int(LOUD_QUANTILE * (len(ordered) - 1))] - QUIET_DECIBELS


def shortcut_measures(
    codes: Tensor,
    decibels: Tensor,
    quarter: Tensor,
    codebook_size: int,
    phones: Tensor | None = None,
    n_phones: int = 0,
) -> dict[str, float]:
    """What loudness alone explains: ``codes (N, G)``, ``decibels (N,)``, ``phones (N,)`` (-1 unknown) -> probe scalars.

    What one says of the other is read on clips that were not counted, by ``quarter (N,)`` of
    :func:`ssllab.diagnostics.information.quarters`: 0 for noise.

    - ``volume_share``: I(code; loudness) / H(code), mean over groups, of the level cut into as many equally full drawers
      as the group has codes in use: 1 where the level of a frame settles its code.
    - ``pnmi_volume`` (where phones are known): PNMI of loudness itself, cut into as many equally full drawers as there
      are combinations of codes in use, at most 16. Codes worth having know more about the phone than that.
    - ``silence_codes``: share of the codes in use most of whose frames are silent, and ``chance_silence_codes`` the
      same where silence falls anywhere, for a code met once is silent by chance; ``silent_frames``: share of frames.
    """
    shares = []
    for group in codes.long().unbind(1):
        if len(kinds := group.unique()) < 2:
            continue  # one code has no uncertainty to explain
        loudness = loudness_bins(decibels, len(kinds))[:, None]
        shares.append(cross_fitted(group, loudness, quarter, codebook_size, accuracy=False).information)
    quiet = silent(decibels)
    generator = torch.Generator().manual_seed(0)
    elsewhere = [rotated(quiet, quarter, generator) for _ in range(SHUFFLES)]
    found = {
        "volume_share": sum(shares) / len(shares) if shares else 0.0,
        "silence_codes": _silence_codes(codes, quiet, codebook_size),
        "chance_silence_codes": sum(_silence_codes(codes, q, codebook_size) for q in elsewhere) / SHUFFLES,
        "silent_frames": float(quiet.double().mean()),
    }
    if phones is not None and n_phones and bool((known := phones >= 0).any()):
        drawers = min(MOST_BINS, max(2, round(float(joint_perplexity(codes, codebook_size)))))
        loudness = loudness_bins(decibels[known], drawers)[:, None]
        volume = cross_fitted(phones[known], loudness, quarter[known], n_phones, accuracy=False)
        found["pnmi_volume"] = volume.information
    return found


def _silence_codes(codes: Tensor, quiet: Tensor, codebook_size: int) -> float:
    """Share of the codes in use most of whose frames are ``quiet (N,)`` bool."""
    everywhere, in_silence = usage(codes, codebook_size), usage(codes[quiet], codebook_size)
    return float((2 * in_silence > everywhere).sum() / (everywhere > 0).sum().clamp_min(1))
