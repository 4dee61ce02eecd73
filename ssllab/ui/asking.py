"""Panels that ask a model something of their own, while they are seen, in a thread of their own."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtGui import QShowEvent

from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task, Worker

Question = tuple[Hashable, Callable[[Task], Any]]


class AskingPanel(Panel):
    """One question is under way at a time; what changed meanwhile is asked next, and what lay between never."""

    share = 1.0  # of the time of a run that trains which its questions may take
    longest_rest = 5.0  # seconds between two of them, whatever the last one took
    measuring = ""  # what is said while the first answer is awaited, where it takes seconds

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._worker = Worker(self)
        self._asked: Hashable = None
        self._nothing: str | None = None  # why there is no answer, as it was last said
        self._waits = True  # no question was answered yet
        self._task: Task | None = None  # the question that is under way
        self._began = self._rests_until = 0.0
        bench.data_loaded.connect(self.ask)
        self.destroyed.connect(self._worker.close)

    def chosen(self) -> Any | None:
        """The model that is asked; None while there is none."""
        raise NotImplementedError

    def missing(self) -> str:
        """Why there is none, a line."""
        raise NotImplementedError

    def question(self, chosen: Any) -> Question | None:
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
        if not self.seen:
            return
        chosen = self.chosen()
        if chosen is None:
            self._asked, self._waits = None, True
            self._say_nothing(self.missing())
            return
        if self.asking or (self.bench.state == "running" and time.monotonic() < self._rests_until):
            return
        question = self.question(chosen)
        if question is None or question[0] == self._asked:
            return
        self._asked, self._began = question[0], time.monotonic()
        self._task = self._worker.submit(question[1], self._take, lambda error, trace: self._fail(error))
        if self._waits and self.measuring:
            self._say_nothing(self.measuring)

    @property
    def seen(self) -> bool:
        """Whether a person can see it: a dock behind another tab is out of the window, and visible for Qt."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

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
        """Ask again, also what was asked, and at once."""
        self._asked, self._nothing, self._rests_until = None, None, 0.0
        self.ask()

    def _rest(self) -> None:
        now = time.monotonic()
        rest = min(self.longest_rest, (now - self._began) * (1 / self.share - 1))
        self._task, self._rests_until, self._waits = None, now + rest, False

    def _say_nothing(self, why: str) -> None:
        if why != self._nothing:
            self._nothing = why
            self.show_nothing(why)

    def _take(self, answer: Any) -> None:
        self._rest()
        self._nothing = None
        self.show_answer(answer)
        self.ask()

    def _fail(self, error: Exception) -> None:
        self._rest()
        self._nothing = None
        self._say_nothing((str(error).strip() or type(error).__name__).splitlines()[0])
        self.ask()

    def draw(self, scene: Scene) -> None:
        """What came to be seen since, or has rested, is asked now."""
        self.ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()
