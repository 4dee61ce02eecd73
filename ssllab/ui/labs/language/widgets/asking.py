"""Panels that ask the board's first model something of their own."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent

from ssllab.ui.asking import AskingPanel as _AskingPanel
from ssllab.ui.asking import Question as Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.desk_panel import DeskPanel
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.scene import Scene

if TYPE_CHECKING:
    from ssllab.methods.base import Method


class AskingPanel(DeskPanel, _AskingPanel):
    """The board's own answers are not held up: they have another thread, and come first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        desk.sheet.changed.connect(lambda before: self.ask())
        desk.models.changed.connect(self.ask)
        desk.answered.connect(self.ask)
        desk.closed.connect(self._close)

    def suits(self, method: type[Method]) -> bool:
        """Always: the board's model may be another than the method's. Of one that has no such thing the panel says so."""
        return True

    def chosen(self) -> Chosen | None:
        return self.desk.models.first

    def missing(self) -> str:
        return self.desk.models.why["first"]

    def ask(self) -> None:
        if not self.desk.answering:
            super().ask()

    def _close(self) -> None:
        self.desk.models.changed.disconnect(self.ask)
        self._worker.close()

    def draw(self, scene: Scene) -> None:
        self.desk.models.follow()
        super().draw(scene)

    def showEvent(self, event: QShowEvent) -> None:
        self.desk.models.settle()
        super().showEvent(event)
