"""The model whose energies are shown: the live run's of a moment ago, or, before the first step, the one that Start will
train. Both are copies, so that what is asked of them neither waits for training nor holds it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from ssllab.ui.labs.energy.widgets.asking import ClipModels
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.methods.clips import ClipMethod
    from ssllab.training.run_record import RunSettings


class Chosen(NamedTuple):
    """A model that can be asked; ``key`` tells it from every other."""

    method: ClipMethod
    key: tuple
    step: int


class ModelOfNow(QObject):
    """:attr:`chosen` is None while there is none."""

    changed = Signal()

    def __init__(self, models: ClipModels) -> None:
        super().__init__()
        self.bench = bench = models.bench
        self.chosen: Chosen | None = None
        self._live = models.live
        self._live.changed.connect(self._take_live)
        self._worker = Worker(self)
        self._wanted: tuple | None = None  # the untrained model that was asked for last
        bench.run_changed.connect(self._forget)
        bench.data_loaded.connect(self._forget)
        self.destroyed.connect(self._worker.close)

    def follow(self) -> None:
        """Called by the window's timer while somebody looks."""
        if self.bench.live_run is not None:
            self._live.follow()
        elif self.bench.data is not None and self.bench.config is not None and self.bench.state == "ready":
            self._untrained()

    def close(self) -> None:
        """Nothing is asked for any more."""
        self._worker.close()

    def _take_live(self) -> None:
        copied = self._live.copied
        if copied is not None:
            key = "run", copied.number, copied.step, copied.built.config
            self._take(Chosen(copied.built, key, copied.step))

    def _take(self, chosen: Chosen | None) -> None:
        self.chosen = chosen
        self.changed.emit()

    def _forget(self) -> None:
        self._wanted = None
        if self.chosen is not None:
            self._take(None)

    def _untrained(self) -> None:
        """With the settings that are chosen; where those change while it is made, it is made once more."""
        bench = self.bench
        assert bench.config is not None
        wanted = (bench.method_name, bench.config, bench.seed, id(bench.data))
        if wanted == self._wanted or self._worker.busy:
            return
        self._wanted, data = wanted, bench.data
        settings = bench.run_settings().model_copy(update={"device": "cpu"})

        def made(method: ClipMethod) -> None:
            if self._wanted == wanted and bench.live_run is None:
                self._take(Chosen(method, ("untrained", *wanted), 0))

        # What does not fit together is said when Start is pressed.
        self._worker.submit(lambda task: _before_training(settings, data, task), made)


def _before_training(settings: RunSettings, data: object, task: Task) -> ClipMethod:
    from ssllab.training.trainer import Trainer

    return Trainer(settings, data).method.eval()  # type: ignore[arg-type, return-value]
