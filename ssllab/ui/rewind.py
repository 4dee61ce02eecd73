"""The question before a run is taken back to the moment before a control was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

if TYPE_CHECKING:
    from ssllab.ui.bench import Bench
    from ssllab.ui.plots.markers import Marker


def ask_rewind(parent: QWidget, bench: Bench, marker: Marker) -> QMessageBox:
    """Ask, naming step, control, old and new value; on "Rewind" the bench forks the run before the change."""
    question = QMessageBox(parent)
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    question.setIcon(QMessageBox.Icon.Question)
    question.setWindowTitle("Rewind")
    question.setText(f"Rewind to step {marker.first.step:,}, before {marker.label}?")
    question.setInformativeText(
        "A new run begins as this one was just before the change, from the checkpoint kept there, and waits "
        "for Start. This run stays as it is: the Runs tab lists it, and can draw it beside the new one."
    )
    rewind = question.addButton("Rewind", QMessageBox.ButtonRole.AcceptRole)
    question.addButton(QMessageBox.StandardButton.Cancel)
    question.setDefaultButton(rewind)
    rewind.clicked.connect(lambda: bench.rewind(marker.first))
    question.open()
    return question
