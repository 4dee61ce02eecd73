"""The symbols of a text in a row: each tinted by its surprise, below it a bar for how open its place was."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.answer import Answer
from ssllab.ui.labs.language.widgets.colours import surprise_tint
from ssllab.ui.labs.language.widgets.reading import HOLE, Reading
from ssllab.ui.labs.language.widgets.rows import ROW, Rows
from ssllab.ui.plots.legend import small_font
from ssllab.ui.widgets.item_types import Index, ItemOption


@dataclass(frozen=True)
class Cell:
    """A symbol; NaN and 0 where nothing is known of it. ``height``: its place's entropy as a share of the most there is."""

    shown: str
    bits: float
    entropy: float
    rank: int
    height: float

    @property
    def words(self) -> str:
        """All of it in a line."""
        if not math.isfinite(self.bits):
            return f"{self.shown}: {'impossible' if self.bits > 0 else 'not read yet'}"
        return f"{self.shown}: {self.bits:.2f} bits, rank {self.rank}; {self.entropy:.2f} bits were open"


def cells(reading: Reading, answer: Answer | None) -> list[Cell]:
    """One for each symbol of the text; without an answer to this very reading, only the symbols."""
    units = reading.units
    most = math.log2(max(2, len(units.symbols)))
    found = []
    for at, id in enumerate(reading.ids[1:].tolist()):
        shown = "___" if id == HOLE else units.shown(id)
        if answer is None or at >= len(answer.surprisal):
            found.append(Cell(shown, math.nan, math.nan, 0, 0.0))
            continue
        bits, entropy = float(answer.surprisal[at]), float(answer.entropy[at])
        height = entropy / most if math.isfinite(entropy) else 0.0
        found.append(Cell(shown, bits, entropy, int(answer.rank[at]), height))
    return found


class _Painter(QStyledItemDelegate):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.asked: int | None = None

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        cell: Cell = index.data(ROW)
        metrics, small = QFontMetrics(option.font), QFontMetrics(small_font(0.8))
        wide = len(cell.shown) > 1
        width = max(
            metrics.horizontalAdvance(cell.shown) + 8, small.horizontalAdvance("00.0") + 4 if wide else 0
        )
        return QSize(min(width, 260), metrics.height() + small.height() + metrics.height() + 6)

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        cell: Cell = index.data(ROW)
        now, rect, metrics = theme.current(), option.rect.adjusted(1, 1, -1, -1), QFontMetrics(option.font)
        small = QFontMetrics(small_font(0.8))
        painter.save()
        head = QRect(rect.left(), rect.top(), rect.width(), metrics.height() + 2)
        painter.fillRect(head, surprise_tint(math.inf if cell.bits == math.inf else cell.bits))
        if index.row() == self.asked or option.state & option.state.State_HasFocus:
            painter.setPen(QColor(now.accent))
            painter.drawRect(head.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(now.text))
        painter.drawText(
            head,
            Qt.AlignmentFlag.AlignCenter,
            metrics.elidedText(cell.shown, Qt.TextElideMode.ElideRight, head.width() - 2),
        )
        if math.isfinite(cell.bits):
            number = QRect(rect.left(), head.bottom() + 1, rect.width(), small.height())
            if len(cell.shown) > 1 or rect.width() >= small.horizontalAdvance("0.0"):
                painter.setFont(small_font(0.8))
                painter.setPen(QColor(now.muted))
                painter.drawText(number, Qt.AlignmentFlag.AlignCenter, f"{cell.bits:.1f}")
            room = QRect(
                rect.left() + 2, number.bottom() + 1, rect.width() - 4, rect.bottom() - number.bottom() - 1
            )
            high = round(min(1.0, cell.height) * room.height())
            painter.fillRect(room.left(), room.bottom() - high, room.width(), high + 1, QColor(now.attract))
        painter.restore()


class Strip(QListView):
    """A click or Enter on a symbol asks what stands there; the same again asks for what comes next."""

    asked = Signal(object)  # the number of a symbol, or None

    def __init__(self) -> None:
        super().__init__()
        self.list: Rows[Cell] = Rows(len, lambda cell: cell.shown, lambda cell: cell.words, self)
        self.painter = _Painter(self)
        self.setModel(self.list)
        self.setItemDelegate(self.painter)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Surprise of each symbol")
        self.clicked.connect(lambda index: self._toggle(index.row()))

    def show_cells(self, cells: Sequence[Cell], asked: int | None) -> None:
        """Other cells; ``asked``: the one that is asked for."""
        longer = len(cells) != len(self.list.rows)
        self.painter.asked = asked
        self.list.show(cells)
        self.setAccessibleDescription("; ".join(cell.words for cell in cells[-12:]))
        if longer:
            self.scrollToBottom()
        self.viewport().update()

    def _toggle(self, number: int) -> None:
        self.asked.emit(None if number == self.painter.asked else number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._toggle(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Escape and self.painter.asked is not None:
            self.asked.emit(None)
        else:
            super().keyPressEvent(event)
