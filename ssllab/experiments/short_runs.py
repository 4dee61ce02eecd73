"""Several short runs one after another, for a picture that no single run gives."""

from __future__ import annotations

import threading
import time
import traceback
from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from ssllab.data.batches import Data
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

Cell = TypeVar("Cell", bound=Hashable)
Result = TypeVar("Result")


class ShortRuns(Generic[Cell, Result]):
    """Trains one run for every cell in a thread of its own; its state is there to be polled.

    ``results``: what came out, by cell. ``failure``: a line and the traceback, where an error ended it.
    """

    def __init__(self, cells: Sequence[Cell], data: Data, steps: int) -> None:
        self.cells = list(cells)
        self.results: dict[Cell, Result] = {}
        self.failure: tuple[str, str] | None = None
        self._data, self._steps = data, steps
        self._done_steps = 0
        self._started = time.monotonic()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ssllab-short-runs", daemon=True)
        self._thread.start()

    @abstractmethod
    def settings_of(self, cell: Cell) -> RunSettings:
        """How the cell is trained."""

    @abstractmethod
    def result_of(self, trainer: Trainer) -> Result:
        """What is kept of a trained cell."""

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
        return (time.monotonic() - self._started) * (1 / self.progress - 1)

    def cancel(self) -> None:
        """Stop after the step under way; finished cells stay."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout)
        return not self.running

    def _run(self) -> None:
        try:
            for cell in self.cells:
                trainer = Trainer(self.settings_of(cell), self._data)
                for _ in range(self._steps):
                    if self._cancelled.is_set():
                        return
                    if not trainer.over:
                        trainer.train_step()
                    self._done_steps += 1
                self.results[cell] = self.result_of(trainer)
        except Exception as error:
            line = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.failure = line, traceback.format_exc()
