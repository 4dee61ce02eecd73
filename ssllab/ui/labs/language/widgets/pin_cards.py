"""Pinned prompts as small multiples: for each the likeliest symbols, how open its places are, and how that went."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.colours import surprise_tint
from ssllab.ui.labs.language.widgets.ranking import Candidate, share_words
from ssllab.ui.labs.language.widgets.rows import ROW, Rows
from ssllab.ui.labs.language.widgets.share_cell import paint_share
from ssllab.ui.plots.legend import small_font
from ssllab.ui.widgets.item_types import Index, ItemOption

SHOWN = 3  # symbols on a card
_PAD = 6
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Card:
    """``bits`` of ``most`` are open after the prompt; NaN: nobody says, and ``problem`` says why. ``words``: (symbol,
    surprise, entropy) of each of its symbols. ``before``: the probabilities of ``rows`` one step ago,
    where that is known. ``grown``: (step, bits) while it was trained."""

    pin: str
    bits: float = math.nan
    most: float = 1.0
    rows: tuple[Candidate, ...] = ()
    before: tuple[float, ...] = ()
    words: tuple[tuple[str, float, float], ...] = ()
    grown: tuple[tuple[int, float], ...] = ()
    problem: str = ""

    @property
    def said(self) -> str:
        """All of it in a line."""
        if not math.isfinite(self.bits):
            return f"{self.pin}: {self.problem or 'no model answers yet'}"
        was = [f" (was {share_words(p)})" for p in self.before] or [""] * len(self.rows)
        first = ", ".join(
            f"{row.shown} {share_words(row.p)}{w}" for row, w in zip(self.rows, was, strict=True)
        )
        return f"{self.pin} …: {first}; {self.bits:.2f} of {self.most:.1f} bits open"


class _Painter(QStyledItemDelegate):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.width = 160

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        line, small = QFontMetrics(option.font).height(), QFontMetrics(small_font()).height()
        return QSize(self.width, line + (SHOWN + 2) * small + 2 * _PAD + 10)

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        card: Card = index.data(ROW)
        now, rect = theme.current(), option.rect.adjusted(2, 2, -2, -2)
        painter.save()
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        painter.fillRect(rect, QColor(now.surface))
        chosen = option.state & (option.state.State_Selected | option.state.State_HasFocus)
        painter.setPen(QColor(now.accent if chosen else now.border))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        inside = rect.adjusted(_PAD, _PAD, -_PAD, -_PAD)
        metrics = QFontMetrics(option.font)
        head = QRect(inside.left(), inside.top(), inside.width(), metrics.height())
        painter.setPen(QColor(now.text))
        elided = metrics.elidedText(f"{card.pin} …", Qt.TextElideMode.ElideLeft, head.width())
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.setFont(small_font())
        small = painter.fontMetrics().height()
        body = QRect(inside.left(), head.bottom() + 2, inside.width(), inside.bottom() - head.bottom() - 2)
        if not math.isfinite(card.bits):
            painter.setPen(QColor(now.muted))
            painter.drawText(body, Qt.TextFlag.TextWordWrap, card.problem)
        else:
            self._paint_words(painter, QRect(body.left(), body.top(), body.width(), small), card)
            for number, row in enumerate(card.rows[:SHOWN]):
                at = QRect(body.left(), body.top() + (number + 1) * small + 4, body.width(), small)
                paint_share(painter, at, row, card.before[number] if card.before else None)
            bottom = QRect(body.left(), body.bottom() - small, body.width(), small)
            self._paint_bits(painter, bottom, card)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, card: Card) -> None:
        """One bar for each symbol of the prompt: how open its place was; the tint is how surprising it was."""
        if not card.words:
            return
        step = min(rect.width() / len(card.words), 26.0)
        for number, (_, bits, entropy) in enumerate(card.words):
            left, wide = round(rect.left() + number * step), max(2, round(step) - 2)
            painter.fillRect(left, rect.top(), wide, rect.height(), surprise_tint(bits))
            if math.isfinite(entropy):
                high = max(1, round(min(1.0, entropy / card.most) * (rect.height() - 2)))
                painter.fillRect(left, rect.bottom() - high, wide, high + 1, QColor(theme.current().attract))

    def _paint_bits(self, painter: QPainter, rect: QRect, card: Card) -> None:
        """The entropy of what comes: a bar, its number, and a line of how it fell."""
        now = theme.current()
        number = painter.fontMetrics().horizontalAdvance("10.00 bits")
        painter.setPen(QColor(now.muted))
        painter.drawText(rect, _RIGHT, f"{card.bits:.2f} bits")
        room = QRect(rect.left(), rect.top() + 2, rect.width() - number - 6, rect.height() - 4)
        painter.fillRect(room, QColor(now.raised))
        wide = round(min(1.0, card.bits / card.most) * room.width())
        colour = QColor(now.attract)
        painter.fillRect(QRect(room.left(), room.bottom() - 3, wide, 4), colour)
        if len(card.grown) > 1:
            first, last = card.grown[0][0], card.grown[-1][0]
            points = [
                QPointF(
                    room.left() + room.width() * (step - first) / max(1, last - first),
                    room.bottom() - 4 - (room.height() - 5) * min(1.0, bits / card.most),
                )
                for step, bits in card.grown
            ]
            painter.setPen(QPen(QColor(now.text), 1))
            painter.drawPolyline(QPolygonF(points))


class PinCards(QListView):
    """A click or Enter puts a prompt on the board; Delete unpins it."""

    opened = Signal(str)
    unpin_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.list: Rows[Card] = Rows(
            lambda cards: tuple(card.pin for card in cards),
            lambda card: card.pin,
            lambda card: card.said,
            self,
        )
        self.painter = _Painter(self)
        self.setModel(self.list)
        self.setItemDelegate(self.painter)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setAccessibleName("Pinned prompts")
        self.clicked.connect(lambda index: self.opened.emit(index.data()))

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Other cards."""
        self.list.show(cards)
        self._fit()

    def chosen(self) -> str | None:
        """The prompt that the keyboard is at."""
        return self.currentIndex().data() if self.currentIndex().isValid() else None

    def _fit(self) -> None:
        """As many columns as are wide enough; they share the width."""
        least = 19 * self.fontMetrics().averageCharWidth()
        room = self.viewport().width() - 2
        count = max(1, len(self.list.rows))
        rows = -(-count // max(1, room // least))  # as few as may be, all of them as full
        columns = -(-count // rows)
        width = max(60, room // columns)
        if width != self.painter.width:
            self.painter.width = width
            self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pin = self.chosen()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and pin is not None:
            self.opened.emit(pin)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and pin is not None:
            self.unpin_wanted.emit(pin)
        else:
            super().keyPressEvent(event)
