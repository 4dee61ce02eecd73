"""Several short runs one after another, for a picture that no single run gives."""

from __future__ import annotations

import threading
import time
import traceback
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from ssllab.data.batches import Data
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

Cell = TypeVar("Cell", bound=Hashable)
Result = TypeVar("Result")

TURN = 10  # steps that one takes before the next has its turn


class ShortRuns(Generic[Cell, Result]):
    """Trains one run for every cell in a thread of its own; its state is there to be polled.

    ``results``: what came out, by cell; ``under_way``: what is known so far, of an experiment that measures on the way.
    ``failure``: a line and the traceback, where an error ended it. The runs come one after the other, or with ``together``
    take turns; neither changes what comes out.
    """

    def __init__(self, cells: Sequence[Cell], data: Data, steps: int, together: bool = False) -> None:
        self.cells = list(cells)
        self.results: dict[Cell, Result] = {}
        self.under_way: dict[Cell, Result] = {}
        self.failure: tuple[str, str] | None = None
        self._data, self._steps, self._together = data, steps, together
        self._done_steps = 0
        self._started = time.monotonic()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ssllab-short-runs", daemon=True)
        self._thread.start()

    @abstractmethod
    def settings_of(self, cell: Cell) -> RunSettings:
        """How the cell is trained."""

    @abstractmethod
    def result_of(self, cell: Cell, trainer: Trainer) -> Result:
        """What is kept of a trained cell."""

    def watch(self, cell: Cell, trainer: Trainer, measured: Mapping[str, float]) -> None:
        """Called before the first step and after each, with the scalars that it ``measured``."""

    @property
    def known(self) -> dict[Cell, Result]:
        """What came out, and what is known of those under way."""
        return {**self.under_way, **self.results}

    @property
    def running(self) -> bool:
        """Whether cells are still being trained."""
        return self._thread.is_alive()

    @property
    def progress(self) -> float:
        """The share of all steps that is done, 0..1."""
        return self._done_steps / (self._steps * len(self.cells))

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the steps so far; None before the first."""
        if not self._done_steps:
            return None
        return self.seconds * (1 / self.progress - 1)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    @property
    def cancelled(self) -> bool:
        """Whether it was."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop after the step under way; finished cells stay."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout)
        return not self.running

    def _run(self) -> None:
        try:
            for group in [self.cells] if self._together else [[cell] for cell in self.cells]:
                if not self._train(group):
                    return
        except Exception as error:
            line = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.failure = line, traceback.format_exc()

    def _train(self, cells: Sequence[Cell]) -> bool:
        """These in turns; False when they were cancelled."""
        trainers = {cell: Trainer(self.settings_of(cell), self._data) for cell in cells}
        for cell, trainer in trainers.items():
            self.watch(cell, trainer, {})
        for begun in range(0, self._steps, TURN):
            for cell, trainer in trainers.items():
                for _ in range(min(TURN, self._steps - begun)):
                    if self._cancelled.is_set():
                        return False
                    if not trainer.over:
                        self.watch(cell, trainer, trainer.train_step())
                    self._done_steps += 1
        for cell, trainer in trainers.items():
            self.results[cell] = self.result_of(cell, trainer)
        return True
