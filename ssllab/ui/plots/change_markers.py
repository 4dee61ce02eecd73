"""The vertical lines where controls were changed: shown, pointed at, clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ssllab.ui.plots.annotations import Annotations
from ssllab.ui.plots.canvas import Canvas, View
from ssllab.ui.plots.markers import Marker, markers

if TYPE_CHECKING:
    from ssllab.training.run_store import Event


class ChangeMarkers(QObject):
    """The markers of one plot. ``clicked`` brings the :class:`Marker` whose line or label was clicked."""

    clicked = Signal(object)

    def __init__(self, view: View, notes: Annotations, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._notes = notes
        self._canvas = canvas
        self.markers: list[Marker] = []
        notes.mark_hint = " (click to rewind)"
        view.clicked.connect(self._click)
        canvas.scene().sigMouseMoved.connect(self._point)

    def show(self, events: Sequence[Event], map_x: Callable[[NDArray], NDArray]) -> None:
        """Mark these events; ``map_x`` takes steps to view coordinates."""
        self.markers = markers(events)
        places = map_x(np.array([marker.step for marker in self.markers], np.float64)).tolist()
        marks = [(place, marker.short) for place, marker in zip(places, self.markers, strict=True)]
        words = [marker.label for marker in self.markers]
        if (marks, words) == (self._notes.marks, self._notes.mark_words):
            return
        self._notes.marks, self._notes.mark_words = marks, words
        self._notes.update()  # the whole of it: a curve that changes beside it redraws only where it lies

    def under_mouse(self) -> Marker | None:
        """The marker that the mouse touches."""
        index = self._notes.mark_under_mouse()
        return None if index is None or index >= len(self.markers) else self.markers[index]

    def add_to(self, menu: QMenu) -> None:
        """Offer the marker under the mouse at the top of the plot's menu."""
        if marker := self.under_mouse():
            first = menu.actions()[0]
            rewind = QAction(f"Rewind to before {marker.short}…", menu)
            rewind.triggered.connect(lambda: self.clicked.emit(marker))
            menu.insertAction(first, rewind)
            menu.insertSeparator(first)

    def _click(self) -> None:
        if marker := self.under_mouse():
            self.clicked.emit(marker)

    def _point(self, _position: object) -> None:
        shape = Qt.CursorShape.PointingHandCursor if self.under_mouse() else Qt.CursorShape.ArrowCursor
        self._canvas.viewport().setCursor(shape)
