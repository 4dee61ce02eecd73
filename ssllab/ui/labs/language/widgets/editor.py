"""Where text is typed: its symbols are tinted by their surprise, Backspace takes a whole one back."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip

from ssllab.ui.labs.language.widgets.colours import surprise_tint
from ssllab.ui.labs.language.widgets.strip import Cell

MOST = 20_000  # characters


class Editor(QPlainTextEdit):
    """Says what a person typed by ``written`` (text, cursor); Enter, Backspace, the arrow down and undo are the board's."""

    written = Signal(str, int)
    take_wanted = Signal()
    one_less_wanted = Signal()
    bars_wanted = Signal(int)  # how many rows down
    asked = Signal(object)  # the number of the symbol that was clicked, or None
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Type here, or click what may come")
        self.setAccessibleName("Text")
        self.setAccessibleDescription(
            "Type a text. Enter takes the chosen symbol, the arrow down goes to the symbols, Backspace takes a symbol "
            "back, three underscores stand for a blank."
        )
        self.setFrameShape(QPlainTextEdit.Shape.StyledPanel)
        self._spans: Sequence[tuple[int, int]] = ()
        self._cells: Sequence[Cell] = ()
        self._shows = False  # the text is being put there, not typed
        self.textChanged.connect(self._changed)

    def sizeHint(self) -> QSize:
        return QSize(300, round(2.7 * self.fontMetrics().height()) + 8)

    def show_text(self, text: str, cursor: int) -> None:
        """Put that text there, if it is another."""
        if text == self.toPlainText():
            return
        self._shows = True
        self.setPlainText(text)
        self._shows = False
        place = self.textCursor()
        place.setPosition(min(_in_utf16(text, cursor), place.document().characterCount() - 1))
        self.setTextCursor(place)
        self.ensureCursorVisible()

    def tint(self, spans: Sequence[tuple[int, int]], cells: Sequence[Cell]) -> None:
        """Colour symbols by their surprise."""
        self._spans, self._cells = spans, cells
        text, found = self.toPlainText(), []
        plain = text.isascii()
        for (first, last), cell in zip(spans, cells, strict=False):
            if last > len(text) or math.isnan(cell.bits):
                continue
            selection = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(first if plain else _in_utf16(text, first))
            cursor.setPosition(last if plain else _in_utf16(text, last), QTextCursor.MoveMode.KeepAnchor)
            selection.cursor = cursor  # type: ignore[attr-defined]  # the stubs leave out the fields
            selection.format.setBackground(surprise_tint(cell.bits))  # type: ignore[attr-defined]
            found.append(selection)
        self.setExtraSelections(found)

    def symbol_at_cursor(self) -> int | None:
        """The number of the symbol that ends at the cursor or holds it; None at the end of the text."""
        place = self.place()
        if place >= len(self.toPlainText().rstrip()):
            return None
        return next((n for n, (first, last) in enumerate(self._spans) if first <= place < last), None)

    def place(self) -> int:
        """Where the cursor is, in characters."""
        at = self.textCursor().position()
        text = self.toPlainText()
        return at if text.isascii() else len(text.encode("utf-16-le")[: 2 * at].decode("utf-16-le", "ignore"))

    def _changed(self) -> None:
        if self._shows:
            return
        text = self.toPlainText()
        if len(text) > MOST:
            self._shows = True
            self.setPlainText(text[:MOST])
            self._shows = False
        self.written.emit(self.toPlainText(), self.place())

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Plain text alone, and not more than can be read."""
        self.insertPlainText(source.text()[:MOST])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = event.key(), event.modifiers()
        bare = not held & ~Qt.KeyboardModifier.KeypadModifier
        at_end = not self.textCursor().hasSelection() and self.place() == len(self.toPlainText())
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo_wanted.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and bare:
            self.take_wanted.emit()
        elif key == Qt.Key.Key_Backspace and bare and at_end:
            self.one_less_wanted.emit()
        elif key == Qt.Key.Key_Right and bare and at_end:
            self.take_wanted.emit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and bare and at_end:
            self.bars_wanted.emit(1 if key == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.asked.emit(self.symbol_at_cursor())

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            place = self.cursorForPosition(event.pos()).position()
            words = next(
                (c.words for (a, b), c in zip(self._spans, self._cells, strict=False) if a <= place < b), ""
            )
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().viewportEvent(event)


def _in_utf16(text: str, place: int) -> int:
    """A place in characters as Qt counts it."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2
