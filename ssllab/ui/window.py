"""The main window: toolbar, labs and run browser, keyboard, theme, and what is remembered between starts."""

from __future__ import annotations

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ssllab import __version__
from ssllab.ui import theme, window_state
from ssllab.ui.bench import Bench, as_path_or_name
from ssllab.ui.controls_panel import ControlsPanel
from ssllab.ui.labs.contrast import contrast_lab
from ssllab.ui.main_toolbar import MainToolbar
from ssllab.ui.message_bar import MessageBar
from ssllab.ui.plots.markers import markers
from ssllab.ui.rewind import ask_rewind
from ssllab.ui.runs.page import RunsPage

FRAME_MILLISECONDS = 83  # twelve pictures a second: smooth to the eye, cheap beside training
FONT_POINTS = (8, 9, 10, 11, 12, 14, 16, 18, 22)
KEYS = (
    ("Space", "start or pause"),
    ("S", "one step"),
    ("R", "reset: put this run aside, begin anew"),
    ("Ctrl+Z / Ctrl+Shift+Z", "undo or redo a control's change"),
    ("Ctrl+O", "open a folder of images"),
    ("Ctrl+T", "light or dark"),
    ("Ctrl++ / Ctrl+-", "larger or smaller text"),
    ("F11", "full screen"),
    ("Escape", "leave the full screen of a panel"),
    ("Click on a change marker", "rewind to before that change"),
)


class Window(QMainWindow):
    """Everything a person sees. ``settings`` remembers arrangement, theme, data and controls."""

    def __init__(self, bench: Bench, settings: QSettings) -> None:
        super().__init__()
        self.bench = bench
        self.settings = settings
        self.setWindowTitle("ssllab")
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        self.controls = ControlsPanel(bench)
        self.lab = contrast_lab(bench, self.controls)
        self.runs = RunsPage(bench)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.lab, "Contrast")
        self.tabs.addTab(self.runs, "Runs")
        self.messages = MessageBar(bench.long_work)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.messages)
        self.setCentralWidget(centre)
        self._make_actions()
        self.toolbar = MainToolbar(bench, self.start_action, self.step_action, self.reset_action)
        self.toolbar.folder_wanted.connect(self._open_folder)
        self.addToolBar(self.toolbar)
        self.start_button, self.reset_button = self.toolbar.start_button, self.toolbar.reset_button
        self._make_menus()
        self._make_status()
        bench.state_changed.connect(self._show_state)
        bench.data_loaded.connect(self._show_data)
        bench.message.connect(self.messages.say)
        bench.run_changed.connect(self.lab.reset)
        window_state.bring_back(self, settings)
        self._show_state(bench.state)
        self._timer = QTimer(self, interval=FRAME_MILLISECONDS)
        self._timer.timeout.connect(self.draw)
        self._timer.start()

    # Parts

    def _make_actions(self) -> None:
        def action(text: str, keys: str, act, tip: str) -> QAction:
            made = QAction(text, self)
            made.setShortcut(QKeySequence(keys))
            made.setToolTip(f"{tip} ({keys})" if keys else tip)
            made.triggered.connect(act)
            self.addAction(made)
            return made

        self.start_action = action("Start", "Space", self._start_or_pause, "Train, or pause")
        self.step_action = action("Step", "S", self.bench.step, "One training step")
        self.reset_action = action("Reset", "R", self.bench.reset, "Put this run aside and begin anew")
        self.undo_action = self.controls.undo_stack.createUndoAction(self, "Undo")
        self.undo_action.setShortcut(QKeySequence.StandardKey.Undo)
        self.redo_action = self.controls.undo_stack.createRedoAction(self, "Redo")
        self.redo_action.setShortcut(QKeySequence("Ctrl+Shift+Z"))
        self.addActions([self.undo_action, self.redo_action])
        self.open_action = action(
            "Open a folder of images…", "Ctrl+O", self._open_folder, "Train on your images"
        )
        self.open_zip_action = action("Open a .zip of images…", "", self._open_zip, "Train on your images")
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
        self.arrange_action = action("Arrange panels as at first", "", self._arrange, "Every panel back")
        self.quit_action = action("Quit", "Ctrl+Q", self.close, "End ssllab; the run is kept")

    def _make_menus(self) -> None:
        menus = self.menuBar()
        file = menus.addMenu("&File")
        file.addActions([self.open_action, self.open_zip_action])
        file.addSeparator()
        file.addAction(self.quit_action)
        run = menus.addMenu("&Run")
        run.addActions([self.start_action, self.step_action, self.reset_action])
        run.addSeparator()
        run.addActions([self.keep_action, self.rewind_action])
        edit = menus.addMenu("&Edit")
        edit.addActions([self.undo_action, self.redo_action])
        view = menus.addMenu("&View")
        panels = view.addMenu("Panels")
        panels.addActions(self.lab.actions_to_show())
        view.addAction(self.arrange_action)
        view.addSeparator()
        view.addActions([self.theme_action, self.larger_action, self.smaller_action, self.full_action])
        help_menu = menus.addMenu("&Help")
        keys = help_menu.addAction("Keyboard")
        keys.triggered.connect(self._show_keys)
        about = help_menu.addAction("About ssllab")
        about.triggered.connect(self._show_about)

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
        self.bench.poll()
        if not self.isVisible():
            return
        if self.tabs.currentWidget() is self.lab:
            self.lab.draw(self.bench.scene())
        self._show_speed()

    def _show_speed(self) -> None:
        session = self.bench.session
        if session is None:
            self.speed_label.setText("")
            return
        rate = session.metrics.last("items_per_second")
        text = f"step {session.step:,}"
        if rate:
            text += f"   {rate:,.0f} images/s"
        self.speed_label.setText(text)

    def _show_data(self) -> None:
        data = self.bench.data
        if data is None:
            return
        size = data.image_size
        text = f"{data.title}: {len(data.train):,} images of {size}x{size} to learn from, {len(data.test):,} held out"
        if data.skipped:
            text += f", {len(data.skipped)} skipped"
        self.data_label.setText(text)
        self.data_label.setToolTip(f"{text}\nRuns are kept in {self.bench.workspace.path}")

    def _show_state(self, state: str) -> None:
        self.start_action.setText("Pause" if state == "running" else "Start")
        for what in (self.start_action, self.step_action, self.reset_action):
            what.setEnabled(state != "loading")

    # What a person does

    def _start_or_pause(self) -> None:
        if self.bench.state == "running":
            self.bench.pause()
        else:
            self.bench.start()

    def _open_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "A folder of images, with a subfolder per class or flat"
        )
        if chosen:
            self.bench.set_data(chosen)
        else:
            self.toolbar.show_data()

    def _open_zip(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A .zip of images", "", "Zip archives (*.zip)")
        if chosen:
            self.bench.set_data(chosen)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.bench.set_data(as_path_or_name(url.toLocalFile()))
                return

    def _keep(self) -> None:
        if self.bench.session is None:
            self.bench.say("info", "There is no run to keep yet: press Start.")
            return
        self.bench.session.checkpoint()
        self.bench.say("info", "A checkpoint of this moment is kept with the run.")

    def _rewind(self) -> None:
        session = self.bench.session
        changes = markers(session.events) if session else []
        if changes:
            ask_rewind(self, self.bench, changes[-1])
        else:
            self.bench.say("info", "No control was changed in this run, so there is nothing to rewind to.")

    def _toggle_theme(self) -> None:
        self.set_theme("light" if theme.current().name == "dark" else "dark")

    def set_theme(self, name: str, points: float | None = None) -> None:
        """Light or dark, and the size of the text."""
        theme.apply(name, points)
        self.toolbar.restyle()
        self.lab.restyle()
        self.messages.restyle()
        for page in (self.controls, self.runs):
            if hasattr(page, "restyle"):
                page.restyle()

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

    def _arrange(self) -> None:
        self.lab.arrange()

    def _show_keys(self) -> None:
        rows = "".join(f"<tr><td><b>{keys}</b>&nbsp;&nbsp;</td><td>{does}</td></tr>" for keys, does in KEYS)
        QMessageBox.information(self, "Keyboard", f"<table cellpadding='3'>{rows}</table>")

    def _show_about(self) -> None:
        QMessageBox.about(
            self,
            "About ssllab",
            f"<b>ssllab {__version__}</b><br>A desktop laboratory for self-supervised learning.<br>MIT licence.",
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # The first picture before the import of torch, which takes the interpreter for a second.
        QTimer.singleShot(50, self.bench.begin)

    def remember(self) -> None:
        """Write down how the window is left."""
        window_state.remember(self, self.settings)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._timer.stop()
        self.remember()
        self.bench.close()
        super().closeEvent(event)
