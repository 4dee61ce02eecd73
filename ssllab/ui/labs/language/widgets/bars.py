"""The likeliest symbols as bars: a list that is gone through by arrows and read by a screen reader."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.colours import group_colour, tag_colour
from ssllab.ui.labs.language.widgets.ranking import Candidate, Heading, Row, share_words
from ssllab.ui.plots.legend import small_font
from ssllab.ui.widgets.item_types import Index, ItemOption

Role = Qt.ItemDataRole
ROW = Role.UserRole + 1
_SIDES = 8


class BarsModel(QAbstractListModel):
    """Rows are candidates and the headings of their groups."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self.rows[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case Role.DisplayRole:
                return row.words if isinstance(row, Heading) else row.shown
            case Role.AccessibleTextRole:
                return _words(row)
            case Role.ToolTipRole if isinstance(row, Candidate):
                return _words(row)
        return row if role == ROW else None


def _words(row: Row) -> str:
    if isinstance(row, Heading):
        return f"{row.words}, {share_words(row.share)} in all"
    told = [f"{row.shown}: {share_words(row.p)}, rank {row.rank}"]
    if row.left == 0:
        told.append("sampling drops it")
    elif abs(row.left - row.p) > 0.0005:
        told.append(f"drawn with {share_words(row.left)}")
    return ", ".join([*told, *filter(None, (row.tag, row.group))])


class BarDelegate(QStyledItemDelegate):
    """Paints a row: symbol, part of speech in letters, bar, percent. ``present``: the symbol that stands there now;
    ``tagged``: whether any row has a part of speech, so that all bars begin behind one; ``old``: the rows belong to an
    older text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.grouping = "tag"
        self.meanings: list[str] = []
        self.present: int | None = None
        self.tagged = self.old = False

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        return QSize(120, QFontMetrics(option.font).height() + 4)

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        row: Row = index.data(ROW)
        painter.save()
        if isinstance(row, Heading):
            self._paint_heading(painter, option.rect, row)
        else:
            state = option.state
            self._paint_candidate(painter, option.rect, row, bool(state & state.State_Selected))
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, row: Heading) -> None:
        painter.setFont(small_font())
        painter.setPen(QColor(theme.current().muted))
        inside = rect.adjusted(_SIDES, 0, -_SIDES, -1)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, row.words)
        painter.drawText(
            inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, share_words(row.share)
        )

    def _colour(self, row: Candidate) -> QColor:
        if self.old:
            return QColor(theme.current().muted)
        return group_colour(row.group, self.meanings) if self.grouping == "group" else tag_colour(row.tag)

    def _paint_candidate(self, painter: QPainter, rect: QRect, row: Candidate, chosen: bool) -> None:
        now, metrics, usual = theme.current(), painter.fontMetrics(), painter.font()
        if chosen:
            tint = QColor(now.accent)
            tint.setAlpha(40)
            painter.fillRect(rect, tint)
        inside = rect.adjusted(_SIDES, 0, -_SIDES, 0)
        side = Qt.AlignmentFlag.AlignVCenter
        number = metrics.horizontalAdvance("< 0.01 %")
        letters = metrics.horizontalAdvance("PROPN") if self.tagged else 0
        name = min(round(0.34 * inside.width()), metrics.horizontalAdvance("m" * 11))
        box = QRect(inside.left(), inside.top(), name, inside.height())
        if row.id == self.present:
            font = painter.font()
            font.setBold(True)
            painter.setFont(font)
        painter.setPen(QColor(now.text if row.left > 0 and not self.old else now.muted))
        painter.drawText(
            box,
            side | Qt.AlignmentFlag.AlignLeft,
            metrics.elidedText(row.shown, Qt.TextElideMode.ElideRight, name),
        )
        if row.tag:
            box = QRect(inside.left() + name + 4, inside.top(), letters, inside.height())
            painter.setFont(small_font(0.8))
            painter.setPen(QColor(now.muted))
            painter.drawText(box, side | Qt.AlignmentFlag.AlignLeft, row.tag)
            painter.setFont(usual)
        left = inside.left() + name + letters + 8
        room = inside.right() - number - left
        if room > 8:
            self._paint_bar(painter, QRect(left, inside.top() + 3, room, inside.height() - 6), row)
        painter.setPen(QColor(now.text if row.left > 0 and not self.old else now.muted))
        painter.drawText(
            QRect(inside.right() - number, inside.top(), number, inside.height()),
            side | Qt.AlignmentFlag.AlignRight,
            share_words(row.p),
        )

    def _paint_bar(self, painter: QPainter, rect: QRect, row: Candidate) -> None:
        """Filled: what it is drawn with; outlined: what the model says, where sampling changes it."""
        colour = self._colour(row)
        filled = QRect(rect.left(), rect.top(), max(1, round(row.left * rect.width())), rect.height())
        if row.left > 0:
            painter.fillRect(filled, colour)
        if abs(row.left - row.p) > 0.0005 or row.left == 0:
            painter.setPen(colour)
            painter.drawRect(rect.left(), rect.top(), max(1, round(row.p * rect.width())), rect.height() - 1)


class Bars(QListView):
    """A click, Enter or the right arrow takes a symbol; the left arrow or Backspace goes back one."""

    taken = Signal(int)
    one_less_wanted = Signal()
    text_wanted = Signal(str)  # the person goes on typing

    def __init__(self, name: str) -> None:
        super().__init__()
        self.list = BarsModel(self)
        self.painter = BarDelegate(self)
        self.setModel(self.list)
        self.setItemDelegate(self.painter)
        self.setAccessibleName(name)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._text, self._moved = "", False
        self.clicked.connect(self._take)

    def show_rows(self, rows: Sequence[Row], present: int | None, text: str = "") -> None:
        """Other rows, of what may come in ``text``. The symbol that the person has chosen stays so while they change under
        one text; else the first one is chosen."""
        same = text == self._text
        self._text, self._moved = text, self._moved and same
        self.mark_old(False)
        if rows == self.list.rows and present == self.painter.present:
            return
        chosen, place = self.chosen() if self._moved else None, self.verticalScrollBar().value()
        self.painter.present = present
        self.painter.tagged = any(isinstance(row, Candidate) and row.tag for row in rows)
        self.list.set_rows(rows)
        kept = [
            n for n, row in enumerate(rows) if chosen and isinstance(row, Candidate) and row.id == chosen.id
        ]
        if kept:
            self.setCurrentIndex(self.list.index(kept[0]))
        else:
            self.choose_first()
        self.verticalScrollBar().setValue(place if same else 0)

    def mark_old(self, old: bool) -> None:
        """Whether the rows belong to an older text: they are grey then."""
        if old != self.painter.old:
            self.painter.old = old
            self.viewport().update()

    def choose_next(self, rows: int) -> None:
        """Choose the symbol so many rows further; headings are passed over."""
        at = self.currentIndex().row() + rows
        while 0 <= at < len(self.list.rows) and isinstance(self.list.rows[at], Heading):
            at += rows
        if 0 <= at < len(self.list.rows):
            self._moved = True
            self.setCurrentIndex(self.list.index(at))

    def choose_first(self) -> None:
        """The first symbol is the one that Enter takes."""
        first = next((n for n, row in enumerate(self.list.rows) if isinstance(row, Candidate)), None)
        if first is not None:
            self.setCurrentIndex(self.list.index(first))

    def chosen(self) -> Candidate | None:
        """The symbol that Enter takes."""
        row = self.currentIndex().data(ROW) if self.currentIndex().isValid() else None
        return row if isinstance(row, Candidate) else None

    def candidates(self) -> list[Candidate]:
        """All symbols that are listed."""
        return [row for row in self.list.rows if isinstance(row, Candidate)]

    def _take(self, index: Index) -> None:
        row = index.data(ROW)
        if isinstance(row, Candidate):
            self.taken.emit(row.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right):
            if self.currentIndex().isValid():
                self._take(self.currentIndex())
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Left):
            self.one_less_wanted.emit()
        elif key in (
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
        ):
            self._moved = True
            super().keyPressEvent(event)
        elif (
            event.text().isprintable()
            and event.text()
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.text_wanted.emit(event.text())
        else:
            event.ignore()
