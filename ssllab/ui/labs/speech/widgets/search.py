"""Looks through all clips: reads each once per model in the background, then finds codes and spans in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from ssllab.ui.labs.speech.widgets.clip import Listed
from ssllab.ui.labs.speech.widgets.index import MOST_SECONDS, ClipCodes, Index, Place, read_clip
from ssllab.ui.labs.speech.widgets.models import Chosen
from ssllab.ui.work import LongWork, Task, Worker

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AGAIN_MS = 200


class Search(QObject):
    """The index of the clips for one model at a time. ``reading`` is the work that a person may cancel."""

    changed = Signal()  # the index grew or is another
    failed = Signal(str, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.index: Index | None = None
        self.clips: list[Listed] = []
        self.reading = LongWork(self)
        self._model: Chosen | None = None  # what the clips are read by
        self._reading_for: tuple | None = None
        self._codes: dict[str, ClipCodes] = {}
        self._refused: tuple | None = None  # the model for which the person cancelled
        self._worker = Worker(self)
        self._question: Task | None = None

    def show_clips(self, clips: list[Listed]) -> None:
        """Other clips to look through; those that are known stay known."""
        before, self.clips = [clip.key for clip in self.wanted()], clips
        if [clip.key for clip in self.wanted()] != before:
            self._build()

    def wanted(self) -> list[Listed]:
        """The clips that are looked through: as many as :data:`MOST_SECONDS` hold."""
        total = 0.0
        wanted: list[Listed] = []
        for clip in self.clips:
            total += clip.seconds
            if total > MOST_SECONDS and wanted:
                break
            wanted.append(clip)
        return wanted

    @property
    def _key(self) -> tuple | None:
        return self._model.key if self._model is not None else None

    def read_by(self, model: Chosen) -> Chosen | None:
        """What read the clips in :attr:`index`: ``model``, or the same run at another step; None where it is another."""
        mine = self._model
        return mine if self.index is not None and mine is not None and mine.source == model.source else None

    def complete(self, model: Chosen) -> bool:
        """Whether all clips were read by ``model``."""
        return self._key == model.key and all(clip.key in self._codes for clip in self.wanted())

    def read_all(self, model: Chosen, *, again: bool = False) -> None:
        """Read what is not yet known; ``again``: also when it was cancelled before."""
        if model.key != self._key:
            self._model, self._codes, self.index = model, {}, None
            self.reading.cancel()
            self.changed.emit()
        if self._refused == model.key and not again:
            return
        if self.reading.busy:
            if self._reading_for != model.key:  # work for an earlier model ends at its next block
                QTimer.singleShot(_AGAIN_MS, lambda: self.read_all(model) if self._key == model.key else None)
            return
        self._refused = None
        missing = [clip for clip in self.wanted() if clip.key not in self._codes]
        if not missing:
            return
        self._reading_for = model.key
        seconds = sum(clip.seconds for clip in missing)
        found: dict[str, ClipCodes] = {}

        def work(task: Task) -> None:
            done = 0.0
            for i, clip in enumerate(missing):
                text = f"Reading clip {i + 1} of {len(missing)}"
                share = done / max(seconds, 1e-9)
                found[clip.key] = read_clip(clip.load(), model.inspector, partial(task.report, share, text))
                done += clip.seconds

        def keep(_: object = None) -> None:
            if self._key == model.key:
                self._codes |= found
                self._build()

        def cancelled() -> None:
            self._refused = model.key
            keep()

        self.reading.start(f"Reading {len(missing)} clips", work, keep, self._failed, cancelled)

    def _failed(self, error: Exception, trace: str) -> None:
        self._refused = self._key
        self.failed.emit(f"The clips cannot be read: {error}", trace)
        self.changed.emit()

    def _build(self) -> None:
        known = [clip for clip in self.wanted() if clip.key in self._codes]
        codes = [self._codes[clip.key] for clip in known]
        self.index = Index(known, codes) if any(len(found.codes) for found in codes) else None
        self.changed.emit()

    def nearest(
        self,
        codes: NDArray,
        latents: NDArray,
        leave_out: tuple[str, int, int] | None,
        found: Callable[[list[Place], list[Place]], None],
    ) -> None:
        """Look for the nearest spans in the background, in place of an earlier question; then call ``found``."""
        if self._question is not None:
            self._question.cancel()
        index = self.index
        assert index is not None  # without one there is nothing to ask

        def work(task: Task) -> Any:
            by_codes = index.nearest_by_codes(codes, leave_out)
            task.report(0.5)
            return by_codes, index.nearest_by_latents(latents, leave_out)

        self._question = self._worker.submit(
            work, lambda both: found(*both), lambda error, trace: self.failed.emit(str(error), trace)
        )

    def close(self) -> None:
        """End the background's work."""
        self.reading.close()
        self._worker.close()
