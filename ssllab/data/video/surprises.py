"""What a ball does that no ball does: one clip drawn otherwise from some moment on."""

from __future__ import annotations

from dataclasses import replace

import torch

from ssllab.data.video.scene import Scene
from ssllab.data.video.settings import WorldSettings

NOTHING = "nothing"
CUT = "cut"
TITLES = {
    NOTHING: "Nothing happens",
    "teleport": "It teleports",
    "shape": "It changes shape",
    "in_front": "It passes in front of the wall",
    "never_out": "It never comes out again",
    CUT: "The film is cut",
}  # "cut" needs no scene: any film can be


def offered(settings: WorldSettings, made_here: bool) -> tuple[str, ...]:
    """Names of :data:`TITLES` that a world of these settings has room for; of what was filmed (``made_here`` false)
    only what needs no scene."""
    if not made_here:
        return NOTHING, CUT
    return NOTHING, "teleport", "shape", *(("in_front", "never_out") if settings.wall else ()), CUT


def surprised(scene: Scene, other: Scene, what: str, span: tuple[int, int]) -> tuple[Scene, int] | None:
    """``scene``, of one clip, with the surprise, and its first frame, which is in ``span`` (first and last).

    ``other``: another clip of the same world, where a teleported ball goes on. None where the clip gives no occasion: its
    ball is not at the wall then, or the other one is too near.
    """
    first, last = span
    match what:
        case "teleport":
            at = (first + last) // 2
            far = (scene.centre[0, at, 0] - other.centre[0, at, 0]).norm() > scene.size / 3
            seen = not (scene.hidden[0, at - 1 : at + 1].any() or other.hidden[0, at])
            if not (far and seen):
                return None
            centre, velocity = scene.centre.clone(), scene.velocity.clone()
            centre[:, at:, 0], velocity[:, at:, 0] = other.centre[:, at:, 0], other.velocity[:, at:, 0]
            return replace(scene, centre=centre, velocity=velocity), at
        case "shape":
            at = (first + last) // 2
            if scene.hidden[0, at]:
                return None
            shape = scene.shape.clone()
            known = other.shape[0, 0, 0]
            now = shape[0, at, 0]
            shape[:, at:, 0] = known if known != now else (now + 1) % len(scene.sprites)
            return replace(scene, shape=shape), at
        case "in_front" | "never_out":
            passage = _passage(scene, span)
            if passage is None:
                return None
            touches, hidden, out, leaves = passage
            if what == "in_front":
                in_front = torch.zeros_like(scene.hidden)
                in_front[:, touches:leaves] = True
                return replace(scene, in_front=in_front), hidden
            centre, velocity = scene.centre.clone(), scene.velocity.clone()
            centre[:, out:, 0], velocity[:, out:, 0] = centre[:, out - 1 : out, 0], 0.0
            return replace(scene, centre=centre, velocity=velocity), out
    raise ValueError(f"no surprise is called {what}: expected one of {', '.join(TITLES)}.")


def _passage(scene: Scene, span: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The first time in ``span`` that the marked object goes wholly behind the wall: the frames in which it first touches
    the wall, is hidden, is not hidden any more, and has left."""
    if scene.wall is None:
        return None
    x, radius = scene.centre[0, :, 0, 0], scene.radius[0, 0]
    touching = ((x + radius > scene.wall[0, 0]) & (x - radius < scene.wall[0, 1])).tolist()
    hidden = scene.hidden[0].tolist()
    for at in range(1, len(hidden) - 1):
        if not hidden[at] or hidden[at - 1] or not span[0] <= at <= span[1]:
            continue
        before = next((t for t in range(at, -1, -1) if not touching[t]), None)
        out = next((t for t in range(at, len(hidden)) if not hidden[t]), None)
        leaves = next((t for t in range(at, len(hidden)) if not touching[t]), None)
        if before is not None and out is not None and leaves is not None:
            return before + 1, at, out, leaves
    return None
