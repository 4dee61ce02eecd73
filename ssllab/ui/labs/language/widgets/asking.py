"""Panels that ask the board's first model something of their own, while they are seen, in a thread of their own."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QShowEvent

from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.desk_panel import DeskPanel
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.methods.base import Method

Question = tuple[Hashable, Callable[[Task], Any]]


class AskingPanel(DeskPanel):
    """One question is under way at a time; what changed meanwhile is asked next, and what lay between never. The board's
    own answers are not held up: they have another thread, and come first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._worker = Worker(self)
        self._asked: Hashable = None
        self._task: Task | None = None  # the question that is under way
        desk.sheet.changed.connect(lambda before: self.ask())
        desk.models.changed.connect(self.ask)
        desk.answered.connect(self.ask)
        desk.bench.data_loaded.connect(self.ask)
        desk.closed.connect(self._close)
        self.destroyed.connect(self._worker.close)

    def suits(self, method: type[Method]) -> bool:
        """Always: the board's model may be another than the method's. Of one that has no such thing the panel says so."""
        return True

    def question(self, chosen: Chosen) -> Question | None:
        """What tells the question from others, and how it is answered; ValueError: one line. None: nothing is asked."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """The answer to the last question."""
        raise NotImplementedError

    def show_nothing(self, why: str) -> None:
        """There is no answer."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask what is to be asked now, unless it was, or something else is still under way."""
        if not self.isVisible() or self.desk.answering:
            return
        chosen = self.desk.models.first
        if chosen is None:
            self._asked = None
            self.show_nothing(self.desk.models.why["first"])
            return
        question = self.question(chosen)
        if question is None or self.asking or question[0] == self._asked:
            return
        self._asked = question[0]
        self._task = self._worker.submit(question[1], self._take, lambda error, trace: self._fail(error))

    @property
    def asking(self) -> bool:
        """Whether a question is under way."""
        return self._task is not None

    def give_up(self) -> None:
        """Let go the question that is under way: it ends when it next says how far it is."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def forget(self) -> None:
        """Ask again, also what was asked."""
        self._asked = None
        self.ask()

    def _close(self) -> None:
        self.desk.models.changed.disconnect(self.ask)
        self._worker.close()

    def _take(self, answer: Any) -> None:
        self._task = None
        self.show_answer(answer)
        self.ask()

    def _fail(self, error: Exception) -> None:
        self._task = None
        self.show_nothing((str(error).strip() or type(error).__name__).splitlines()[0])
        self.ask()

    def draw(self, scene: Scene) -> None:
        self.desk.models.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.desk.models.settle()
        self.ask()
