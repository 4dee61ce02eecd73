"""Try this: short guided experiments; a click sets the controls, the text says what to look at and why."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout

from ssllab.lessons import Lesson, lessons
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.setup import Setup, settings_words


class LessonsPanel(Panel):
    """A list of lessons, the text of one, and the button that sets it up. ``panels_wanted``: where to look."""

    id = "lessons"
    title = "Try this"
    help = (
        "<p>Short experiments. The button begins from the defaults, makes the lesson's changes and trains; the text "
        "says what to look at. Undo (Ctrl+Z) brings back what was there before.</p>"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.lessons = lessons(bench.lab.name)
        self.choice = QComboBox()
        self.choice.addItems([lesson.title for lesson in self.lessons])
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.text = QTextBrowser()
        self.set_up_button = QPushButton("Set it up")
        self.set_up_button.setProperty("primary", True)
        self.back_button = QPushButton("Back to the defaults")
        for button in (self.set_up_button, self.back_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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

    @property
    def _method(self) -> str:
        """The name of the method that the lesson is written for."""
        return (self.lesson.method if self.lessons else "") or self.bench.lab.method

    def _show(self, index: int) -> None:
        has = bool(self.lessons)  # a lab of one's own may have none
        self.text.setMarkdown(self.lesson.text if has else "This lab has no guided experiments.")
        for part in (self.choice, self.set_up_button):
            part.setEnabled(has)
        self._name_button()

    def _name_button(self) -> None:
        """Say so where another method is trained than the one that the lesson is written for."""
        other = self.bench.methods.get(self._method) if self.bench.method_name != self._method else None
        self.set_up_button.setText(f"Set it up with {other.title}" if other else "Set it up")

    def _set_up(self) -> None:
        bench, lesson = self.bench, self.lesson
        method = bench.methods.get(self._method)
        if bench.config is None or method is None:
            return
        now, usual = bench.setup, bench.usual(method)
        begun = next((other.changes for other in self.lessons if other.name == lesson.after), {})
        at_first = {**usual.model_dump(), **begun}
        words = f"lesson “{lesson.title}”"
        goes_on = now.method == method.name and now.settings == at_first and self._suits_run(lesson, now)
        first = at_first if lesson.first and not goes_on else {**at_first, **lesson.changes}
        data = lesson.data or bench.data_for(method)
        wanted = Setup(
            method.name,
            first,
            data,
            now.seed,
            now.device,
            now.run if goes_on else None,
            {key: value for key, value in first.items() if value != getattr(usual, key)},
            now.options if data == now.data else {},
        )

        def begin() -> None:
            bench.say("info", self._said(now, data, waits=first is at_first))
            bench.start()
            if first is at_first:
                bench.when(lesson.first, lambda: self._change(lesson))

        bench.take(wanted, words, anew=not goes_on, then=begin)
        self.panels_wanted.emit(lesson.panels)

    def _suits_run(self, lesson: Lesson, now: Setup) -> bool:
        """Whether the run at hand was, for long enough and with nothing else before, what the lesson changes."""
        live, scene = self.bench.live_run, self.bench.scene()
        if not lesson.first or live is None or scene.state not in ("running", "paused"):
            return False
        if lesson.data not in ("", now.data):
            return False
        changed = [event.step for event in scene.events if event.kind == "set"]
        if changed and not lesson.after:
            return False
        return live.step - max(changed, default=0) >= lesson.first

    def _change(self, lesson: Lesson) -> None:
        now = self.bench.setup
        settings, set_by = {**now.settings, **lesson.changes}, {**now.lesson, **lesson.changes}
        self.bench.take(
            replace(now, settings=settings, lesson=set_by), f"lesson “{lesson.title}”, the change"
        )
        self.bench.say("info", f"Now: {settings_words(lesson.changes)}.")

    def _said(self, before: Setup, data: str, *, waits: bool) -> str:
        """What the button did, and what of the person's own it kept or put aside."""
        lesson, lab = self.lesson, self.bench.lab
        title = next((other.title for other in self.lessons if other.name == lesson.after), "")
        begins, changes = f"“{title}”" if title else "the defaults", settings_words(lesson.changes)
        if waits:
            lines = [f"A new run trains {lesson.first} steps with {begins} first; then {changes}."]
        else:
            lines = [f"The defaults with {changes}."]
        stays = [f"seed {before.seed}"] if before.seed else []
        if data == before.data and data not in (lesson.data, lab.data):
            stays.append(f"data {before.data}")
        if stays:
            lines.append(f"Kept: your {', '.join(stays)}.")
        known = self.bench.methods.get(before.method)
        if known is not None and (own := before.own(self.bench.usual(known))):
            lines.append(f"Put aside: your {settings_words(own)}; Ctrl+Z brings it back.")
        return " ".join(lines)

    def _back(self) -> None:
        trains = self.bench.state == "running"
        self.bench.set_defaults()
        if trains:
            self.bench.start()
