"""The energy of a next frame with its object put at every place: pure functions of a model's energies and a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from ssllab.data.pixels import pixels
from ssllab.data.video.motion import roll
from ssllab.data.video.scene import Scene
from ssllab.looks import EnergyAtHand, Landscape, ShapeEnergies

CHUNK = 256  # frames that are drawn and asked about at once: more leave the processor's cache
FASTEST = 0.125  # of the velocities that are asked about, as a share of the picture's side: a little over what there is


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
    parts = [energies(frames[:, :-1], candidates(scene, spots))[0] for spots in grid_of(along).split(CHUNK)]
    centre = scene.centre[0, :, 0]
    return _landscape("position", torch.cat(parts), along, centre[-1], centre[-2], low, high, frames)


def velocity_landscape(energies: Energies, scene: Scene, grid: int, low: float, high: float) -> Landscape:
    """The same over the velocity with which the object came to its last place: what came is held against each."""
    frames = scene.draw()
    most = FASTEST * scene.size
    along = torch.linspace(-most, most, grid, device=frames.device)
    parts = [
        energies(arriving(scene, velocities).draw(), frames[:, -1:])[:, 0]
        for velocities in grid_of(along).split(CHUNK)
    ]
    true = scene.velocity[0, -2, 0]
    return _landscape("velocity", torch.cat(parts), along, true, torch.zeros_like(true), low, high, frames)


def arriving(scene: Scene, velocities: Tensor) -> Scene:
    """The context of one clip, once for each of ``velocities (M, 2)``: the marked object comes to its last place with it,
    off the walls where it must."""
    many = scene.frames(slice(None, -1)).clips(torch.zeros(len(velocities), dtype=torch.long))
    length = many.centre.shape[1]
    back, _ = roll(
        many.centre[:, -1, :1], -velocities[:, None], many.radius[:, :1], scene.size, length, collide=False
    )
    return many.at(back[:, :, 0].flip(1))


def shape_energies(
    energies: Energies, scene: Scene, names: tuple[str, ...], low: float, high: float
) -> ShapeEnergies:
    """Of the one clip of ``scene``, with its object as one of each of ``names``; its own is itself."""
    frames, own = scene.draw(), int(scene.shape[0, -1, 0])
    mine = int(scene.kinds[own])
    which = [own if kind == mine else int((scene.kinds == kind).nonzero()[0]) for kind in range(len(names))]
    shape = scene.shape[:, -1:].repeat(len(which), 1, 1)
    shape[:, 0, 0] = torch.tensor(which, device=shape.device)
    last = scene.frames(slice(-1, None)).clips(torch.zeros(len(which), dtype=torch.long))
    drawn = replace(last, shape=shape).draw()
    return ShapeEnergies(
        energies(frames[:, :-1], drawn.transpose(0, 1))[0].float().cpu().numpy(),
        names,
        mine,
        low,
        high,
        pixels(frames[0]),
        pixels(drawn[:, 0]),
    )


def at_hand(energies: Energies, scene: Scene, place: tuple[float, float]) -> EnergyAtHand:
    """Of the one clip of ``scene``, with its object at ``place``, in pixels."""
    frames = scene.draw()
    drawn = candidates(scene, torch.tensor([place], device=frames.device))
    return EnergyAtHand(place, float(energies(frames[:, :-1], drawn)), pixels(drawn[0])[0])


def _landscape(
    over: Literal["position", "velocity"],
    energies: Tensor,
    along: Tensor,
    truth: Tensor,
    last: Tensor,
    low: float,
    high: float,
    frames: Tensor,
) -> Landscape:
    def point(at: Tensor) -> tuple[float, float]:
        return float(at[0]), float(at[1])

    return Landscape(
        energies.reshape(len(along), -1).float().cpu().numpy(),
        along.cpu().numpy(),
        point(truth),
        point(last),
        point(grid_of(along)[energies.argmin()]),
        low,
        high,
        frames.shape[-1],
        pixels(frames[0]),
        over,
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
