"""The pictures of the clip's sound, made in the background: waveform first, then spectrogram from the view outwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ssllab.audio.peaks import BUCKET, Peaks, extremes
from ssllab.ui.labs.speech.widgets.clip import HOP, RATE, Clip
from ssllab.ui.labs.speech.widgets.reading import REACH
from ssllab.ui.labs.speech.widgets.spectrogram import FINE_SECONDS, Spectrogram, mel_block
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.audio.log_mel import LogMel

_PIECE = 60 * RATE  # samples of which the peaks are found at a time
_AT_ONCE = 30 * RATE  # up to here the waveform is there with the clip, without a blink


class Sound(QObject):
    """Waveform and spectrogram of one clip. ``near`` says around which second the person looks."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.near = 0.0
        self._worker = Worker(self)
        self._worker.progressed.connect(lambda share, text: self.changed.emit())
        self._task: Task | None = None
        self._show(None)

    def _show(self, clip: Clip | None) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.clip = clip
        self.peaks = Peaks()
        samples = len(clip.samples) if clip is not None else 0
        self.spectrogram = Spectrogram(max(0, (samples - REACH) // HOP + 1))
        self._live: LogMel | None = None

    def open(self, clip: Clip | None) -> None:
        """Begin with another clip."""
        self._show(clip)
        if clip is None:
            return
        if len(clip.samples) <= _AT_ONCE:
            self.peaks.append(clip.sound(0, len(clip.samples)))
            self._next_block()
            return
        peaks = self.peaks

        def work(task: Task) -> None:
            for start in range(0, len(clip.samples), _PIECE):
                task.report(start / len(clip.samples))
                peaks.append(clip.sound(start, start + _PIECE))

        self._task = self._worker.submit(work, lambda _: self._found_peaks())

    def _found_peaks(self) -> None:
        self.changed.emit()
        self._next_block()

    def _next_block(self) -> None:
        clip, spectrogram = self.clip, self.spectrogram
        block = spectrogram.next_block(self.near)
        if clip is None or block is None:
            self._task = None
            return

        def put(values: NDArray) -> None:
            spectrogram.put(block, values)
            self.changed.emit()
            self._next_block()

        self._task = self._worker.submit(lambda task: mel_block(clip, block), put)

    def grow(self, clip: Clip, samples: NDArray[np.float32]) -> None:
        """``samples`` were appended to the live clip, which is now ``clip``."""
        from ssllab.audio.log_mel import LogMel  # brings scipy, for which the window does not wait

        if self._live is None:
            self._live = LogMel(RATE)
        self.clip = clip
        self.peaks.append(samples)
        self.spectrogram.extend(self._live.push(samples))

    @property
    def loudest(self) -> float:
        """The largest sample so far, whatever its sign."""
        if not self.peaks.samples:
            return 0.0
        return float(np.nanmax(np.abs(self.peaks.between(0, self.peaks.samples, 64))))

    def waveform(self, start: float, end: float, columns: int) -> NDArray[np.float32]:
        """Smallest and largest value in every one of ``columns`` parts of seconds start..end: ``(columns, 2)``."""
        first, last = start * RATE, end * RATE
        if self.clip is None:
            return np.full((columns, 2), np.nan, np.float32)
        if (last - first) / columns < BUCKET:
            return _exact(self.clip, first, last, columns)
        return self.peaks.between(first, last, columns)

    def tones(self, times: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The spectrogram's columns at ``times (n,)``: ``(80, n)``, the highest band on top; when zoomed, finer ones."""
        close = len(times) > 1 and (times[-1] - times[0]) / (len(times) - 1) < FINE_SECONDS
        if self.clip is None or self.spectrogram.scale is None or not close:
            return self.spectrogram.view(times)
        return self.spectrogram.near_view(self.clip, times)

    def close(self) -> None:
        """End the background's work."""
        self._worker.close()


def _exact(clip: Clip, first: float, last: float, columns: int) -> NDArray[np.float32]:
    """From the samples themselves, joined from column to column where there are fewer samples than columns."""
    found = np.full((columns, 2), np.nan, np.float32)
    edges = np.linspace(first, last, columns + 1)
    inside = np.flatnonzero((edges[:-1] >= 0) & (edges[1:] <= len(clip.samples)))
    if not inside.size:
        return found
    begin, end = float(edges[inside[0]]), float(edges[inside[-1] + 1])
    part = clip.sound(int(begin), int(np.ceil(end)) + 1)
    if len(part) >= 2 * len(inside):
        found[inside] = extremes(part, len(inside))
        return found
    at = edges[inside[0] : inside[-1] + 2] - int(begin)
    line = np.interp(at, np.arange(len(part)), part)
    found[inside, 0] = np.minimum(line[:-1], line[1:])
    found[inside, 1] = np.maximum(line[:-1], line[1:])
    return found
