"""The pairwise grid of SimCLR's figure 5: one short run for each pair of transformations."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from itertools import combinations_with_replacement

from ssllab.data.augment import ABLATION, ablation_config
from ssllab.data.types import ImageData
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

Cell = tuple[str, str]


class Ablation:
    """Runs the cells one after another in a thread of its own; its state is there to be polled.

    ``results``: (first, second) -> linear-probe accuracy on h, 0..1 (kNN where there is no such probe). The grid
    is symmetric here, for both views get the pair; each pair is trained once. All cells share seed and length.
    """

    def __init__(
        self, settings: RunSettings, data: ImageData, steps: int, names: Sequence[str] = tuple(ABLATION)
    ) -> None:
        self.names = tuple(names)
        self.cells = list(combinations_with_replacement(self.names, 2))
        self.results: dict[Cell, float] = {}
        self.failure: tuple[str, str] | None = None
        self._settings, self._data, self._steps = settings, data, steps
        self._done_steps = 0
        self._started = time.monotonic()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ssllab-ablation", daemon=True)
        self._thread.start()

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

    def value(self, first: str, second: str) -> float | None:
        """The result of a pair in either order, None when not yet known."""
        return self.results.get((first, second), self.results.get((second, first)))

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
                config = {**self._settings.config, **ablation_config(*cell)}
                trainer = Trainer(self._settings.model_copy(update={"config": config}), self._data)
                for _ in range(self._steps):
                    if self._cancelled.is_set():
                        return
                    trainer.train_step()
                    self._done_steps += 1
                scalars = trainer.probe().scalars
                self.results[cell] = scalars.get("linear_top1", scalars.get("knn_top1", float("nan")))
        except Exception as error:
            self.failure = (
                str(error).splitlines()[0] if str(error) else type(error).__name__,
                traceback.format_exc(),
            )
