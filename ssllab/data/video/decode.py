"""Video files through FFmpeg's libraries (PyAV), frame by frame.

FFmpeg is given an opened file and the name of its container: it neither guesses a format (a playlist would lead it to
other files, or into the network) nor opens anything else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from ssllab.audio.formats import container_of as sound_container
from ssllab.audio.packets import OpenedFile, nothing_else
from ssllab.data.containers import Unusable
from ssllab.data.images.pictures import square
from ssllab.data.video.reading import Frames, Reading, evenly

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ONLY_SOUND = "only sound, no pictures in it: choose a video"

#: libavformat's name of a container by its first bytes.
_BEGINNINGS = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"FLV", "flv"),
    (b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (b"OggS", "ogg"),
    (b"\0\0\1\xba", "mpeg"),
    (b"\0\0\1\xb3", "mpegvideo"),
    (b"DKIF", "ivf"),
    (b"\x06\x0e\x2b\x34", "mxf"),
)
_MOV = (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip", b"pnot")
#: They keep no times, or not those at which pictures are shown: what is in them comes at an even rate.
_TIMELESS = ("avi", "h264", "hevc", "mpegvideo")
_PACKET = 188  # bytes of MPEG's transport stream; 4 more where a camera wrote it
_BUFFER = 1 << 18
_FASTEST = 250  # frames a second that are believed; a container without a rate says 1,000 or 90,000
_LOST = 0.5  # seconds short of what was promised that are worth a word
_NARROWEST = 20  # of the sides of a picture, as it is shown
_STRETCH = 10  # of a pixel
_TAPS = 40  # times that the scaler shrinks at once: its filters are bounded


def container_of(head: bytes) -> str | None:
    """libavformat's name of the video container that begins so (512 bytes are enough); None where it is none we know."""
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[4:8] in _MOV:
        return "mov"
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "avi"
    for lead, step in ((0, _PACKET), (4, _PACKET + 4)):
        if head[lead : lead + 1] == b"G" and head[lead + step : lead + step + 1] == b"G":
            return "mpegts"
    if head.startswith((b"\0\0\0\1", b"\0\0\1")):
        kind = head[head.index(1) + 1]
        return (
            "h264"
            if kind & 0x1F in (7, 9) and not kind & 0x80
            else "hevc"
            if kind in (0x40, 0x42, 0x46)
            else None
        )
    return None


def video(path: Path, container: str, reading: Reading) -> Frames:
    """The pictures of the first track of video (a cover is none), at an even rate: the track's own on the average.

    Turned as the file says, its pixels made square. Raises :class:`Unusable`, also where there is none, or OSError where the
    disk fails. What breaks off is given as far as it goes, and that is said.
    """
    import av

    with path.open("rb") as file:
        source = OpenedFile(file)
        try:
            opened = av.open(
                source,
                "r",
                format=container,
                buffer_size=_BUFFER,
                io_open=nothing_else,
                metadata_errors="replace",
            )
        except (av.FFmpegError, ValueError) as error:
            raise source.problem or _unopened(container, error) from None
        with opened:
            stream = _track(opened)
            film = _Film(file, opened, stream, container not in _TIMELESS, reading)
            yield from evenly(film.timed(), film.rate, reading.note)
            if source.problem is not None:
                raise source.problem
            film.say_lost()


def is_sound(file: BinaryIO) -> bool:
    """Whether a file that is no video is a recording."""
    return sound_container(file) is not None


class _Film:
    """One pass over a track; what was lost on the way is counted."""

    def __init__(
        self, file: BinaryIO, opened: InputContainer, stream: VideoStream, has_times: bool, reading: Reading
    ) -> None:
        self._file, self._opened, self._stream, self._reading = file, opened, stream, reading
        self._has_times = has_times
        self._bytes = max(1, os.fstat(file.fileno()).st_size)
        rate = float(stream.average_rate or 0)
        self.rate = rate if 0 < rate <= _FASTEST else None
        tick = float(stream.time_base or 0)
        self._begin = float(stream.start_time or 0) * tick
        whole = float(opened.duration or 0) / 1e6
        said = float(stream.duration or 0) * tick or _tagged(stream.metadata.get("DURATION", ""))
        if self.rate:  # of a broken .avi the length is guessed from what is there
            said = max(said, (stream.frames or 0) / self.rate)
        self._seconds = said or whole
        # The container's own length may be that of its sound.
        self._promised = said or (whole if len(opened.streams) == 1 else 0.0)
        self._wide = float(stream.sample_aspect_ratio or 1) or 1.0
        if not 1 / _STRETCH <= self._wide <= _STRETCH:
            self._wide = 1.0
        self._end = 0.0
        self._broken = 0

    def timed(self) -> Iterator[tuple[float | None, np.ndarray]]:
        """Frames with their times in seconds."""
        import av

        self._stream.thread_type = "AUTO"
        came = False
        try:
            for packet in self._opened.demux(self._stream):
                self._say_place()
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    self._broken += packet.size > 0
                    continue
                for frame in frames:
                    if frame.is_corrupt and came:
                        self._broken += 1
                        continue
                    came = True
                    if frame.time is not None:
                        self._end = frame.time + float(frame.duration or 0) * float(frame.time_base or 0)
                    yield (frame.time if self._has_times else None), self._square(frame)
                    self._say_place()
        except av.FFmpegError:
            pass  # the container breaks off

    def _say_place(self) -> None:
        done = (self._end - self._begin) / self._seconds if self._seconds else self._file.tell() / self._bytes
        self._reading.at(min(1.0, max(0.0, done)))

    def _square(self, frame: VideoFrame) -> np.ndarray:
        """The centre of the picture as it is shown, ``(size, size, 3)``."""
        size = self._reading.size
        width, height = frame.width * self._wide, float(frame.height)
        short = min(width, height)
        if max(width, height) > _NARROWEST * short:
            raise Unusable(f"its picture is too narrow ({frame.width}x{frame.height}): cut it first")
        # Close to the size first, by FFmpeg, then to the pixel.
        scale = min(1.0, max(2 * size / short, 1 / _TAPS))
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        mode = "RGBA" if any(part.is_alpha for part in frame.format.components) else "RGB"
        small = frame.reformat(
            *shape, "rgba" if mode == "RGBA" else "rgb24", interpolation="BICUBIC"
        ).to_ndarray()
        turned = np.rot90(square(Image.fromarray(small, mode), size), round(frame.rotation / 90))
        return np.ascontiguousarray(turned)

    def say_lost(self) -> None:
        """A word where it was not read whole."""
        read, whole = self._end - self._begin, self._promised
        if whole and whole - read > max(_LOST, 2 / (self.rate or 1)):
            self._reading.note(f"breaks off after {read:.1f} of {whole:.1f} seconds")
        elif self._broken:
            self._reading.note(f"{self._broken:,} frame{'s' * (self._broken != 1)} in it cannot be decoded")


def _tagged(text: str) -> float:
    """Seconds of Matroska's ``00:01:30.5``; 0 of anything else.

    >>> _tagged("00:01:30.500000000")
    90.5
    """
    found = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", text)
    return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3]) if found else 0.0


def _track(opened: InputContainer) -> VideoStream:
    """The track of video; of several the one that is meant to be shown first. Raises :class:`Unusable`."""
    from av.stream import Disposition

    tracks = [track for track in opened.streams.video if Disposition.attached_pic not in track.disposition]
    if not tracks:
        raise Unusable(ONLY_SOUND if opened.streams.audio else "no video in it: choose another file")
    track = next((track for track in tracks if Disposition.default in track.disposition), tracks[0])
    if track.codec_context is None:
        raise Unusable("packed in a way that there is no decoder for: convert it to MP4 (H.264)")
    return track


def _unopened(container: str, error: Exception) -> Unusable:
    if container == "mov":
        return Unusable(
            "its index is missing or damaged, as of a recording that was cut off: record or copy it again"
        )
    if isinstance(error, EOFError):
        return Unusable("breaks off before any picture: record or copy it again")
    return Unusable(f"broken ({str(error).split('] ')[-1][:80]}): record or copy it again")
