"""What is written on a plot in pixels: markers of changes, the crosshair, labelled points, the hint."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from ssllab.ui import theme
from ssllab.ui.plots.legend import small_font

_NEAR = 5  # pixels at which the mouse touches a marker


@dataclass(frozen=True)
class Note:
    """Text beside a point of the plot (view coordinates). ``side``: "right", "left", "above" or "below"."""

    x: float
    y: float
    text: str
    colour: str
    side: str = "right"
    dot: bool = True


@dataclass(frozen=True)
class Arrow:
    """An arrow head at a point, pointing as the path arrives (view coordinates)."""

    from_x: float
    from_y: float
    x: float
    y: float
    colour: str


class Annotations(pg.GraphicsObject):
    """One layer over the whole plot, in the plot's pixels."""

    def __init__(self, plot_item: pg.PlotItem) -> None:
        super().__init__()
        self._plot = plot_item
        self._view = plot_item.getViewBox()
        self.hint = ""
        self.marks: list[tuple[float, str]] = []  # x in view coordinates, label
        self.mark_words: list[str] = []  # what each says when touched, where that is more than its label
        self.notes: list[Note] = []
        self.arrow: Arrow | None = None
        self.cross_x: float | None = None
        self.cross_text = ""
        self.tag_inside = False  # long texts would cover the numbers of the axis
        self.dots: list[tuple[float, float, str]] = []
        self.mark_hint = ""  # what a click on a marker does
        self._mouse: QPointF | None = None
        self._labels: list[tuple[QRectF, int]] = []  # where labels of markers stand
        self.setParentItem(plot_item)
        self.setZValue(1000)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._view.sigResized.connect(self._resized)
        self._view.sigRangeChanged.connect(lambda *_: self.update())

    def label_room(self) -> float:
        """Pixels at the top that labels of markers need, 0 without markers."""
        return QFontMetricsF(small_font(0.8)).height() + 5 if self.marks else 0.0

    def hover(self, position: QPointF | None) -> None:
        """The mouse, in scene coordinates, or None when it has left."""
        self._mouse = None if position is None else self.mapFromScene(position)
        self.update()

    def mark_under_mouse(self) -> int | None:
        """The marker whose line or label the mouse touches, as an index into ``marks``."""
        area = self._area()
        if self._mouse is None or not area.contains(self._mouse):
            return None
        for box, index in self._labels:
            if box.contains(self._mouse):
                return index
        away = [(abs(self._x(x, area) - self._mouse.x()), i) for i, (x, _) in enumerate(self.marks)]
        nearest = min(away, default=None)
        return nearest[1] if nearest and nearest[0] <= _NEAR else None

    def _resized(self) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        return self._plot.boundingRect()

    def _area(self) -> QRectF:
        return self._view.mapRectToItem(self._plot, self._view.rect())

    def _x(self, x: float, area: QRectF) -> float:
        (low, high), _ = self._view.viewRange()
        return area.left() + (x - low) / ((high - low) or 1.0) * area.width()

    def _y(self, y: float, area: QRectF) -> float:
        _, (low, high) = self._view.viewRange()
        share = (y - low) / ((high - low) or 1.0)
        return area.top() + (share if self._view.yInverted() else 1.0 - share) * area.height()

    def paint(self, painter: QPainter, *_: object) -> None:
        now = theme.current()
        area = self._area()
        if area.width() < 10 or area.height() < 10:
            return
        painter.setFont(small_font(0.8))
        painter.save()
        painter.setClipRect(area)
        self._paint_marks(painter, area, now)
        if self.arrow:
            self._paint_arrow(painter, area, self.arrow)
        for note in self.notes:
            self._paint_note(painter, area, note, now)
        if self.cross_x is not None:
            self._paint_cross(painter, area, self.cross_x, now)
        painter.restore()
        if self.cross_x is not None and self.cross_text:
            self._paint_tag(painter, area, now)
        if self.hint:
            painter.setFont(small_font(1.0))
            box = area.adjusted(12, 6, -12, -6)
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            words = painter.boundingRect(box, flags, self.hint)
            ground = QColor(now.surface)  # bands of other runs may lie there
            ground.setAlphaF(0.85)
            painter.fillRect(words.adjusted(-6, -3, 6, 3), ground)
            painter.setPen(QColor(now.muted))
            painter.drawText(box, flags, self.hint)

    def _paint_marks(self, painter: QPainter, area: QRectF, now: theme.Theme) -> None:
        if not self.marks:
            self._labels = []
            return
        fm = QFontMetricsF(painter.font())
        placed: list[tuple[float, float]] = []
        line = QPen(QColor(now.muted), 1)
        line.setDashPattern([3, 3])
        seen = [(self._x(x, area), text, i) for i, (x, text) in enumerate(self.marks)]
        seen = [mark for mark in seen if area.left() - 1 <= mark[0] <= area.right() + 1]
        painter.setPen(line)
        drawn = -math.inf
        for x, _, _ in seen:
            if x - drawn >= 2:  # hundreds of changes do not become a grey wall
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
                drawn = x
        under = self.mark_under_mouse()
        self._labels = []
        # The touched one first, then the newest change has the right of way.
        for x, text, i in sorted(seen, key=lambda mark: (mark[2] != under, -mark[2])):
            touched = i == under
            ink = now.text if touched else now.muted
            words = self.mark_words[i] if i < len(self.mark_words) else text
            said = words + self.mark_hint if touched else text
            box = self._label(painter, fm, area, x, said, placed, ink, now, force=touched)
            if box is not None:
                placed.append((box.left(), box.right()))
                self._labels.append((box, i))

    def _label(
        self,
        painter: QPainter,
        fm: QFontMetricsF,
        area: QRectF,
        x: float,
        text: str,
        placed: list[tuple[float, float]],
        colour: str,
        now: theme.Theme,
        force: bool = False,
    ) -> QRectF | None:
        width = fm.horizontalAdvance(text) + 6
        spans = [(x + 2, x + 2 + width), (x - 2 - width, x - 2)]
        inside = [(a, b) for a, b in spans if a >= area.left() and b <= area.right()]
        free = [(a, b) for a, b in inside if all(b < c - 4 or a > d + 4 for c, d in placed)]
        if force and not free:
            left = min(max(area.left(), x - width / 2), max(area.left(), area.right() - width))
            free = [(left, left + width)]
        if not free:
            return None
        a, b = free[0]
        box = QRectF(a, area.top() + 1, b - a, fm.height() + 1)
        ground = QColor(now.raised if force else now.surface)
        ground.setAlphaF(0.95 if force else 0.8)
        painter.fillRect(box, ground)
        painter.setPen(QColor(colour))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        return box

    def _paint_note(self, painter: QPainter, area: QRectF, note: Note, now: theme.Theme) -> None:
        x, y = self._x(note.x, area), self._y(note.y, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if note.dot:
            painter.setPen(QPen(QColor(note.colour), 1.5))
            painter.setBrush(QColor(now.surface))
            painter.drawEllipse(QPointF(x, y), 4, 4)
        painter.setPen(QColor(note.colour))
        fm = QFontMetricsF(painter.font())
        size = fm.size(0, note.text)
        width, height = size.width() + 2, size.height()
        left, top = {
            "right": (x + 8, y - height / 2),
            "left": (x - 8 - width, y - height / 2),
            "above": (x - width / 2, y - 7 - height),
            "below": (x - width / 2, y + 7),
        }[note.side]
        left = min(max(left, area.left() + 2), area.right() - width - 2)
        top = min(max(top, area.top() + 1), area.bottom() - height - 1)
        painter.drawText(QRectF(left, top, width, height), int(Qt.AlignmentFlag.AlignCenter), note.text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_arrow(self, painter: QPainter, area: QRectF, arrow: Arrow) -> None:
        x, y = self._x(arrow.x, area), self._y(arrow.y, area)
        dx, dy = x - self._x(arrow.from_x, area), y - self._y(arrow.from_y, area)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(arrow.colour))
        painter.translate(x, y)
        painter.rotate(math.degrees(math.atan2(dy, dx)) if dx or dy else 0.0)
        painter.drawPolygon(QPolygonF([QPointF(5, 0), QPointF(-7, 5), QPointF(-4, 0), QPointF(-7, -5)]))
        painter.restore()

    def _paint_cross(self, painter: QPainter, area: QRectF, cross_x: float, now: theme.Theme) -> None:
        x = self._x(cross_x, area)
        painter.setPen(QPen(QColor(now.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, value, colour in self.dots:
            painter.setPen(QPen(QColor(now.surface), 1))
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QPointF(self._x(at, area), self._y(value, area)), 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_tag(self, painter: QPainter, area: QRectF, now: theme.Theme) -> None:
        """The hovered place, on the axis under the crosshair."""
        box = self.tag_box(area)
        painter.fillRect(box, QColor(now.text))
        painter.setPen(QColor(now.surface))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.cross_text)

    def tag_box(self, area: QRectF) -> QRectF:
        """Where the hovered place is written: below ``area``, or inside and away from the mouse where no axis is there."""
        fm = QFontMetricsF(small_font(0.8))
        width, height = fm.horizontalAdvance(self.cross_text) + 10, fm.height() + 2
        left = self._x(self.cross_x or 0.0, area) - width / 2
        left = min(max(left, area.left() - 10), area.right() - width + 6)
        top = area.bottom() + 3
        if self.tag_inside or top + height > self.boundingRect().bottom():
            high = self._mouse is not None and self._mouse.y() < area.center().y()
            top = area.bottom() - height if high else area.top()
        return QRectF(left, top, width, height)
