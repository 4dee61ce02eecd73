"""The desk of the Speech lab: the audio under inspection, what the model says of it, selection and cursor.

Panels share one desk per bench; the recorder feeds it while the microphone is on.
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Signal

from ssllab.ui.labs.speech.widgets.clip import RATE, Clip, GrowingSound, Listed, with_times
from ssllab.ui.labs.speech.widgets.library import clips_of, clips_of_takes
from ssllab.ui.labs.speech.widgets.live_codes import LiveCodes
from ssllab.ui.labs.speech.widgets.models import Models
from ssllab.ui.labs.speech.widgets.reader import Reader
from ssllab.ui.labs.speech.widgets.reading import Reading
from ssllab.ui.labs.speech.widgets.search import Search
from ssllab.ui.labs.speech.widgets.sound import Sound
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf, key_of
from ssllab.ui.playback import Playback

if TYPE_CHECKING:
    from ssllab.data.speech.textgrid import Grid
    from ssllab.data.speech.types import Span, SpeechData
    from ssllab.ui.bench import Bench


class Desk(QObject):
    """What lies on the desk. Every method is called from the window's thread."""

    audio_changed = Signal()  # another clip
    audio_grew = Signal()  # the live one has new samples or codes
    sound_changed = Signal()  # waveform or spectrogram are known further
    inspection_changed = Signal()
    selection_changed = Signal()
    cursor_changed = Signal()
    picked_changed = Signal()
    marked_changed = Signal()
    clips_changed = Signal()

    def __init__(self, bench: Bench, shelf: TakeShelf) -> None:
        super().__init__(bench)
        self.bench = bench
        self.clip: Clip | None = None
        self.selection: tuple[float, float] | None = None  # seconds
        self.picked: tuple[int, int] | None = None  # group and code that the person clicked
        self._picked_of: tuple | None = None  # the model whose code it is
        self.marked: tuple[float, float] | None = None  # a place that was searched for, in seconds
        self.live = False
        self._closed = False
        self._recording = GrowingSound()
        self.sound = Sound(self)
        self.models = Models(bench)
        self.reader = Reader(self)
        self.live_codes = LiveCodes(self)
        self.playback = Playback(self)
        self.search = Search(self)
        self.clips: list[Listed] = []  # all that can be opened
        self.shelf = shelf
        self._takes: list[tuple[str, str]] = []  # ids and names as listed
        self._times: dict[str, Grid] = {}  # of words and phones that a person read in, by the clip's key
        self.sound.changed.connect(self.sound_changed)
        self.reader.changed.connect(self.inspection_changed)
        self.live_codes.changed.connect(self.inspection_changed)
        self.live_codes.approximate.connect(lambda line: bench.say("info", line))
        self.models.noted.connect(lambda line: bench.say("warning", line))
        self.models.changed.connect(self._model_changed)
        for part in (self.reader, self.live_codes, self.models, self.search):
            part.failed.connect(lambda line, trace: bench.say("error", line, trace))
        bench.data_loaded.connect(self.list_clips)
        self.shelf.changed.connect(self._takes_changed)
        self.playback.moved.connect(self.cursor_changed)
        self.playback.failed.connect(lambda line: bench.say("warning", line))
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(self.close)
        self.list_clips()

    def list_clips(self) -> None:
        """The data or the takes are others. Where no clip is on the desk, or one that is gone, the first is opened; the
        sound of what is gone leaves the desk in any case."""
        data = self.bench.data
        listed = clips_of(cast("SpeechData", data)) if data is not None else []
        self._takes = [(take.id, take.name) for take in self.shelf.takes]
        before, self.clips = self.clips, clips_of_takes(self.shelf.takes) + listed
        self.search.show_clips(self.clips)
        self.clips_changed.emit()
        if data is not None and self.models.chosen is None:
            self.models.refresh()
        gone = {clip.key for clip in before} - {clip.key for clip in self.clips}
        lost = self.clip is not None and self.clip.key in gone
        if not self.live and (lost or (self.clip is None and listed)):
            if rest := listed or self.clips:
                self.open_listed(rest[0])
            if lost and self.clip is not None and self.clip.key in gone:
                self.open(None)  # nothing is left, or the disk refused it

    def _takes_changed(self) -> None:
        if [
            (take.id, take.name) for take in self.shelf.takes
        ] != self._takes:  # else a transcript is being typed
            self.list_clips()

    def open_listed(self, listed: Listed) -> None:
        """Put a clip of the list on the desk, if it is not there yet."""
        if self.clip is not None and self.clip.key == listed.key:
            return
        try:
            clip = listed.load()
        except (OSError, EOFError, wave.Error) as error:
            self.bench.say("error", f"{listed.name} cannot be opened: {error}")
            return
        self.open(clip)

    @property
    def inspection(self) -> Reading | None:
        """What the model says of the clip, as far as it has read; None without a model."""
        return self.live_codes.reading if self.live else self.reader.reading

    @property
    def cursor(self) -> float | None:
        """Where in the clip the player is, in seconds; None while the clip is not heard."""
        heard = self.playback.clip
        if heard is None or self.clip is None:
            return None
        same = heard is self.clip or (heard.key != "" and heard.key == self.clip.key)
        return self.playback.position if same else None

    def open_clip(
        self,
        name: str,
        samples: NDArray,
        words: tuple[Span, ...] = (),
        phones: tuple[Span, ...] = (),
        text: str | None = None,
    ) -> None:
        """Put ``samples: (n,)`` (float32 in -1..1 or int16, 16 kHz, mono; a memory map will do) on the desk."""
        self.open(Clip(name, samples, text, words, phones))

    def open(self, clip: Clip | None) -> None:
        """Put a clip on the desk, or clear it."""
        if self.live:
            self.live = False
            self.live_codes.end()
        self._show(clip)

    def _show(self, clip: Clip | None) -> None:
        if self._closed:
            return
        self.playback.stop()
        if clip is not None and (times := self._times.get(clip.key)) is not None:
            clip = with_times(clip, times)
        self.clip = clip
        self.sound.open(clip)
        self._read()
        self.select(None)
        self.mark(None)
        self.audio_changed.emit()

    def annotate(self, times: Grid) -> None:
        """Words and phones with their times for the clip on the desk; they stay with it, with a take also on the disk."""
        if self.clip is None or self.live:
            return
        self.clip = with_times(self.clip, times)
        if self.clip.key:
            self._times[self.clip.key] = times
            self.shelf.annotate(self.clip, times)
        self.inspection_changed.emit()

    def _model_changed(self) -> None:
        if self.models.source != self._picked_of:
            self.pick(None)  # the number means another sound there
        self._read()

    def _read(self) -> None:
        if not self.live and not self._closed:  # a model may arrive late
            self.reader.read(self.clip, self._inspector(), quietly=self.models.following)
        self.inspection_changed.emit()

    def _inspector(self) -> Any:
        return self.models.chosen.inspector if self.models.chosen is not None else None

    def look_near(self, seconds: float) -> None:
        """Where the person looks: what is made in the background begins there."""
        self.sound.near = self.reader.near = seconds

    def select(self, span: tuple[float, float] | None) -> None:
        """Select ``(start, end)`` in seconds, or nothing."""
        if span != self.selection:
            self.selection = span
            self.selection_changed.emit()

    def mark(self, span: tuple[float, float] | None) -> None:
        """Point at ``(start, end)`` in seconds, a place that was found, or at nothing."""
        if span != self.marked:
            self.marked = span
            self.marked_changed.emit()

    def pick(self, code: tuple[int, int] | None) -> None:
        """Mark every occurrence of a code, ``(group, code)`` of the chosen model, or of none."""
        self._picked_of = self.models.source
        if code != self.picked:
            self.picked = code
            self.picked_changed.emit()

    def play(self, start: float | None = None) -> None:
        """Play from ``start`` on; without it the selection, or the whole clip."""
        if self.clip is None or self.live:
            return
        if start is None:
            self.playback.play(self.clip, *(self.selection or (0.0, None)))
        else:
            self.playback.play(self.clip, start)

    # While the microphone is on

    def begin_live(self, rate: int = RATE) -> None:
        """A recording begins: an empty clip that grows. ``rate`` must be 16 kHz, as the recorder gives it."""
        if rate != RATE:
            raise ValueError(f"Live sound comes at {RATE} Hz, not {rate}: resample it first.")
        self.live = True
        self._recording = GrowingSound()
        self.reader.read(None, None)
        self.live_codes.begin(self._inspector())
        self._show(Clip("Recording", self._recording.samples))

    def append_live(self, samples: NDArray[np.float32]) -> None:
        """What came in since the last call, ``(n,)`` float32 at 16 kHz."""
        if self.live and len(samples):
            self._recording.append(samples)
            self.clip = Clip("Recording", self._recording.samples)
            self.sound.grow(self.clip, samples)
            self.live_codes.push(samples)
            self.audio_grew.emit()

    def end_live(self, take: Any = None) -> None:
        """The recording ended; it stays on the desk, under the name of its ``take`` if there is one."""
        if self.live:
            self.live = False
            self.live_codes.end()
            name, key = (take.name, key_of(take)) if take is not None else ("Recording", "")
            self._show(Clip(name, self._recording.samples, key=key))

    def close(self) -> None:
        """End sound and the background's work; nothing is opened any more."""
        self._closed = True
        self.playback.stop()
        self.sound.close()
        self.reader.close()
        self.live_codes.close()
        self.search.close()
