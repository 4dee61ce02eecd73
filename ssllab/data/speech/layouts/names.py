"""What the names of recordings and of their folders say without any table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ssllab.data.speech.layouts.reading import (
    Reading,
    Recordings,
    Row,
    Tables,
    bare,
    lines_of,
    without_ending,
)

#: Patterns of paths without endings, in which the first group is who speaks. Folders of speakers are no words.
_SPEAKERS = tuple(
    re.compile(rf"(?:.*/)?{pattern}", re.IGNORECASE)
    for pattern in (
        r"(\d+)-\d+-\d+",  # LibriSpeech: 19-198-0000
        r"(\d+)_\d+_\d+_\d+",  # LibriTTS: 84_121123_000007_000001
        r"([0-9a-f]+)_nohash_\d+",  # Speech Commands
        r"([ps]\d+)/\1_\d+(?:_mic\d)?",  # VCTK: p225/p225_001_mic1
        r"([fm][a-z]{3}\d)/s[aix]\d+",  # TIMIT: FCJF0/SA1
        r"(id\d{5})/.+",  # VoxCeleb: id10001/1zcIwhmdeo4/00001
        r"((?:speaker|spkr|spk)[-_ ]?\w+)/.+",  # speaker_01/3
    )
)
_SECOND_MICROPHONE = re.compile(r"(.*_mic)([2-9])")
_COMMAND = re.compile(r"[0-9a-f]+_nohash_\d+")


def speaker(path: str) -> str | None:
    """Who speaks, where the path says so."""
    return next((match[1] for pattern in _SPEAKERS if (match := pattern.fullmatch(bare(path)))), None)


def is_command(path: str) -> bool:
    """Whether it is called as the clips of Speech Commands are: then its folder is the word."""
    return _COMMAND.fullmatch(PurePosixPath(bare(path)).name) is not None


def copies(paths: Sequence[str]) -> dict[str, str]:
    """Recordings that only repeat another one, with the reason: they would be learned from and tested on.

    VCTK's second microphone, and TIMIT's ``SA1.WAV.wav`` beside ``SA1.WAV``.
    """
    found = {}
    names = {bare(path) for path in paths}
    there = set(paths)
    for path in paths:
        match = _SECOND_MICROPHONE.fullmatch(bare(path))
        if match and match[1] + "1" in names:
            found[path] = "a second microphone heard the same sentence"
        elif without_ending(path) in there:
            found[path] = "a copy of the recording beside it"
    return found


def speech_commands(tables: Tables, recordings: Recordings) -> Reading:
    """Speech Commands names its test clips; what it keeps for validation is learned from::

        testing_list.txt       yes/0a7c2a8d_nohash_0.wav
        validation_list.txt    no/0b40aa8e_nohash_0.wav

    Other clips are learned from.
    """
    reading = Reading()
    for table, content in tables.items():
        name = PurePosixPath(table).name.lower()
        if name in ("testing_list.txt", "validation_list.txt"):
            keys = [line.strip() for line in lines_of(content) if line.strip()]
            reading.take(table, [Row(table, key, test=name == "testing_list.txt") for key in keys])
    return reading
