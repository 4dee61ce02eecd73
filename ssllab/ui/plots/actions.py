"""What a person does with a picture, of a chart or of anything else: its menu, copy, save as image, table and film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from ssllab.ui.plots import export

if TYPE_CHECKING:
    from ssllab.ui.bench import Bench
    from ssllab.ui.plots.chart import Chart

MENU_TIP = "Copy, save (also with the right mouse button)."


class PictureActions(QObject):
    """Menu, copy and save of one picture: any widget that paints what a panel shows.

    ``columns()`` gives what "Save data" writes, heading -> ``(n,)`` numbers or words, in what arrays it has; empty while
    there is nothing. ``frames()`` gives what "Save film" shows: calls, each of which gives a frame ``(H, W, 3)`` uint8, made
    in the window's thread one at a time, with its turns between them; fewer than two while there is no film.
    ``per_second`` is at most 3 (:data:`ssllab.ui.flicker.PER_SECOND`) for what may flicker.

    A panel that keeps pictures of its past gives them; one that keeps values paints a widget that nobody sees::

        self.map = Landscape()
        self.tools = PictureActions(self.map, columns=self.columns, frames=self.frames)
        self.tools.serve(bench, lambda: bench.file_name(self.title))
        row.addWidget(self.tools.button())  # and the right mouse button on the picture

        def frames(self):
            unseen = Landscape()  # WA_DontShowOnScreen, resized as self.map, shown
            return [partial(export.frame_of, unseen, partial(unseen.show_values, kept)) for kept in self.kept]

    ``said`` brings a level and a line for the user. ``table_asked`` and ``film_asked`` bring what is to be written and its
    path: that takes seconds, so whoever owns the picture does it in the background, as :meth:`serve` has a bench do it.
    """

    said = Signal(str, str)
    table_asked = Signal(object, object)
    film_asked = Signal(object, object, float)

    def __init__(
        self,
        picture: QWidget,
        columns: Callable[[], dict[str, NDArray]] = dict,
        frames: Callable[[], Sequence[export.FrameCall]] = tuple,
        per_second: float = export.PER_SECOND,
    ) -> None:
        super().__init__(picture)
        self._picture, self._columns, self._frames, self._per_second = picture, columns, frames, per_second
        self.name: Callable[[], str] = lambda: "picture"  # of a file, without its ending

    def serve(self, bench: Bench, name: Callable[[], str]) -> None:
        """Have ``bench`` say and write what is asked for; ``name`` is that of a file, without its ending."""
        self.name = name
        self.said.connect(lambda level, text: bench.say(level, text))
        self.table_asked.connect(lambda columns, path: bench.save_table(columns, path))
        self.film_asked.connect(lambda frames, path, rate: bench.save_film(frames, path, rate))

    def button(self) -> QToolButton:
        """A ⋮ that opens the menu, as charts have it; from now on the right mouse button on the picture does so too."""
        button = QToolButton()
        button.setText("⋮")
        button.setToolTip(MENU_TIP)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self.show_menu)
        self._picture.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._picture.customContextMenuRequested.connect(lambda at: self.show_menu())
        return button

    def menu(self) -> QMenu:
        """The menu with what every picture can do; of table and film what this one has."""
        menu = QMenu(self._picture)
        menu.addAction("Copy image", self.copy)
        menu.addAction("Save image…", self._ask_image)
        menu.addAction("Save data as CSV…", self._ask_table).setEnabled(bool(self._columns()))
        if self._frames is not tuple:
            menu.addAction("Save film as GIF…", self._ask_film).setEnabled(len(self._frames()) > 1)
        return menu

    def show_menu(self) -> None:
        """The menu at the mouse."""
        menu = self._whole_menu()
        menu.popup(QCursor.pos())
        menu.aboutToHide.connect(menu.deleteLater)

    def _whole_menu(self) -> QMenu:
        return self.menu()

    def save(self, path: str | Path) -> Path:
        """The picture as PNG or SVG. Raises OSError with one line for the user."""
        return export.save_plot(self._picture, path)

    def copy(self) -> None:
        """The picture on the clipboard."""
        export.copy_plot(self._picture)
        self.said.emit("info", "The picture is on the clipboard.")

    def _ask_image(self) -> None:
        kinds = "PNG image (*.png);;SVG drawing (*.svg)"
        path, kind = QFileDialog.getSaveFileName(self._picture, "Save image", f"{self.name()}.png", kinds)
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
        if path := self._ask_path("Save data", "CSV table (*.csv)", ".csv"):
            self.table_asked.emit(self._columns(), path)

    def _ask_film(self) -> None:
        if path := self._ask_path("Save film", "Animated GIF (*.gif)", ".gif"):
            self.film_asked.emit(self._frames(), path, self._per_second)

    def _ask_path(self, title: str, kind: str, ending: str) -> Path | None:
        path, _ = QFileDialog.getSaveFileName(self._picture, title, self.name() + ending, kind)
        return Path(path if Path(path).suffix else path + ending) if path else None


class ChartActions(PictureActions):
    """Those of a chart, without its buttons in the picture; and its axes."""

    def __init__(self, chart: Chart, buttons: Sequence[QToolButton]) -> None:
        super().__init__(chart, chart.columns, chart.frames or tuple, chart.per_second)
        self._chart = chart
        self._buttons = tuple(buttons)
        self.name = lambda: "plot"

    def menu(self) -> QMenu:
        """The menu with what every chart can do."""
        chart, menu = self._chart, super().menu()
        menu.addSeparator()
        for axis, name in ((1, "Logarithmic y axis"), (0, "Logarithmic x axis")):
            if chart.can_log[axis]:
                action = menu.addAction(name)
                action.setCheckable(True)
                action.setChecked(chart.log[axis])
                action.toggled.connect(lambda on, axis=axis: chart.set_log(**{"xy"[axis]: on}))
        menu.addAction("Full view", chart.full_view)
        return menu

    def _whole_menu(self) -> QMenu:
        return self._chart.menu()  # with what its kind adds

    def save(self, path: str | Path) -> Path:
        """A picture of the chart as PNG or SVG. Raises OSError with one line for the user."""
        return self.without_buttons(lambda: super(ChartActions, self).save(path))

    def copy(self) -> None:
        """The picture on the clipboard."""
        self.without_buttons(super().copy)

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
