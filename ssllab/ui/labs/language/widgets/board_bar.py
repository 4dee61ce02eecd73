"""The controls of the typing board: which models answer above, how symbols are drawn below."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.desk import FIRST, SECOND, Desk
from ssllab.ui.labs.language.widgets.sheet import GROUPINGS, LIVE, NONE, State
from ssllab.ui.widgets.control_row import CalmCombo
from ssllab.ui.widgets.whole_number_box import WholeNumberBox

_FOLDER, _HUB = "folder", "hub"


class _ModelBox(CalmCombo):
    """Its list is made when it opens."""

    opened = Signal()

    def showPopup(self) -> None:
        self.opened.emit()
        super().showPopup()


class ModelBar(QWidget):
    """The first model, the one beside it, undo, redo and save."""

    undo_wanted = Signal()
    redo_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.boxes = {FIRST: _ModelBox(), SECOND: _ModelBox()}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for which, words in ((FIRST, "Model"), (SECOND, "beside")):
            box = self.boxes[which]
            box.setAccessibleName("Model that answers" if which == FIRST else "Second model")
            box.setToolTip(
                "Which model answers; before the first step of a run on English the shipped one does"
                if which == FIRST
                else "A second model beside the first"
            )
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.opened.connect(self.show_models)
            box.activated.connect(lambda at, which=which: self._choose(which))
            row.addWidget(QLabel(words))
            row.addWidget(box, 1)
        self.undo_button = self._button(
            "Undo", "Take back the last step on the board (Ctrl+Z)", self.undo_wanted
        )
        self.redo_button = self._button("Redo", "Do it again (Ctrl+Shift+Z)", self.redo_wanted)
        self.save_button = self._button("Save …", "Save the board as text, JSON or SVG", self.save_wanted)
        for button in (self.undo_button, self.redo_button, self.save_button):
            row.addWidget(button)

    def _button(self, words: str, tip: str, signal: object) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(signal)
        return button

    def _choose(self, which: str) -> None:
        name = self.boxes[which].currentData()
        if name not in (_FOLDER, _HUB):
            self.desk.sheet.change(**{which: name})
            return
        self.show_models()  # until there is one, the box names the model before
        if name == _FOLDER:
            place = QFileDialog.getExistingDirectory(
                self,
                "The folder of a run, or of a model with config.json, model.safetensors and tokenizer.json",
            )
        else:
            place = QInputDialog.getText(
                self,
                "A model of huggingface.co",
                "Its name there, as openai-community/gpt2 or google-bert/bert-base-cased; a revision may follow after an @.",
            )[0].strip()
        if place:
            self.desk.models.open(which, place)

    def show_state(self, state: State) -> None:
        """The boxes name the models that are chosen."""
        self.show_models()

    def show_models(self) -> None:
        """What can be chosen now."""
        choices, state = self.desk.models.choices(), self.desk.sheet.state
        for which, box in self.boxes.items():
            name = state.first if which == FIRST else state.second
            own = [(NONE, "none"), *choices] if which == SECOND else list(choices)
            if name not in dict(own):
                own.append((name, PurePath(name.partition(":")[2]).name or name))
            own += [(_FOLDER, "Of a folder …"), (_HUB, "From the hub …")]
            if which == FIRST and name == LIVE and (chosen := self.desk.models.first) is not None:
                own[0] = (
                    LIVE,
                    f"The run: {chosen.words}" if chosen.key[0] == LIVE else f"No run yet: {chosen.words}",
                )
            if [(box.itemData(i), box.itemText(i)) for i in range(box.count())] != own:
                box.clear()
                for data, words in own:
                    box.addItem(words, data)
            box.setCurrentIndex(box.findData(name))


class SamplingBar(QWidget):
    """How bars are grouped, and how symbols are drawn: temperature, then top-k, then top-p."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.grouping = CalmCombo()
        for key, words in GROUPINGS.items():
            self.grouping.addItem(f"by {words}", key)
        self.grouping.setAccessibleName("Order of the symbols")
        self.grouping.setToolTip("How symbols are grouped and coloured, where a grammar tells what they are")
        self.grouping.activated.connect(lambda at: self._change(grouping=self.grouping.currentData()))
        self.temperature = self._number(
            0.0, 5.0, "Temperature: divides all log-probabilities first; 0 takes the likeliest"
        )
        self.temperature.valueChanged.connect(
            lambda value: self._change("temperature", temperature=round(value, 2))
        )
        self.top_k = WholeNumberBox()
        self.top_k.setRange(0, 9999)
        self.top_k.setSpecialValueText("all")
        self.top_k.setToolTip("Top-k: after the temperature the likeliest so many stay; 0 keeps all")
        self.top_k.setAccessibleName("Top-k")
        self.top_k.valueChanged.connect(lambda value: self._change("top_k", top_k=value))
        self.top_p = self._number(
            0.01, 1.0, "Top-p: last, of those the fewest that carry this share; 1 keeps all"
        )
        self.top_p.valueChanged.connect(lambda value: self._change("top_p", top_p=round(value, 2)))
        self.write_button = QPushButton("Write on")
        self.write_button.setToolTip("Draw one symbol after the other, until an end is drawn; Escape stops")
        self.write_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.write_button.clicked.connect(desk.write_on)
        desk.writing_changed.connect(lambda on: self.write_button.setText("Stop" if on else "Write on"))
        self.listen_button = QPushButton("Play")
        self.listen_button.setToolTip(
            "What the text sounds like, the sound of each code behind the one before"
        )
        self.listen_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.listen_button.clicked.connect(desk.listen)
        desk.models.changed.connect(self._show_listening)
        desk.playback.changed.connect(self._show_listening)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.grouping)
        row.addStretch(1)
        for words, box in (("T", self.temperature), ("top-k", self.top_k), ("top-p", self.top_p)):
            label = QLabel(words)
            label.setToolTip(box.toolTip())
            row.addWidget(label)
            row.addWidget(box)
        row.addWidget(self.write_button)
        row.addWidget(self.listen_button)
        self._show_listening()

    def _show_listening(self) -> None:
        """Where symbols are sounds, and which way the button goes."""
        self.listen_button.setVisible(self.desk.sounds)
        self.listen_button.setText("Stop" if self.desk.playback.playing else "Play")

    def _number(self, low: float, high: float, tip: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setSingleStep(0.05)
        box.setKeyboardTracking(False)
        box.setToolTip(tip)
        box.setAccessibleName(tip.partition(":")[0])
        return box

    def _change(self, gesture: str = "", **what: object) -> None:
        self.desk.sheet.change(gesture or None, **what)

    def show_state(self, state: State) -> None:
        """The boxes have the values that are so."""
        boxes = (self.temperature, self.top_k, self.top_p)
        for box in boxes:
            box.blockSignals(True)
        self.temperature.setValue(state.temperature)
        self.top_k.setValue(state.top_k)
        self.top_p.setValue(state.top_p)
        for box in boxes:
            box.blockSignals(False)
        self.grouping.setCurrentIndex(self.grouping.findData(state.grouping))

    def restyle(self) -> None:
        """Labels are quiet."""
        for label in self.findChildren(QLabel):
            label.setStyleSheet(f"color: {theme.current().muted};")
