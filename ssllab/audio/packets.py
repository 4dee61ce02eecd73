"""Files that libsndfile cannot read, or not whole, through FFmpeg's libraries (PyAV).

Used for MP3 (libsndfile believes a header about the length and writes lines of its own on stderr), m4a and AAC,
chained Ogg, FLAC and Speex in Ogg, WAV whose size was never written, and a few more. FFmpeg is given an opened file
and the name of its container: it neither guesses a format nor opens anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import numpy as np

from ssllab.audio.errors import AudioError
from ssllab.audio.formats import tags_end
from ssllab.audio.reader import Note, say_lost, undecodable

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

#: Containers whose duration is a guess from the bit rate, or that of a first part.
_GUESSED = ("mp3", "aac", "amr", "ogg", "wav")
#: Containers whose packets say where they belong; the others are decoded from their beginning to get anywhere.
_TIMED = ("mp3", "mov")
_LEAD = 1.0  # seconds decoded before a start in mid-file: packets of MP3 and AAC lean on earlier ones
_BUFFER = 1 << 18


class PacketReader:
    """One pass over the first audio track of ``path``. A start in mid-file is reached by reading what is before it.

    Raises :class:`AudioError` where it cannot be opened, or OSError where the disk fails.
    """

    def __init__(self, path: Path, container: str) -> None:
        import av

        self._path, self._container = path, container
        self._file = path.open("rb")
        self._source = OpenedFile(self._file)
        try:
            self._opened: InputContainer = av.open(
                self._source, "r", format=container, buffer_size=_BUFFER, io_open=nothing_else
            )
        except (av.FFmpegError, ValueError) as error:
            self._file.close()
            if self._source.problem is not None:
                raise self._source.problem from None
            raise AudioError(_why(path, container, error)) from None
        stream = next(iter(self._opened.streams.audio), None)
        context = stream.codec_context if stream is not None else None
        if stream is None or context is None or not context.sample_rate or not context.channels:
            self.close()
            raise AudioError(f"{path.name} holds no sound that can be decoded. Convert it to WAV first.")
        self._stream = stream
        self.rate, self.channels = int(context.sample_rate), int(context.channels)
        self.format = f"{container.upper()} {context.name}"
        self.seconds: float | None = None
        if container not in _GUESSED and stream.duration and stream.time_base:
            self.seconds = float(stream.duration * stream.time_base)

    def counted_seconds(self) -> float:
        """The length of all packets together, without decoding. The reader is used up by it."""
        import av

        ticks = 0
        try:
            for packet in self._opened.demux(self._stream):
                ticks += packet.duration or 0
        except av.FFmpegError:
            pass  # as far as there is something
        padding = _mp3_header(self._file)[1] if self._container == "mp3" else 0
        return float(ticks * (self._stream.time_base or 0)) - padding / self.rate

    def blocks(
        self, start: float, end: float | None, size: int, note: Note
    ) -> Iterator[tuple[np.ndarray, int]]:
        """See :class:`ssllab.audio.reader.Reader`."""
        at = -1.0
        self._failed, self._resumed = 0.0, False
        if end is not None:
            size = max(1, min(size, round((end - start) * self.rate)))
        for samples, rate, pts in self._groups(start, size):
            if at < 0:  # packets before the start may have been passed over
                at = max(0.0, self._time(pts)) if start > _LEAD else 0.0
            first = max(0, round((start - at) * rate))
            last = len(samples) if end is None else max(0, min(len(samples), round((end - at) * rate)))
            at += len(samples) / rate
            if first < last:
                yield samples[first:last], rate
            if end is not None and at >= end:
                break
        if at < 0 and start > _LEAD:
            return  # it ends before
        if at <= 0:
            raise undecodable(self._path.name)
        said = self._promised() or at + self._failed
        if end is not None:
            said = min(said, end)
        say_lost(self._path.name, at, said, middle=self._resumed, note=note)

    def close(self) -> None:
        """Safe to call twice."""
        self._opened.close()
        self._file.close()

    def _time(self, pts: int | None) -> float:
        """Seconds after the first sample that is heard."""
        return float(((pts or 0) - (self._stream.start_time or 0)) * (self._stream.time_base or 0))

    def _groups(self, start: float, size: int) -> Iterator[tuple[np.ndarray, int, int | None]]:
        """At least ``size`` frames together, as long as they are of one form: samples, rate, and when the first comes."""
        waiting: list[np.ndarray] = []
        count, form, pts = 0, ("", 0, 0), None
        for frame in self._frames(start):
            now = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
            if waiting and (now != form or count >= size):
                yield _samples(waiting, form[0], form[1]), form[2], pts
                waiting, count = [], 0
            if not waiting:
                form, pts = now, frame.pts
            waiting.append(frame.to_ndarray())
            count += frame.samples
        if waiting:
            yield _samples(waiting, form[0], form[1]), form[2], pts

    def _frames(self, start: float) -> Iterator[AudioFrame]:
        """What can be decoded; ``_failed`` adds up the seconds that cannot, ``_resumed`` is whether more came after."""
        import av

        tick = float(self._stream.time_base or 0)
        may_skip = start > _LEAD and self._container in _TIMED
        try:
            for packet in self._opened.demux(self._stream):
                if may_skip and packet.pts is not None and self._time(packet.pts) < start - _LEAD:
                    continue
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    self._failed += (packet.duration or 0) * tick
                    continue
                for frame in frames:
                    self._resumed = self._failed > 0
                    yield frame
        except av.FFmpegError:
            pass  # the container breaks off
        if self._source.problem is not None:
            raise self._source.problem

    def _promised(self) -> float | None:
        """Seconds that the file says it has."""
        if self._container == "mp3":
            frames, padding = _mp3_header(self._file)
            return frames and (frames * (1152 if self.rate >= 32_000 else 576) - padding) / self.rate
        return self.seconds


class OpenedFile:
    """An opened file as FFmpeg reads it. It has no name, and a place that no file has is refused without an exception.

    PyAV would print those that come while it handles another one.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.problem: OSError | None = None
        self.tell = file.tell

    def read(self, count: int) -> bytes:
        """As of any file; where the disk fails, as if the file ended."""
        try:
            return self._file.read(count)
        except OSError as problem:
            self.problem = problem
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file; -1 where it cannot."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1


def nothing_else(url: str, flags: int, options: dict[str, Any]) -> NoReturn:
    """Refuses what a file names beside itself: given to ``av.open`` as ``io_open``."""
    raise PermissionError(f"a file of sound or video may not open another one ({url})")


def _why(path: Path, container: str, error: Exception) -> str:
    if container == "mov":
        return f"{path.name} cannot be read: its index is missing or damaged, as of a recording that was cut off."
    if isinstance(error, EOFError):
        return f"{path.name} breaks off before any sound. Record or copy it again."
    return f"{path.name} is not audio that can be read ({str(error).split('] ')[-1]})."


def _samples(frames: list[np.ndarray], form: str, channels: int) -> np.ndarray:
    """``(n, channels)`` float32 of frames in FFmpeg's sample format ``form``; whole numbers are scaled to -1..1."""
    joined = np.concatenate(frames, axis=1)  # planar: (channels, n), else (1, n * channels)
    samples = joined.T if form.endswith("p") else joined.reshape(-1, channels)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / 2.0 ** (8 * samples.itemsize - 1)
    return samples.astype(np.float32, copy=False)


def _mp3_header(file: BinaryIO) -> tuple[int, int]:
    """What the first frame of an MP3 says: the frames in the file, and the samples that only pad them; 0 where it does not.

    Xing's way with LAME's extension, or Fraunhofer's.
    """
    file.seek(tags_end(file))
    head = file.read(512)
    if (at := head.find(b"VBRI")) > 0:
        return int.from_bytes(head[at + 14 : at + 18], "big"), 0
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0 or len(head) < at + 8 or not head[at + 7] & 1:
        return 0, 0
    flags = head[at + 7]
    frames = int.from_bytes(head[at + 8 : at + 12], "big")
    encoder = at + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    if head[encoder : encoder + 4] not in (b"LAME", b"Lavf", b"Lavc"):
        return frames, 0
    padding = int.from_bytes(head[encoder + 21 : encoder + 24], "big")
    return frames, (padding >> 12) + (padding & 0xFFF)
