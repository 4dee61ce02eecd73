"""A line at the foot of the window that says what happened, with the details for those who want them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.widgets.progress_row import ProgressRow
from ssllab.ui.work import LongWork

INFO_MILLISECONDS = 8000


class MessageBar(QFrame):
    """Hidden until :meth:`say` or until ``work`` begins; information fades by itself, warnings and errors stay."""

    def __init__(self, work: LongWork) -> None:
        super().__init__()
        self.setObjectName("messageBar")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # the name of a file is no markup
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = QPushButton("Details")
        self.more.setCheckable(True)
        close = QPushButton("Close")
        for button in (self.more, close):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.detail = QPlainTextEdit()
        self.detail.setReadOnly(True)
        self.detail.setMaximumHeight(180)
        self.line = QWidget()
        across = QHBoxLayout(self.line)
        across.setContentsMargins(10, 4, 6, 4)
        across.addWidget(self.text, 1)
        across.addWidget(self.more)
        across.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.progress = ProgressRow(work)
        self.progress.row.setContentsMargins(10, 4, 6, 4)
        layout.addWidget(self.progress)
        layout.addWidget(self.line)
        layout.addWidget(self.detail)
        self.more.toggled.connect(self.detail.setVisible)
        close.clicked.connect(self.close_line)
        self._fade = QTimer(self, singleShot=True, interval=INFO_MILLISECONDS)
        self._fade.timeout.connect(self.close_line)
        self._level = "info"
        self.line.hide()
        self.hide()
        work.began.connect(self._work_began)
        work.ended.connect(lambda: self.setVisible(not self.line.isHidden()))

    def say(self, level: str, text: str, detail: str) -> None:
        """Show a line; an error is not pushed away by information, but by word ("mended") that it is no more."""
        if self.line.isVisible() and level == "info" and self._level == "error":
            return
        self._level = level = "info" if level == "mended" else level
        self.text.setText(text)
        self.detail.setPlainText(detail)
        self.more.setVisible(bool(detail))
        self.more.setChecked(False)
        self.detail.hide()
        self.restyle()
        self.line.show()
        self.show()
        self._fade.stop()
        if level == "info":
            self._fade.start()

    def close_line(self) -> None:
        """Take the line away; work under way stays in sight."""
        self.line.hide()
        self.detail.hide()
        self.setVisible(not self.progress.isHidden())

    def _work_began(self) -> None:
        if self.line.isHidden():
            self._level = "info"
        self.restyle()
        self.show()

    def restyle(self) -> None:
        """Take the theme's colours."""
        now = theme.current()
        colour = {"info": now.accent, "warning": now.warn}.get(self._level, now.bad)
        self.setStyleSheet(f"#messageBar {{ background: {now.raised}; border-left: 4px solid {colour}; }}")
