"""The bar at the top of a lab: the run's buttons, what is trained on which data, how loading goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolBar,
    QWidget,
)

from ssllab.data.catalogue import source, sources
from ssllab.data.kind import LARGEST_SEED, SourceInfo, kind_named
from ssllab.storage.one_line import one_line
from ssllab.ui.data_options import DataOptionsButton
from ssllab.ui.widgets.whole_number_box import WholeNumberBox

if TYPE_CHECKING:
    from ssllab.ui.bench import Bench

_STATES = {
    "loading": "",
    "ready": "Ready: press Start",
    "running": "Training",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Stopped by an error",
}


_PROGRESS = 300  # pixels of the bar, its words and its button
_FOLDER, _FILE = "", "\N{NULL}"  # the person's own in the box of data; no path is called so
_BESIDE_TEXT = 2  # pixels of a box of data that its label leaves free
_LEAST = 11  # letters of a method's name that are seen


class _DataBox(QComboBox):
    """A name that is too long is cut in its middle: files of a person often begin alike."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(  # type: ignore[attr-defined]
            option.currentText,  # type: ignore[attr-defined]
            Qt.TextElideMode.ElideMiddle,
            field.width() - _BESIDE_TEXT,
        )
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class MainToolbar(QToolBar):
    """Follows the bench; ``folder_wanted`` or ``file_wanted`` when a person chooses their own data, ``code_wanted`` when
    they want to read the method."""

    folder_wanted = Signal()
    file_wanted = Signal()
    code_wanted = Signal()

    def __init__(self, bench: Bench) -> None:
        super().__init__("Run")
        self.bench = bench
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)  # it stays
        self.setIconSize(QSize(16, 16))
        self.start_button = self._button("Start", "Train, or pause (Space)", bench.start_or_pause)
        self.step_button = self._button("Step", "One training step (S)", bench.step)
        self.reset_button = self._button("Reset", "Put this run aside and begin anew (R)", bench.reset)
        self.start_button.setProperty("primary", True)
        self.addSeparator()
        self._labels: list[QAction] = []
        self._offered: tuple[str, ...] = ()  # the kinds of data in the box
        self._shown = ""
        self._make_choices()
        self._make_state()
        bench.state_changed.connect(self.show_state)
        bench.loaded.connect(self._fill_methods)
        bench.data_loaded.connect(self.show_data)
        bench.progress.connect(self._show_progress)
        bench.restart_needed.connect(self._show_restart)
        bench.run_changed.connect(self._show_choices)
        self.show_state(bench.state)

    # Parts

    def _button(self, text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda: act())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tip)
        # A full bar may squeeze a button no further than its words.
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.addWidget(button)
        return button

    def _make_choices(self) -> None:
        bench = self.bench
        self.method_box = QComboBox()
        self.method_box.setToolTip("The method that is trained")
        self.method_box.setMinimumContentsLength(_LEAST)
        self.method_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.method_box.activated.connect(lambda: bench.set_method(self.method_box.currentData()))
        self.data_box = _DataBox()
        self.data_box.setMinimumContentsLength(10)
        self.data_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._fill_data()
        self.data_box.activated.connect(self._choose_data)
        self.device_box = QComboBox()
        for name, title in (("auto", "Best device"), ("cpu", "CPU"), ("cuda", "CUDA"), ("mps", "MPS")):
            self.device_box.addItem(title, name)
        self.device_box.setToolTip("Where to train, from the next run on")
        self.device_box.setCurrentIndex(max(0, self.device_box.findData(bench.device)))
        self.device_box.activated.connect(lambda: bench.set_device(self.device_box.currentData()))
        self.seed_box = WholeNumberBox()
        self.seed_box.setRange(0, LARGEST_SEED)
        self.seed_box.setValue(bench.seed)
        self.seed_box.setToolTip("Every random choice of a run comes from its seed; same seed, same curve")
        self.seed_box.editingFinished.connect(lambda: bench.set_seed(self.seed_box.value()))
        for title, box in (
            ("Method", self.method_box),
            ("Data", self.data_box),
            ("Device", self.device_box),
            ("Seed", self.seed_box),
        ):
            label = QLabel(title)
            label.setObjectName("toolbarLabel")
            label.setContentsMargins(8, 0, 4, 0)
            self._labels.append(self.addWidget(label))
            self.addWidget(box)
            if box is self.data_box:
                self.options_button = DataOptionsButton(bench)
                self.options_shown = self.addWidget(self.options_button)
            if box is self.method_box:
                self.code_button = self._button("Code", "Read the code of the method", self.code_wanted.emit)

    def _make_state(self) -> None:
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spring)
        self.progress_bar = QProgressBar()
        self.progress_bar.setMaximumWidth(110)
        self.progress_bar.setTextVisible(False)
        self.progress_shown = self.addWidget(self.progress_bar)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel_button.clicked.connect(self.bench.cancel_loading)
        self.cancel_shown = self.addWidget(self.cancel_button)
        self.progress_shown.setVisible(False)
        self.cancel_shown.setVisible(False)
        self.state_label = QLabel()
        self.state_label.setContentsMargins(8, 0, 8, 0)
        self.state_label.setMinimumWidth(60)  # long words are cut sooner than buttons are pushed out
        self.addWidget(self.state_label)

    # What the bench says

    def show_state(self, state: str) -> None:
        """Buttons and words of a state of the bench."""
        self.start_button.setText("Pause" if state == "running" else "Start")
        for button in (self.start_button, self.step_button, self.reset_button):
            button.setEnabled(state != "loading")
        if (
            not self.progress_shown.isVisible()
        ):  # a bar says what it is of, also where a run goes on meanwhile
            self.state_label.setText(_STATES.get(state, state))
            self.state_label.setToolTip("")
        if self._shown == "loading" != state:
            self._show_choices()  # as they are, also where what was wished could not be loaded
        self._shown = state

    def show_data(self) -> None:
        """Choose what is loaded in the box of data."""
        self._fill_data()
        name = self.bench.data_name
        index = self.data_box.findData(name)
        if index < 0:
            index = self.data_box.findData(_FOLDER)
            self.data_box.insertItem(index, one_line(Path(name).name), name)
            self.data_box.setItemData(index, one_line(name), Qt.ItemDataRole.ToolTipRole)
        self.data_box.setCurrentIndex(index)
        self.options_button.say()
        self.options_shown.setVisible(bool(self.options_button.options))

    def _fill_data(self) -> None:
        """What the method can learn from, where another kind of it is wanted than there is; the rest stays."""
        if self._offered == self.bench.kinds:
            return
        self._offered = self.bench.kinds
        self.data_box.clear()
        self.data_box.setToolTip(self.bench.kind.words.what)
        for info in sources(*self.bench.kinds):
            self.data_box.addItem(info.title if info.offline else f"{info.title} (download)", info.name)
            about = f"{info.about}\n{info.origin}"
            self.data_box.setItemData(self.data_box.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.data_box.addItem("Your folder…", _FOLDER)
        for file in dict.fromkeys(kind_named(kind).words.own_file for kind in self._offered):
            if file:
                self.data_box.addItem(file, _FILE)
        longest = max(len(self.data_box.itemText(i)) for i in range(self.data_box.count()))
        self.data_box.view().setMinimumWidth((longest + 4) * self.fontMetrics().averageCharWidth())

    def _show_progress(self, fraction: float, text: str, cancellable: bool) -> None:
        busy = fraction >= 0
        self.progress_shown.setVisible(busy)
        self.cancel_shown.setVisible(busy and cancellable)
        self._fit()
        if busy:
            self.progress_bar.setRange(0, 0 if fraction == 0 else 1000)
            self.progress_bar.setValue(int(fraction * 1000))
            self.state_label.setText(text)
            self.state_label.setToolTip(text)
        else:
            self.show_state(self.bench.state)

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
        self._fit()

    def _show_choices(self) -> None:
        self.method_box.setCurrentIndex(max(0, self.method_box.findData(self.bench.method_name)))
        self.device_box.setCurrentIndex(max(0, self.device_box.findData(self.bench.device)))
        self.seed_box.setValue(self.bench.seed)
        self.show_data()

    # What a person does

    def _choose_data(self) -> None:
        name = self.data_box.currentData()
        info = source(name)
        if name == _FOLDER:
            self.folder_wanted.emit()
        elif name == _FILE:
            self.file_wanted.emit()
        elif info and not info.offline and not self._agree_to_download(info):
            self.show_data()
        else:
            self.bench.set_data(name)

    def _agree_to_download(self, info: SourceInfo) -> bool:
        answer = QMessageBox.question(
            self,
            "Download",
            f"{info.title} is downloaded once ({info.download_mb:,} MB) and kept for the next time.\n"
            f"{info.origin}\n\nDownload it now?",
        )
        return answer == QMessageBox.StandardButton.Yes

    # Room

    def restyle(self) -> None:
        """The font changed."""
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window or a large font the names of the boxes give their room to the buttons."""
        letter = self.fontMetrics().averageCharWidth()
        room = self.width() - 105 * letter - 330
        for label in self._labels:
            label.setVisible(room >= 0)
        longest = max((len(self.method_box.itemText(i)) for i in range(self.method_box.count())), default=0)
        if self.progress_shown.isVisible():
            room -= _PROGRESS
        # A third of what is left is for the name of the method, as far as it needs it.
        self.method_box.setMinimumContentsLength(max(_LEAST, min(longest, _LEAST + room // (3 * letter))))
