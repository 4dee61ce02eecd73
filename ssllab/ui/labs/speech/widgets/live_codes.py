"""Codes of the sound that is coming in, made in a thread of their own so that neither sound nor window waits."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ssllab.ui.labs.speech.widgets.reading import Reading
from ssllab.ui.labs.speech.widgets.threads import use_one_thread
from ssllab.ui.work import Task, Worker

_APPROXIMATE = (
    "This model hears a recording as a whole: codes and text are provisional while you speak, and are read anew when "
    "you stop."
)


class LiveCodes(QObject):
    """One recording at a time. What comes in while a piece is coded waits and is coded with the next piece."""

    changed = Signal()
    failed = Signal(str, str)
    approximate = Signal(str)  # a line: the codes are not yet those of the finished recording

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.reading: Reading | None = None
        self._worker = Worker(self)
        self._task: Task | None = None
        self._waiting: list[NDArray[np.float32]] = []
        self._quantizer: Any = None

    def begin(self, inspector: Any) -> None:
        """A recording begins; a model without codes (or none) gives none."""
        self.end()
        model: Any = getattr(inspector, "model", None)
        if not hasattr(model, "codes"):
            return
        from ssllab.audio.quantize import StreamingQuantizer

        if next(model.parameters()).device.type != "cpu":
            model = copy.deepcopy(model).cpu()  # pieces of 40 ms are not worth the way to another device
        self._quantizer = StreamingQuantizer(model)
        self.reading = Reading(0, model.config.frame_samples, model.config.receptive_field)
        if not self._quantizer.exact:
            self.approximate.emit(_APPROXIMATE)

    def push(self, samples: NDArray[np.float32]) -> None:
        """``samples: (n,)`` float32 that came in."""
        if self.reading is not None:
            self._waiting.append(samples)
            if self._task is None:
                self._next(self.reading)

    def _next(self, reading: Reading) -> None:
        quantizer = self._quantizer
        samples = np.concatenate(self._waiting)
        self._waiting = []

        def take(found: Any) -> None:
            self._task = None
            if found is not None:
                reading.grow(found[0], found[1])
                self.changed.emit()
            if self._waiting:
                self._next(reading)

        def work(task: Task) -> Any:
            use_one_thread()
            return quantizer.push(samples)

        self._task = self._worker.submit(work, take, self._fail)

    def _fail(self, error: Exception, trace: str) -> None:
        self.end()
        self.failed.emit(f"The model cannot read what is recorded: {error}", trace)

    def end(self) -> None:
        """The recording is over."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.reading, self._waiting = None, None, []

    def close(self) -> None:
        """End the thread."""
        self._worker.close()
