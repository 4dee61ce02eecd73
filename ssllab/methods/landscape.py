"""The energy of a next frame with its object put at every place: pure functions of a model's energies and a scene."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ssllab.data.video.scene import Scene
from ssllab.looks import Landscape

Energies = Callable[
    [Tensor, Tensor], Tensor
]  # context (N, C, 3, H, W), candidates (N or 1, M, 3, H, W) -> (N, M)


def places(scene: Scene, grid: int) -> Tensor:
    """``(grid,)``: where the marked object may be along a side, in pixels, evenly over the room that it has."""
    radius = float(scene.radius[0, 0])
    return torch.linspace(radius, scene.size - radius, grid, device=scene.centre.device)


def grid_of(along: Tensor) -> Tensor:
    """``(G,)`` -> ``(G * G, 2)``: x changes first."""
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack((x, y), -1).reshape(-1, 2)


def candidates(scene: Scene, positions: Tensor) -> Tensor:
    """The last frame of one clip with the marked object at each of ``positions (M, 2)``: ``(1, M, 3, H, W)``."""
    last = scene.frames(slice(-1, None)).clips(torch.zeros(len(positions), dtype=torch.long))
    return last.at(positions[:, None]).draw().transpose(0, 1)


def landscape(energies: Energies, scene: Scene, grid: int, low: float, high: float) -> Landscape:
    """Of the one clip of ``scene``, whose last frame is the one to predict."""
    frames = scene.draw()
    along = places(scene, grid)
    spots = grid_of(along)
    values = energies(frames[:, :-1], candidates(scene, spots))[0]
    valley = spots[values.argmin()]
    centre = scene.centre[0, :, 0]

    def point(at: Tensor) -> tuple[float, float]:
        return float(at[0]), float(at[1])

    return Landscape(
        values.reshape(grid, grid).float().cpu().numpy(),
        along.cpu().numpy(),
        point(centre[-1]),
        point(centre[-2]),
        point(valley),
        low,
        high,
        scene.size,
        frames[0].mul(255).round().byte().permute(0, 2, 3, 1).contiguous().cpu().numpy(),
    )


def valley_errors(energies: Energies, scene: Scene, grid: int) -> Tensor:
    """``(N,)``: how far the place of the lowest energy is from the truth, in pixels, of each clip of ``scene``.

    Where clips differ in more than the object's place, the valley is sought on every third place of the grid first, then
    around the lowest of those.
    """
    frames = scene.draw()
    along = places(scene, grid)
    truth = scene.centre[:, -1, 0]
    if _alike(scene):
        spots = grid_of(along)
        lowest = energies(frames[:, :-1], candidates(scene.clips(slice(0, 1)), spots)).argmin(1)
        return (spots[lowest] - truth).norm(dim=1)
    valleys = [
        _valley(energies, frames[i : i + 1, :-1], scene.clips(slice(i, i + 1)), along)
        for i in range(len(frames))
    ]
    return (torch.stack(valleys) - truth).norm(dim=1)


def _valley(energies: Energies, context: Tensor, scene: Scene, along: Tensor) -> Tensor:
    """``(2,)``: the lowest place of one clip."""
    spots = grid_of(along[1::3])
    lowest = spots[energies(context, candidates(scene, spots))[0].argmin()]
    column, row = (int((along - at).abs().argmin()) for at in lowest)
    y, x = torch.meshgrid(
        along[max(0, row - 3) : row + 4], along[max(0, column - 3) : column + 4], indexing="ij"
    )
    spots = torch.stack((x, y), -1).reshape(-1, 2)
    return spots[energies(context, candidates(scene, spots))[0].argmin()]


def _alike(scene: Scene) -> bool:
    """Whether the next frames of all clips differ in the marked object's place alone."""
    return (
        scene.background is None
        and scene.wall is None
        and scene.shape.shape[2] == 1
        and bool((scene.shape == scene.shape[0, 0, 0]).all())
    )
