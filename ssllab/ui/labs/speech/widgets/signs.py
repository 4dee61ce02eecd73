"""The signs of a tape recorder, drawn: no font has them all."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

_SHARPNESS = 2  # pixels a point, for screens of high density


def paint_sign(painter: QPainter, name: str, box: QRectF, colour: QColor) -> None:
    """Draw "record", "pause", "stop" or "play" into the square ``box``."""
    size = box.width()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match name:
        case "record":
            painter.drawEllipse(box.center(), 0.4 * size, 0.4 * size)
        case "pause":
            for left in (0.2, 0.58):
                painter.drawRect(
                    QRectF(box.left() + left * size, box.top() + 0.15 * size, 0.22 * size, 0.7 * size)
                )
        case "stop":
            painter.drawRect(box.adjusted(0.18 * size, 0.18 * size, -0.18 * size, -0.18 * size))
        case "play":
            corners = ((0.25, 0.12), (0.9, 0.5), (0.25, 0.88))
            painter.drawPolygon(
                QPolygonF([QPointF(box.left() + x * size, box.top() + y * size) for x, y in corners])
            )
    painter.restore()


def sign(name: str, colour: QColor, size: int) -> QIcon:
    """A button's icon of ``size`` points."""
    picture = QPixmap(_SHARPNESS * size, _SHARPNESS * size)
    picture.setDevicePixelRatio(_SHARPNESS)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_sign(painter, name, QRectF(0, 0, size, size), colour)
    painter.end()
    return QIcon(picture)
