"""Which reader opens a file: libsndfile first, FFmpeg's libraries where that cannot, or would lose sound."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import BinaryIO

import soundfile

from ssllab.audio.errors import AudioError
from ssllab.audio.flac import find_all
from ssllab.audio.formats import container_of, tags_end
from ssllab.audio.packets import PacketReader
from ssllab.audio.reader import Joined, Reader
from ssllab.audio.sndfile import SndfileReader, riff_size

#: libsndfile's MP3 reader believes a header, or guesses from one frame, how long the file is, stops there, and writes
#: lines of its own on stderr, which other threads use too. The others it does not know.
_NEVER_SNDFILE = ("mp3", "aac", "amr", "mov", "matroska", "asf", "ape", "wv", "tta")
_OGG_PAGE = re.compile(rb"OggS\0(.)", re.DOTALL)
_FLAC_START = re.compile(rb"fLaC\0\0\0\x22")


def open_sound(path: Path, end: float | None = None) -> Reader:
    """The reader that loses none of it up to ``end`` seconds. Raises :class:`AudioError` in one line."""
    if path.is_dir():
        raise AudioError(f"{path} is a folder; expected an audio file.")
    try:
        with path.open("rb") as file:  # gives the system's own reason, which libsndfile swallows
            if not file.read(1):
                raise AudioError(f"{path.name} is empty (0 bytes). Record or copy it again.")
            container = container_of(file) or ("mp3" if path.suffix.lower() == ".mp3" else None)
            if container is not None and container in _NEVER_SNDFILE:
                return PacketReader(path, container)
            reader = _by_libsndfile(path)
            if reader is not None and reader.can_seek and end is not None and end <= (reader.seconds or 0.0):
                return reader
            beginnings = _beginnings(file, container)
            in_packets = _is_better_in_packets(file, container, reader)
    except FileNotFoundError:
        raise AudioError(f"{path} does not exist. Check the name.") from None
    except OSError as error:
        raise unreadable(path, error) from None
    if len(beginnings) > 1:
        ends = [*beginnings[1:], path.stat().st_size]
        parts = [partial(_by_libsndfile, path, *part) for part in zip(beginnings, ends, strict=True)]
        if (first := next((found for part in parts if (found := part()) is not None), None)) is not None:
            for opened in (first, reader):
                if opened is not None:
                    opened.close()
            return Joined(parts, first, path.name)
    if container is not None and in_packets:
        if reader is not None:
            reader.close()
        return PacketReader(path, container)
    if reader is None:
        raise AudioError(
            f"{path.name} is not audio that can be read. Expected WAV, FLAC, OGG, MP3 or M4A; convert it first."
        )
    if reader.frames == 0:
        reader.close()
        raise AudioError(f"{path.name} holds no sound (0 samples). Record or copy it again.")
    return reader


def length(path: Path, reader: Reader) -> float:
    """Seconds; counted, not decoded, where the header does not say them."""
    if reader.seconds is not None:
        return reader.seconds
    with path.open("rb") as file:
        container = container_of(file)
    counter = PacketReader(path, container or "flac")
    try:
        return counter.counted_seconds()
    finally:
        counter.close()


def unreadable(path: Path, error: OSError) -> AudioError:
    """That the system refuses to read ``path``."""
    return AudioError(
        f"{path} cannot be read ({error.strerror or error}). Allow reading it or copy it elsewhere."
    )


def _by_libsndfile(path: Path, begin: int = 0, end: int | None = None) -> SndfileReader | None:
    try:
        return SndfileReader(path, begin, end)
    except (
        soundfile.LibsndfileError,
        TypeError,
    ):  # TypeError: a suffix that promises samples without a header
        return None


def _is_better_in_packets(file: BinaryIO, container: str | None, reader: SndfileReader | None) -> bool:
    """Whether libsndfile would lose sound, or add some: it counts the bytes that pad GSM."""
    return (
        reader is None
        or (not reader.can_seek and container == "wav")
        or (container == "ogg" and _is_chained(file))
        or (container == "wav" and reader.frames == 0 and _is_size_unwritten(file))
    )


def _is_chained(file: BinaryIO) -> bool:
    """Whether an Ogg file begins a second time: libsndfile reads the first link only."""
    file.seek(0)
    inside = False
    for _, page in find_all(file, _OGG_PAGE, 6):
        begins = bool(page[1][0] & 2)
        if begins and inside:
            return True
        inside = inside or not begins
    return False


def _beginnings(file: BinaryIO, container: str | None) -> list[int]:
    """Where the files begin that were put end to end; one, mostly."""
    if container == "flac":
        file.seek(tags_end(file))
        return [at for at, _ in find_all(file, _FLAC_START, 8)] or [0]
    begins = [0]
    while container == "wav":
        file.seek(begins[-1])
        size = riff_size(file.read(8))
        if size is None:
            break
        next_one = begins[-1] + size + size % 2
        file.seek(next_one)
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            break
        begins.append(next_one)
    return begins


def _is_size_unwritten(file: BinaryIO) -> bool:
    """Whether a WAV without samples has more in it than its header knows: the writer never came back to it."""
    file.seek(0)
    size = riff_size(file.read(8))
    return size is None or abs(size - file.seek(0, os.SEEK_END)) > 1
