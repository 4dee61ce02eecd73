"""The legend over the map: one row a class; a click shows that class alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ssllab.ui import theme
from ssllab.ui.embedding.pictures import category_colour


class ClassLegend(QWidget):
    """``isolated(k)``: the class to show alone, -1 for all. Rows that do not fit are reached by the wheel."""

    isolated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        self.setMouseTracking(True)
        self.names: tuple[str, ...] = ()
        self._own: tuple[str, ...] = ()
        self.chosen = -1
        self._first = 0
        self._under = -1

    def set_names(self, names: tuple[str, ...], own: tuple[str, ...] = ()) -> None:
        """The classes of the colouring in force, with their ``own`` colours; none of them is alone any more."""
        self._own = own
        self.names, self.chosen, self._first, self._under = names, -1, 0, -1
        self.setVisible(bool(names))
        self.updateGeometry()
        self.update()

    def choose(self, index: int) -> None:
        """Show a class alone, or all again when it already was."""
        self.chosen = -1 if index == self.chosen else index
        self.isolated.emit(self.chosen)
        self.update()

    def row_centre(self, index: int) -> QPointF:
        """Where the row of a class is painted."""
        return QPointF(self.width() / 2, (index - self._first + 0.5) * self._line())

    def sizeHint(self) -> QSize:
        """Wide enough for the longest name, within reason; one line a class."""
        metrics = QFontMetricsF(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        line = self._line()
        return QSize(
            round(max(1.6 * line, min(widest, 7.5 * line)) + 1.6 * line), round(line * len(self.names)) + 2
        )

    def minimumSizeHint(self) -> QSize:
        """At least two rows."""
        return QSize(self.sizeHint().width(), round(min(len(self.names), 2) * self._line()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Rows with a coloured square; the classes that are not shown are pale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        metrics = QFontMetricsF(self.font())
        line = self._line()
        ground = QColor(colours.surface)
        ground.setAlphaF(0.7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        for place, index in enumerate(self._visible()):
            top = place * line
            pale = self.chosen not in (-1, index)
            painter.setOpacity(0.35 if pale else 1.0)
            if index == self._under or index == self.chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.raised))
                painter.drawRoundedRect(QRectF(0, top, self.width(), line), 3, 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(category_colour(index, self._own))
            side = 0.55 * line
            painter.drawRoundedRect(QRectF(0.3 * line, top + (line - side) / 2, side, side), 2, 2)
            painter.setPen(QColor(colours.text))
            more = place == self._rows() - 1 and self._first + self._rows() < len(self.names)
            name = f"+{len(self.names) - index}" if more else self.names[index]
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.width() - 1.2 * line)
            painter.drawText(
                QPointF(1.15 * line, top + (line + metrics.ascent() - metrics.descent()) / 2), text
            )
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show this class alone, or all again."""
        index = self._row_at(event.position().y())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.choose(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer."""
        self._under = self._row_at(event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No row is marked."""
        self._under = -1
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Reach the rows that do not fit."""
        last = max(0, len(self.names) - self._rows())
        self._first = min(last, max(0, self._first + (1 if event.angleDelta().y() < 0 else -1)))
        self.update()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """A long name in full."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._row_at(event.pos().y())
            if index >= 0:
                QToolTip.showText(event.globalPos(), f"{self.names[index]}: click to show it alone", self)
                return True
        return super().event(event)

    def _line(self) -> float:
        return 1.12 * QFontMetricsF(self.font()).height()

    def _rows(self) -> int:
        return max(1, int((self.height() + 1) / self._line()))

    def _visible(self) -> range:
        return range(self._first, min(len(self.names), self._first + self._rows()))

    def _row_at(self, y: float) -> int:
        index = self._first + int(y // self._line())
        return index if index in self._visible() else -1
