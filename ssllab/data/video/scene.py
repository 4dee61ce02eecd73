"""What a clip shows before it is drawn: where every object is in every frame, what it looks like, what is behind it.

A scene can be drawn again with one thing changed: the ball at another place, as another shape, without the wall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from ssllab.data.video.types import Clips, Truth

ALONE = (1.0, 1.0, 1.0)
#: Of several objects: the marked one's colour, then those of the others.
COLOURS = (
    (1.0, 0.62, 0.1),
    (0.35, 0.6, 1.0),
    (0.75, 0.75, 0.75),
    (0.4, 0.85, 0.5),
    (0.85, 0.45, 0.85),
    (0.9, 0.9, 0.4),
)
WALL_GREY = 0.45


@dataclass(frozen=True)
class Scene:
    """N clips of T frames with K objects, in pixels of a picture of ``size`` x ``size``. What belongs to a clip and
    not to a frame has a 1 in place of T.

    ``sprites: (S, R, R)``: how much of the picture each shape covers, 0..1; an object's box has the side ``2 radius``.
    ``background`` is None where there is none.
    """

    size: int
    centre: Tensor  # (N, T, K, 2) x to the right, y down
    velocity: Tensor  # (N, T, K, 2) a frame
    radius: Tensor  # (N, K)
    shape: Tensor  # (N, T, K) int64, rows of ``sprites``
    sprites: Tensor
    kinds: Tensor  # (S,) int64: what each sprite is, of the names that the data gives
    wall: Tensor | None = None  # (N, 2) left and right edge
    in_front: Tensor | None = (
        None  # (N, T) bool: the marked object is in front of the wall, against all habit
    )
    background: Tensor | None = None  # (N, T or 1, 1 or 3, H, W)

    def at(self, positions: Tensor) -> Self:
        """The same with the marked object at ``positions (N, T, 2)``."""
        centre = self.centre.clone()
        centre[:, :, 0] = positions
        return replace(self, centre=centre)

    def before(self, backgrounds: int) -> Self:
        """The same before so few backgrounds: that of clip i is number ``i % backgrounds``. ValueError where there is
        none."""
        if self.background is None:
            raise ValueError("a scene without a background has none to share")
        return replace(self, background=self.background[torch.arange(len(self.background)) % backgrounds])

    def frames(self, which: slice) -> Self:
        """Some of the frames."""

        def some(value: Tensor | None) -> Tensor | None:
            return value if value is None or value.shape[1] == 1 else value[:, which]

        return replace(
            self,
            centre=self.centre[:, which],
            velocity=self.velocity[:, which],
            shape=self.shape[:, which],
            in_front=some(self.in_front),
            background=some(self.background),
        )

    def clips(self, which: Tensor | slice) -> Self:
        """Some of the clips, or one several times."""

        def some(value: Tensor | None) -> Tensor | None:
            return value if value is None else value[which]

        return replace(
            self,
            centre=self.centre[which],
            velocity=self.velocity[which],
            radius=self.radius[which],
            shape=self.shape[which],
            wall=some(self.wall),
            in_front=some(self.in_front),
            background=some(self.background),
        )

    @property
    def hidden(self) -> Tensor:
        """``(N, T)`` bool: all of the marked object is behind the wall."""
        x = self.centre[:, :, 0, 0]
        if self.wall is None:
            return torch.zeros_like(x, dtype=torch.bool)
        radius = self.radius[:, :1]
        behind = (x - radius >= self.wall[:, :1]) & (x + radius <= self.wall[:, 1:])
        return behind if self.in_front is None else behind & ~self.in_front

    def truth(self) -> Truth:
        """What is known of the marked object."""
        return Truth(
            self.centre[:, :, 0], self.velocity[:, :, 0], self.kinds[self.shape[:, :, 0]], self.hidden
        )

    def draw(self) -> Tensor:
        """``(N, T, 3, size, size)`` float32 in 0..1."""
        n, t, objects = self.shape.shape
        # One white object before grey is drawn in grey: a third of the work.
        channels = 1 if objects == 1 and (self.background is None or self.background.shape[2] == 1) else 3
        picture = self.centre.new_zeros(n, t, channels, self.size, self.size)
        if self.background is not None:
            picture += self.background
        for k in reversed(range(objects)):  # the marked one above the others
            cover = self._cover(k)[:, :, None]
            colour = ALONE if objects == 1 else COLOURS[k % len(COLOURS)]
            picture += cover * (self.centre.new_tensor(colour[:channels])[:, None, None] - picture)
        if self.wall is not None:
            covered = self._wall(cover[:, :, 0])[:, :, None]
            picture += covered * (WALL_GREY - picture)
        return picture.expand(n, t, 3, self.size, self.size)

    def covered(self) -> Tensor:
        """``(N, T, size, size)`` bool: something of an object can be seen there."""
        covers = [self._cover(k) for k in range(self.shape.shape[2])]
        seen = torch.stack(covers).amax(0)
        return (seen if self.wall is None else seen * (1 - self._wall(covers[0]))) > 0

    def made(self) -> Clips:
        """Drawn, with what is known."""
        return Clips(self.draw(), self.truth(), self)

    def _wall(self, marked: Tensor) -> Tensor:
        """``(N, T, size, size)``: how much of each pixel is wall, where the marked object covers ``marked`` of it."""
        assert self.wall is not None
        n, t = self.shape.shape[:2]
        column = torch.arange(self.size, device=self.centre.device) + 0.5
        covered = ((column >= self.wall[:, :1]) & (column < self.wall[:, 1:])).float()
        covered = covered[:, None, None].expand(n, t, self.size, self.size)
        return covered if self.in_front is None else covered * (1 - marked * self.in_front[:, :, None, None])

    def _cover(self, k: int) -> Tensor:
        """``(N, T, H, W)``: how much of each pixel object ``k`` covers."""
        n, t = self.shape.shape[:2]
        pixel = torch.arange(self.size, device=self.centre.device) + 0.5
        offset = (pixel - self.centre[:, :, k, :, None]) / self.radius[
            :, k, None, None, None
        ]  # (N, T, 2, size)
        x, y = offset.unbind(2)
        where = torch.stack(torch.broadcast_tensors(x[:, :, None, :], y[:, :, :, None]), -1)
        sprites = self.sprites[self.shape[:, :, k]].reshape(n * t, 1, *self.sprites.shape[1:])
        cover = torch.nn.functional.grid_sample(
            sprites, where.reshape(n * t, self.size, self.size, 2), align_corners=False
        )
        return cover.reshape(n, t, self.size, self.size)
