"""The desk of the Speech lab: the audio under inspection, what the model says of it, selection and cursor.

Panels share one desk per bench; the recorder feeds it while the microphone is on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ssllab.ui.speech.clip import RATE, Clip, GrowingSound

if TYPE_CHECKING:
    from ssllab.data.speech.types import Span
    from ssllab.ui.bench import Bench


class Desk(QObject):
    """What lies on the desk. Every method is called from the window's thread."""

    audio_changed = Signal()  # another clip
    audio_grew = Signal()  # the live one has new samples or codes
    inspection_changed = Signal()
    selection_changed = Signal()
    cursor_changed = Signal()

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bench = bench
        self.clip: Clip | None = None
        self.inspection: Any = None
        self.selection: tuple[float, float] | None = None  # seconds
        self.cursor: float | None = None  # seconds; None while nothing plays
        self.live = False
        self._sound = GrowingSound()

    def open_clip(
        self,
        name: str,
        samples: NDArray,
        words: tuple[Span, ...] = (),
        phones: tuple[Span, ...] = (),
        text: str | None = None,
    ) -> None:
        """Put ``samples: (n,)`` (float32 in -1..1 or int16, 16 kHz, mono; a memory map will do) on the desk."""
        self.live = False
        self._show(Clip(name, samples, text, words, phones))

    def _show(self, clip: Clip | None) -> None:
        self.clip = clip
        self.inspection = None
        self.select(None)
        self.audio_changed.emit()

    def select(self, span: tuple[float, float] | None) -> None:
        """Select ``(start, end)`` in seconds, or nothing."""
        if span != self.selection:
            self.selection = span
            self.selection_changed.emit()

    # While the microphone is on

    def begin_live(self, rate: int = RATE) -> None:
        """A recording begins: an empty clip that grows. ``rate`` must be 16 kHz, as the recorder gives it."""
        if rate != RATE:
            raise ValueError(f"Live sound comes at {RATE} Hz, not {rate}: resample it first.")
        self.live = True
        self._sound = GrowingSound()
        self._show(Clip("Recording", self._sound.samples))

    def append_live(self, samples: NDArray[np.float32]) -> None:
        """What came in since the last call, ``(n,)`` float32 at 16 kHz."""
        if self.live and len(samples):
            self._sound.append(samples)
            self.clip = Clip("Recording", self._sound.samples)
            self.audio_grew.emit()

    def end_live(self, take: Any = None) -> None:
        """The recording ended; ``take`` (with ``name`` and ``path``) is opened in its place, if there is one."""
        if not self.live:
            return
        self.live = False
        name = take.name if take is not None else "Recording"
        self._show(Clip(name, self._sound.samples))


def desk_of(bench: Bench) -> Desk:
    """The one desk of ``bench``, made at the first call."""
    desk = bench.findChild(Desk)
    return desk if desk is not None else Desk(bench)
