"""What stands around and over the lanes: ruler, labels, selection, cursor, crosshair."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import pen
from ssllab.ui.labs.speech.widgets.axis import TimeAxis, clock
from ssllab.ui.labs.speech.widgets.lane import Lane

PAD = 7.0  # pixels between the edge, a label and its lane


def ruler_height(line: float) -> float:
    """Of the strip with the times."""
    return round(1.6 * line)


def gutter_width(painter_metrics: QFontMetricsF, lanes: list[Lane]) -> float:
    """Room for the longest label with a code's number beside it."""
    longest = max((painter_metrics.horizontalAdvance(lane.title) for lane in lanes), default=0)
    return round(longest + painter_metrics.horizontalAdvance("  000") + 2 * PAD)


def paint_ruler(painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
    """Times along the top, in ``m:ss``."""
    colours = theme.current()
    metrics = painter.fontMetrics()
    ticks, step = axis.ticks(metrics.horizontalAdvance("00:00.00") + 18)
    painter.fillRect(area, QColor(colours.raised))
    for time in ticks:
        x = float(axis.x(time))
        painter.setPen(pen(colours.muted))
        painter.drawLine(QPointF(x, area.bottom() - 4), QPointF(x, area.bottom()))
        text = clock(time, step)
        width = metrics.horizontalAdvance(text)
        left = min(max(x - width / 2, area.left() + 2), area.right() - width - 2)
        painter.drawText(
            QRectF(left, area.top(), width + 1, area.height() - 4), Qt.AlignmentFlag.AlignCenter, text
        )


def paint_grid(painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
    """A faint line under every tick of the ruler."""
    ticks, _ = axis.ticks(painter.fontMetrics().horizontalAdvance("00:00.00") + 18)
    painter.setPen(pen(theme.current().grid, 1.0, 0.6))
    for time in ticks:
        x = round(float(axis.x(time))) + 0.5
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def paint_labels(painter: QPainter, placed: list[tuple[Lane, QRectF]], width: float) -> None:
    """The lanes' names, and a thin line between one lane and the next."""
    colours = theme.current()
    for lane, area in placed:
        painter.setPen(pen(colours.grid))
        painter.drawLine(QPointF(0, area.bottom() + 2), QPointF(area.right(), area.bottom() + 2))
        painter.setPen(QColor(colours.muted))
        painter.drawText(_label_box(painter, lane, area, width), Qt.AlignmentFlag.AlignVCenter, lane.title)


def _label_box(painter: QPainter, lane: Lane, area: QRectF, width: float) -> QRectF:
    line = painter.fontMetrics().height()
    tall = area.height() > 2.2 * line
    return QRectF(PAD, area.top(), width - 2 * PAD, 1.3 * line if tall else area.height())


def paint_values(
    painter: QPainter,
    placed: list[tuple[Lane, QRectF]],
    width: float,
    seconds: float,
    pointer: QPointF | None,
) -> None:
    """What each lane says at a time, or at the pointer's height: beside its label, or below it where there is room."""
    metrics = painter.fontMetrics()
    line = metrics.height()
    for lane, area in placed:
        value = lane.value(seconds)
        if not value and pointer is not None and area.contains(pointer):
            value = lane.level((area.bottom() - pointer.y()) / area.height())
        if not value:
            continue
        box = _label_box(painter, lane, area, width)
        room = box.width() - metrics.horizontalAdvance(lane.title + "  ")
        if area.height() > 2.2 * line:
            box, room = box.translated(0, 1.2 * line), box.width()
        elif metrics.horizontalAdvance(value) > room:
            continue  # words stand in their lane, whole
        painter.setPen(QColor(theme.current().text))
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(value, Qt.TextElideMode.ElideRight, int(room) + 1),
        )


def paint_selection(
    painter: QPainter, ruler: QRectF, lanes: QRectF, axis: TimeAxis, span: tuple[float, float]
) -> None:
    """The selected span over all lanes, with its length in the ruler."""
    left, right = max(axis.x(span[0]), lanes.left()), min(axis.x(span[1]), lanes.right())
    if right <= left:
        return
    colours = theme.current()
    fill = QColor(colours.accent)
    fill.setAlphaF(0.14)
    box = QRectF(left, lanes.top(), right - left, lanes.height())
    painter.fillRect(box, fill)
    fill.setAlphaF(0.85)
    painter.fillRect(QRectF(left, ruler.bottom() - 4, right - left, 4), fill)
    painter.setPen(pen(colours.accent))
    painter.drawLine(box.topLeft(), box.bottomLeft())
    painter.drawLine(box.topRight(), box.bottomRight())
    _tag(
        painter,
        ruler,
        0.5 * (left + right),
        f"{span[1] - span[0]:.2f} s",
        colours.accent,
        colours.accent_text,
    )


def paint_marked(painter: QPainter, lanes: QRectF, axis: TimeAxis, span: tuple[float, float]) -> None:
    """A frame around a place that was searched for."""
    left, right = float(axis.x(span[0])), float(axis.x(span[1]))
    if right < lanes.left() or left > lanes.right():
        return
    painter.setPen(pen(theme.current().repel, 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(left, lanes.top(), max(3.0, right - left), lanes.height()))


def paint_cursor(painter: QPainter, ruler: QRectF, lanes: QRectF, x: float) -> None:
    """Where the player is."""
    if not lanes.left() <= x <= lanes.right():
        return
    colour = QColor(theme.current().bad)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    top = ruler.bottom()
    painter.drawPolygon(QPolygonF([QPointF(x - 5, top - 6), QPointF(x + 5, top - 6), QPointF(x, top)]))
    painter.drawRect(QRectF(x - 0.75, top - 1, 1.5, lanes.bottom() - top + 1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_crosshair(painter: QPainter, ruler: QRectF, lanes: QRectF, x: float, axis: TimeAxis) -> None:
    """A line under the pointer with its time."""
    if not lanes.left() <= x <= lanes.right():
        return
    colours = theme.current()
    painter.setPen(pen(colours.text, 1.0, 0.45))
    painter.drawLine(QPointF(x, lanes.top()), QPointF(x, lanes.bottom()))
    text = clock(axis.seconds(x), min(0.05, axis.per_pixel * 10))
    _tag(painter, ruler, x, text, colours.text, colours.surface)


def _tag(painter: QPainter, ruler: QRectF, x: float, text: str, ground: str, ink: str) -> None:
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(text) + 10
    left = min(max(x - width / 2, ruler.left()), ruler.right() - width)
    box = QRectF(left, ruler.top() + 1, width, ruler.height() - 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(box, 3, 3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
