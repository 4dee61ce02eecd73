"""What a panel is: one view that draws a scene. It knows no method, owns no model, asks through the bench.

A new panel is one file in ``ui/panels/`` with a :class:`Panel` subclass, listed in its lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ssllab.controls import Config

if TYPE_CHECKING:  # the window opens before torch is imported
    from ssllab.methods.base import Method
    from ssllab.ui.bench import Bench
    from ssllab.ui.scene import Scene


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
    panels_wanted = Signal(object)  # ids of others, to be brought to the front beside this one

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

    def stand_still(self) -> QWidget:
        """From now on every drawing is whole at once, without gliding there, as a film has it; what of the panel is in its
        pictures."""
        return self

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
