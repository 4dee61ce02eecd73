"""The file of a running recording: 16 kHz mono, 16 bit, readable at every moment.

libsndfile leaves the length in a WAV's header at 0 until the file is closed. The standard library's ``wave`` sets it
right after every block, so a killed process leaves a whole file.
"""

from __future__ import annotations

import os
import secrets
import time
import wave
from pathlib import Path

import numpy as np

from ssllab.audio.files import SAMPLE_RATE
from ssllab.storage.run_lock import LOCK_NAME, RunLock

NAME = "recording.wav"
_PIECE = SAMPLE_RATE // 4


class TakeFile:
    """A folder of its own below ``folder``, locked while it grows, so that nobody takes it for an abandoned one.

    Raises OSError where the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        own = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        own.mkdir(parents=True)
        self.path = own / NAME
        self.samples = 0
        self._lock = RunLock(own)
        self._lock.acquire()
        self._file = self.path.open("wb")
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115
        self._wave.setnchannels(1)
        self._wave.setsampwidth(2)
        self._wave.setframerate(SAMPLE_RATE)
        self._append(b"")

    def write(self, samples: np.ndarray) -> None:
        """Append ``samples (n,)`` float32; beyond full scale they are clipped. The header says so at once."""
        for start in range(0, len(samples), _PIECE):  # so that a full disk takes as much as fits
            piece = samples[start : start + _PIECE]
            self._append((np.clip(piece, -1, 1) * 32767).round().astype("<i2").tobytes())
            self.samples += len(piece)

    def sync(self) -> None:
        """Have the system put it on the disk, so that it survives a power cut too."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Finish; safe to call twice."""
        try:
            self._wave.close()
        finally:
            self._file.close()
            self._lock.release()

    def remove(self) -> None:
        """Throw it away, as a recording of nothing."""
        self.close()
        self.path.unlink()
        (self.path.parent / LOCK_NAME).unlink()
        self.path.parent.rmdir()

    def _append(self, content: bytes) -> None:
        self._wave.writeframes(content)
        self._file.flush()
