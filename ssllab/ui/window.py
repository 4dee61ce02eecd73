"""The main window: a tab per lab and the run browser, keyboard, theme, and what is remembered between starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
    QUndoGroup,
)
from PySide6.QtWidgets import (
    QApplication,
    QInputDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QTabWidget,
    QToolButton,
    QWidget,
)

from ssllab import __version__
from ssllab.data.kind import amount
from ssllab.labs import labs
from ssllab.storage import search_path
from ssllab.ui import keyboard, theme, window_state
from ssllab.ui.bench import Bench
from ssllab.ui.benches import Benches
from ssllab.ui.help_page import HelpPage
from ssllab.ui.lab_page import LabPage
from ssllab.ui.message_bar import MessageBar
from ssllab.ui.method_files import ask_for_method
from ssllab.ui.plots.markers import markers
from ssllab.ui.recent import Recent
from ssllab.ui.rewind import ask_rewind
from ssllab.ui.runs.page import RunsPage
from ssllab.ui.runs.settings_table import dot

FRAME_MILLISECONDS = 83  # twelve pictures a second: smooth to the eye, cheap beside training
TITLE_BAR = 40  # pixels that the frame of a window takes from the height of the screen
FONT_POINTS = (8, 9, 10, 11, 12, 14, 16, 18, 22)
KEYS = (
    ("Space", "start or pause"),
    ("S", "one step"),
    ("R", "reset: put this run aside, begin anew"),
    ("Ctrl+Z / Ctrl+Shift+Z", "undo or redo: a setting, a lesson, a remedy, a reset"),
    ("Ctrl+R", "record, or end the recording (Speech)"),
    ("P / L", "play or stop; over and over (Speech, in Inspect)"),
    ("Ctrl+O", "open a folder of your own data"),
    ("Ctrl+T", "light or dark"),
    ("Ctrl++ / Ctrl+-", "larger or smaller text"),
    ("Tab / Shift+Tab", "to the next or the last control, in the order of reading; Space presses it"),
    ("Enter", "in a box: take what was typed, and give the keys back to the page"),
    ("F1", "help for this lab: what it is for, its words and panels"),
    ("F11", "full screen, and back"),
    ("Escape", "leave the full screen of a panel"),
    ("Click on a change marker", "rewind to before that change"),
)


class Holder(QScrollArea):
    """A tab whose page is put into it when it is first seen; where the page has no room, as in large text, it scrolls."""

    def __init__(self, page: QWidget | None = None) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if page is not None:
            self.setWidget(page)


class Window(QMainWindow):
    """Everything a person sees. ``settings`` remembers each lab's arrangement, data and controls, and the tab,
    unless ``tab`` names one.

    Keys and menus act on the current lab: the one that is seen or, while the runs are, that was seen last.
    """

    def __init__(self, benches: Benches, settings: window_state.Remembered, tab: str | None = None) -> None:
        super().__init__()
        self.benches = benches
        self.settings = settings
        self.setWindowTitle("ssllab")
        self.setAcceptDrops(True)
        room = self.screen().availableSize() - QSize(0, TITLE_BAR)
        self.resize(QSize(1280, 800).boundedTo(room))
        self.labs: dict[str, LabPage] = {}  # those that were seen
        self._tabbed_to: QWidget | None = None
        self.runs = RunsPage(benches)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setIconSize(QSize(10, 10))  # smaller than the text, so that no row grows where a lab trains
        self._holders = {name: Holder() for name in benches.all}
        self._places: dict[str, QWidget] = {**self._holders, "runs": Holder(self.runs)}
        for name, place in self._places.items():
            self.tabs.addTab(place, labs()[name].title if name in labs() else "Runs")
        self.leave_button = QToolButton()
        self.leave_button.setText("Leave full screen (F11)")
        self.leave_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.leave_button.clicked.connect(self._toggle_full)
        self.leave_button.hide()
        self.tabs.setCornerWidget(self.leave_button)
        self.messages = MessageBar(benches.long_work)
        self.setCentralWidget(self.tabs)
        self.messages.cover(self.tabs)
        self.recent = Recent(benches, settings)
        self._make_actions()
        self._make_menus()
        self._make_status()
        for bench in benches.all.values():
            bench.state_changed.connect(self._follow_lab)
            bench.state_changed.connect(self._mark_tabs)
            bench.data_loaded.connect(self._follow_lab)
            bench.message.connect(lambda *said, bench=bench: self._say(bench, *said))
        benches.lab_wanted.connect(self.show_tab)
        self.runs.lab_wanted.connect(lambda: self.show_tab(self.bench.lab.name))
        window_state.bring_back(self, settings, tab)
        self.tabs.currentChanged.connect(self._tab_changed)
        self._tab_changed()
        self._timer = QTimer(self, interval=FRAME_MILLISECONDS)
        self._timer.timeout.connect(self.draw)
        self._timer.start()

    @property
    def bench(self) -> Bench:
        """The bench of the current lab."""
        return self.benches.current

    @property
    def lab(self) -> LabPage:
        """The page of the current lab; building it takes a while, so that it is built when first seen."""
        name = self.bench.lab.name
        if name not in self.labs:
            page = search_path.load(self.bench.lab.folder / "page.py", "ssllab.ui.labs").page(self.bench)
            window_state.bring_back_page(page, self.settings)
            self.undo_group.addStack(page.history)
            self._holders[name].setWidget(page)
            self.labs[name] = page
        return self.labs[name]

    # Tabs

    @property
    def tab(self) -> str:
        """The name of the tab that is seen: a lab's, or "runs"."""
        return list(self._places)[self.tabs.currentIndex()]

    def show_tab(self, name: str) -> None:
        """Bring a lab, or "runs", to the front; an unknown name changes nothing."""
        if name in self._places:
            self.tabs.setCurrentWidget(self._places[name])

    def _tab_changed(self) -> None:
        if self.tab in labs():
            self.benches.current = self.benches.all[self.tab]
        for name, bench in self.benches.all.items():
            bench.watched = name == self.tab
        self.undo_group.setActiveStack(self.lab.history)
        self._follow_lab()
        bar = self.tabs.tabBar()
        if not (bar is self._tabbed_to and bar.hasFocus()):
            self._page().setFocus()  # Qt would give it to the first thing that takes it
        if self.isVisible():
            self.bench.begin()

    def _mark_tabs(self) -> None:
        """A dot on the tab of a lab that trains."""
        for number, name in enumerate(self._places):
            trains = name in self.benches.all and self.benches.all[name].state == "running"
            self.tabs.setTabIcon(number, dot(theme.current().good) if trains else QIcon())
            self.tabs.setTabToolTip(number, "Training" if trains else "")

    def _follow_lab(self) -> None:
        """Say what the current lab does, and offer what it can do."""
        state, words = self.bench.state, self.bench.kind.words
        self.start_action.setText("Pause" if state == "running" else "Start")
        for what in (self.start_action, self.step_action, self.reset_action):
            what.setEnabled(state != "loading")
        self.open_action.setText(words.open_folder)
        self.open_file_action.setText(words.open_file)
        data = self.bench.data
        text = amount(data) if data is not None else ""
        self.data_label.setText(text)
        self.data_label.setToolTip(f"{text}\nRuns are kept in {self.bench.workspace.path}")

    def _say(self, bench: Bench, level: str, text: str, detail: str) -> None:
        # A lab that is not seen goes on training; what it says has its name.
        self.messages.say(level, text if bench is self.bench else f"{bench.lab.title}: {text}", detail)

    # Parts

    def _make_actions(self) -> None:
        def action(text: str, keys: str, act: Callable[[], object], tip: str) -> QAction:
            made = QAction(text, self)
            made.setShortcut(QKeySequence(keys))
            made.setToolTip(f"{tip} ({keys})" if keys else tip)
            made.triggered.connect(act)
            self.addAction(made)
            return made

        self.start_action = action("Start", "Space", lambda: self.bench.start_or_pause(), "Train, or pause")
        self.step_action = action("Step", "S", lambda: self.bench.step(), "One training step")
        self.reset_action = action(
            "Reset", "R", lambda: self.bench.reset(), "Put this run aside and begin anew"
        )
        self.undo_group = QUndoGroup(self)
        self.undo_action = self.undo_group.createUndoAction(self, "Undo")
        self.undo_action.setShortcut(QKeySequence.StandardKey.Undo)
        self.redo_action = self.undo_group.createRedoAction(self, "Redo")
        self.redo_action.setShortcut(QKeySequence("Ctrl+Shift+Z"))
        self.addActions([self.undo_action, self.redo_action])
        self.open_action = action("", "Ctrl+O", lambda: self.lab.ask_for_folder(), "Learn from your own")
        self.open_file_action = action("", "", lambda: self.lab.ask_for_file(), "Learn from your own")
        self.new_method_action = action("New method…", "", self._new_method, "Write a method of your own")
        self.keep_action = action(
            "Keep a checkpoint", "Ctrl+S", self._keep, "Write the present state to disk"
        )
        self.rewind_action = action(
            "Rewind to before the last change…",
            "Ctrl+Shift+R",
            self._rewind,
            "Fork the run at its last change",
        )
        self.theme_action = action("Light or dark", "Ctrl+T", self._toggle_theme, "Change the theme")
        self.larger_action = action("Larger text", "Ctrl++", lambda: self._scale_font(1), "For a projector")
        self.larger_action.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self.smaller_action = action("Smaller text", "Ctrl+-", lambda: self._scale_font(-1), "Smaller text")
        self.full_action = action("Full screen", "F11", self._toggle_full, "The window on the whole screen")
        self.arrange_action = action(
            "Arrange panels as at first", "", lambda: self.lab.arrange(), "Every panel back"
        )
        self.stop_after_action = action("Stop after…", "", self._stop_after, "Train some steps, then pause")
        self.help_action = action(
            "This lab", "F1", self._show_help, "What the lab is for, its words, keys and panels"
        )
        self.keys_action = action("Keyboard", "", self._show_keys, "All keys")
        self.quit_action = action("Quit", "Ctrl+Q", self.close, "End ssllab; the run is kept")

    def _make_menus(self) -> None:
        menus = self.menuBar()
        file = menus.addMenu("&File")
        file.addActions([self.open_action, self.open_file_action])
        file.addMenu(self.recent.data)
        file.addMenu(self.recent.runs)
        file.addAction(self.new_method_action)
        file.addSeparator()
        file.addAction(self.quit_action)
        run = menus.addMenu("&Run")
        run.addActions([self.start_action, self.step_action, self.reset_action])
        run.addActions([self.stop_after_action, self.recent.resume])
        run.addSeparator()
        run.addActions([self.keep_action, self.rewind_action])
        edit = menus.addMenu("&Edit")
        edit.addActions([self.undo_action, self.redo_action])
        view = menus.addMenu("&View")
        self.panels_menu = view.addMenu("Panels")
        self.panels_menu.aboutToShow.connect(self._fill_panels)
        view.addAction(self.arrange_action)
        view.addSeparator()
        view.addActions([self.theme_action, self.larger_action, self.smaller_action, self.full_action])
        help_menu = menus.addMenu("&Help")
        help_menu.addActions([self.help_action, self.keys_action])
        about = help_menu.addAction("About ssllab")
        about.triggered.connect(self._show_about)

    def _fill_panels(self) -> None:
        self.panels_menu.clear()
        self.panels_menu.addActions(self.lab.actions_to_show())

    def _make_status(self) -> None:
        self.speed_label = QLabel()
        self.data_label = QLabel()
        for label in (self.data_label, self.speed_label):
            label.setContentsMargins(8, 0, 8, 0)
        self.statusBar().addWidget(self.data_label, 1)
        self.statusBar().addPermanentWidget(self.speed_label)

    # Drawing

    def draw(self) -> None:
        """One frame: notice what changed, draw what can be seen."""
        for bench in self.benches.all.values():
            bench.poll()
        if not self.isVisible():
            return
        if news := self.settings.news():
            self.messages.say("warning", news, "")
        if self.tab in labs():
            self.lab.draw()
        self._show_speed()

    def _show_speed(self) -> None:
        live = self.bench.live_run
        text = f"step {live.step:,}" if live else ""
        if live and live.speed:
            text += f"   {self.bench.kind.speed(live.speed)}"
        self.speed_label.setText(text)

    # What a person does

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.lab.drop(paths[0])
        if len(paths) > 1:
            self.bench.say(
                "info", f"Of {len(paths)} things {paths[0].name} is taken: put all of them into a folder."
            )

    def _new_method(self) -> None:
        if path := ask_for_method(self):
            self.benches.new_method(path)

    def _keep(self) -> None:
        if self.bench.keep_checkpoint() is None:
            self.bench.say("info", "There is no run to keep yet: press Start.")
        elif (live := self.bench.live_run) is not None and live.problem:
            self.bench.say(
                "warning", f"{live.problem} The checkpoint waits in memory until the disk takes it."
            )
        else:
            self.bench.say("info", "A checkpoint of this moment is kept with the run.")

    def _rewind(self) -> None:
        if changes := markers(self.bench.scene().events):
            ask_rewind(self, self.bench, changes[-1])
        else:
            self.bench.say("info", "No control was changed in this run, so there is nothing to rewind to.")

    def _toggle_theme(self) -> None:
        self.set_theme("light" if theme.current().name == "dark" else "dark")

    def set_theme(self, name: str, points: float | None = None) -> None:
        """Light or dark, and the size of the text."""
        before = QApplication.font().pointSizeF()
        for page in self.labs.values():
            page.leave_size(before)
        theme.apply(name, points)
        for page in self.labs.values():
            page.restyle()
            page.come_to_size(QApplication.font().pointSizeF())
        self.runs.restyle()
        self._mark_tabs()
        self.messages.restyle()

    def _scale_font(self, direction: int) -> None:
        now = QApplication.font().pointSizeF()
        nearest = min(range(len(FONT_POINTS)), key=lambda i: abs(FONT_POINTS[i] - now))
        chosen = FONT_POINTS[max(0, min(len(FONT_POINTS) - 1, nearest + direction))]
        self.set_theme(theme.current().name, chosen)

    def _toggle_full(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.leave_button.setVisible(self.isFullScreen())

    def _stop_after(self) -> None:
        label = "Train so many steps more, then pause:"
        steps, good = QInputDialog.getInt(self, "Stop after", label, 500, 1, 100_000_000, 100)
        if good:
            self.bench.stop_after(steps)

    def _show_help(self) -> None:
        self._help = HelpPage(self.lab, KEYS, self)
        self._help.show()

    def _show_keys(self) -> None:
        rows = "".join(f"<tr><td><b>{keys}</b>&nbsp;&nbsp;</td><td>{does}</td></tr>" for keys, does in KEYS)
        QMessageBox.information(self, "Keyboard", f"<table cellpadding='3'>{rows}</table>")

    def _show_about(self) -> None:
        QMessageBox.about(
            self,
            "About ssllab",
            f"<b>ssllab {__version__}</b><br>A desktop laboratory for self-supervised learning.<br>MIT licence.",
        )

    # Keys

    def event(self, event: QEvent) -> bool:
        # It comes here where the widget with the focus has no use of its own for the key.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and keyboard.belongs_to_focus(event, self._tabbed_to)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if entered and keyboard.is_entered(self.focusWidget()):
            self._page().setFocus()  # Space starts and pauses again
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        stops = [self.tabs.tabBar(), *keyboard.in_reading_order(self._page())]
        stops += keyboard.in_reading_order(self.messages)
        now = self.focusWidget()
        if now in stops:
            at = (stops.index(now) + (1 if forward else -1)) % len(stops)
        else:
            at = 1 if forward and len(stops) > 1 else -1
        self._tabbed_to = stops[at]
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        self._tabbed_to.setFocus(reason)
        return True

    def _page(self) -> QWidget:
        return self.lab if self.tab in labs() else self.runs

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # The first picture before the import of torch, which takes the interpreter for a second.
        QTimer.singleShot(50, lambda: self.bench.begin())

    def remember(self) -> None:
        """Write down how the window is left."""
        window_state.remember(self, self.settings)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._timer.stop()
        self.remember()
        self.benches.close()
        super().closeEvent(event)
