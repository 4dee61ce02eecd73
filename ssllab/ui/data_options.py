"""How the data is loaded: the options of its kind in a box below a button of the toolbar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QMenu, QToolButton, QWidget, QWidgetAction

from ssllab.data.catalogue import allowed, source
from ssllab.data.kind import Option
from ssllab.ui.bench import Bench
from ssllab.ui.widgets.whole_number_box import WholeNumberBox


class DataOptionsButton(QToolButton):
    """Not there where the data has no options. A change loads the data anew, as a gesture that can be undone."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.boxes: dict[str, WholeNumberBox] = {}
        self.setText("⋯")
        self.setAccessibleName("How the data is loaded")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self)
        menu.aboutToShow.connect(self.build)
        self.setMenu(menu)

    @property
    def options(self) -> list[Option]:
        """Those that the present data may be loaded with otherwise."""
        bench = self.bench
        fits = allowed(bench.data_name, bench.data)
        return [option for option in bench.kind.options if len(fits.get(option.name, (0, 1))) > 1]

    def build(self) -> None:
        """A number for each option, as the data is loaded now."""
        options = self.options
        self.boxes.clear()
        form = QWidget()
        rows = QFormLayout(form)
        rows.setContentsMargins(12, 10, 12, 10)
        now = self.bench.data.options if self.bench.data is not None else {}
        usual = self.bench.kind.options_of(source(self.bench.data_name))
        for option in options:
            box = WholeNumberBox()
            box.setRange(option.low, option.high)
            box.setValue(now.get(option.name, usual[option.name]))
            box.setToolTip(f"{option.unit}, {option.low} to {option.high}; usually {usual[option.name]}")
            box.editingFinished.connect(lambda name=option.name, box=box: self._set(name, box.value()))
            title = f"{option.title[0].upper()}{option.title[1:]}"
            rows.addRow(f"{title} ({option.unit})", box)
            self.boxes[option.name] = box
        self.menu().clear()
        body = QWidgetAction(self.menu())
        body.setDefaultWidget(form)
        self.menu().addAction(body)

    def _set(self, name: str, value: int) -> None:
        self.menu().close()
        self.bench.set_options({name: value})

    def say(self) -> None:
        """What can be set, for the tooltip."""
        titles = ", ".join(option.title.lower() for option in self.options)
        self.setToolTip(f"How the data is loaded: {titles}")
