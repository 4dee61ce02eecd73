"""Files through libsndfile: WAV, FLAC, OGG, AIFF and a dozen more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from ssllab.audio.flac import FrameIndex, Ranges
from ssllab.audio.reader import Note, say_lost, undecodable

_FINE = 1 << 6  # frames of one read where the file breaks off
_LONGEST_PAGE = 65_307  # bytes of an Ogg page
_UNKNOWN = 1 << 62  # so many frames are libsndfile's way to say that nobody wrote how many


class SndfileReader:
    """``path``, or its bytes from ``begin`` to ``end``. Raises :class:`soundfile.LibsndfileError` or TypeError."""

    def __init__(self, path: Path, begin: int = 0, end: int | None = None) -> None:
        self._path, self._begin = path, begin
        self._end = path.stat().st_size if end is None else end
        whole = begin == 0 and end is None
        self._file = _Straight(path if whole else Ranges(path, [(begin, self._end)]))
        self.rate, self.channels = self._file.samplerate, self._file.channels
        plain = self._file.subtype.startswith(("VORBIS", "OPUS"))
        self.format = self._file.format if plain else f"{self._file.format} {self._file.subtype}"
        #: As the header says; None where it does not.
        self.frames = self._file.frames if self._file.frames < _UNKNOWN else None
        self.seconds = None if self.frames is None else self.frames / self.rate
        self._index: FrameIndex | None = None

    def blocks(
        self, start: float, end: float | None, size: int, note: Note
    ) -> Iterator[tuple[np.ndarray, int]]:
        """See :class:`ssllab.audio.reader.Reader`."""
        begin, last = round(start * self.rate), self.frames
        if end is not None:
            last = min(round(end * self.rate), _UNKNOWN if last is None else last)
        if last is not None and begin >= last:
            return
        self._start_at(begin)
        place, lost, step, fine_until = begin, 0, size, 0
        while last is None or place < last:
            if place >= fine_until:
                step = size
            try:
                frames = self._file.read(step if last is None else min(step, last - place), "float32", True)
            except soundfile.LibsndfileError:
                if step > _FINE:
                    # The whole read failed, not only its bad end: go back and take what is before it.
                    fine_until, step = place + step, _FINE
                    if self._back_to(place):
                        continue
                fine_until, behind = 0, self._behind(place)
                if behind is None:
                    break
                lost, place = lost + behind - place, behind
                continue
            if not len(frames):
                break
            place += len(frames)
            yield frames, self.rate
        if place - lost <= begin and not begin:
            raise undecodable(self._path.name)
        said = self._written() if end is None else last
        said = max(place, place if said is None else said)
        # The length of an Ogg is read off its last page: that is there, so what is missing lies before it.
        middle = lost > 0 or self._file.format == "OGG"
        say_lost(self._path.name, (place - lost) / self.rate, said / self.rate, middle=middle, note=note)
        if self._file.format == "OGG" and end is None and not self._has_last_page():
            note(
                f"{self._path.name} has no end mark: it may have gone on after {place / self.rate:,.1f} seconds."
            )

    @property
    def can_seek(self) -> bool:
        """False for what libsndfile reads only from front to end, as GSM in WAV."""
        return self._file.can_seek

    def close(self) -> None:
        """Safe to call twice."""
        self._file.close()

    def _start_at(self, frame: int) -> None:
        """Go to ``frame`` of a file that was just opened, by reading where it cannot seek."""
        if not frame:
            return
        if self._file.can_seek:
            self._file.seek(frame)
        else:
            self._skip(frame)

    def _skip(self, frames: int) -> None:
        while frames > 0 and (read := len(self._file.read(min(frames, 1 << 16), "float32"))):
            frames -= read

    def _back_to(self, frame: int) -> bool:
        """Stand at ``frame`` after a failure behind it; whether that can be done."""
        try:
            if self._file.format == "FLAC":
                return self._open_frame(self._frames_of_flac().at(frame), frame)
            if not self._file.can_seek:
                return False
            self._file.seek(frame)
            return True
        except soundfile.LibsndfileError:
            return False

    def _behind(self, frame: int) -> int | None:
        """Go on behind what cannot be decoded at ``frame``; where that is, None where there is nothing more."""
        while self._file.format == "FLAC" and (found := self._frames_of_flac().after(frame)) is not None:
            frame = found[0]
            try:
                self._open_frame(found, frame)
                return frame
            except soundfile.LibsndfileError:
                continue
        return None

    def _open_frame(self, found: tuple[int, Ranges] | None, frame: int) -> bool:
        if found is None:
            return False
        first, content = found
        self._file.close()
        self._file = _Straight(content)
        self._skip(frame - first)
        return True

    def _frames_of_flac(self) -> FrameIndex:
        if self._index is None:
            self._index = FrameIndex(self._path, self._begin, self._end)
        return self._index

    def _has_last_page(self) -> bool:
        """Whether the last page of an Ogg says that it is the last."""
        with self._path.open("rb") as file:
            file.seek(max(0, self._end - _LONGEST_PAGE))
            content = file.read()
        at = content.rfind(b"OggS\0")
        return at < 0 or len(content) < at + 6 or bool(content[at + 5] & 4)

    def _written(self) -> int | None:
        """The frames that were once in the file, by its header. libsndfile cuts a WAV's number to what is there."""
        if self.frames is None or self._file.format not in ("WAV", "WAVEX"):
            return self.frames
        with self._path.open("rb") as file:
            file.seek(self._begin)
            said = riff_size(file.read(8))
        have = self._end - self._begin
        return self.frames if said is None or said <= have else self.frames * (said - 44) // (have - 44)


def riff_size(head: bytes) -> int | None:
    """Bytes of a WAV by its first eight; None where a writer put a stand-in there, as into a pipe."""
    size = int.from_bytes(head[4:8], "little")
    return 8 + size if 0 < size < 0x7FFF0000 else None


class _Straight(soundfile.SoundFile):
    """A file read from front to end.

    ``soundfile`` seeks after every read of a file that says it can: FLAC then decodes the neighbourhood again.
    """

    def seekable(self) -> bool:
        return False

    @property
    def can_seek(self) -> bool:
        """What libsndfile says."""
        return super().seekable()
