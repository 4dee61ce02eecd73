"""The line above a table or list that says what went to the trash, with Undo."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from ssllab.ui import theme
from ssllab.ui.runs.words import plural


class UndoBar(QFrame):
    """Hidden until :meth:`offer`; stays until undone, dismissed or the next deletion."""

    undo_wanted = Signal(list)

    def __init__(self, noun: str = "run") -> None:
        super().__init__()
        self.setObjectName("undo_bar")
        self._noun = noun
        self._ids: list[str] = []
        self.text = QLabel()
        self.undo_button = QPushButton("Undo")
        self.undo_button.setToolTip(f"Take the {noun}s back out of the trash (Ctrl+Z)")
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setFlat(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 6, 4)
        row.addWidget(self.text, 1)
        row.addWidget(self.undo_button)
        row.addWidget(self.dismiss_button)
        self.undo_button.clicked.connect(self.undo)
        self.dismiss_button.clicked.connect(self.dismiss)
        self.restyle()
        self.hide()

    def offer(self, ids: Sequence[str]) -> None:
        """These have just gone to the trash."""
        self._ids = list(ids)
        self.text.setText(f"{plural(len(ids), self._noun)} moved to the trash.")
        self.show()

    def undo(self) -> None:
        """Ask for them back."""
        ids, self._ids = self._ids, []
        self.hide()
        if ids:
            self.undo_wanted.emit(ids)

    def dismiss(self) -> None:
        """Leave them in the trash."""
        self._ids = []
        self.hide()

    def restyle(self) -> None:
        """Colours anew."""
        now = theme.current()
        self.setStyleSheet(
            f"#undo_bar {{ background: {now.raised}; border: 1px solid {now.border}; border-radius: 6px; }}"
        )
