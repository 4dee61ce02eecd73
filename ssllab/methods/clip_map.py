"""Where the latents of held-out frames stand, and how many dimensions they use: pure functions of latents and of what is
known of the frames."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from ssllab.data.pixels import pixels
from ssllab.data.video.types import Clips
from ssllab.diagnostics.projection import Projection, project
from ssllab.diagnostics.spectrum import channel_std, covariance_matrix, mean_cosine, singular_values
from ssllab.looks import Embedding, Spectrum

Colouring: TypeAlias = tuple[str, np.ndarray, tuple[str, ...], bool]  # as an Embedding has them

MAPPED = 128  # clips on the map
FRAMES = 2  # of each: one, and the next
STEPS = 6  # that a place along a side is told in


def rows(z: Tensor) -> Tensor:
    """``(N, 2, D)`` -> ``(2N, D)``: first the clips' first frames, then the next ones, as an :class:`Embedding` has them."""
    return z.transpose(0, 1).flatten(0, 1)


def extent(projection: Projection, z: Tensor) -> float:
    """How far the points of ``z: (N, D)`` reach on each axis of a map: 0 where they coincide at its centre."""
    return float(projection.points(z).abs().max())


def embedding(
    z: Tensor, clips: Clips, least: float, shape_names: tuple[str, ...], previous: Projection | None
) -> tuple[Embedding, Projection]:
    """The map of the latents ``z: (N, 2, D)`` of ``clips``: two or three dimensions as they are, of more the principal
    components. It shows ``least`` on each side of its centre at least, and is turned like ``previous``."""
    flat = rows(z)
    projection = project(flat, previous=previous)
    found = Embedding(
        flat.numpy(),
        projection.points(flat).numpy(),
        "pca" if projection.kind == "pca" else "latents",
        projection.explained,
        pixels(rows(clips.frames)),
        least,
        "next frame",
        colourings(clips, shape_names),
    )
    return found, projection


def spectrum(z: Tensor) -> Spectrum:
    """Of latents ``z: (N, 2, D)``, as they are."""
    flat = rows(z)
    return Spectrum(
        None,
        singular_values(flat).float().numpy(),
        None,
        channel_std(flat).numpy(),
        covariance_matrix(flat).numpy(),
        float(mean_cosine(z[:, 0])),
        raw=True,
    )


def colourings(clips: Clips, shape_names: tuple[str, ...]) -> tuple[Colouring, ...]:
    """What is known of the first frame of each clip, see :class:`ssllab.looks.Embedding`. What is the same in all of
    them tells nothing and is left out."""
    truth, scene = clips.truth, clips.scene
    if truth is None or scene is None:
        return ()
    width = scene.size / STEPS
    place = (truth.position[:, 0] / width).long().clamp(0, STEPS - 1).cpu()
    edges = [f"{step * width:.0f} to {(step + 1) * width:.0f}" for step in range(STEPS)]
    hidden, shape = truth.hidden[:, 0].long().cpu(), truth.shape[:, 0].cpu()
    found = [
        ("x", place[:, 0], (f"{edges[0]} (left)", *edges[1:-1], f"{edges[-1]} (right)"), True),
        ("y", place[:, 1], (f"{edges[0]} (top)", *edges[1:-1], f"{edges[-1]} (bottom)"), True),
        ("hidden", hidden, ("seen", "hidden"), False),
        ("shape", shape, shape_names, False),
    ]
    return tuple(
        (name, classes.numpy(), names, steps)
        for name, classes, names, steps in found
        if len(classes.unique()) > 1
    )


def background(clips: Clips, backgrounds: int) -> Colouring:
    """One more colouring, of clips that share so few backgrounds."""
    numbers = torch.arange(len(clips.frames)) % backgrounds
    return "background", numbers.numpy(), tuple(f"no. {number + 1}" for number in range(backgrounds)), False
