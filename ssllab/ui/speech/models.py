"""Which model looks at the clip: the live run as it was at some step, or the shipped one.

The live run is copied between two steps, so that what is asked of the copy neither waits for training nor holds it
up, and all answers are of one step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from ssllab.ui.work import Background

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ssllab.ui.bench import Bench

RUN, SHIPPED = "run", "shipped"


class Chosen(NamedTuple):
    """A model that can be asked: ``inspector`` has ``inspect_audio``, ``key`` tells it from every other."""

    inspector: Any
    key: tuple
    words: str


class Models(QObject):
    """The choice, and the model that it means now. ``chosen`` is None until there is one."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.name = SHIPPED
        self.chosen: Chosen | None = None
        self._shipped: Chosen | None = None
        self._request = 0
        self._background = Background(self)
        bench.run_changed.connect(self._run_changed)

    def choose(self, name: str) -> None:
        """``RUN`` or ``SHIPPED``."""
        if name != self.name:
            self.name = name
            self.chosen = None
            self.refresh()

    def refresh(self) -> None:
        """Fetch the chosen model as it is now; :attr:`changed` follows when it is there."""
        self._request += 1
        if self.name == RUN:
            self._copy_run()
        elif self._shipped is not None:
            self._take(self._request, self._shipped)
        else:
            self._fetch(self._load_shipped)

    def can_be_newer(self) -> bool:
        """Whether the live run has learned since it was copied."""
        session = self.bench.session
        return self.name == RUN and session is not None and self._key(session) != self._chosen_key()

    def _chosen_key(self) -> tuple | None:
        return self.chosen.key if self.chosen is not None else None

    def _run_changed(self) -> None:
        if self.name == RUN:
            self.chosen = None
            self.changed.emit()
            self.refresh()

    def _key(self, session: Any) -> tuple:
        return RUN, id(session), session.step

    def _copy_run(self) -> None:
        session = self.bench.session
        future = self.bench.ask(_copy)
        if future is None:
            self.changed.emit()
            return
        self._fetch(lambda: _finished(future, self._key_of(session)))

    def _key_of(self, session: Any) -> Callable[[int], tuple]:
        return lambda step: (RUN, id(session), step)

    def _load_shipped(self) -> Chosen:
        from ssllab.methods.speech import inspector

        self._shipped = Chosen(inspector(), (SHIPPED,), "shipped model")
        return self._shipped

    def _fetch(self, get: Callable[[], Chosen]) -> None:
        turn = self._request

        def work() -> Callable[[], None]:
            found = get()
            return lambda: self._take(turn, found)

        self._background.run(work, lambda line, trace: self.failed.emit(line, trace))

    def _take(self, turn: int, chosen: Chosen) -> None:
        if turn == self._request:
            self.chosen = chosen
            self.changed.emit()


def _copy(trainer: Any) -> tuple[Any, int]:
    """A copy of the model in training, to be asked while it goes on learning; and its step."""
    return trainer.method.frozen(), trainer.step


def _finished(future: Future, key: Callable[[int], tuple]) -> Chosen:
    inspector, step = future.result()
    return Chosen(inspector, key(step), f"step {step:,}")
