"""The text of the desk's audio, from the model chosen there, the live run or else the shipped recogniser; live while
one speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ssllab.looks import Transcript
from ssllab.ui.labs.speech.widgets.clip import RATE, Clip
from ssllab.ui.labs.speech.widgets.models import RECOGNISER, RUN
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.ui.labs.speech.widgets.desk import Desk

LIVE_SECONDS = 12.0  # of what was said last; earlier words stand already
LIVE_MILLISECONDS = 700


class Transcriber(QObject):
    """One question at a time. ``changed``: there is another text, or none; ``failed(line, trace)``."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.desk = desk
        self.transcript: Transcript | None = None
        self.clip: Clip | None = None  # that the transcript is of
        self.shipped = False  # whether the shipped recogniser wrote it
        self.source: tuple | None = None  # the choice on the desk for which it was written
        self.busy = False
        self._background = Background(self)
        self._live = QTimer(self, interval=LIVE_MILLISECONDS)
        self._live.timeout.connect(self._hear_live)
        desk.audio_changed.connect(self._forget)
        desk.models.changed.connect(self._model_changed)

    def possible(self) -> bool:
        """Whether there is audio; a model that can write ships."""
        return self.desk.clip is not None

    def listen(self, on: bool) -> None:
        """Whether to follow the microphone while it records."""
        self._live.start() if on else self._live.stop()

    def transcribe(self) -> None:
        """Write down the clip on the desk; :attr:`changed` follows."""
        clip = self.desk.clip
        if clip is not None and not self.busy:
            self._ask(clip, clip.sound(0, len(clip.samples)))

    def _chosen(self) -> Any:
        """A stored model that can write; the live run is asked anew, for it has learned since it was copied."""
        chosen = self.desk.models.chosen
        if chosen is None or chosen.key[0] == RUN or not hasattr(chosen.inspector, "transcribe"):
            return None
        return chosen.inspector

    def _can_ask_run(self) -> bool:
        bench = self.desk.bench
        method = bench.methods.get(bench.method_name)
        return bench.live_run is not None and method is not None and Transcript in method.parts

    def _model_changed(self) -> None:
        if self.desk.models.source != self.source:
            self._forget()

    def _forget(self) -> None:
        """What was written is of another clip or by another model than the desk shows now."""
        if self.transcript is not None:
            self.transcript = self.clip = None
            self.changed.emit()

    def _hear_live(self) -> None:
        clip = self.desk.clip
        if self.desk.live and clip is not None and not self.busy and self.possible():
            self._ask(clip, clip.sound(len(clip.samples) - int(LIVE_SECONDS * RATE), len(clip.samples)))

    def _ask(self, clip: Clip, sound: NDArray[np.float32]) -> None:
        recogniser, future = self._chosen(), None
        if recogniser is None and self._can_ask_run():
            future = self.desk.bench.copy_model()
        none = recogniser is None and future is None
        chosen = self.desk.models.chosen
        shipped = none or (future is None and chosen is not None and chosen.key == (RECOGNISER,))
        source = self.desk.models.source
        self.busy = True
        self.changed.emit()

        def work() -> Callable[[], None]:
            import torch

            from ssllab.methods.recogniser import shipped_recogniser
            from ssllab.training.stored_models import inspector_of

            model: Any = shipped_recogniser() if none else recogniser
            if future is not None:
                model = inspector_of(future.result())
            found = model.transcribe(torch.from_numpy(np.array(sound)))
            return lambda: self._take(clip, found, shipped, source)

        self._background.run(work, self._fail)

    def _take(self, clip: Clip, found: Transcript, shipped: bool, source: tuple) -> None:
        self.busy = False
        now = self.desk.clip
        # A recording that grows, or a clip that got a person's TextGrid, is another object by now.
        known = (
            now is not None and (clip.key, clip.name) == (now.key, now.name) and (now.key or self.desk.live)
        )
        if (clip is now or known) and source == self.desk.models.source:  # else it comes too late
            self.shipped, self.source = shipped, source
            self.clip, self.transcript = clip, found
        self.changed.emit()

    def _fail(self, line: str, trace: str) -> None:
        self.busy = False
        self.changed.emit()
        self.failed.emit(line, trace)
