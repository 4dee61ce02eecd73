"""TIMIT: beside each recording its sentence, its words and its phones, with times in samples."""

from __future__ import annotations

import re

from ssllab.data.speech.layouts.reading import (
    Reading,
    Recordings,
    Row,
    Tables,
    ending,
    lines_of,
    without_ending,
)
from ssllab.data.speech.types import Span

#: Hertz, in which TIMIT counts samples.
_RATE = 16_000
_TIMED = re.compile(r"(\d{1,9})\s+(\d{1,9})\s+(\S.*)")


def timit(tables: Tables, recordings: Recordings) -> Reading:
    """TIMIT (https://catalog.ldc.upenn.edu/LDC93S1), recognised by a first and a last sample in each line::

        TRAIN/DR1/FCJF0/SA1.WAV
        TRAIN/DR1/FCJF0/SA1.TXT    0 46797 She had your dark suit in greasy wash water all year.
        TRAIN/DR1/FCJF0/SA1.WRD    3050 5723 she
        TRAIN/DR1/FCJF0/SA1.PHN    0 3050 h#

    What lies beyond the end of the recording is cut off when it is decoded.
    """
    reading = Reading()
    for table, content in tables.items():
        kind = ending(table)
        key = without_ending(table)
        if kind not in (".txt", ".wrd", ".phn") or not recordings.finds("", key):
            continue
        spans = _spans(content)
        if spans is None or (kind == ".txt" and len(spans) != 1):
            continue
        match kind:
            case ".txt":
                row = Row(table, key, spans[0].label)
            case ".wrd":
                row = Row(table, key, words=spans)
            case _:
                row = Row(table, key, phones=spans)
        reading.take(table, [row])
    return reading


def _spans(content: str) -> tuple[Span, ...] | None:
    """Lines of ``first last label``, in order; None where there are others."""
    spans: list[Span] = []
    for line in lines_of(content):
        if not line.strip():
            continue
        match = _TIMED.fullmatch(line.strip())
        if match is None:
            return None
        start, end = int(match[1]), int(match[2])
        if end <= start:
            return None
        spans.append(Span(start / _RATE, end / _RATE, match[3].strip()))
    return tuple(sorted(spans, key=lambda span: span.start)) or None
