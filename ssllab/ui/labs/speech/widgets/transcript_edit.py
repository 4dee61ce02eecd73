"""What is said in a take, typed by the person: one line that grows to a few, stored while it is typed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from ssllab.ui import theme

_PAUSE_MILLISECONDS = 400
_MOST_LINES = 4


class TranscriptEdit(QPlainTextEdit):
    """Signals: ``typed(id, text)`` in a short pause of typing and whenever the field is left; ``next_wanted`` on Enter."""

    typed = Signal(str, str)
    next_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._id: str | None = None
        self._stored = ""
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Transcript")
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self.store)
        self.textChanged.connect(self._pause.start)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.show_take(None, "", "")
        self.restyle()

    def show_take(self, id: str | None, text: str, hint: str) -> None:
        """Edit another take's transcript; what was typed for the one before is stored first."""
        self.store()
        self.setPlaceholderText(hint)
        self.setEnabled(id is not None)
        if id != self._id or text != self.toPlainText().strip():
            self._id, self._stored = id, text
            self.setPlainText(text)
            self._pause.stop()

    def store(self) -> None:
        """Give out what was typed since the last time."""
        self._pause.stop()
        text = self.toPlainText().strip()
        if self._id is not None and text != self._stored:
            self._stored = text
            self.typed.emit(self._id, text)

    def _lines(self) -> int:
        return max(round(self.document().size().height()), 1)

    def _fit(self) -> None:
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if self._lines() > _MOST_LINES else policy.ScrollBarAlwaysOff
        )
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        frame = 2 * self.frameWidth() + 2 * round(self.document().documentMargin()) + 2
        height = min(self._lines(), _MOST_LINES) * self.fontMetrics().lineSpacing() + frame
        return QSize(200, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def restyle(self) -> None:
        """Colours anew."""
        now = theme.current()
        self.setStyleSheet(
            f"QPlainTextEdit {{ border: 1px solid {now.border}; border-radius: 6px; background: {now.surface}; }}"
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.store()
            self.next_wanted.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.store()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.store()
        super().hideEvent(event)
