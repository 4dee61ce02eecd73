"""A symbol and its probability where there is little room: the bar lies behind the words."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.colours import tag_colour
from ssllab.ui.labs.language.widgets.ranking import Candidate, share_words

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_share(painter: QPainter, rect: QRect, row: Candidate, before: float | None = None) -> None:
    """``row`` in ``rect``; ``before``: a mark stands where its bar ended then."""
    now, metrics = theme.current(), painter.fontMetrics()
    colour = tag_colour(row.tag)
    colour.setAlpha(110)
    room = rect.width()
    painter.fillRect(rect.left(), rect.top(), max(1, round(row.p * room)), rect.height() - 1, colour)
    if before is not None:
        place = rect.left() + round(before * room)
        painter.fillRect(place, rect.top(), 1, rect.height() - 1, QColor(now.text))
    number = metrics.horizontalAdvance("0.01 %")
    tag = f" {row.tag[:4]}" if row.tag else ""
    words = room - number - metrics.horizontalAdvance(tag) - 8
    if words < metrics.horizontalAdvance("m" * 5):  # the colour tells it, too
        tag, words = "", room - number - 8
    shown = metrics.elidedText(row.shown, Qt.TextElideMode.ElideRight, words)
    painter.setPen(QColor(now.text))
    painter.drawText(rect.adjusted(2, 0, 0, 0), _LEFT, shown)
    painter.drawText(rect.adjusted(0, 0, -2, 0), _RIGHT, share_words(row.p))
    painter.setPen(QColor(now.muted))
    painter.drawText(rect.adjusted(2 + metrics.horizontalAdvance(shown), 0, 0, 0), _LEFT, tag)
