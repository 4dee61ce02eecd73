"""The recorder: from the sound card to a file of 16 kHz mono on the disk, while one speaks.

The sound card's thread copies into a ring. A writer thread empties it: channels averaged, gain, level, resampled,
written and, once a second, brought to the disk. What the window wants to draw live waits in a second ring. Whatever
happens to the device or the disk, what was recorded up to then is a whole file.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Literal

import numpy as np

from ssllab.audio.devices import Device
from ssllab.audio.errors import AudioError
from ssllab.audio.files import SAMPLE_RATE
from ssllab.audio.intake import Intake
from ssllab.audio.level import Level
from ssllab.audio.monitor import Monitor
from ssllab.audio.ring import RingBuffer
from ssllab.audio.source import Microphone, Source
from ssllab.audio.take_file import TakeFile
from ssllab.storage.files import why_refused

State = Literal["idle", "listening", "recording", "paused"]

RING_SECONDS = 10.0  # as long may the disk or the interpreter hang before a frame is lost
LIVE_SECONDS = 60.0  # as much waits for a window that does not look
PERIOD = 0.02  # seconds between two looks into the ring
SYNC_SECONDS = 1.0
STALLED_SECONDS = 3.0  # without a frame for as long, the device is gone
SILENT_SECONDS = 3.0  # nothing but zeros for as long comes from no open microphone
CLOSE_SECONDS = 2.0


class Recorder:
    """One microphone; ``folder`` gets a folder for each recording (see :class:`TakeFile`).

    ``listen`` opens the device for its level alone; ``start``, ``pause``, ``resume`` and ``stop`` record. All are
    called from one thread. ``gain``, a factor, may change at any time. ``source`` replaces the device, in tests.
    """

    def __init__(
        self, folder: Path, device: Device | None = None, *, gain: float = 1.0, source: Source | None = None
    ) -> None:
        self.gain = gain
        self._folder = folder
        self._device = device
        self._given = source
        self._source: Source | None = None
        self._intake: Intake | None = None
        self._ring = RingBuffer(0, 1, 1)
        self._live = RingBuffer(LIVE_SECONDS, SAMPLE_RATE, 1)
        self._monitor: Monitor | None = None
        self._file: TakeFile | None = None
        self._keeping = False
        self._lock = threading.Lock()  # the file, between the caller and the writer
        self._end = threading.Event()
        self._writer: threading.Thread | None = None
        self._failure: str | None = None

    @property
    def state(self) -> State:
        """``idle`` also when the device or the disk gave up: :attr:`problem` then says why."""
        if self._source is None or self._failure:
            return "idle"
        if self._file is None:
            return "listening"
        return "recording" if self._keeping else "paused"

    @property
    def level(self) -> Level:
        """What the microphone hears now, with gain."""
        return self._intake.level if self._intake and self.state != "idle" else Level()

    @property
    def seconds(self) -> float:
        """Length of what was recorded."""
        return self._file.samples / SAMPLE_RATE if self._file else 0.0

    @property
    def dropped(self) -> int:
        """Frames of the device that were lost because nobody took them in time."""
        return self._ring.dropped

    @property
    def problem(self) -> str | None:
        """Why the recording ended by itself, or a hint while it goes on; one line, None when all is well."""
        if (
            self._source
            and self._intake
            and not self._failure
            and self._intake.silent_seconds > SILENT_SECONDS
        ):
            return (
                f"Only silence comes from '{self._source.name}'. Is it muted, or not allowed to this program?"
            )
        return self._failure

    @property
    def monitoring(self) -> bool:
        """Whether the microphone is heard in the loudspeaker; off until set. Setting raises :class:`AudioError`."""
        return self._monitor is not None

    @monitoring.setter
    def monitoring(self, wanted: bool) -> None:
        if wanted and self._monitor is None:
            self._monitor = Monitor()
        elif not wanted and self._monitor is not None:
            monitor, self._monitor = self._monitor, None
            monitor.close()

    def listen(self) -> None:
        """Open the device and measure its level; nothing is kept. Raises :class:`AudioError`."""
        if self.state == "idle":
            self.close()
            self._open()

    def start(self) -> None:
        """Begin a recording. Raises :class:`AudioError` when the device or the disk refuses."""
        if self.state in ("recording", "paused"):
            raise AudioError("A recording is running already; stop it first.")
        if self.state == "idle":
            self.close()
        self._live.read()
        try:
            file = TakeFile(self._folder)
        except OSError as error:
            self.close()
            raise AudioError(why_refused(error, self._folder)) from None
        with self._lock:
            self._file, self._keeping = file, True
        if self._source is None:  # after the file is there, so that no first syllable is lost
            try:
                self._open()
            except AudioError:
                self._file = None
                file.remove()
                raise

    def pause(self) -> None:
        """Keep the device open and its level alive, but write nothing."""
        self._keeping = False

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        self._keeping = self._file is not None

    def stop(self) -> Path:
        """Finish the file, let go of the device and return the file. Also after the device or the disk gave up.

        Raises :class:`AudioError` when there is no recording or not a single sample in it.
        """
        file = self._file
        self.close()
        if file is None:
            raise AudioError("Nothing is being recorded; start first.")
        if not file.samples:
            with contextlib.suppress(OSError):
                file.remove()
            raise AudioError(
                self._failure or "The recording was stopped before any sound arrived; try again."
            )
        return file.path

    def close(self) -> None:
        """Let go of the device; what was recorded stays on the disk. Safe to call twice."""
        self._end.set()
        if self._writer is not None:
            self._writer.join()
        self._writer = self._source = self._file = None
        self.monitoring = False

    def new_samples(self) -> np.ndarray:
        """What was recorded since the last call: ``(n,)`` float32, 16 kHz mono; a minute at most is kept for it."""
        return self._live.read()[:, 0]

    def _open(self) -> None:
        source = self._given or Microphone(self._device)
        intake = Intake(source.rate)
        self._failure = None
        self._ring = RingBuffer(RING_SECONDS, source.rate, source.channels)
        source.start(self._ring)
        self._source, self._intake = source, intake
        self._end = threading.Event()
        self._writer = threading.Thread(
            target=self._write, args=(source, intake), name="recorder", daemon=True
        )
        self._writer.start()

    def _write(self, source: Source, intake: Intake) -> None:
        """The writer thread, from the opened device to the finished file."""
        try:
            failure = self._follow(source, intake)
            _let_go(source)
            self._keep(intake.push(self._ring.read(), self.gain))
            self._keep(intake.rest())
            self._failure = failure  # last: who reads that it ended finds all of the sound
        except OSError as error:
            self._failure = why_refused(error, self._folder)
        finally:
            _let_go(source)
            with self._lock, contextlib.suppress(OSError):  # a full disk: what was written is readable
                if self._file is not None:
                    self._file.close()

    def _follow(self, source: Source, intake: Intake) -> str | None:
        """Empty the ring until the end is asked for, or until the device is gone: then a line that says so."""
        arrived = synced = time.monotonic()
        while not self._end.is_set():
            frames = self._ring.read()
            now = time.monotonic()
            if len(frames):
                arrived = now
                self._keep(intake.push(frames, self.gain))
                if now - synced > SYNC_SECONDS and self._file is not None:
                    synced = now
                    self._file.sync()
            elif source.alive and now - arrived < STALLED_SECONDS:
                self._end.wait(PERIOD)
            else:
                return (
                    f"'{source.name}' stopped delivering sound; was it unplugged? What was recorded is kept."
                )
        return None

    def _keep(self, samples: np.ndarray) -> None:
        with self._lock:
            if self._file is not None and self._keeping:
                self._file.write(samples)
                self._live.write(samples[:, None])
        if (monitor := self._monitor) is not None:
            monitor.play(samples)


def _let_go(source: Source) -> None:
    """Stop a source; one whose device is gone may hang in the system, and nobody waits for it for long."""
    closing = threading.Thread(target=source.stop, name="close the microphone", daemon=True)
    closing.start()
    closing.join(CLOSE_SECONDS)
