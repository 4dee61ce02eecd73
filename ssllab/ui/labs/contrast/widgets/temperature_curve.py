"""How many negatives effectively push at each temperature: a small curve that can be dragged."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import pen
from ssllab.ui.labs.contrast.widgets.contrast_arithmetic import effective_negatives, small_text

LOWEST, HIGHEST = 0.01, 10.0
_GRID = np.geomspace(LOWEST, HIGHEST, 73)


class TemperatureCurve(QWidget):
    """Effective negatives (log) over temperature (log), with the run's and the supposed temperature."""

    dragged = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Effective negatives: exp of the entropy of the negatives' shares of the repulsion. A low "
            "temperature lets the hardest few push, a high one all alike (Wang and Liu 2021). "
            "Drag to try a temperature."
        )
        self._negatives = 0
        self._values = np.ones(len(_GRID))

    def show_similarities(self, similarity: np.ndarray, temperature: float, run: float) -> None:
        """``similarity: (K,)`` of the negatives."""
        self._negatives = len(similarity)
        self._values = effective_negatives(similarity, _GRID)
        self._here = float(effective_negatives(similarity, np.array([temperature]))[0])
        self._temperature, self._run = temperature, run
        self.update()

    def sizeHint(self) -> QSize:
        """A few lines high."""
        return QSize(200, round(6.6 * QFontMetricsF(self.font()).height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Curve, two marks, the number in words."""
        if self._negatives < 2:
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        area = self._area()
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(2, metrics.ascent()), "Effective negatives")
        words = f"{small_text(self._here)} of {self._negatives} at τ = {self._temperature:.3g}"
        painter.setPen(QColor(colours.text))
        painter.drawText(
            QPointF(self.width() - metrics.horizontalAdvance(words) - 4, metrics.ascent()), words
        )
        painter.setPen(QColor(colours.muted))
        for value in (1, self._negatives):
            y = self._y(value, area)
            painter.drawText(
                QRectF(0, y - line / 2, area.left() - 5, line), Qt.AlignmentFlag.AlignRight, f"{value}"
            )
            painter.setPen(pen(colours.grid))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.muted))
        for tau in (0.01, 0.1, 1.0, 10.0):
            x = self._x(tau, area)
            box = QRectF(min(x - 40, self.width() - 82), area.bottom() + 2, 80, line)
            side = Qt.AlignmentFlag.AlignRight if tau == HIGHEST else Qt.AlignmentFlag.AlignHCenter
            painter.drawText(box, side, f"τ = {tau:g}" if tau == LOWEST else f"{tau:g}")
        self._mark(painter, area, self._run, colours.muted, Qt.PenStyle.DashLine)
        self._mark(painter, area, self._temperature, colours.accent, Qt.PenStyle.SolidLine)
        curve = QPolygonF(
            [QPointF(self._x(t, area), self._y(v, area)) for t, v in zip(_GRID, self._values, strict=True)]
        )
        painter.setPen(pen(colours.repel, 2.0))
        painter.drawPolyline(curve)
        painter.setPen(pen(colours.surface, 1.5))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QPointF(self._x(self._temperature, area), self._y(self._here, area)), 5, 5)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Try the temperature under the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            area = self._area()
            share = float(np.clip((event.position().x() - area.left()) / area.width(), 0.0, 1.0))
            self.dragged.emit(LOWEST * (HIGHEST / LOWEST) ** share)

    mouseMoveEvent = mousePressEvent

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(self.font())
        left = max(metrics.horizontalAdvance(f"{self._negatives}") + 9, 30.0)
        return QRectF(self.rect()).adjusted(left, 1.5 * metrics.height(), -10, -1.35 * metrics.height())

    def _x(self, temperature: float, area: QRectF) -> float:
        share = np.log(np.clip(temperature, LOWEST, HIGHEST) / LOWEST) / np.log(HIGHEST / LOWEST)
        return area.left() + float(share) * area.width()

    def _y(self, value: float, area: QRectF) -> float:
        return area.bottom() - float(np.log(max(value, 1.0)) / np.log(self._negatives)) * area.height()

    def _mark(
        self, painter: QPainter, area: QRectF, temperature: float, colour: str, style: Qt.PenStyle
    ) -> None:
        line = pen(colour, 1.2)
        line.setStyle(style)
        painter.setPen(line)
        x = self._x(temperature, area)
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
