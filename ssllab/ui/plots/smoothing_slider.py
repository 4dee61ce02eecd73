"""The slider of a plot's menu that sets how far its curves are smoothed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget, QWidgetAction

WINDOWS = (0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # steps


def smoothing_slider(menu: QMenu, now: int, change: Callable[[int], None]) -> QWidgetAction:
    """An entry for ``menu``; ``change`` is told the window in steps at every move."""
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(10, 6, 10, 4)
    label = QLabel()
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("Smoothing 5000 steps "))
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, len(WINDOWS) - 1)
    slider.setPageStep(1)
    slider.setMinimumWidth(110)
    slider.setValue(min(range(len(WINDOWS)), key=lambda i: abs(WINDOWS[i] - now)))

    def moved(position: int) -> None:
        window = WINDOWS[position]
        label.setText(f"Smoothing {window} steps" if window else "Smoothing off")
        change(window)

    moved(slider.value())
    slider.valueChanged.connect(moved)
    row.addWidget(label)
    row.addWidget(slider, 1)
    action = QWidgetAction(menu)
    action.setDefaultWidget(box)
    return action
