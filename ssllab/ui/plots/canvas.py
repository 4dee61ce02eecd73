"""The area of a plot that the mouse acts on: zoom, pan, the asked-for menu, the mouse that leaves."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

if TYPE_CHECKING:
    from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent


class View(pg.ViewBox):
    """The area of the data. ``wheel_axis`` is the axis along which the wheel zooms, None for both."""

    menu_asked = Signal()
    full_asked = Signal()
    clicked = Signal()

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


class Canvas(pg.PlotWidget):
    """A plot widget that says when the mouse leaves."""

    left = Signal()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()
