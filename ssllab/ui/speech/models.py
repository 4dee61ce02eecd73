"""Which model looks at the clip: the live run as it was at some step, or the shipped one.

The live run is copied between two steps, so that what is asked of the copy neither waits for training nor holds it
up, and all answers are of one step.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from ssllab.assets import asset
from ssllab.ui.work import Background

if TYPE_CHECKING:
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
        if self.name != RUN or session is None:
            return False
        return self.chosen is None or self.chosen.key != (RUN, id(session), session.step)

    def _run_changed(self) -> None:
        if self.name == RUN:
            self.chosen = None
            self.changed.emit()
            self.refresh()

    def _copy_run(self) -> None:
        session = self.bench.session
        future = self.bench.ask(lambda trainer: (trainer.method.frozen(), trainer.step))
        if future is None:
            self.changed.emit()
            return

        def finished() -> Chosen:
            try:
                inspector, step = future.result()
            except RuntimeError:
                raise ValueError(
                    "The run has ended: resume it from the Runs page to see its codes of now."
                ) from None
            return Chosen(inspector, (RUN, id(session), step), f"step {step:,}")

        self._fetch(finished)

    def _load_shipped(self) -> Chosen:
        from ssllab.methods.speech_inspection import inspector

        self._shipped = Chosen(
            inspector(Path(str(asset("models", "speech-small")))), (SHIPPED,), "shipped model"
        )
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
