"""All lanes in one widget under one time axis, so that they zoom and pan as one.

The lanes are painted into a picture only when view or content change; cursor, crosshair and selection are drawn over
it, so that a moving cursor costs no more than a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets import ruler
from ssllab.ui.labs.speech.widgets.axis import SHORTEST, TimeAxis
from ssllab.ui.labs.speech.widgets.code_lanes import CodeLane
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.lane import Lane

_WHEEL = 1.0015  # zoom for one unit of the wheel: a notch is 120
_GAP = 5.0  # pixels from lane to lane
_TOGETHER_MS = 50  # what is found in the background within this time is drawn at once
_FOLLOWED = 10.0  # seconds in view while recording, unless the person zooms


class LanesCanvas(QWidget):
    """Draws lanes over the desk's clip. Drag: select; Shift: extend; wheel: zoom; a drag in the ruler or by the middle
    button: pan."""

    play_asked = Signal(float)  # a time that was double-clicked
    code_clicked = Signal(int, int)  # group, code
    axis_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.lanes: Sequence[Lane] = ()
        self.hidden: set[str] = set()  # keys of the lanes that the person put away
        self.axis = TimeAxis()
        self.empty_text = ""
        self._picture: QPixmap | None = None
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._dragged = False
        self._selecting = False
        self._anchor = 0.0  # the end of the selection that stays, in seconds
        self._before = self.axis
        self._span = _FOLLOWED
        self._soon = QTimer(self, interval=_TOGETHER_MS, singleShot=True)
        self._soon.timeout.connect(self.redraw)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Lanes of the clip")

    # What is shown

    @property
    def length(self) -> float:
        """Seconds of the clip."""
        return self.desk.clip.seconds if self.desk.clip is not None else 0.0

    def redraw(self) -> None:
        """Something in the lanes changed."""
        self._soon.stop()
        self._picture = None
        self.update()

    def redraw_soon(self) -> None:
        """As :meth:`redraw`, but what the background finds in a moment is drawn together."""
        if not self._soon.isActive():
            self._soon.start()

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Other lanes, in their order from the top."""
        self.lanes = lanes
        self.arrange()

    def arrange(self) -> None:
        """Lanes came, went, or the font changed: give each its height anew."""
        placed = [lane for lane, _ in self.placed()]
        line = self._line()
        least = ruler.ruler_height(line) + sum(lane.lines * line + _GAP for lane in placed)
        self.setMinimumHeight(round(least))
        self._fit()
        self.redraw()

    def shown(self) -> list[Lane]:
        """The lanes that have something to say and were not put away."""
        return [lane for lane in self.lanes if lane.key not in self.hidden and lane.shown()]

    def placed(self) -> list[tuple[Lane, QRectF]]:
        """The shown lanes with their areas: thin ones by the font, the others share what is left."""
        lanes, line = self.shown(), self._line()
        left = self.gutter(lanes)
        top = ruler.ruler_height(line) + 3.0
        least = sum(lane.lines * line + _GAP for lane in lanes)
        weights = sum(lane.weight for lane in lanes)
        spare = max(0.0, self.height() - top - least)
        placed = []
        for lane in lanes:
            height = lane.lines * line + (spare * lane.weight / weights if weights else 0.0)
            area = QRectF(left, round(top), self.width() - left, round(height))
            placed.append((lane, area))
            top += height + _GAP
        return placed

    def gutter(self, lanes: list[Lane] | None = None) -> float:
        """Width of the labels."""
        return ruler.gutter_width(QFontMetricsF(self.font()), self.shown() if lanes is None else lanes)

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height()

    # The view

    def show_all(self) -> None:
        """The whole clip; of a recording that grows, its newest seconds."""
        if self.desk.live:
            self._span = _FOLLOWED
            self.follow()
            return
        self.set_axis(replace(self.axis, start=0.0, span=max(self.length, SHORTEST)))

    def show_span(self, start: float, end: float) -> None:
        """Zoom to a span, with some room around it."""
        room = 0.15 * (end - start)
        self.set_axis(replace(self.axis, start=start - room, span=max(SHORTEST, end - start + 2 * room)))

    def point_at(self, start: float, end: float) -> None:
        """Bring a place into view; the zoom stays unless the place would be hardly seen."""
        span = min(self.axis.span, max(4.0, 4 * (end - start)))
        if not (self.axis.start <= start and end <= self.axis.end and span == self.axis.span):
            self.set_axis(replace(self.axis, start=0.5 * (start + end - span), span=span))

    def reveal(self, seconds: float) -> None:
        """Turn the page when a time is out of view."""
        if not self.axis.start <= seconds <= self.axis.end:
            self.set_axis(replace(self.axis, start=seconds - 0.05 * self.axis.span))

    def follow(self) -> None:
        """While recording: the newest sound at the right edge. What comes in together is drawn together."""
        span = min(max(self._span, SHORTEST), max(self.length, _FOLLOWED))
        self.axis = replace(self.axis, start=max(0.0, self.length - span), span=span)
        self.redraw_soon()
        self.axis_changed.emit()

    def set_axis(self, axis: TimeAxis) -> None:
        """Look at another part, as far as there is one."""
        axis = axis.within(self.length)
        if axis != self.axis:
            self.axis = axis
            self._span = axis.span
            self.redraw()
            self.axis_changed.emit()

    def _fit(self) -> None:
        left = self.gutter()
        axis = replace(self.axis, left=left, width=max(1.0, self.width() - left))
        self.axis = axis if self.desk.live else axis.within(self.length)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        self.redraw()
        self.axis_changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.desk.clip is None or not (self.length or self.desk.live):
            self._invite(painter)
            return
        if self._picture is None:
            self._picture = self._paint_lanes()
        painter.drawPixmap(0, 0, self._picture)
        placed = self.placed()
        if not placed:
            return
        left = placed[0][1].left()
        strip = QRectF(left, 0, self.width() - left, ruler.ruler_height(self._line()))
        lanes = QRectF(left, strip.bottom(), strip.width(), placed[-1][1].bottom() - strip.bottom() + 2)
        painter.save()
        painter.setClipRect(QRectF(left, 0, strip.width(), self.height()))
        if self.desk.selection is not None:
            ruler.paint_selection(painter, strip, lanes, self.axis, self.desk.selection)
        if self.desk.marked is not None:
            ruler.paint_marked(painter, lanes, self.axis, self.desk.marked)
        if self.desk.cursor is not None:
            ruler.paint_cursor(painter, strip, lanes, float(self.axis.x(self.desk.cursor)))
        if self._pointer is not None:
            ruler.paint_crosshair(painter, strip, lanes, self._pointer.x(), self.axis)
        painter.restore()
        at = self._time_of_interest()
        if at is not None:
            ruler.paint_values(painter, placed, left, at, self._pointer)

    def _time_of_interest(self) -> float | None:
        if self._pointer is not None and self._pointer.x() >= self.axis.left:
            return self.axis.seconds(self._pointer.x())
        return self.desk.cursor

    def _paint_lanes(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        colours = theme.current()
        picture.fill(QColor(colours.surface))
        painter = QPainter(picture)
        painter.setFont(self.font())
        placed = self.placed()
        left = self.axis.left
        strip = QRectF(left, 0, self.width() - left, ruler.ruler_height(self._line()))
        painter.fillRect(QRectF(0, 0, left, strip.height()), QColor(colours.raised))
        ruler.paint_ruler(painter, strip, self.axis)
        ruler.paint_grid(
            painter, QRectF(left, strip.bottom(), strip.width(), self.height() - strip.bottom()), self.axis
        )
        ruler.paint_labels(painter, placed, left)
        for lane, area in placed:
            painter.save()
            painter.setClipRect(area)
            lane.paint(painter, area, self.axis)
            painter.restore()
        painter.end()
        return picture

    def _invite(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(theme.current().surface))
        painter.setPen(QColor(theme.current().muted))
        room = QRectF(self.rect()).adjusted(20, 20, -20, -20)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text)

    # Mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.position().x() < self.axis.left or not self.length:
            event.ignore()  # over the labels the wheel scrolls the lanes
            return
        across, turned = event.angleDelta().x(), event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not across:
            across, turned = turned, 0
        if across:
            self.set_axis(self.axis.moved(-across / 1200 * self.axis.span, self.length))
        if turned:
            self.set_axis(self.axis.zoomed(_WHEEL**turned, event.position().x(), self.length))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        middle = event.button() == Qt.MouseButton.MiddleButton
        if not (middle or event.button() == Qt.MouseButton.LeftButton):
            return
        if event.position().x() < self.axis.left:
            return
        self._pressed, self._dragged, self._before = event.position(), False, self.axis
        self._selecting = not middle and event.position().y() >= ruler.ruler_height(self._line())
        self._anchor = at = self.axis.seconds(event.position().x())
        if self._selecting and event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.desk.selection:
            # As Praat has it: the nearer end follows, the other one stays.
            self._anchor = max(self.desk.selection, key=lambda end: abs(end - at))
            self._dragged = True
            self._select(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._pressed is not None:
            moved = event.position().x() - self._pressed.x()
            self._dragged = self._dragged or abs(moved) >= QApplication.startDragDistance() / 2
            if self._dragged and self._selecting:
                self._select(self.axis.seconds(event.position().x()))
            elif self._dragged:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.set_axis(self._before.moved(-moved * self.axis.per_pixel, self.length))
        self.update()

    def _select(self, at: float) -> None:
        start, end = sorted(min(max(time, 0.0), self.length) for time in (self._anchor, at))
        self.desk.select((start, end) if end > start else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        self.unsetCursor()
        if pressed is None or self._dragged or event.button() != Qt.MouseButton.LeftButton:
            return
        lane = self.lane_at(pressed)
        if isinstance(lane, CodeLane) and (code := lane.code_at(self.axis.seconds(pressed.x()))) >= 0:
            self.code_clicked.emit(lane.group, code)
        elif self._selecting:
            self.desk.select(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and event.position().x() >= self.axis.left:
            self.play_asked.emit(self.axis.seconds(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()

    def lane_at(self, place: QPointF) -> Lane | None:
        """The lane under a pixel."""
        return next((lane for lane, area in self.placed() if area.top() <= place.y() <= area.bottom()), None)

    def event(self, event: QEvent) -> bool:
        """The tip of a lane over its label."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            lane = self.lane_at(QPointF(event.pos()))
            if lane is not None and event.pos().x() < self.axis.left:
                QToolTip.showText(event.globalPos(), f"<p>{lane.tip}</p>", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, middle = event.key(), self.axis.left + self.axis.width / 2
        if self._pointer is not None:
            middle = max(self._pointer.x(), self.axis.left)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            way = -0.2 if key == Qt.Key.Key_Left else 0.2
            self.set_axis(self.axis.moved(way * self.axis.span, self.length))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.set_axis(self.axis.zoomed(1.5 if key == Qt.Key.Key_Up else 1 / 1.5, middle, self.length))
        elif key == Qt.Key.Key_Home:
            self.set_axis(replace(self.axis, start=0.0))
        elif key == Qt.Key.Key_End:
            self.set_axis(replace(self.axis, start=self.length))
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.desk.selection is not None:
            self.show_span(*self.desk.selection)
        elif key == Qt.Key.Key_Escape and (self.desk.selection or self.desk.picked or self.desk.marked):
            self.desk.select(None)
            self.desk.pick(None)
            self.desk.mark(None)
        else:
            super().keyPressEvent(event)
