"""What latents of frames know of the world that the frames show, and whether they are alive: pure functions.

Every probe is a ridge regression on standardised latents, fitted on some clips and asked about others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.data.video.types import Truth
from ssllab.diagnostics.ridge import ridge_accuracy, ridge_r2
from ssllab.diagnostics.spectrum import channel_std, effective_rank, mean_cosine, rankme

FITTED = 0.75  # of the clips


def clip_probes(z: Tensor, truth: Truth | None) -> dict[str, float]:
    """The scalars of latents ``z: (N, T, D)`` on the CPU, of T - 1 context frames and the one after."""
    flat = z.flatten(0, 1)
    found = {
        "std": float(channel_std(flat).mean()),
        "rankme": float(rankme(flat)),
        "effective_rank": float(effective_rank(flat)),
        "mean_cosine": float(mean_cosine(z[:, 0])),
        "temporal_variance_share": float(temporal_variance_share(z)),
    }
    return found if truth is None else found | _known(z, truth)


def temporal_variance_share(z: Tensor) -> Tensor:
    """``E ||z_t - z_{t+1}||^2`` over the sum of the variances of ``z: (N, T, D)`` over clips and time. Unrelated
    frames give 2, a clip that stands still 0."""
    moved = (z[:, 1:] - z[:, :-1]).double().square().sum(-1).mean()
    return moved / z.flatten(0, 1).double().var(0).sum().clamp_min(1e-300)


def background_accuracy(z: Tensor, backgrounds: int) -> float:
    """Whether a latent says before which of a few backgrounds its clip was seen, that of clip i being ``i %
    backgrounds``: balanced, chance ``1 / backgrounds``. ``z: (N, D)``."""
    labels = torch.arange(len(z)) % backgrounds
    cut = int(FITTED * len(z))
    return ridge_accuracy(z[:cut], labels[:cut], z[cut:], labels[cut:])


def _known(z: Tensor, truth: Truth) -> dict[str, float]:
    clips, frames, _ = z.shape
    cut = int(FITTED * clips)

    def r2(features: Tensor, targets: Tensor, used: Tensor) -> float:
        """Of ``features (N, T', D)``, ``targets (N, T', K)`` where ``used (N, T')``."""
        fit, asked = used[:cut], used[cut:]
        return ridge_r2(features[:cut][fit], targets[:cut][fit], features[cut:][asked], targets[cut:][asked])

    position, velocity, hidden = truth.position.cpu(), truth.velocity.cpu(), truth.hidden.cpu()
    whole = torch.ones(clips, 1, dtype=torch.bool)
    context = z[:, :-1].reshape(clips, 1, -1)
    found = {
        "position_r2": r2(z, position, ~hidden),
        "velocity_r2": r2(context, velocity[:, None, frames - 2], whole),
    }
    if hidden.any() and not hidden.all():
        labels = hidden.long()
        found["hidden_accuracy"] = ridge_accuracy(
            z[:cut].flatten(0, 1), labels[:cut].flatten(), z[cut:].flatten(0, 1), labels[cut:].flatten()
        )
    shape = truth.shape.cpu()
    if len(shape.unique()) > 1:
        found["shape_accuracy"] = ridge_accuracy(
            z[:cut][~hidden[:cut]],
            shape[:cut][~hidden[:cut]],
            z[cut:][~hidden[cut:]],
            shape[cut:][~hidden[cut:]],
        )
    return found
