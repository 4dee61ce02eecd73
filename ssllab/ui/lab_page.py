"""A lab's page: its panels as docks that move, hide, go full screen and come back as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ssllab.ui.bench import Bench
from ssllab.ui.controls_panel import ControlsPanel
from ssllab.ui.history import History
from ssllab.ui.main_toolbar import MainToolbar
from ssllab.ui.panel import Panel
from ssllab.ui.panels.code import CodePanel


@dataclass(frozen=True)
class Place:
    """Panels that stand together at first: tabs on one another, the first in front."""

    panels: tuple[str, ...]
    height: int


@dataclass(frozen=True)
class Column:
    """Places below one another; the columns of a lab stand side by side, right of the controls."""

    width: int
    places: tuple[Place, ...]


class PanelDock(QDockWidget):
    """A panel with its title, help and full-screen button."""

    def __init__(self, panel: QWidget, name: str, title: str, help_text: str) -> None:
        super().__init__(title)
        self.setObjectName(f"dock-{name}")
        self.panel = panel
        self.on_top = True  # a dock behind another tab counts as visible for Qt, but shows nothing
        self.visibilityChanged.connect(self._seen)
        self.setWidget(panel)
        self.setTitleBarWidget(self._title_bar(title, help_text))

    def _title_bar(self, title: str, help_text: str) -> QWidget:
        bar = QWidget()
        bar.setObjectName("dockTitle")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 2, 4, 2)
        label = QLabel(title)
        label.setObjectName("dockTitleText")
        # A long title gives way instead of widening the dock.
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(label, 1)
        self._help = self._button("?", help_text, self._show_help)
        if help_text:
            row.addWidget(self._help)
        row.addWidget(self._button("⤢", "Full screen (Escape returns)", self.full_screen))
        row.addWidget(
            self._button(
                "✕",
                "Hide; the Panels menu brings it back",
                self.close,
            )
        )
        return bar

    def refresh_help(self) -> None:
        """What the panel shows may have changed with the method."""
        self._help.setToolTip(getattr(self.panel, "help", ""))

    def _seen(self, visible: bool) -> None:
        self.on_top = visible

    @property
    def drawn(self) -> bool:
        """Whether the panel can be seen, in its dock or on the full screen."""
        return self.panel.isVisible() and (self.on_top or self.panel.window() is not self.window())

    def _button(self, sign: str, tip: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setObjectName("dockButton")
        button.setText(sign)
        button.setToolTip(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(tip if len(tip) < 60 else "Help")
        button.clicked.connect(act)
        return button

    def _show_help(self) -> None:
        from PySide6.QtGui import QCursor
        from PySide6.QtWidgets import QWhatsThis

        QWhatsThis.showText(QCursor.pos(), getattr(self.panel, "help", ""), self)

    def full_screen(self) -> None:
        """The panel alone on the whole screen."""
        # Kept: a window that nobody holds is collected, and its panel with it.
        self._whole = FullScreen(self)
        self._whole.showFullScreen()


class FullScreen(QWidget):
    """Holds a dock's panel until Escape."""

    def __init__(self, dock: PanelDock) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(dock.windowTitle())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dock = dock
        layout = QVBoxLayout(self)
        self.leave_button = QPushButton("Leave full screen (Escape)")
        self.leave_button.setObjectName("leaveFullScreen")
        self.leave_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.leave_button.clicked.connect(self.close)
        layout.addWidget(self.leave_button, 0, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(dock.panel, 1)
        dock.panel.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F11):
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.dock.setWidget(self.dock.panel)
        super().closeEvent(event)


class LabPage(QMainWindow):
    """One lab: the bar of its bench, and its controls and panels as docks."""

    def __init__(self, bench: Bench, panels: Sequence[Panel], columns: Sequence[Column]) -> None:
        super().__init__()
        self.bench = bench
        self.lab = bench.lab
        self.toolbar = MainToolbar(bench)
        self.toolbar.folder_wanted.connect(self.ask_for_folder)
        self.toolbar.file_wanted.connect(self.ask_for_data_file)
        self.toolbar.code_wanted.connect(partial(self.show_panel, CodePanel.id))
        self.addToolBar(self.toolbar)
        self.history = History(bench)
        self.controls = ControlsPanel(bench)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.panels = list(panels)
        self.docks: dict[str, PanelDock] = {"controls": PanelDock(self.controls, "controls", "Controls", "")}
        for panel in panels:
            self.docks[panel.id] = PanelDock(panel, panel.id, panel.title, panel.help)
        self._columns = columns
        self._kept: dict[tuple[int, frozenset[int]], Mapping[int, int]] = {}  # of places that stood together
        self._at_size: dict[float, QByteArray] = {}  # the arrangement at a size of the text
        self._settled: (
            dict[str, QSize] | None
        ) = {}  # as another size of the text left them; None until it has
        self._withheld: dict[str, tuple[bool, bool]] = {}  # docks of no use now: whether open, and in front
        self._left: QByteArray | None = None  # the arrangement brought back before the page had its size
        self.arrange()
        for panel in panels:
            panel.panels_wanted.connect(partial(self._show_beside, panel))
        bench.run_changed.connect(self.reset)
        bench.loaded.connect(self.offer)
        for dock in self.docks.values():
            bench.loaded.connect(dock.refresh_help)

    def arrange(self) -> None:
        """Put every panel where it stood at first."""
        self._withheld.clear()
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.docks["controls"])
        tops = [self.docks["controls"], *(self.docks[column.places[0].panels[0]] for column in self._columns)]
        for left, right in pairwise(tops):
            self.splitDockWidget(left, right, Qt.Orientation.Horizontal)
        for column in self._columns:
            for above, below in pairwise(self.docks[place.panels[0]] for place in column.places):
                self.splitDockWidget(above, below, Qt.Orientation.Vertical)
        for first, *others in self._places():
            for other in others:
                self.tabifyDockWidget(first, other)
        for dock in self.docks.values():
            dock.show()
        for first, *_ in self._places():
            first.raise_()
        self._shared = False
        self.offer()
        if self.isVisible():
            self._share_out()

    def offer(self) -> None:
        """Withhold the panels that do not suit the present method; the others are as the person left them."""
        method = self.bench.methods.get(self.bench.method_name)
        if method is None:  # not known before torch is there
            return
        before = self._heights()
        for panel in self.panels:
            dock, withheld = self.docks[panel.id], panel.id in self._withheld
            if withheld and panel.suits(method):
                is_open, in_front = self._withheld.pop(panel.id)
                dock.setVisible(is_open)
                if in_front:
                    dock.raise_()
            elif not withheld and not panel.suits(method):
                self._withheld[panel.id] = not dock.isHidden(), dock.isVisible() and dock.on_top
                dock.hide()
        self._keep_heights(before)

    def _heights(self) -> list[dict[int, int]]:
        """For each column the height of every place that shows a panel, by its number in it."""
        return [
            {
                number: next(d.height() for d in docks if d.isVisible() and d.on_top)
                for number, docks in enumerate([self.docks[name] for name in p.panels] for p in column.places)
                if any(d.isVisible() and d.on_top for d in docks)
            }
            for column in self._columns
        ]

    def _keep_heights(self, before: Sequence[Mapping[int, int]]) -> None:
        """Where a place came or went, its column is as high as it was the last time these places stood together."""
        for at, (column, old, new) in enumerate(zip(self._columns, before, self._heights(), strict=True)):
            if not self._shared or not old or new.keys() == old.keys():
                continue
            self._kept[at, frozenset(old)] = old
            usual = {number: column.places[number].height for number in new}
            wanted = self._kept.get((at, frozenset(new)), usual)
            heads = [self.docks[column.places[number].panels[0]] for number in wanted]
            # When the layout has made room for what came.
            resize = partial(self.resizeDocks, heads, list(wanted.values()), Qt.Orientation.Vertical)
            QTimer.singleShot(0, self, resize)

    def _places(self) -> list[list[PanelDock]]:
        return [
            [self.docks[name] for name in place.panels] for column in self._columns for place in column.places
        ]

    def _style_tabs(self) -> None:
        # Names of panels are read whole; with a large font the bar scrolls.
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)

    def _share_out(self) -> None:
        if self._shared:
            return
        self._shared = True
        self._style_tabs()
        self.resizeDocks([self.docks["controls"]], [300], Qt.Orientation.Horizontal)
        heads = [first for first, *_ in self._places()]
        sizes = [(column.width, place.height) for column in self._columns for place in column.places]
        self.resizeDocks(heads, [width for width, _ in sizes], Qt.Orientation.Horizontal)
        self.resizeDocks(heads, [height for _, height in sizes], Qt.Orientation.Vertical)

    def ask_for_folder(self) -> None:
        """Have the person choose a folder to learn from."""
        chosen = QFileDialog.getExistingDirectory(self, self.bench.kind.words.folder)
        if chosen:
            self.bench.set_data(chosen)
        else:
            self.toolbar.show_data()

    def ask_for_data_file(self) -> None:
        """Have the person choose a file to learn from."""
        if chosen := self._ask_for_file():
            self.bench.set_data(chosen)
        else:
            self.toolbar.show_data()

    def ask_for_file(self) -> None:
        """Have the person choose a file; it goes where a dropped one goes."""
        if chosen := self._ask_for_file():
            self.drop(Path(chosen))

    def _ask_for_file(self) -> str:
        words = self.bench.kind.words
        return QFileDialog.getOpenFileName(self, words.open_file.rstrip("…"), "", words.file_filter)[0]

    def drop(self, path: Path) -> None:
        """A file or folder for this lab: the first panel that takes it has it, else it becomes the data."""
        for panel in self.panels:
            if panel.drop(path):
                self.show_panel(panel.id)
                return
        self.bench.set_data(str(path))

    def draw(self) -> None:
        """Draw the panels that can be seen."""
        scene = self.bench.scene()
        for panel in self.panels:
            if self.docks[panel.id].drawn:
                panel.draw(scene)

    def reset(self) -> None:
        """A new run began."""
        for panel in self.panels:
            panel.reset()

    def restyle(self) -> None:
        """The theme or font changed."""
        self.toolbar.restyle()
        self.controls.restyle()
        for panel in self.panels:
            panel.restyle()

    def leave_size(self, points: float) -> None:
        """The text is about to change from this size: remember how the docks stand at it."""
        if self._settled is None or not self._shared:
            return
        now = self._stand()
        if self._settled and (
            now.keys() != self._settled.keys()
            or any(
                size != QSize() and now[name] not in (size, QSize()) for name, size in self._settled.items()
            )
        ):
            self._at_size.clear()  # the person has moved them since
        self._at_size[points] = self.saveState(1)

    def come_to_size(self, points: float) -> None:
        """The text has this size now: large text squeezed what is brought back to how it stood."""
        self._settled = None
        QTimer.singleShot(0, self, partial(self._settle, self._at_size.get(points), 2))

    def _settle(self, kept: QByteArray | None, times: int) -> None:
        """The layout follows the new font in more than one turn of the event loop."""
        if kept is not None:
            front = [dock for dock in self.docks.values() if dock.isVisible() and dock.on_top]
            self.restoreState(kept, 1)
            for dock in front:
                dock.raise_()
            self._style_tabs()
        if times:
            QTimer.singleShot(50, self, partial(self._settle, kept, times - 1))
        else:
            self._settled = self._stand()

    def _stand(self) -> dict[str, QSize]:
        """The sizes of the open docks, of those that are seen: one behind another tab has none."""
        opened = {name: dock for name, dock in self.docks.items() if not dock.isHidden()}
        return {
            name: dock.size() if dock.isVisible() and dock.on_top else QSize()
            for name, dock in opened.items()
        }

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        dock = self.docks.get(name)
        if dock is not None and name not in self._withheld:
            dock.show()
            dock.raise_()

    def _show_beside(self, panel: Panel, names: Sequence[str]) -> None:
        """Bring panels to the front, the first named foremost; none that would hide ``panel``."""
        behind = self.tabifiedDockWidgets(self.docks[panel.id])
        for name in reversed(names):
            if name in self.docks and self.docks[name] not in behind:
                self.show_panel(name)

    def actions_to_show(self) -> list[QAction]:
        """One checkable action for each panel that is offered, for the Panels menu."""
        return [dock.toggleViewAction() for name, dock in self.docks.items() if name not in self._withheld]

    def view_states(self) -> dict[str, dict[str, Any]]:
        """How every panel is looked at, for :meth:`restore_views`."""
        return {panel.id: panel.view_state() for panel in self.panels}

    def restore_views(self, states: Mapping[str, Any]) -> None:
        """Look at every panel as :meth:`view_states` said."""
        for panel in self.panels:
            if isinstance(state := states.get(panel.id), dict):
                panel.restore_view(state)

    def save(self) -> QByteArray:
        """The arrangement, for :meth:`restore`: as the person left it, whatever the present method withholds."""
        self._show_withheld(True)
        state = self.saveState(1)
        self._show_withheld(False)
        return state

    def _show_withheld(self, shown: bool) -> None:
        for name, (is_open, in_front) in self._withheld.items():
            self.docks[name].setVisible(shown and is_open)
            if shown and in_front:
                self.docks[name].raise_()

    def restore(self, state: QByteArray) -> bool:
        """Bring back a saved arrangement; whether it is one.

        A page that was not seen yet is smaller than its panels, and cannot give them their sizes: it is brought back
        once more when it has its own.
        """
        good = self.restoreState(state, 1)
        if good:
            self._left = None if self.isVisible() else state
            self._shared = True
            self._withheld.clear()
            self.offer()
        self._style_tabs()
        return good

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._take_places)  # when the sizes of the window are known

    def _take_places(self) -> None:
        if self._left is not None:
            self.restore(self._left)
        self._share_out()
