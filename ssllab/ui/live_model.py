"""The live run's model, copied between two steps: what is asked of the copy neither waits for training nor holds it up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from PySide6.QtCore import QObject, Signal

from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.training.messages import ModelCopy
    from ssllab.ui.bench import Bench

Built = TypeVar("Built")


class Copied(NamedTuple, Generic[Built]):
    """What was built of a copy: the model of run ``number`` at ``step``."""

    built: Built
    number: int
    step: int


def copier(bench: Bench, build: Callable[[ModelCopy], Built]) -> Callable[[], Copied[Built]] | None:
    """A call, to be made in a thread, that gives what ``build`` makes of the live run's model of now; None without a run.

    It raises ValueError, one line, when the run has ended meanwhile.
    """
    live, future = bench.live_run, bench.copy_model()
    if live is None or future is None:
        return None

    def copy() -> Copied[Built]:
        try:
            found = future.result()
        except RuntimeError:
            raise ValueError(
                "The run has ended: resume it from the Runs page to ask its model of now."
            ) from None
        return Copied(build(found), live.number, found.step)

    return copy


class LiveModel(QObject):
    """Follows the live run: :attr:`copied` is its model as it was a moment ago. What an ended run left stays."""

    changed = Signal()

    def __init__(self, bench: Bench, build: Callable[[ModelCopy], object], every: float = 1.0) -> None:
        super().__init__()
        self.bench, self._build, self._every = bench, build, every
        self.copied: Copied | None = None
        self._pending = False
        self._asked: tuple | None = None  # run, step and settings of the last copy that was asked for
        self._last = -every
        self._background = Background(self)
        bench.run_changed.connect(self._run_changed)

    def follow(self) -> None:
        """Copy the model if it has learned or was changed since, at most once in ``every`` seconds."""
        live, now = self.bench.live_run, time.monotonic()
        if live is None or self._pending or now - self._last < self._every:
            return
        asked = live.number, live.step, self.bench.run_config
        if self._asked == asked or self.bench.state == "loading":
            return
        self._asked, self._last = asked, now
        get = copier(self.bench, self._build)
        if get is not None:
            self._pending = True
            self._background.run(lambda: self._taken(get()), self._failed)

    def _taken(self, copied: Copied) -> Callable[[], None]:
        def take() -> None:
            self._pending = False
            live = self.bench.live_run
            if live is not None and live.number == copied.number:
                self.copied = copied
                self.changed.emit()

        return take

    def _failed(self, line: str, trace: str) -> None:
        """A run that ended while it was asked is no fault: what was copied before stays."""
        self._pending = False

    def _run_changed(self) -> None:
        live = self.bench.live_run
        if self.copied is not None and (live is None or live.number != self.copied.number):
            self.copied = None
            self.changed.emit()
        self._asked, self._last = None, -self._every
