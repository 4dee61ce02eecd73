"""The main window: toolbar, labs and run browser, keyboard, theme, and what is remembered between starts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from ssllab import __version__
from ssllab.data.catalogue import source, sources
from ssllab.ui import theme, window_state
from ssllab.ui.bench import Bench, as_path_or_name
from ssllab.ui.controls_panel import ControlsPanel
from ssllab.ui.labs.contrast import contrast_lab
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
        self._make_toolbar()
        self._make_menus()
        self._make_status()
        bench.state_changed.connect(self._show_state)
        bench.loaded.connect(self._fill_methods)
        bench.data_loaded.connect(self._show_data)
        bench.progress.connect(self._show_progress)
        bench.message.connect(self.messages.say)
        bench.restart_needed.connect(self._show_restart)
        bench.run_changed.connect(self._run_changed)
        window_state.bring_back(self, settings)
        self.device_box.setCurrentIndex(max(0, self.device_box.findData(bench.device)))
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

    def _make_toolbar(self) -> None:
        bar = QToolBar("Run")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(16, 16))
        self.addToolBar(bar)
        self.start_button = QPushButton("Start")
        self.start_button.setProperty("primary", True)
        self.start_button.clicked.connect(self.start_action.trigger)
        self.step_button = QPushButton("Step")
        self.step_button.clicked.connect(self.step_action.trigger)
        self.reset_button = QPushButton("Reset")
        self.reset_button.clicked.connect(self.reset_action.trigger)
        for button, act in (
            (self.start_button, self.start_action),
            (self.step_button, self.step_action),
            (self.reset_button, self.reset_action),
        ):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(act.toolTip())
            button.setMinimumWidth(72)
            bar.addWidget(button)
        bar.addSeparator()
        self.method_box = QComboBox()
        self.method_box.setToolTip("The method that is trained")
        self.method_box.addItem("SimCLR", "simclr")
        self.method_box.activated.connect(lambda: self.bench.set_method(self.method_box.currentData()))
        self.data_box = QComboBox()
        self.data_box.setMinimumContentsLength(12)
        for info in sources():
            self.data_box.addItem(info.title if info.offline else f"{info.title} (download)", info.name)
            self.data_box.setItemData(
                self.data_box.count() - 1, f"{info.about}\n{info.origin}", Qt.ItemDataRole.ToolTipRole
            )
        self.data_box.addItem("Your folder…", "")
        self.data_box.activated.connect(self._choose_data)
        self.device_box = QComboBox()
        for name, title in (("auto", "Best device"), ("cpu", "CPU"), ("cuda", "CUDA"), ("mps", "MPS")):
            self.device_box.addItem(title, name)
        self.device_box.setToolTip("Where to train, from the next run on")
        self.device_box.activated.connect(lambda: self.bench.set_device(self.device_box.currentData()))
        self.seed_box = QSpinBox()
        self.seed_box.setRange(0, 99999)
        self.seed_box.setValue(self.bench.seed)
        self.seed_box.setToolTip("Every random choice of a run comes from its seed; same seed, same curve")
        self.seed_box.editingFinished.connect(lambda: self.bench.set_seed(self.seed_box.value()))
        for title, box in (
            ("Method", self.method_box),
            ("Data", self.data_box),
            ("Device", self.device_box),
            ("Seed", self.seed_box),
        ):
            label = QLabel(title)
            label.setObjectName("toolbarLabel")
            label.setContentsMargins(8, 0, 4, 0)
            bar.addWidget(label)
            bar.addWidget(box)
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(spring)
        self.progress_bar = QProgressBar()
        self.progress_bar.setMaximumWidth(180)
        self.progress_bar.setTextVisible(False)
        self.progress_shown = bar.addWidget(self.progress_bar)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel_button.clicked.connect(self.bench.cancel_loading)
        self.cancel_shown = bar.addWidget(self.cancel_button)
        self.progress_shown.setVisible(False)
        self.cancel_shown.setVisible(False)
        self.state_label = QLabel()
        self.state_label.setContentsMargins(8, 0, 8, 0)
        bar.addWidget(self.state_label)

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
        self._groups = QActionGroup(self)

    def _make_status(self) -> None:
        self.speed_label = QLabel()
        self.data_label = QLabel()
        self.where_label = QLabel()
        for label in (self.data_label, self.where_label, self.speed_label):
            label.setContentsMargins(8, 0, 8, 0)
        self.statusBar().addWidget(self.data_label, 1)
        self.statusBar().addPermanentWidget(self.where_label)
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

    def _show_state(self, state: str) -> None:
        running = state == "running"
        self.start_action.setText("Pause" if running else "Start")
        self.start_button.setText("Pause" if running else "Start")
        able = state != "loading"
        for what in (self.start_action, self.step_action, self.reset_action):
            what.setEnabled(able)
        for button in (self.start_button, self.step_button, self.reset_button):
            button.setEnabled(able)
        words = {
            "loading": "",
            "ready": "Ready: press Start",
            "running": "Training",
            "paused": "Paused",
            "finished": "Finished",
            "failed": "Stopped by an error",
        }
        self.state_label.setText(words.get(state, state))

    def _show_progress(self, fraction: float, text: str) -> None:
        busy = fraction >= 0
        self.progress_shown.setVisible(busy)
        self.cancel_shown.setVisible(busy and text.lower().startswith(("loading ", "download")))
        if busy:
            self.progress_bar.setRange(0, 0 if fraction == 0 else 1000)
            self.progress_bar.setValue(int(fraction * 1000))
            self.state_label.setText(text)
        else:
            self._show_state(self.bench.state)

    def _show_restart(self, needed: bool) -> None:
        self.reset_button.setText("Reset to apply" if needed else "Reset")

    def _fill_methods(self) -> None:
        self.method_box.clear()
        for name, method in self.bench.methods.items():
            self.method_box.addItem(method.title, name)
            self.method_box.setItemData(
                self.method_box.count() - 1, method.paper, Qt.ItemDataRole.ToolTipRole
            )
        self.method_box.setCurrentIndex(self.method_box.findData(self.bench.method_name))

    def _show_data(self) -> None:
        data = self.bench.data
        if data is None:
            return
        name = self.bench.data_name
        index = self.data_box.findData(name)
        if index < 0:
            index = self.data_box.count() - 1
            self.data_box.insertItem(index, Path(name).name, name)
        self.data_box.setCurrentIndex(index)
        size = data.image_size
        text = f"{data.title}: {len(data.train):,} images of {size}x{size} to learn from, {len(data.test):,} held out"
        if data.skipped:
            text += f", {len(data.skipped)} skipped"
        self.data_label.setText(text)
        self.where_label.setText(f"Runs in {self.bench.workspace.path}")

    def _run_changed(self) -> None:
        self.lab.reset()
        self.method_box.setCurrentIndex(max(0, self.method_box.findData(self.bench.method_name)))
        self.seed_box.setValue(self.bench.seed)

    # What a person does

    def _start_or_pause(self) -> None:
        if self.bench.state == "running":
            self.bench.pause()
        else:
            self.bench.start()

    def _choose_data(self) -> None:
        name = self.data_box.currentData()
        if not name:
            self._open_folder()
            return
        info = source(name)
        if info and not info.offline and not self._agree_to_download(info):
            self._show_data()
            return
        self.bench.set_data(name)

    def _agree_to_download(self, info) -> bool:
        answer = QMessageBox.question(
            self,
            "Download",
            f"{info.title} is downloaded once ({info.download_mb:,} MB) and kept for the next time.\n"
            f"{info.origin}\n\nDownload it now?",
        )
        return answer == QMessageBox.StandardButton.Yes

    def _open_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "A folder of images, with a subfolder per class or flat"
        )
        if chosen:
            self.bench.set_data(chosen)
        else:
            self._show_data()

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
