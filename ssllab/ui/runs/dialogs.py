"""Questions the run browser asks: from which checkpoint, which tags, what note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
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
    """The checkpoints of a run, newest first. ``choice`` is ("resume", step) or ("fork", step) afterwards."""

    def __init__(
        self, info: RunInfo, checkpoints: Sequence[CheckpointRef], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Resume or fork")
        self.choice: tuple[str, int] | None = None
        text = QLabel(
            f"<b>{run_title(info)}</b><p>Resume goes on in this run from its last checkpoint. Fork starts a "
            "new run from the checkpoint you select and leaves this one as it is.</p>"
        )
        text.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Checkpoints")
        for checkpoint in sorted(checkpoints, key=lambda c: c.step, reverse=True):
            item = QListWidgetItem(checkpoint_text(checkpoint))
            item.setData(Qt.ItemDataRole.UserRole, checkpoint.step)
            self.list.addItem(item)
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
        item = self.list.item(row)
        if item is not None:
            self.choice = (what, int(item.data(Qt.ItemDataRole.UserRole)))
            self.accept()


def checkpoint_text(checkpoint: CheckpointRef) -> str:
    """Step, reason and time of a checkpoint on one line."""
    reason = checkpoint.reason.replace("_", " ")
    return "   ".join(filter(None, (f"Step {checkpoint.step:,}", reason, absolute(checkpoint.time))))
