"""The picture of a sweep over two things: a table of coloured cells with numbers in percent."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent

from ssllab.ui import theme
from ssllab.ui.panels.sweep import Picture
from ssllab.ui.plots.legend import small_font


class NumberGrid(Picture):
    """``rows``, ``column_names``: the names at the sides, ``above``: what the latter are, at the corner. A subclass says
    what a cell holds, and what a click on it does."""

    above = ""

    def __init__(self, rows: Sequence[str], columns: Sequence[str]) -> None:
        super().__init__()
        self.rows, self.column_names = rows, columns
        self.setMouseTracking(True)
        self.setMinimumSize(240, 150)

    @abstractmethod
    def at(self, row: int, column: int) -> float | None:
        """What a cell holds, 1 for 100 percent; None while it is not known."""

    @abstractmethod
    def words(self, row: int, column: int) -> str:
        """What a cell is; empty for one that cannot be picked."""

    def pick(self, row: int, column: int) -> None:
        """A cell was clicked."""

    def limits(self) -> tuple[float, float]:
        """The values of the palest and of the deepest colour."""
        return 0.0, 1.0

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    def _cell(self, row: int, column: int) -> QRectF:
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(name) for name in (*self.rows, self.above)) + 10
        top = metrics.height() + 6
        width = (self.width() - left) / len(self.column_names)
        height = (self.height() - top) / len(self.rows)
        return QRectF(left + column * width, top + row * height, width - 2, height - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.rows:
            return
        painter = QPainter(self)
        painter.setFont(self._fitting_font())
        low, high = self.limits()
        painter.setPen(QColor(theme.current().muted))
        for column, name in enumerate(self.column_names):
            above = self._cell(0, column)
            above = QRectF(above.left(), 0, above.width(), above.top())
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, name)
        beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        corner = self._cell(0, 0)
        painter.drawText(QRectF(0, 0, corner.left() - 6, corner.top()), beside, self.above)
        for row, name in enumerate(self.rows):
            first = self._cell(row, 0)
            painter.setPen(QColor(theme.current().muted))
            painter.drawText(QRectF(0, first.top(), first.left() - 6, first.height()), beside, name)
            for column in range(len(self.column_names)):
                self._paint(painter, self._cell(row, column), self.at(row, column), low, high)

    def _fitting_font(self) -> QFont:
        """The largest of a few sizes in which every name and number fits its cell."""
        cell = self._cell(0, 0)
        for factor in (1.0, 0.85, 0.7, 0.6, 0.5):
            font = small_font(factor)
            metrics = QFontMetricsF(font)
            widest = max(metrics.horizontalAdvance(name) for name in (*self.column_names, "100.0"))
            if widest <= cell.width() - 2 and metrics.height() <= cell.height() + 4:
                break
        return font

    def _paint(self, painter: QPainter, cell: QRectF, value: float | None, low: float, high: float) -> None:
        now = theme.current()
        if value is None or not math.isfinite(value):
            painter.fillRect(cell, QColor(now.raised))
            return
        share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 1.0
        cold, warm = np.array([QColor(now.raised).getRgb(), QColor(now.attract).getRgb()])
        mixed = (cold + (warm - cold) * share).astype(int).tolist()
        painter.fillRect(cell, QColor(*mixed))
        dark = 0.299 * mixed[0] + 0.587 * mixed[1] + 0.114 * mixed[2] < 140
        painter.setPen(QColor("#ffffff" if dark else "#111111"))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{100 * value:.1f}")

    def _under(self, point: QPointF) -> tuple[int, int] | None:
        for row in range(len(self.rows)):
            for column in range(len(self.column_names)):
                if self.words(row, column) and self._cell(row, column).contains(point):
                    return row, column
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._under(event.position())
        value = self.at(*cell) if cell else None
        words = "" if cell is None else self.words(*cell)
        self.setToolTip(words if value is None else f"{words}: {100 * value:.1f} %. Click to set it.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (cell := self._under(event.position())):
            self.pick(*cell)
