"""Has the chosen model read the clip on the desk in the background, from the view outwards."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from ssllab.ui.labs.speech.widgets.clip import Clip
from ssllab.ui.labs.speech.widgets.reading import Reading, Stretch
from ssllab.ui.labs.speech.widgets.threads import use_one_thread
from ssllab.ui.work import Task, Worker


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

    def read(self, clip: Clip | None, inspector: Any) -> None:
        """Begin anew; without a clip or a model there is nothing to read."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.reading = None
        if clip is not None and inspector is not None:
            self.reading = Reading(len(clip.samples))
            self._next(clip, inspector, self.reading)

    def _next(self, clip: Clip, inspector: Any, reading: Reading) -> None:
        stretch = reading.next_stretch(self.near)
        if stretch is None:
            self._task = None
            return

        def put(found: Any) -> None:
            reading.put(stretch, found)
            self.changed.emit()
            self._next(clip, inspector, reading)

        self._task = self._worker.submit(
            lambda task: inspect(clip, inspector, stretch),
            put,
            lambda error, trace: self.failed.emit(f"The model cannot read this clip: {error}", trace),
        )

    def close(self) -> None:
        """End the background's work."""
        self._worker.close()


def inspect(clip: Clip, inspector: Any, stretch: Stretch, *, mask: bool = True) -> Any:
    """The model's inspection of one stretch; each stretch has masks of its own."""
    import torch

    use_one_thread()
    samples = torch.from_numpy(clip.sound(stretch.start, stretch.end).copy())
    return inspector.inspect_audio(samples, seed=stretch.first, mask=mask)
