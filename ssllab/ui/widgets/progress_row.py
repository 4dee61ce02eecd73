"""How far long work is, with the time left and a cancel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

if TYPE_CHECKING:
    from ssllab.ui.work import LongWork


class ProgressRow(QWidget):
    """Text, bar, time left and Cancel of a :class:`LongWork`; hidden while nothing runs."""

    def __init__(self, work: LongWork) -> None:
        super().__init__()
        self.text = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.left = QLabel()
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text)
        row.addWidget(self.bar, 1)
        row.addWidget(self.left)
        row.addWidget(self.cancel_button)
        self._began = 0.0
        self.hide()
        work.began.connect(self.begin)
        work.advanced.connect(self.advance)
        work.ended.connect(self.hide)
        self.cancel_button.clicked.connect(work.cancel)

    def begin(self, text: str) -> None:
        """Long work starts now."""
        self._began = time.monotonic()
        self.text.setText(text)
        self.left.clear()
        self.bar.setValue(0)
        self.show()

    def advance(self, share: float, text: str = "") -> None:
        """The work is done to ``share`` (0..1)."""
        self.bar.setValue(round(1000 * share))
        if text:
            self.text.setText(text)
        passed = time.monotonic() - self._began
        if share > 0.02 and passed > 1:
            self.left.setText(f"{max(1, round(passed * (1 - share) / share))} s left")
