"""A Python file to be read: coloured, with line numbers, marked lines and names that can be followed. Never executed."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import contextlib
import io
import keyword
import tokenize
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QWidget

from ssllab.ui import theme

if TYPE_CHECKING:  # the window opens before torch is imported
    from ssllab.methods.code import Link

Span = tuple[int, int, str]  # first and last column + 1, and what stands there

_AFTER = {"def": "name", "class": "name"}  # a word that names what follows it


def spans(text: str) -> dict[int, list[Span]]:
    """What is to be coloured in each line (from 1): "keyword", "string", "comment", "number", "name", "decorator".

    Of a file that is no Python, what can be made out.

    >>> spans("def f():  # why")
    {1: [(0, 3, 'keyword'), (4, 5, 'name'), (10, 15, 'comment')]}
    """
    found: dict[int, list[Span]] = {}
    before = ""
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            role = _role(token, before)
            if token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                before = token.string
            if not role:
                continue
            (first, start), (last, end) = token.start, token.end
            lines = token.string.split("\n")
            for number in range(first, last + 1):
                begin = start if number == first else 0
                stop = end if number == last else begin + len(lines[number - first])
                found.setdefault(number, []).append((begin, stop, role))
    return found


def _role(token: tokenize.TokenInfo, before: str) -> str:
    kind = tokenize.tok_name[token.type]
    if token.type == tokenize.STRING or kind.startswith("FSTRING"):
        return "string"
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.NUMBER:
        return "number"
    if token.type != tokenize.NAME:
        return ""
    if keyword.iskeyword(token.string):
        return "keyword"
    if before == "@":
        return "decorator"
    return _AFTER.get(before, "")


class _Colours(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.spans: dict[int, list[Span]] = {}
        self.links: dict[int, list[Link]] = {}

    def highlightBlock(self, text: str) -> None:
        now = theme.current()
        colours = {
            "keyword": now.series[3],
            "string": now.good,
            "comment": now.muted,
            "number": now.repel,
            "name": now.attract,
            "decorator": now.warn,
        }
        number = self.currentBlock().blockNumber() + 1
        for start, end, role in self.spans.get(number, ()):
            form = QTextCharFormat()
            form.setForeground(QColor(colours[role]))
            form.setFontItalic(role == "comment")
            self.setFormat(start, end - start, form)
        for link in self.links.get(number, ()):
            form = self.format(link.start)
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            form.setUnderlineColor(QColor(now.muted))
            self.setFormat(link.start, link.end - link.start, form)


class _Numbers(QWidget):
    """The column of line numbers."""

    def __init__(self, text: PythonText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(self._text.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_numbers(self, event)


class PythonText(QPlainTextEdit):
    """``followed`` when a name is clicked, or Enter pressed on it: what it names."""

    followed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName("The code")
        self.viewport().setMouseTracking(True)
        self._marked: Sequence[int] = ()
        self._links: Sequence[Link] = ()
        self._colours = _Colours(self.document())
        self._numbers = _Numbers(self)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scrolled)
        self.restyle()

    def show_code(self, text: str, marked: Sequence[int], links: Sequence[Link]) -> None:
        """Show a file, the first of the ``marked`` lines a little below the top."""
        self._marked, self._links = marked, links
        self._colours.spans = spans(text)
        self._colours.links = {}
        for link in links:
            self._colours.links.setdefault(link.line, []).append(link)
        self.setPlainText(text)
        self._mark()
        self.go_to(marked[0] if marked else 1)

    def go_to(self, line: int) -> None:
        """Put the caret on a line (from 1) and scroll so that some of what stands above it is seen."""
        block = self.document().findBlockByNumber(max(0, line - 1))
        self.setTextCursor(QTextCursor(block))
        self.verticalScrollBar().setValue(max(0, line - 4))

    def restyle(self) -> None:
        """The theme or the size of the text changed."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(QApplication.font().pointSizeF())
        self.setFont(font)
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self._make_room()
        self._colours.rehighlight()
        self._mark()

    def _mark(self) -> None:
        colour = QColor(theme.current().accent)
        colour.setAlpha(38)
        marks = []
        for line in self._marked:
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(colour)  # type: ignore[attr-defined]
            mark.format.setProperty(QTextCharFormat.Property.FullWidthSelection, True)  # type: ignore[attr-defined]
            mark.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))  # type: ignore[attr-defined]
            marks.append(mark)
        self.setExtraSelections(marks)

    # Names that can be followed

    def link_at(self, cursor: QTextCursor) -> Link | None:
        """The name that the place of ``cursor`` is in."""
        line, column = cursor.blockNumber() + 1, cursor.positionInBlock()
        return next(
            (link for link in self._links if link.line == line and link.start <= column <= link.end), None
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        link = self._under(event)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.IBeamCursor)
        self.viewport().setToolTip(f"Open {link.to.__qualname__}" if link else "")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        link = self._under(event)
        if link and event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.followed.emit(link.to)

    def _under(self, event: QMouseEvent) -> Link | None:
        place = event.position().toPoint()
        cursor = self.cursorForPosition(place)
        seen = self.cursorRect(cursor)  # not beside the end of a line
        return self.link_at(cursor) if abs(seen.x() - place.x()) < 12 and seen.bottom() >= place.y() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        link = self.link_at(self.textCursor())
        if link and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.followed.emit(link.to)
        else:
            super().keyPressEvent(event)

    # Line numbers

    def numbers_width(self) -> int:
        """Pixels of the column of line numbers."""
        return self.fontMetrics().horizontalAdvance("9" * max(3, len(str(self.blockCount())))) + 16

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers_width(), 0, 0, 0)
        self._place_numbers()

    def _place_numbers(self) -> None:
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.numbers_width(), inside.height()))

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_numbers()

    def paint_numbers(self, column: QWidget, event: QPaintEvent) -> None:
        """Draw the numbers of the lines that are seen; those of marked lines stand out."""
        now, painter = theme.current(), QPainter(column)
        painter.fillRect(event.rect(), QColor(now.surface))
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        marked = set(self._marked)
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            number = block.blockNumber() + 1
            painter.setPen(QColor(now.accent if number in marked else now.muted))
            box = QRect(0, round(top), column.width() - 8, round(height))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number))
            top += height
            block = block.next()
        painter.end()
