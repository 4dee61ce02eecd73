"""What the list of takes shows while there are none."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme


class NoTakes(QWidget):
    """Says what will appear here and how to begin."""

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel("No takes yet")
        self.text = QLabel(
            "Record a sentence and see how the model cuts it into units, or drop audio files here: "
            "WAV, FLAC, OGG, MP3, M4A, seconds or hours.",
            wordWrap=True,
        )
        self.record_button = QPushButton("Record a sentence")
        self.record_button.setProperty("primary", True)
        self.import_button = QPushButton("Import files…")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.addStretch(1)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.record_button, self.import_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        self.restyle()

    def restyle(self) -> None:
        """Colours and fonts anew."""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.title.setFont(font)
        self.text.setStyleSheet(f"color: {theme.current().muted};")
