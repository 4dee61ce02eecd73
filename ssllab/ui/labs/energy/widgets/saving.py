"""A button whose menu copies and saves what is no chart: as a picture, its numbers, and as a film where it is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from numpy.typing import NDArray
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from ssllab.ui import theme
from ssllab.ui.panel import Panel
from ssllab.ui.plots.export import copy_plot, save_plot


class SaveButton(QToolButton):
    """``picture``: the widget that is painted; ``columns``: what stands in the table, nothing where nothing is shown."""

    def __init__(self, panel: Panel, picture: QWidget, columns: Callable[[], dict[str, NDArray]]) -> None:
        super().__init__()
        self._panel, self._picture, self._columns = panel, picture, columns
        self.setText("⋮")
        self.setToolTip("Copy, save.")
        self.setAccessibleName("Copy, save")
        self.setAutoRaise(True)
        self.clicked.connect(self.show_menu)

    def menu_now(self) -> QMenu:
        """The menu, with what can be done now."""
        menu = QMenu(self)
        menu.addAction("Copy image", lambda: copy_plot(self._picture))
        menu.addAction("Save image…", self._ask_image)
        menu.addAction("Save data as CSV…", self._ask_table)
        for action in menu.actions():
            action.setEnabled(bool(self._columns()))
        return menu

    def show_menu(self) -> None:
        """Below the button."""
        menu = self.menu_now()
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))
        menu.aboutToHide.connect(menu.deleteLater)

    def restyle(self) -> None:
        """The theme changed."""
        self.setStyleSheet(f"QToolButton {{ color: {theme.current().muted}; border: none; padding: 0 5px; }}")

    def _ask(self, title: str, ending: str, kinds: str) -> Path | None:
        name = f"{self._panel.bench.file_name(self._panel.title)}{ending}"
        path, _ = QFileDialog.getSaveFileName(self._panel, title, name, kinds)
        return Path(path if Path(path).suffix else path + ending) if path else None

    def _ask_image(self) -> None:
        path = self._ask("Save image", ".png", "PNG image (*.png);;SVG drawing (*.svg)")
        if path is not None:
            try:
                self._panel.bench.say("info", f"The picture was saved to {save_plot(self._picture, path)}.")
            except OSError as error:
                self._panel.bench.say("error", str(error))

    def _ask_table(self) -> None:
        path = self._ask("Save data", ".csv", "CSV table (*.csv)")
        if path is not None:
            self._panel.bench.save_table(self._columns(), path)
