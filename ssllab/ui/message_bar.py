"""A line over the foot of the window that says what happened, with the details for those who want them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.widgets.progress_row import ProgressRow
from ssllab.ui.work import LongWork

INFO_MILLISECONDS = 8000
MOST_STANDING = 3  # warnings and errors on view together


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
        self._fade.timeout.connect(self._information_fades)
        self._level = "info"
        self._standing: list[tuple[str, str, str]] = []  # level, text, detail
        self._passing: list[tuple[str, str, str]] = []  # information, which fades
        self.line.hide()
        self.detail.hide()
        self.hide()
        work.began.connect(self._work_began)
        work.ended.connect(lambda: self.setVisible(not self.line.isHidden()))

    def cover(self, page: QWidget) -> None:
        """Lie over the foot of ``page`` when there is something to say: nothing on it moves."""
        self.setParent(page)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._place()
        return super().event(event)

    def _place(self) -> None:
        page, layout = self.parentWidget(), self.layout()
        if page is None or layout is None:
            return
        wraps = layout.hasHeightForWidth()  # the size hint of words that wrap is that of a narrow column
        height = layout.totalHeightForWidth(page.width()) if wraps else layout.totalSizeHint().height()
        height = min(page.height(), height)
        self.setGeometry(0, page.height() - height, page.width(), height)
        self.raise_()

    def say(self, level: str, text: str, detail: str) -> None:
        """Show a line. A warning or an error stands until it is closed, beside what comes later.

        A new error takes the place of an older one, and word that it is "mended" takes it away.
        """
        if level in ("error", "mended"):
            self._standing = [line for line in self._standing if line[0] != "error"]
        if level in ("info", "mended"):
            self._passing = [("info", text, detail)]
            self._fade.start()
        else:
            self._standing = [line for line in self._standing if line[1] != text][1 - MOST_STANDING :]
            self._standing.append((level, text, detail))
        self._write()
        self.more.setChecked(False)
        self.detail.hide()
        self.line.show()
        self.show()

    def close_line(self) -> None:
        """Take the lines away; work under way stays in sight."""
        self._standing, self._passing = [], []
        self.line.hide()
        self.detail.hide()
        self.setVisible(not self.progress.isHidden())

    def _information_fades(self) -> None:
        self._passing = []
        if self._standing:
            self._write()
        else:
            self.close_line()

    def _write(self) -> None:
        lines = self._standing + self._passing
        self._level = min((level for level, _, _ in lines), key=("error", "warning", "info").index)
        self.text.setText("\n".join(text for _, text, _ in lines))
        details = "\n".join(detail for _, _, detail in lines if detail)
        self.detail.setPlainText(details)
        self.more.setVisible(bool(details))
        self.restyle()

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
