"""What a panel is: one view that draws a scene. It knows no method, owns no model, asks through the bench.

A new panel is one file in ``ui/panels/`` with a :class:`Panel` subclass, listed in its lab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtWidgets import QWidget

from ssllab.controls import Config
from ssllab.looks import Look, Part

if TYPE_CHECKING:  # the window opens before torch is imported
    import numpy as np

    from ssllab.doctor.verdict import Verdict
    from ssllab.methods.base import Method
    from ssllab.training.metrics import MetricsLog
    from ssllab.training.run_store import Event
    from ssllab.ui.bench import Bench


@dataclass(frozen=True)
class Thumbnails:
    """The fixed images of the embedding map. ``images: (M, H, W, 3)`` uint8; ``colourings``: name ->
    (class of each image (M,), class names): the label first, then every known factor."""

    images: np.ndarray
    colourings: dict[str, tuple[np.ndarray, tuple[str, ...]]]


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
class Scene:
    """Everything a panel may draw at one moment; read-only. ``look`` is the method's light picture, None
    before the first one."""

    state: str  # "loading", "ready", "running", "paused", "finished", "failed"
    config: Config | None = None
    metrics: MetricsLog | None = None
    probes: MetricsLog | None = None
    events: Sequence[Event] = ()
    look: Look | None = None
    thumbnails: Thumbnails | None = None
    verdict: Verdict | None = None
    overlays: Sequence[Overlay] = ()
    bands: Sequence[Band] = ()
    constants: dict[str, float] = field(default_factory=dict)  # chance levels and ceilings by name
    class_names: tuple[str, ...] = ()

    def part(self, kind: type[Part]) -> Part | None:
        """That part of the look; None where there is none, or not yet."""
        return None if self.look is None else self.look.part(kind)


class Panel(QWidget):
    """Base of all panels.

    ``draw`` is called from the window's timer, at most some 12 times a second, only while the panel is
    visible; it must be cheap and skip what has not changed. It is also called once when the panel appears.

    ``parts``: the kinds of :mod:`ssllab.looks` that it draws, ``settings``: the controls that it sets or draws by. A
    page offers a panel while the chosen method has them all.
    """

    id: str
    title: str
    help: str = ""  # what the panel shows, how to read it, the paper; rich text
    parts: ClassVar[tuple[type, ...]] = ()
    settings: ClassVar[type[Config]] = Config

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench

    def suits(self, method: type[Method]) -> bool:
        """Whether ``method`` gives the parts and has the settings that the panel is made for."""
        return issubclass(method.Config, self.settings) and set(self.parts) <= set(method.parts)

    def draw(self, scene: Scene) -> None:
        """Bring the panel up to date with ``scene``."""

    def restyle(self) -> None:
        """The theme or the font size changed: take colours anew from ``theme.current()``."""

    def reset(self) -> None:
        """A new run began: forget what was drawn; how it is viewed stays."""

    def drop(self, path: Path) -> bool:
        """A file or folder was dropped on the lab, or chosen by its menu: whether the panel takes it."""
        return False

    def view_state(self) -> dict[str, Any]:
        """How the person looks at the panel (smoothing, axes, hidden curves ...) as plain JSON values."""
        return {}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """Look at it as :meth:`view_state` said; what is missing, unknown or of a wrong kind is passed over."""
