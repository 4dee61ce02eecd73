"""Has the chosen model read the clip on the desk in the background, from the view outwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ssllab.ui.labs.speech.widgets.clip import RATE, Clip
from ssllab.ui.labs.speech.widgets.reading import Reading, Stretch
from ssllab.ui.labs.speech.widgets.threads import use_one_thread
from ssllab.ui.work import Task, Worker

_PIECE = 60 * RATE  # samples that are looked at at a time for what a model has to know of all of them


class Reader(QObject):
    """One clip and one model at a time; ``near`` says around which second the person looks."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.near = 0.0
        self.reading: Reading | None = None
        self._worker = Worker(self)
        self._task: Task | None = None
        self._clip: Clip | None = None

    def read(self, clip: Clip | None, inspector: Any, *, quietly: bool = False) -> None:
        """Begin anew; without a clip or a model there is nothing to read.

        ``quietly``: what an earlier state of the model said of this clip stays until the new reading is complete.
        """
        if self._task is not None:
            self._task.cancel()
            self._task = None
        same, self._clip = clip is self._clip, clip
        if clip is None or inspector is None:
            self.reading = None
            return
        reading = reading_of(clip, inspector)
        if not (quietly and same and self.reading is not None and self.reading.frames == reading.frames):
            self.reading = reading
        self._know_whole(clip, inspector, reading)

    @property
    def busy(self) -> bool:
        """Whether parts of the clip are still to be read."""
        return self._task is not None

    def _know_whole(self, clip: Clip, inspector: Any, reading: Reading) -> None:
        """Some models have to know all of a clip before they read a part."""
        if not inspector.encoder.config.hears_whole:
            self._next(clip, inspector, reading, None)
            return
        self._task = self._worker.submit(
            lambda task: whole_of(clip, inspector, lambda: task.report(0.0)),
            lambda whole: self._next(clip, inspector, reading, whole),
            self._fail,
        )

    def _fail(self, error: Exception, trace: str) -> None:
        self._task = None
        self.failed.emit(f"The model cannot read this clip: {error}", trace)

    def _next(self, clip: Clip, inspector: Any, reading: Reading, whole: Any) -> None:
        stretch = reading.next_stretch(self.near)
        if stretch is None:
            self._task = None
            return

        def put(found: Any) -> None:
            reading.put(stretch, found)
            if reading.complete:
                self.reading = reading
            if reading is self.reading:
                self.changed.emit()
            self._next(clip, inspector, reading, whole)

        self._task = self._worker.submit(
            lambda task: inspect(clip, inspector, stretch, whole), put, self._fail
        )

    def close(self) -> None:
        """End the background's work."""
        self._worker.close()


def reading_of(clip: Clip, inspector: Any) -> Reading:
    """An empty reading of the clip, with the frames of the model."""
    shape = inspector.encoder.config
    return Reading(len(clip.samples), shape.frame_samples, shape.receptive_field)


def whole_of(clip: Clip, inspector: Any, told: Callable[[], None]) -> Any:
    """What the model has to know of the whole clip, None where that is nothing; ``told`` is called between its pieces
    and may raise to end it."""
    from ssllab.nn.wav2vec2.statistics import statistics_of

    def pieces() -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(clip.samples), _PIECE):
            told()
            yield clip.sound(start, start + _PIECE).copy()

    use_one_thread()
    return statistics_of(inspector.encoder, pieces())


def inspect(clip: Clip, inspector: Any, stretch: Stretch, whole: Any, *, mask: bool = True) -> Any:
    """The model's inspection of one stretch; each stretch has masks of its own."""
    import torch

    use_one_thread()
    samples = torch.from_numpy(clip.sound(stretch.start, stretch.end).copy())
    return inspector.inspect_audio(samples, seed=stretch.first, mask=mask, whole=whole)
