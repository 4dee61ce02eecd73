"""A text beside each recording, with its name."""

from __future__ import annotations

import re

from ssllab.data.speech.layouts.reading import Reading, Recordings, Row, Tables, lines_of

#: What comes first counts where a recording has several.
_ENDINGS = (".normalized.txt", ".txt", ".lab", ".original.txt")
_TIMES = re.compile(r"\s*\d+(\.\d+)?\s+\d+(\.\d+)?(\s|$)")


def sidecars(tables: Tables, recordings: Recordings) -> Reading:
    """One transcript a file: beside the recording, or in a tree of the same folders (VCTK)::

        0.wav  0.txt                                              well, yes
        wav48/p225/p225_001_mic1.flac  txt/p225/p225_001.txt      Please call Stella.
        84_121123_000007.wav  84_121123_000007.normalized.txt     LibriTTS

    Several lines are one text.
    """
    reading = Reading()
    for suffix in _ENDINGS:
        for table, content in tables.items():
            if not table.lower().endswith(suffix) or table in reading.took:
                continue
            key = table[: -len(suffix)]
            if not recordings.finds("", key):
                continue
            lines = [line.strip() for line in lines_of(content) if line.strip()]
            if lines and all(map(_TIMES.match, lines)):
                reading.refuse(
                    table, "labels with times are not read; expected what is said, or TIMIT's samples"
                )
            else:
                reading.take(table, [Row(table, key, " ".join(lines) or None)])
    return reading
