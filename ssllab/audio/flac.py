"""Where the frames of a FLAC file begin, so that reading goes on behind a hole.

libFLAC finds the next frame by itself, libsndfile gives up. So what follows the hole is given to it as a file of its
own: the header, then everything from the next whole frame on.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ssllab.audio.formats import tags_end

_PIECE = 1 << 20
_LONGEST = 16  # bytes of a frame's header
_FRAME = re.compile(rb"(?=(\xff[\xf8\xf9].{14}))", re.DOTALL)


class Ranges(io.RawIOBase):
    """Parts ``(begin, end)`` of a file in bytes, read as if they were a file of their own."""

    def __init__(self, path: Path, ranges: Sequence[tuple[int, int]]) -> None:
        self._file = path.open("rb")
        self._ranges = ranges
        self._length = sum(end - begin for begin, end in ranges)
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        self._at = max(0, offset + (0, self._at, self._length)[whence])
        return self._at

    def tell(self) -> int:
        """As of any file."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any file: at most to the end of one part."""
        before = 0
        for begin, end in self._ranges:
            inside = self._at - before
            if inside < end - begin:
                self._file.seek(begin + inside)
                piece = self._file.read(min(len(buffer), end - begin - inside))
                buffer[: len(piece)] = piece
                self._at += len(piece)
                return len(piece)
            before += end - begin
        return 0

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()


def find_all(
    file: BinaryIO, pattern: re.Pattern[bytes], longest: int
) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Every match of ``pattern`` (of at most ``longest`` bytes) from where ``file`` stands, with its place."""
    place, content = file.tell(), b""
    while piece := file.read(_PIECE):
        content += piece
        keep = len(content) - longest + 1  # what begins later is looked for again, with the next piece
        for match in pattern.finditer(content):
            if match.start() < keep or len(piece) < _PIECE:
                yield place + match.start(), match
        if len(piece) < _PIECE:
            return
        place, content = place + keep, content[keep:]


class FrameIndex:
    """The frames of the FLAC file ``path`` that begin at byte ``begin`` and end before ``end``."""

    def __init__(self, path: Path, begin: int, end: int) -> None:
        self._path, self._begin, self._end = path, begin, end
        self._starts: list[tuple[int, int]] = []  # sample, byte
        with path.open("rb") as file:
            self._header_end, block = _header(file, begin)
            file.seek(self._header_end)
            last = -1
            for at, match in find_all(file, _FRAME, _LONGEST):
                if at >= end:
                    break
                sample = _sample(match[1], block)
                if sample is not None and sample > last:
                    self._starts.append((sample, at))
                    last = sample

    def at(self, sample: int) -> tuple[int, Ranges] | None:
        """The frame that holds ``sample``: its first sample, and a file that begins with it."""
        number = bisect_right(self._starts, (sample, self._end)) - 1
        return self._file(number) if number >= 0 else None

    def after(self, sample: int) -> tuple[int, Ranges] | None:
        """The same of the first frame that begins behind ``sample``."""
        number = bisect_right(self._starts, (sample, self._end))
        return self._file(number) if number < len(self._starts) else None

    def _file(self, number: int) -> tuple[int, Ranges]:
        sample, byte = self._starts[number]
        return sample, Ranges(self._path, [(self._begin, self._header_end), (byte, self._end)])


def _header(file: BinaryIO, begin: int) -> tuple[int, int]:
    """Where the header ends, and the samples of a frame where all have as many."""
    file.seek(tags_end(file, begin) + 4)
    block = 0
    while len(head := file.read(4)) == 4:
        size = int.from_bytes(head[1:], "big")
        body = file.tell()
        if head[0] & 0x7F == 0:
            block = int.from_bytes(file.read(2), "big")
        file.seek(body + size)
        if head[0] & 0x80:
            break
    return file.tell(), block


def _sample(head: bytes, block: int) -> int | None:
    """The first sample of the frame whose header ``head`` begins with, None where it is none (RFC 9639, section 9.1)."""
    code = (head[2] >> 4, head[2] & 15)
    lead = head[4]
    extra = 0 if lead < 0x80 else 7 - (lead ^ 0xFF).bit_length()  # bytes that follow, as in UTF-8
    if not 0 <= extra <= 6 or lead & 0xC0 == 0x80 or head[3] & 1 or not code[0]:
        return None
    number = lead if not extra else lead & (0x3F >> extra)
    for byte in head[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    end = 5 + extra + {6: 1, 7: 2}.get(code[0], 0) + {12: 1, 13: 2, 14: 2}.get(code[1], 0)
    if end >= len(head) or _crc8(head[:end]) != head[end]:
        return None
    return number if head[1] & 1 else number * block


def _crc8(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value
