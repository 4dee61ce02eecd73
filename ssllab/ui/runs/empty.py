"""What the run browser shows while there are no runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme


class EmptyRuns(QWidget):
    """Says what will appear here and how to begin."""

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel("No runs yet")
        self.text = QLabel(
            "Every run that you start in the lab is kept here with its settings, curves and checkpoints. "
            "Come back to rename and tag runs, to lay any number of them over each other, to see which of "
            "their settings differ, and to go on from a checkpoint."
        )
        self.text.setWordWrap(True)
        self.start_button = QPushButton("Go to the lab")
        self.start_button.setProperty("primary", True)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.setSpacing(14)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.title)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.text, 2)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.restyle()

    def restyle(self) -> None:
        """Colours and fonts anew."""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setBold(True)
        self.title.setFont(font)
        self.text.setStyleSheet(f"color: {theme.current().muted};")
