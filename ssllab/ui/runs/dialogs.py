"""Questions the run browser asks: from which checkpoint, which tags, what note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ssllab.ui.runs.words import absolute, run_title

if TYPE_CHECKING:
    from ssllab.training.run_record import CheckpointRef, RunInfo


class CheckpointDialog(QDialog):
    """The checkpoints of a run, newest first. ``choice`` is "resume" or "fork" and a checkpoint afterwards."""

    def __init__(
        self, info: RunInfo, checkpoints: Sequence[CheckpointRef], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Resume or fork")
        self.choice: tuple[str, CheckpointRef] | None = None
        text = QLabel(
            f"<b>{run_title(info)}</b><p>Resume goes on in this run from its last checkpoint. Fork starts a "
            "new run from the checkpoint you select and leaves this one as it is.</p>"
        )
        text.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Checkpoints")
        self._checkpoints = sorted(checkpoints, key=lambda c: (c.step, c.last_event_id, c.time), reverse=True)
        for checkpoint in self._checkpoints:
            self.list.addItem(QListWidgetItem(checkpoint_text(checkpoint)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.resume_button = QPushButton("Resume from the last")
        self.fork_button = QPushButton("Fork from the selected")
        buttons.addButton(self.resume_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.fork_button, QDialogButtonBox.ButtonRole.ActionRole)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(self.list, 1)
        column.addWidget(buttons)
        self.resize(460, 360)
        self.list.setCurrentRow(0)
        empty = not self.list.count()
        self.resume_button.setDisabled(empty)
        self.fork_button.setDisabled(empty)
        if empty:
            self.list.addItem("This run has no checkpoint yet.")
            self.list.setDisabled(True)
        self.resume_button.setDefault(True)
        self.resume_button.clicked.connect(lambda: self._choose("resume", 0))
        self.fork_button.clicked.connect(lambda: self._choose("fork", self.list.currentRow()))
        self.list.itemDoubleClicked.connect(lambda _: self._choose("fork", self.list.currentRow()))
        buttons.rejected.connect(self.reject)

    def _choose(self, what: str, row: int) -> None:
        if 0 <= row < len(self._checkpoints):
            self.choice = (what, self._checkpoints[row])
            self.accept()


def ask_where_data_is(parent: QWidget, place: str) -> str | None:
    """Where the data of a run is that is not at ``place`` any more; None where the person does not say."""
    found = QFileDialog.getExistingDirectory(
        parent, f"The data of this run is no longer at {place}. Where is it?"
    )
    return found or None


def checkpoint_text(checkpoint: CheckpointRef) -> str:
    """Step, reason and time of a checkpoint on one line."""
    reason = checkpoint.reason.replace("_", " ")
    return "   ".join(filter(None, (f"Step {checkpoint.step:,}", reason, absolute(checkpoint.time))))
