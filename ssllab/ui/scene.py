"""What a panel may draw at one moment: plain data, gathered by the bench. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssllab.looks import Look, Part

if TYPE_CHECKING:  # the window opens before torch is imported
    import numpy as np

    from ssllab.controls import Config
    from ssllab.doctor.verdict import Verdict
    from ssllab.training.metrics import MetricsLog
    from ssllab.training.run_store import Event


@dataclass(frozen=True)
class Thumbnails:
    """The fixed items of the embedding map. ``images: (M, H, W, 3)`` uint8, none for items that are called by their
    ``names``; ``colourings``: name -> (class of each item (M,), class names): the label first, then every known factor.
    ``colours``: those of the classes of a colouring that is by colour, as "#rrggbb"."""

    images: np.ndarray
    colourings: dict[str, tuple[np.ndarray, tuple[str, ...]]]
    colours: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overlay:
    """Another run drawn behind or beside the live one."""

    name: str
    metrics: MetricsLog
    probes: MetricsLog
    colour: str


@dataclass(frozen=True)
class Band:
    """A shipped reference: what a healthy (or sick) run of the same recipe looks like.

    ``curves``: metric -> (steps (n,), low (n,), high (n,)).
    """

    name: str
    healthy: bool
    curves: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class NoBands:
    """Why no reference is drawn: in short, at length, and for the curves that would have one."""

    short: str
    about: str
    curves: frozenset[str]


PRESS_START = "Press Start: "
_WAITS = {
    "loading": "Loading. Then press Start: ",
    "running": "In a moment: ",
    "paused": "Paused before there was anything to draw. Start goes on: ",
    "finished": "The run ended before this was measured: ",
    "stopped": "The run ended before this was measured: ",
    "failed": "The run failed before this was measured: ",
}


def waiting(hint: str, state: str) -> str:
    """What stands where nothing is drawn yet, as it is true in ``state``, of a hint that tells to press Start."""
    return (
        _WAITS.get(state, PRESS_START) + hint.removeprefix(PRESS_START)
        if hint.startswith(PRESS_START)
        else hint
    )


@dataclass(frozen=True)
class Scene:
    """Everything a panel may draw at one moment; read-only. ``look`` is the method's light picture, None
    before the first one."""

    state: str  # "loading", "ready", "running", "paused", "finished", "stopped", "failed"
    config: Config | None = None
    metrics: MetricsLog | None = None
    probes: MetricsLog | None = None
    events: Sequence[Event] = ()
    look: Look | None = None
    thumbnails: Thumbnails | None = None
    verdict: Verdict | None = None
    overlays: Sequence[Overlay] = ()
    bands: Sequence[Band] = ()
    no_bands: NoBands | None = None
    constants: dict[str, float] = field(default_factory=dict)  # chance levels and ceilings by name
    class_names: tuple[str, ...] = ()

    def part(self, kind: type[Part]) -> Part | None:
        """That part of the look; None where there is none, or not yet."""
        return None if self.look is None else self.look.part(kind)
