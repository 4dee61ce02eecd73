"""The area of a plot that the mouse acts on: zoom, pan, the asked-for menu, the mouse that leaves."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

if TYPE_CHECKING:
    from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent, MouseDragEvent


class View(pg.ViewBox):
    """The area of the data. ``wheel_axis`` is the axis along which the wheel zooms, None for both.

    Where it ``grabs``, the left button does not pan: ``dragged`` brings where it is pressed, in the data's coordinates.
    """

    menu_asked = Signal()
    full_asked = Signal()
    clicked = Signal()
    dragged = Signal(float, float)
    grabs = False

    def __init__(self, wheel_axis: int | None) -> None:
        super().__init__(enableMenu=False)
        self._wheel_axis = wheel_axis

    def wheelEvent(self, ev: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        super().wheelEvent(ev, self._wheel_axis if axis is None else axis)

    def mouseClickEvent(self, ev: MouseClickEvent) -> None:
        if ev.button() == Qt.MouseButton.RightButton:
            ev.accept()
            self.menu_asked.emit()
        elif ev.double():
            ev.accept()
            self.full_asked.emit()
        elif ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.clicked.emit()
            self._drag(ev.pos())

    def mouseDragEvent(self, ev: MouseDragEvent, axis: int | None = None) -> None:
        if self.grabs and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self._drag(ev.pos())
        else:
            super().mouseDragEvent(ev, axis)

    def _drag(self, position: QPointF) -> None:
        if self.grabs:
            at = self.mapToView(position)
            self.dragged.emit(at.x(), at.y())


class Canvas(pg.PlotWidget):
    """A plot widget that says when the mouse leaves."""

    left = Signal()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()
