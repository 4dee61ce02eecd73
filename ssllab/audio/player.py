"""The player: a part of a sound, once or in a loop, slower at the same pitch, with a cursor to draw.

A feeder thread cuts, stretches and resamples the sound a second ahead into a ring; the sound card's thread copies
from there and counts, and what it counted is the cursor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import soxr

from ssllab.audio.devices import Device, cannot_open, find, negotiate
from ssllab.audio.errors import AudioError
from ssllab.audio.portaudio import close_stream, open_stream, portaudio, reason
from ssllab.audio.ring import RingBuffer
from ssllab.audio.stretch import stretched

AHEAD_SECONDS = 1.0
LATENCY = 0.12  # seconds; the cursor knows it, so it may be long enough for a busy computer
STALLED_SECONDS = 3.0  # not asked for sound for as long, the loudspeaker is gone
_PERIOD = 0.02
_BLOCK_SECONDS = 0.25
_FADE_SECONDS = 0.003  # at both ends of a part, where a step would click


class Player:
    """One loudspeaker. All methods return at once and are called from one thread."""

    def __init__(self, device: Device | None = None) -> None:
        self._device = device
        self._sound: _Sound | None = None
        self._refusal: str | None = None

    def play(
        self,
        samples: np.ndarray,
        rate: int,
        *,
        start: float = 0.0,
        end: float | None = None,
        loop: bool = False,
        speed: float = 1.0,
    ) -> None:
        """Play ``samples (n,)`` float32 from ``start`` to ``end`` seconds, in place of what is played now.

        Raises :class:`AudioError` when the part is empty or nothing can play.
        """
        self.stop()
        first = max(0, round(start * rate))
        last = len(samples) if end is None else min(len(samples), round(end * rate))
        try:
            if last <= first:
                raise AudioError("There is nothing to play here; select a part of the sound.")
            self._sound = _Sound(self._device, samples[first:last], rate, first / rate, loop, speed)
            self._refusal = None
        except AudioError as error:
            self._refusal = str(error)
            raise

    def stop(self) -> None:
        """Fall silent. Safe to call at any time."""
        if self._sound is not None:
            self._sound.stop()
            self._sound = None

    @property
    def playing(self) -> bool:
        """Whether something sounds."""
        return self._sound is not None and self._sound.sounding

    @property
    def position(self) -> float | None:
        """The second of the sound that is heard now; None when nothing is."""
        return self._sound.position if self._sound is not None and self._sound.sounding else None

    @property
    def problem(self) -> str | None:
        """Why nothing is heard, in one line; None when all is well."""
        return self._refusal or (self._sound.problem if self._sound is not None else None)


class _Sound:
    """What sounds now: its stream, its feeder and its counted frames."""

    def __init__(
        self, device: Device | None, part: np.ndarray, rate: int, offset: float, loop: bool, speed: float
    ) -> None:
        sd = portaudio()
        found = find("output", device)
        self._name = found.name
        self._rate, channels = negotiate(found, kind="output")
        self._offset, self._length = offset, len(part) / rate
        self._loop, self._speed = loop, speed
        self._ring = RingBuffer(AHEAD_SECONDS, self._rate, 1)
        self._asked = (
            0,
            time.perf_counter(),
        )  # frames given to the sound card before it last asked, and when
        self._fed = False
        self._end = threading.Event()
        self.problem: str | None = None
        blocks = output_blocks(part, rate, self._rate, loop=loop, speed=speed)
        self._ring.write(next(blocks)[:, None])

        def callback(out: np.ndarray, frames: int, when: object, status: object) -> None:
            fed = self._fed  # asked before the ring is: nothing fed in between may be left behind
            count = self._ring.read_into(out[:, :1])
            out[count:] = 0
            out[:count] = out[:count, :1]
            self._asked = (self._ring.taken - count, time.perf_counter())
            if fed and count < frames:
                raise sd.CallbackStop

        try:
            self._stream: Any = open_stream(
                "OutputStream",
                device=found.index,
                samplerate=self._rate,
                channels=channels,
                dtype="float32",
                latency=LATENCY,
                callback=callback,
            )
        except sd.PortAudioError as error:
            raise AudioError(cannot_open(found, reason(error))) from None
        self._latency = self._stream.latency
        self._feeder = threading.Thread(target=self._feed, args=(blocks,), name="player", daemon=True)
        self._feeder.start()

    def stop(self) -> None:
        self._end.set()
        self._feeder.join()

    @property
    def sounding(self) -> bool:
        return self._feeder.is_alive()

    @property
    def position(self) -> float:
        before, when = self._asked
        # Between two questions of the card the sound goes on, up to what it was given.
        heard = (
            min(before / self._rate + time.perf_counter() - when, self._ring.taken / self._rate)
            - self._latency
        )
        at = max(0.0, heard) * self._speed
        return self._offset + (at % self._length if self._loop else min(at, self._length))

    def _feed(self, blocks: Iterator[np.ndarray]) -> None:
        try:
            for block in blocks:
                while len(block) and self._going():
                    room = self._ring.capacity - self._ring.waiting
                    self._ring.write(block[:room, None])
                    block = block[room:]
                    if len(block):
                        self._end.wait(_PERIOD)
                if not self._going():
                    break
            self._fed = True
            while self._going():
                self._end.wait(_PERIOD)
        finally:
            close_stream(self._stream)

    def _going(self) -> bool:
        stalled = time.perf_counter() - self._asked[1] > STALLED_SECONDS
        if self._end.is_set() or (self._stream.active and not stalled):
            return not self._end.is_set()
        if not self._fed or stalled:
            self.problem = f"'{self._name}' stopped playing; was it unplugged?"
        return False


def output_blocks(
    part: np.ndarray, rate: int, out_rate: int, *, loop: bool = False, speed: float = 1.0
) -> Iterator[np.ndarray]:
    """``part (n,)`` at ``rate`` as blocks ``(m,)`` for a card of ``out_rate``: stretched, faded at its ends, looped."""
    resampler = soxr.ResampleStream(rate, out_rate, 1, dtype="float32")
    while True:
        for block in _faded(part, rate, speed):
            yield resampler.resample_chunk(block)
        if not loop:
            break
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _faded(part: np.ndarray, rate: int, speed: float) -> Iterator[np.ndarray]:
    if speed == 1:
        size = max(1, round(_BLOCK_SECONDS * rate))
        blocks: Iterator[np.ndarray] = (part[i : i + size] for i in range(0, len(part), size))
    else:
        blocks = stretched(part, speed, rate)
    total, fade, at = round(len(part) / speed), _FADE_SECONDS * rate, 0
    for block in blocks:
        index = np.arange(at, at + len(block), dtype=np.float32)
        at += len(block)
        yield block * np.minimum(np.minimum(index + 1, total - index) / fade, 1).astype(np.float32)
