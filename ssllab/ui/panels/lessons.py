"""Try this: short guided experiments; a click sets the controls, the text says what to look at and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout

from ssllab.controls import Value
from ssllab.lessons import Lesson, lessons
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel


class LessonsPanel(Panel):
    """A list of lessons, the text of one, and the button that sets it up."""

    id = "lessons"
    title = "Try this"
    help = "<p>Short experiments. The button sets the controls and starts; the text says what to look at.</p>"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.lessons = lessons(bench.lab.name)
        self.choice = QComboBox()
        self.choice.addItems([lesson.title for lesson in self.lessons])
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.text = QTextBrowser()
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.set_up_button = QPushButton("Set it up")
        self.set_up_button.setProperty("primary", True)
        self.back_button = QPushButton("Back to the defaults")
        for button in (self.set_up_button, self.back_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.choice.currentIndexChanged.connect(self._show)
        self.set_up_button.clicked.connect(self._set_up)
        self.back_button.clicked.connect(self._back)
        row = QHBoxLayout()
        row.addWidget(self.set_up_button)
        row.addWidget(self.back_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.choice)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        bench.loaded.connect(self._name_button)
        self._show(0)

    @property
    def lesson(self) -> Lesson:
        """The lesson that is shown."""
        return self.lessons[self.choice.currentIndex()]

    def _show(self, index: int) -> None:
        self.text.setMarkdown(self.lesson.text)
        self._name_button()

    def _name_button(self) -> None:
        """Say so where a lesson is written for another method than the one at hand."""
        other = self.bench.methods.get(self.bench.lab.method) if self._other_method() else None
        self.set_up_button.setText(f"Set it up with {other.title}" if other else "Set it up")

    def _other_method(self) -> bool:
        config = self.bench.config
        return config is not None and bool(self.lesson.changes.keys() - config.controls().keys())

    def _set_up(self) -> None:
        self._apply(self.lesson.changes)

    def _back(self) -> None:
        config = self.bench.config
        if config is not None:
            self._apply({name: spec.default for name, spec in config.controls().items()})

    def _apply(self, changes: dict[str, Value]) -> None:
        config = self.bench.config
        if config is None:
            return
        if self._other_method():  # written for the lab's own method
            self.bench.set_method(self.bench.lab.method)
        self.bench.set_many(changes)
        if self.bench.needs_restart():
            self.bench.reset()
        self.bench.start()
