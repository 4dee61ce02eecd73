"""The two rows above the table: how many runs, which of them to see, what to do with the selected ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.runs.run_filter import RunFilter
from ssllab.ui.runs.words import all_tags, plural

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo


DRAW = "Draw in the plots"


class RunToolbar(QWidget):
    """Filter boxes act on ``filter`` at once; the buttons are for the page to connect."""

    def __init__(self, run_filter: RunFilter) -> None:
        super().__init__()
        self._filter = run_filter
        self._total = 0
        self.heading = QLabel()
        self.filter_text = QLineEdit()
        self.filter_text.setPlaceholderText("Filter by name, note, tag, method, data")
        self.filter_text.setClearButtonEnabled(True)
        self.filter_text.setMinimumWidth(160)
        self.filter_text.setMaximumWidth(420)
        self.tag_choice, self.method_choice = QComboBox(), QComboBox()
        for choice, everything in ((self.tag_choice, "All tags"), (self.method_choice, "All methods")):
            choice.addItem(everything, "")
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            choice.setAccessibleName(everything)
            choice.currentIndexChanged.connect(self._apply)
        self.filter_text.textChanged.connect(self._apply)
        top = QHBoxLayout()
        top.addWidget(self.heading)
        top.addStretch(1)
        top.addWidget(self.filter_text, 2)
        top.addWidget(self.tag_choice)
        top.addWidget(self.method_choice)

        self.open_button = _button(
            "Open in the lab", "Put the run into its lab, where Start goes on with it (Enter)"
        )
        self.open_button.setProperty("primary", True)
        self.draw_button = _button(DRAW, "Draw the selected runs behind the lab's live one")
        self.resume_button = _button(
            "Resume or fork…", "Go on from the last checkpoint, or start a new run from an earlier one"
        )
        self.rename_button = _button("Rename", "Change the name of the run (F2)")
        self.tag_button = _button("Tags…", "Add or change tags")
        self.note_button = _button("Note…", "Write a note")
        self.export_button = _button("Export", "Numbers, pictures, weights, or a script that repeats the run")
        self.export_button.setStyleSheet(
            "QPushButton { padding-right: 18px; }"
            "QPushButton::menu-indicator { subcontrol-position: right center; right: 5px; }"
        )
        self.delete_button = _button("Delete", "Move the selected runs to the trash (Delete); can be undone")
        actions = QHBoxLayout()
        actions.setSpacing(6)
        for button in (
            self.open_button,
            self.draw_button,
            self.resume_button,
            self.rename_button,
            self.tag_button,
            self.note_button,
            self.export_button,
        ):
            actions.addWidget(button)
        actions.addStretch(1)
        actions.addWidget(self.delete_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addLayout(actions)

    def show_runs(self, infos: Sequence[RunInfo]) -> None:
        """Offer the tags and methods these runs have; say how many there are."""
        self._total = len(infos)
        methods = sorted({(info.method, info.settings.method) for info in infos if info.settings})
        for choice, values in (
            (self.tag_choice, [(tag, tag) for tag in all_tags(info.tags for info in infos)]),
            (self.method_choice, methods),
        ):
            if [(choice.itemText(i), choice.itemData(i)) for i in range(1, choice.count())] == values:
                continue
            chosen = choice.currentData()
            choice.blockSignals(True)
            while choice.count() > 1:
                choice.removeItem(1)
            for words, value in values:
                choice.addItem(words, value)
            choice.setCurrentIndex(max(0, choice.findData(chosen)))
            choice.blockSignals(False)
        self._apply()

    def show_selection(self, infos: Sequence[RunInfo], overlays: Sequence[str]) -> None:
        """Which buttons make sense for the selected runs."""
        readable = [info for info in infos if info.settings is not None]
        for button in (self.draw_button, self.tag_button, self.export_button):
            button.setEnabled(bool(readable))
        for button in (self.open_button, self.resume_button, self.rename_button, self.note_button):
            button.setEnabled(len(infos) == 1 and bool(readable))
        self.delete_button.setEnabled(bool(infos))
        every = bool(readable) and all(info.id in overlays for info in readable)
        self.draw_button.setText("Take off the plots" if every else DRAW)

    def buttons(self) -> list[QPushButton]:
        """What the context menu offers too."""
        return [
            self.open_button,
            self.draw_button,
            self.resume_button,
            self.rename_button,
            self.tag_button,
            self.note_button,
            self.delete_button,
        ]

    def restyle(self) -> None:
        """Colours anew."""
        self._say_count()

    def _apply(self, *_: object) -> None:
        self._filter.set_text(self.filter_text.text())
        self._filter.set_tag(self.tag_choice.currentData() or "")
        self._filter.set_method(self.method_choice.currentData() or "")
        self._say_count()

    def _say_count(self) -> None:
        shown = self._filter.rowCount()
        total = plural(self._total, "run")
        said = total if shown == self._total else f"{shown:,} of {total}"
        self.heading.setText(f"<b>Runs</b>&nbsp; <span style='color:{theme.current().muted}'>{said}</span>")


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
