"""Hearing oneself while recording: off by default, for without headphones it howls."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from ssllab.audio.devices import Device, cannot_open, find, negotiate
from ssllab.audio.errors import AudioError
from ssllab.audio.files import SAMPLE_RATE
from ssllab.audio.portaudio import close_stream, open_stream, portaudio, reason
from ssllab.audio.ring import RingBuffer

_AHEAD = 0.04  # seconds collected before the first sound, so that late blocks leave no gaps
_MOST = 0.25  # seconds that may wait; more would be an echo


class Monitor:
    """Plays 16 kHz mono samples as they come. Raises :class:`AudioError` where nothing can play."""

    def __init__(self, device: Device | None = None) -> None:
        sd = portaudio()
        found = find("output", device)
        rate, channels = negotiate(found, kind="output")
        self._ring = RingBuffer(_MOST, rate, 1)
        self._resampler = soxr.ResampleStream(SAMPLE_RATE, rate, 1, dtype="float32")
        ahead, ready = round(_AHEAD * rate), False

        def callback(out: np.ndarray, frames: int, when: object, status: object) -> None:
            nonlocal ready
            ready = (ready and self._ring.waiting > 0) or self._ring.waiting >= ahead
            count = self._ring.read_into(out[:, :1]) if ready else 0
            out[count:] = 0
            out[:count] = out[:count, :1]

        try:
            self._stream: Any = open_stream(
                "OutputStream",
                device=found.index,
                samplerate=rate,
                channels=channels,
                dtype="float32",
                latency="low",
                callback=callback,
            )
        except sd.PortAudioError as error:
            raise AudioError(cannot_open(found, reason(error))) from None

    def play(self, samples: np.ndarray) -> None:
        """Append ``samples (n,)``; what would become an echo is left out."""
        self._ring.write(self._resampler.resample_chunk(samples)[:, None])

    def close(self) -> None:
        """Fall silent and let go of the device."""
        close_stream(self._stream)
