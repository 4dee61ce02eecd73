"""What a person does with a whole plot: its menu, copy and save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton

from ssllab.ui.plots import export

if TYPE_CHECKING:
    from ssllab.ui.plots.chart import Chart


class ChartActions(QObject):
    """Menu, copy and save of one chart, without its buttons in the picture.

    ``said`` brings a level and a line for the user. ``table_asked`` brings columns and the path they are to be
    written to: a long run takes seconds, so whoever owns the chart does it in the background.
    """

    said = Signal(str, str)
    table_asked = Signal(object, object)

    def __init__(self, chart: Chart, buttons: Sequence[QToolButton]) -> None:
        super().__init__(chart)
        self._chart = chart
        self._buttons = tuple(buttons)
        self.name = lambda: "plot"  # of a file, without its ending

    def menu(self) -> QMenu:
        """The menu with what every chart can do."""
        chart = self._chart
        menu = QMenu(chart)
        menu.addAction("Copy image", self.copy)
        menu.addAction("Save image…", self._ask_image)
        menu.addAction("Save data as CSV…", self._ask_table).setEnabled(bool(chart.columns()))
        menu.addSeparator()
        for axis, name in ((1, "Logarithmic y axis"), (0, "Logarithmic x axis")):
            if chart.can_log[axis]:
                action = menu.addAction(name)
                action.setCheckable(True)
                action.setChecked(chart.log[axis])
                action.toggled.connect(lambda on, axis=axis: chart.set_log(**{"xy"[axis]: on}))
        menu.addAction("Full view", chart.full_view)
        return menu

    def show_menu(self) -> None:
        """The chart's menu at the mouse."""
        menu = self._chart.menu()
        menu.popup(QCursor.pos())
        menu.aboutToHide.connect(menu.deleteLater)

    def save(self, path: str | Path) -> Path:
        """A picture of the chart as PNG or SVG. Raises OSError with one line for the user."""
        return self.without_buttons(lambda: export.save_plot(self._chart, path))

    def copy(self) -> None:
        """The picture on the clipboard."""
        self.without_buttons(lambda: export.copy_plot(self._chart))
        self.said.emit("info", "The picture is on the clipboard.")

    def without_buttons(self, work: Callable[[], Any]) -> Any:
        """Do ``work`` (a picture) while the buttons are out of sight and the mouse is nowhere."""
        before = [(button, button.text(), button.isVisible()) for button in self._buttons]
        self._chart.mouse_left()
        try:
            for button, _, _ in before:
                button.setText("")
            self._buttons[0].setVisible(False)
            return work()
        finally:
            for button, text, shown in before:
                button.setText(text)
                button.setVisible(shown)

    def _ask_image(self) -> None:
        kinds = "PNG image (*.png);;SVG drawing (*.svg)"
        path, kind = QFileDialog.getSaveFileName(self._chart, "Save image", f"{self.name()}.png", kinds)
        if not path:
            return
        suffix = ".svg" if "svg" in kind else ".png"
        try:
            written = self.save(path if Path(path).suffix else path + suffix)
        except OSError as error:
            self.said.emit("error", str(error))
        else:
            self.said.emit("info", f"The picture was saved to {written}.")

    def _ask_table(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._chart, "Save data", f"{self.name()}.csv", "CSV table (*.csv)"
        )
        if path:
            self.table_asked.emit(self._chart.columns(), Path(path if Path(path).suffix else path + ".csv"))
