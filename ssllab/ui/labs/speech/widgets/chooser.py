"""Which clip lies on the desk and which model looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QListView,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ssllab.ui.labs.speech.widgets.axis import clock
from ssllab.ui.labs.speech.widgets.clip import Clip, Listed
from ssllab.ui.labs.speech.widgets.library import GROUPS
from ssllab.ui.labs.speech.widgets.models import RECOGNISER, RUN, SHIPPED

_HUB, _OTHER = "hub", "other"
_MODELS = {
    SHIPPED: "Shipped model",
    RECOGNISER: "Shipped recogniser",
    RUN: "Live run",
    _HUB: "From the hub …",
    _OTHER: "Other model …",
}
_SHOWN_CHARACTERS = 20  # of a long path, its end


class Chooser(QWidget):
    """Two boxes, and buttons for the live run's codes: those of now, or always those of now."""

    clip_chosen = Signal(object)  # a Listed
    model_chosen = Signal(str)
    refresh_asked = Signal()
    follow_asked = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.clips = QComboBox()
        self.clips.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clips.setMaxVisibleItems(24)
        self.clips.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.clips.setAccessibleName("Clip")
        self.clips.setToolTip("The clip on the desk")
        view = QListView()
        view.setUniformItemSizes(True)  # thousands of clips open at once
        self.clips.setView(view)
        self.models = QComboBox()
        for name, words in _MODELS.items():
            self.models.addItem(words, name)
        self.models.setAccessibleName("Model")
        self.models.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # the step grows
        self.models.setToolTip(
            "The model that reads the clip: its codes, or the characters of a fine-tuned one"
        )
        self.refresh_button = QToolButton()
        self.refresh_button.setText("Codes of now")
        self.refresh_button.setToolTip("Read the clip with the live run as it is at this step")
        self.refresh_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.follow_button = QPushButton("Follow")
        self.follow_button.setCheckable(True)
        self.follow_button.setToolTip("While the live run trains, read the clip anew every second or two")
        self.follow_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.clips, 1)
        row.addWidget(self.models)
        row.addWidget(self.refresh_button)
        row.addWidget(self.follow_button)
        self.clips.activated.connect(self._chosen)
        self.models.activated.connect(self._model_chosen)
        self.refresh_button.clicked.connect(self.refresh_asked)
        self.follow_button.toggled.connect(self.follow_asked)
        self.refresh_button.hide()
        self.follow_button.hide()
        self.show_clips([])

    def show_clips(self, listed: Sequence[Listed]) -> None:
        """Other clips to choose from, under the headings of their groups; those of a group stand together."""
        model = QStandardItemModel(self.clips)
        self._row_of: dict[str, int] = {}
        self._clip_at: dict[int, Listed] = {}
        for group, clips in groupby(listed, key=lambda clip: clip.group):
            heading = QStandardItem(GROUPS[group])
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
            for clip in clips:
                self._row_of[clip.key], self._clip_at[model.rowCount()] = model.rowCount(), clip
                model.appendRow(QStandardItem(f"{clip.name}   {clock(clip.seconds, 0.1)}"))
        self.clips.setModel(model)  # the box deletes the one before, its child

    def show_clip(self, clip: Clip | None) -> None:
        """The box names the clip on the desk, also one that is not in its list."""
        self.clips.setPlaceholderText(clip.name if clip is not None else "Choose a clip")
        self.clips.setCurrentIndex(self._row_of.get(clip.key, -1) if clip is not None else -1)

    def show_model(self, name: str, words: str, newer: bool) -> None:
        """The model in use; ``words``: which it is; ``newer``: the live run has learned since."""
        row = self.models.findData(name)
        if row < 0:
            row = self.models.findData(_HUB)  # before the choices of another
            self.models.insertItem(row, _short(name), name)
            self.models.setItemData(row, name, Qt.ItemDataRole.ToolTipRole)
        if name == RUN:
            self.models.setItemText(row, f"{_MODELS[RUN]}, {words}" if words else _MODELS[RUN])
        self.models.setCurrentIndex(row)
        for button in (self.refresh_button, self.follow_button):
            button.setVisible(name == RUN)
        self.refresh_button.setEnabled(newer)

    def _model_chosen(self, row: int) -> None:
        name = self.models.itemData(row)
        if name == _OTHER:
            name = QFileDialog.getExistingDirectory(
                self, "The folder of a run, or of a model with config.json and model.safetensors"
            )
        elif name == _HUB:
            name = QInputDialog.getText(
                self,
                "A model of huggingface.co",
                "Its name there, as facebook/wav2vec2-base-960h; a revision may follow after an @.",
            )[0].strip()
        self.model_chosen.emit(name)

    def _chosen(self, row: int) -> None:
        self.clip_chosen.emit(self._clip_at[row])


def _short(path: str) -> str:
    return path if len(path) <= _SHOWN_CHARACTERS else f"…{path[-_SHOWN_CHARACTERS:]}"
