"""What audio files are called and how they begin.

A file is known by its first bytes, never by trying every reader there is: a playlist that calls itself ``.mp3`` must
not reach other files or the network.
"""

from __future__ import annotations

from typing import BinaryIO

#: Endings of the names of audio files that are read. Files of other names are not looked at.
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".spx", ".mp3", ".m4a", ".m4b", ".aac"),
    *(".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".sph", ".wma"),
    *(".3gp", ".amr", ".mka", ".weba", ".wv", ".ape", ".tta"),
)
#: Endings of sound that is not read, so that it can be said how many such files lie in a folder.
UNREAD_SUFFIXES = (
    *(".mp4", ".m4p", ".mov", ".mkv", ".webm", ".avi", ".ra", ".rm", ".aa", ".aax", ".ac3"),
    *(".dts", ".dsf", ".dff", ".shn", ".mpc", ".mp2", ".mid", ".midi", ".raw", ".pcm"),
    *(".voc", ".gsm", ".dss", ".ds2", ".qcp", ".g722"),
)

#: libavformat's name of a container by its first bytes.
_BEGINNINGS = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"RIFF", "wav"),
    (b"RF64", "wav"),
    (b"BW64", "wav"),
    (b"riff\x2e\x91\xcf\x11", "w64"),
    (b"FORM", "aiff"),
    (b"caff", "caf"),
    (b".snd", "au"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"#!AMR", "amr"),
    (b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (b"MAC ", "ape"),
    (b"wvpk", "wv"),
    (b"TTA1", "tta"),
)


def container_of(file: BinaryIO) -> str | None:
    """libavformat's name of the audio container in ``file``, after tags; None where it is none that we know."""
    begin = tags_end(file)
    file.seek(begin)
    head = file.read(16)
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[4:8] in (b"ftyp", b"moov", b"wide"):
        return "mov"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "mp3"
    return "mp3" if begin else None


def tags_end(file: BinaryIO, at: int = 0) -> int:
    """Where the ID3 tags (titles, pictures) that begin at byte ``at`` of ``file`` end; ``at`` where there are none."""
    while True:
        file.seek(at)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            return at
        # Seven bits a byte; a footer of ten bytes is announced by a flag.
        at += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]) + 10 * bool(head[5] & 0x10)
