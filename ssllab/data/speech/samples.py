"""The speech that ships with ssllab: ``resources/speech``, made by ``tools/make_spoken_samples.py``.

Clips lie end to end in one Ogg Vorbis file a split; a table beside it says where they begin and gives the words
and phones, whose times are the synthesizer's own.
"""

from __future__ import annotations

import itertools

import soundfile
import torch

from ssllab.assets import asset
from ssllab.data.catalogue import source
from ssllab.data.speech.types import SAMPLE_RATE, Span, SpeechData, SpeechSplit


def spoken() -> SpeechData:
    """The shipped samples. No sentence of ``test`` occurs in ``train``; two of its voices do not either."""
    info = source("spoken")
    assert info is not None
    return SpeechData(info.name, info.title, _split("train"), _split("test"), about=info.about)


def _split(which: str) -> SpeechSplit:
    lines = asset("speech", f"{which}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    with asset("speech", f"{which}.ogg").open("rb") as file:
        audio, _ = soundfile.read(file, dtype="int16")
    phones = [_phones(row[4]) for row in rows]
    lengths = [int(row[4].rpartition(":")[2]) for row in rows]
    return SpeechSplit(
        audio=torch.from_numpy(audio),
        starts=torch.tensor([0, *lengths]).cumsum(0),
        names=tuple(row[0] for row in rows),
        texts=tuple(row[2] for row in rows),
        speakers=tuple(row[1] for row in rows),
        words=tuple(_words(row[2], row[3], own) for row, own in zip(rows, phones, strict=True)),
        phones=tuple(phones),
    )


def _phones(cell: str) -> tuple[Span, ...]:
    """``sil:1600 AH:2400``: labels, and the sample at which each ends."""
    labels, ends = zip(*(part.split(":") for part in cell.split(" ")), strict=True)
    edges = [0.0, *(int(end) / SAMPLE_RATE for end in ends)]
    return tuple(Span(*edge, label) for edge, label in zip(itertools.pairwise(edges), labels, strict=True))


def _words(text: str, cell: str, phones: tuple[Span, ...]) -> tuple[Span, ...]:
    """``1-4 5-7``: each word's first and last phone."""
    ranges = (tuple(map(int, part.split("-"))) for part in cell.split(" "))
    return tuple(
        Span(phones[first].start, phones[last].end, word)
        for word, (first, last) in zip(text.split(" "), ranges, strict=True)
    )
