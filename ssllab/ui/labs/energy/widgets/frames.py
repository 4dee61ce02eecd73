"""Frames of a clip in a row below a plot over time, each where its moment stands on the axis."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.ui import theme
from ssllab.ui.plots.chart import Chart

_HEIGHT = 44  # pixels of a frame


def image(frame: NDArray[np.uint8]) -> QImage:
    """``(H, W, 3)`` uint8."""
    height, width, _ = frame.shape
    rows = np.ascontiguousarray(frame)
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class FrameStrip(QWidget):
    """As many frames as have room; the ``marked`` one is always among them, in a frame of its own. Where the mouse or the
    arrows are the frame stands in front: ``pointed`` brings its number, -1 for none.

    Frames stand still: nothing plays, so a flickering background does not flicker here.
    """

    pointed = Signal(int)

    def __init__(self, chart: Chart, middle: float = 0.0) -> None:
        """``chart``: whose x axis counts frames; frame t stands at ``t + middle``."""
        super().__init__()
        self._chart, self._middle = chart, middle
        self._images: list[QImage] = []
        self._marked: int | None = None
        self._cursors: tuple[int, ...] = ()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Frames of the clip")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        chart.view.sigResized.connect(self.update)
        chart.view.sigRangeChanged.connect(lambda *_: self.update())

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT + 8)

    def show_frames(self, frames: NDArray[np.uint8], marked: int | None = None) -> None:
        """``(T, H, W, 3)`` uint8."""
        self._images = [image(frame) for frame in frames]
        self._marked = marked
        self.update()

    def forget(self) -> None:
        """No clip is shown."""
        self._images, self._marked, self._cursors = [], None, ()
        self.update()

    def point(self, frames: Sequence[int]) -> None:
        """Show these in front, the first foremost."""
        if tuple(frames) != self._cursors:
            self._cursors = tuple(frames)
            self.update()

    def _x(self, frame: int) -> float:
        """Where the middle of a frame stands, in the pixels of the strip."""
        view = self._chart.view
        at = view.mapViewToScene(QPointF(frame + self._middle, view.viewRect().center().y()))
        return float(self.mapFromGlobal(self._chart.plot.mapToGlobal(self._chart.plot.mapFromScene(at))).x())

    def _frame_at(self, x: float) -> int:
        if not self._images:
            return -1
        places = np.array([self._x(t) for t in range(len(self._images))])
        return int(np.abs(places - x).argmin())

    def _shown(self) -> list[int]:
        """Evenly chosen frames that do not overlap; one makes room for the marked one."""
        count = len(self._images)
        if count < 2:
            return list(range(count))
        apart = max(1e-6, (self._x(count - 1) - self._x(0)) / (count - 1))
        stride = max(1, int(np.ceil((_HEIGHT + 2) / apart)))
        first = 0 if self._marked is None else self._marked % stride
        return list(range(first, count, stride))

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(now.surface))
        for t in self._shown():
            marked = t == self._marked
            self._put(painter, t, _HEIGHT, now.warn if marked else now.border, 2.5 if marked else 1.0)
        for t in reversed(self._cursors):
            if 0 <= t < len(self._images):
                self._put(painter, t, _HEIGHT + 6, now.warn if t == self._marked else now.accent, 2.5)

    def _put(self, painter: QPainter, frame: int, side: float, ink: str, width: float) -> None:
        box = QRectF(self._x(frame) - side / 2, (self.height() - side) / 2, side, side)
        painter.drawImage(box, self._images[frame])
        painter.setPen(QPen(QColor(ink), width))
        painter.drawRect(box)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self._frame_at(event.position().x()))

    def leaveEvent(self, event: object) -> None:
        self.pointed.emit(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is None or not self._images:
            super().keyPressEvent(event)
            return
        now = self._cursors[0] + move if self._cursors else (self._marked or 0)
        self.pointed.emit(min(max(now, 0), len(self._images) - 1))
