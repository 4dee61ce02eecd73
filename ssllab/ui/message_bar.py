"""A line at the foot of the window that says what happened, with the details for those who want them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme

INFO_MILLISECONDS = 8000


class MessageBar(QFrame):
    """Hidden until :meth:`say`; information fades by itself, warnings and errors stay until closed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("messageBar")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = QPushButton("Details")
        self.more.setCheckable(True)
        close = QPushButton("Close")
        for button in (self.more, close):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.detail = QPlainTextEdit()
        self.detail.setReadOnly(True)
        self.detail.setMaximumHeight(180)
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(10, 4, 6, 4)
        across.addWidget(self.text, 1)
        across.addWidget(self.more)
        across.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row)
        layout.addWidget(self.detail)
        self.more.toggled.connect(self.detail.setVisible)
        close.clicked.connect(self.hide)
        self._fade = QTimer(self, singleShot=True, interval=INFO_MILLISECONDS)
        self._fade.timeout.connect(self.hide)
        self._level = "info"
        self.hide()

    def say(self, level: str, text: str, detail: str) -> None:
        """Show a line; an error is not pushed away by information."""
        if self.isVisible() and level == "info" and self._level == "error":
            return
        self._level = level
        self.text.setText(text)
        self.detail.setPlainText(detail)
        self.more.setVisible(bool(detail))
        self.more.setChecked(False)
        self.detail.hide()
        self.restyle()
        self.show()
        self._fade.stop()
        if level == "info":
            self._fade.start()

    def restyle(self) -> None:
        """Take the theme's colours."""
        now = theme.current()
        colour = {"info": now.accent, "warning": now.warn}.get(self._level, now.bad)
        self.setStyleSheet(f"#messageBar {{ background: {now.raised}; border-left: 4px solid {colour}; }}")
