"""How the table's special cells are painted: small curves and tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ssllab.ui import theme
from ssllab.ui.plots.axis import value_text
from ssllab.ui.runs.curves import SmallCurves
from ssllab.ui.runs.table_model import CURVE, INFO, TAGS, Column
from ssllab.ui.widgets.item_types import Index, ItemOption

_CHIP, _GAP = 12, 4  # pixels around the words of a tag, and between two tags


def curve_points(values: np.ndarray, box: QRectF, low: float, high: float) -> QPolygonF:
    """The curve across ``box`` with ``low`` at its bottom and ``high`` at its top; values beyond are cut."""
    if len(values) == 1:
        values = np.repeat(values, 2)
    x = np.linspace(box.left(), box.right(), len(values))
    share = (np.clip(values, low, high) - low) / ((high - low) or 1.0)
    y = box.bottom() - share * box.height()
    return QPolygonF([QPointF(a, b) for a, b in zip(x, y, strict=True)])


class CurveDelegate(QStyledItemDelegate):
    """A small curve and the last value beside it."""

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        metrics = QFontMetrics(option.font)
        return QSize(metrics.horizontalAdvance("00.00 %") * 2 + 20, int(metrics.height() * 1.9))

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        _paint_background(painter, option, index)
        curves: SmallCurves | None = index.data(CURVE)
        now = theme.current()
        metrics = QFontMetrics(option.font)
        box = QRectF(option.rect).adjusted(6, 4, -6, -4)
        if curves is None:
            painter.setPen(QColor(now.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "...")
            return
        is_loss = index.column() == Column.LOSS
        values = curves.loss if is_loss else curves.probe
        last = curves.last_loss if is_loss else curves.last_probe
        if not len(values):
            if index.data(INFO).settings is not None:
                painter.setPen(QColor(now.muted))
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "–")
            return
        text = (value_text(last) if is_loss else curves.series.said(last)) if last is not None else ""
        painter.setPen(option.palette.text().color())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        room = metrics.horizontalAdvance("00.000" if is_loss else "100.0 %") + 6
        area = box.adjusted(0, 2, -room, -2)
        if area.width() < 12:
            return
        low, high = float(values.min()), float(values.max())
        if not is_loss and curves.series.percent:
            low, high = 0.0, max(1.0, high)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = curve_points(values, area, low, high)
        colour = QColor(now.series[0] if is_loss else now.good)
        fill = QColor(colour)
        fill.setAlpha(36)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([*line.toList(), area.bottomRight(), area.bottomLeft()]))
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        painter.restore()


def fitting(tags: Sequence[str], metrics: QFontMetrics, width: int) -> list[str]:
    """What the chips in so many pixels say: whole tags, then how many there are besides; the first may be cut."""
    said: list[str] = []
    room = width
    for number, tag in enumerate(tags):
        rest = f"+{len(tags) - number}"
        after = (
            metrics.horizontalAdvance(f"+{len(tags) - number - 1}") + _CHIP + _GAP
            if number + 1 < len(tags)
            else 0
        )
        if number and metrics.horizontalAdvance(tag) + _CHIP + after > room:
            return [*said, rest]
        text = tag if number else metrics.elidedText(tag, Qt.TextElideMode.ElideRight, room - _CHIP - after)
        if not text:
            return [rest]
        said.append(text)
        room -= metrics.horizontalAdvance(text) + _CHIP + _GAP
    return said


class TagDelegate(QStyledItemDelegate):
    """Tags as small rounded labels; edited as text with commas."""

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        _paint_background(painter, option, index)
        now = theme.current()
        metrics = QFontMetrics(option.font)
        box = QRectF(option.rect).adjusted(4, 0, -4, 0)
        height = metrics.height() + 2
        x = box.left()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for text in fitting(index.data(TAGS) or (), metrics, int(box.width())):
            width = metrics.horizontalAdvance(text) + _CHIP
            label = QRectF(x, box.center().y() - height / 2, width, height)
            painter.setPen(QPen(QColor(now.border)))
            painter.setBrush(QColor(now.raised))
            painter.drawRoundedRect(label, height / 2, height / 2)
            painter.setPen(QColor(now.text))
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
            x += width + _GAP
        painter.restore()

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        metrics = QFontMetrics(option.font)
        tags = index.data(TAGS) or ()
        return QSize(sum(metrics.horizontalAdvance(t) + 16 for t in tags) + 8, int(metrics.height() * 1.9))


class NameDelegate(QStyledItemDelegate):
    """The name with a round dot in the run's colour where the run is drawn below."""

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        colour = index.data(Qt.ItemDataRole.DecorationRole)
        _paint_background(painter, option, index)
        metrics = QFontMetrics(option.font)
        radius = metrics.height() * 0.28
        box = QRectF(option.rect).adjusted(6, 0, -6, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(box.left() + radius, box.center().y())
        if colour is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(centre, radius, radius)
        info = index.data(INFO)
        painter.setPen(
            QColor(theme.current().muted) if info.settings is None else option.palette.text().color()
        )
        box.setLeft(box.left() + 2 * radius + 6)
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        metrics = QFontMetrics(option.font)
        width = metrics.horizontalAdvance(str(index.data())) + metrics.height() + 20
        return QSize(width, int(metrics.height() * 1.9))


def _paint_background(painter: QPainter, option: ItemOption, index: Index) -> None:
    """The row as the style draws it, without text, tick or picture."""
    bare: ItemOption = QStyleOptionViewItem(option)
    bare.index = index
    bare.text = ""
    style = bare.widget.style() if bare.widget else QApplication.style()
    style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, bare, painter, bare.widget)
