"""Bouncing: objects that move in a box, made on the fly, with everything known of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ssllab.data.video.motion import roll
from ssllab.data.video.scene import Scene
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.types import Clips, VideoData

LONGEST = 256
RADIUS = 0.11  # of a ball, as a share of the picture's side
SPEED = (0.03, 0.1)  # a frame, as shares of the picture's side
WALL = 0.3  # its width
SPRITE = 64  # pixels of a shape's mask


@lru_cache
def shapes() -> Tensor:
    """``(4, SPRITE, SPRITE)``: ball, square, triangle, ring."""
    fine = (torch.arange(SPRITE * 4) + 0.5) / (SPRITE * 2) - 1
    y, x = torch.meshgrid(fine, fine, indexing="ij")
    far = (x.square() + y.square()).sqrt()
    masks = (
        far < 0.97,
        torch.maximum(x.abs(), y.abs()) < 0.8,
        (y < 0.75) & (y > -0.95 + 1.9 * x.abs()),
        (far < 0.97) & (far > 0.55),
    )
    return F.avg_pool2d(torch.stack(masks).float()[:, None], 4)[:, 0]


@dataclass(frozen=True)
class Moving:
    """Clips of moving sprites. ``sprites (S, R, R)``: what an object may look like; ``kinds (S,)``: what each
    is, of the names that the data gives; ``few``: whether the control ``shapes``
    says how many of them there are. ``radius``: of an object, as a share of the picture's side."""

    size: int
    sprites: Tensor
    kinds: Tensor
    few: bool
    radius: float
    longest: int = LONGEST

    def clips(self, count: int, length: int, settings: WorldSettings, generator: torch.Generator) -> Clips:
        """See :class:`ssllab.data.video.types.ClipSource`."""
        return self.scene(count, length, settings, generator).made()

    def scene(self, count: int, length: int, settings: WorldSettings, generator: torch.Generator) -> Scene:
        """The same before it is drawn."""
        device, k, size = generator.device, settings.objects, self.size

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, device=device)

        radius = torch.full((count, k), self.radius * size, device=device)
        centre = radius[..., None] + uniform(count, k, 2) * (size - 2 * radius[..., None])
        angle = 2 * math.pi * uniform(count, k)
        speed = size * (SPEED[0] + (SPEED[1] - SPEED[0]) * uniform(count, k))
        velocity = torch.stack((angle.cos(), angle.sin()), -1) * speed[..., None]
        centre, velocity = roll(centre, velocity, radius, size, length, settings.collisions)
        kinds = min(settings.shapes, len(self.sprites)) if self.few else len(self.sprites)
        shape = (uniform(count, 1, k) * kinds).long().clamp_max(kinds - 1).expand(-1, length, -1)
        wall = None
        if settings.wall:
            # In the middle of every clip: another place in each would be a slow feature of its own.
            edges = torch.tensor([0.5 - WALL / 2, 0.5 + WALL / 2], device=device)
            wall = (edges * size).expand(count, 2)
        return Scene(
            size, centre, velocity, radius, shape, self.sprites.to(device), self.kinds.to(device), wall,
            background=_background(count, length, size, settings, generator),
        )  # fmt: skip


def _background(
    count: int, length: int, size: int, settings: WorldSettings, generator: torch.Generator
) -> Tensor | None:
    """``(N, T or 1, 1, size, size)``: grey in 0..strength."""
    if settings.background == "off":
        return None
    device = generator.device
    frames = length if settings.background == "flicker" else 1
    noise = torch.rand(count, frames, 1, size, size, generator=generator, device=device)
    if settings.background == "drift":
        angle = 2 * math.pi * torch.rand(count, 1, generator=generator, device=device)
        speed = 2 * torch.arange(length, device=device)
        shift_x, shift_y = ((speed * angle.cos()).round().long(), (speed * angle.sin()).round().long())
        index = torch.arange(size, device=device)
        rows = (index - shift_y[..., None]) % size  # (N, T, size)
        columns = (index - shift_x[..., None]) % size
        clip = torch.arange(count, device=device)[:, None, None, None]
        noise = noise[:, 0, 0][clip, rows[..., :, None], columns[..., None, :]][:, :, None]
    return noise * settings.background_strength


def bouncing(size: int) -> VideoData:
    """Balls, and other shapes where asked for."""
    source = Moving(size, shapes(), torch.arange(4), True, RADIUS)
    return VideoData(
        "bouncing",
        "Bouncing",
        source,
        source,
        size,
        "Objects that move in a box, drawn on the fly; all of it is known.",
        shape_names=("ball", "square", "triangle", "ring"),
    )
