"""Where a recording comes from: a microphone, or in tests anything that fills a ring."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ssllab.audio.devices import Device, cannot_open, find, negotiate
from ssllab.audio.errors import AudioError
from ssllab.audio.portaudio import close_stream, open_stream, portaudio, reason
from ssllab.audio.ring import RingBuffer

LATENCY = (
    0.05  # seconds between sound and callback: short beside a code's way to the screen, long beside a hiccup
)


class Source(Protocol):
    """Fills a ring of its ``rate`` and ``channels`` from a thread of its own between ``start`` and ``stop``."""

    name: str
    rate: int
    channels: int

    def start(self, ring: RingBuffer) -> None:
        """Begin; raises :class:`AudioError` when it cannot."""

    def stop(self) -> None:
        """End; nothing is written to the ring afterwards. Safe to call twice."""

    @property
    def alive(self) -> bool:
        """Whether more may come."""


class Microphone:
    """A device of PortAudio; ``None`` is the system's default. Raises :class:`AudioError` when there is none."""

    def __init__(self, device: Device | None = None) -> None:
        self._device = find("input", device)
        self.name = self._device.name
        self.rate, self.channels = negotiate(self._device)
        self._stream: Any = None

    def start(self, ring: RingBuffer) -> None:
        """Open the device; its callback copies into ``ring`` and does nothing else."""
        sd = portaudio()

        def callback(block: np.ndarray, frames: int, when: object, status: Any) -> None:
            ring.write(block)
            if status.input_overflow:
                ring.lost(frames)  # the system does not say how many: at least about one block

        try:
            self._stream = open_stream(
                "InputStream",
                device=self._device.index,
                samplerate=self.rate,
                channels=self.channels,
                dtype="float32",
                latency=LATENCY,
                callback=callback,
            )
        except sd.PortAudioError as error:
            raise AudioError(cannot_open(self._device, reason(error))) from None

    def stop(self) -> None:
        """Close the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)

    @property
    def alive(self) -> bool:
        """False when PortAudio gave the device up."""
        return self._stream is not None and self._stream.active
