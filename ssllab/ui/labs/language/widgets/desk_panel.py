"""A panel on the shared desk: what is done in it is taken back by Ctrl+Z on the desk's own sheet, not in the lab."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence

from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.panel import Panel


class DeskPanel(Panel):
    """Base of the board, the pins and the texts."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.desk, self.sheet = desk, desk.sheet

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.sheet.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.sheet.redo()
        else:
            super().keyPressEvent(event)
