"""How objects move in a box: straight on, off its sides, and off each other where they collide."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor


def roll(
    centre: Tensor, velocity: Tensor, radius: Tensor, size: int, frames: int, collide: bool
) -> tuple[Tensor, Tensor]:
    """Where K objects are in ``frames`` frames, and how fast: two ``(N, T, K, 2)``, the first frame as given.

    ``centre, velocity: (N, K, 2)``, ``radius: (N, K)``. Discs of equal mass, no friction; at most one bounce a frame at each
    side, so a velocity must be under the room that a disc has.
    """
    centres, velocities = [centre], [velocity]
    low, high = radius[..., None], size - radius[..., None]
    for _ in range(frames - 1):
        if collide and centre.shape[1] > 1:
            velocity = _exchanged(centre, velocity, radius)
        moved = centre + velocity
        bounced = (moved < low) | (moved > high)
        centre = torch.where(moved < low, 2 * low - moved, torch.where(moved > high, 2 * high - moved, moved))
        velocity = torch.where(bounced, -velocity, velocity)
        centres.append(centre)
        velocities.append(velocity)
    return torch.stack(centres, 1), torch.stack(velocities, 1)


def _exchanged(centre: Tensor, velocity: Tensor, radius: Tensor) -> Tensor:
    """Velocities after elastic collisions of equal masses: along the line of their centres they are exchanged, one pair
    after the other, so that three which meet at once neither win nor lose energy."""
    velocity = velocity.clone()
    for i, j in itertools.combinations(range(centre.shape[1]), 2):
        apart = centre[:, i] - centre[:, j]
        distance = apart.norm(dim=1)
        normal = apart / distance.clamp_min(1e-6)[:, None]
        closing = ((velocity[:, i] - velocity[:, j]) * normal).sum(1)
        touch = (distance < radius[:, i] + radius[:, j]) & (closing < 0)
        exchanged = normal * (closing * touch)[:, None]
        velocity[:, i] -= exchanged
        velocity[:, j] += exchanged
    return velocity
