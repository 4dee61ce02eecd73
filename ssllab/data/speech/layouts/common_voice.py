"""Common Voice: the tables of one language beside its folder ``clips``."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import PurePosixPath

from ssllab.data.speech.layouts.cells import rows_with_header
from ssllab.data.speech.layouts.reading import Reading, Recordings, Row, Tables

_OF_THE_CLIPS = ("train", "dev", "test", "validated", "invalidated", "other")
#: About reports, lengths and sentences: nothing that is learned from.
_OTHERS = re.compile(r"reported|clip_durations|(un)?validated_sentences")
_COLUMNS = ("client_id", "path", "sentence")


def common_voice(tables: Tables, recordings: Recordings) -> Reading:
    r"""Common Voice (https://commonvoice.mozilla.org/datasets), recognised by the columns of its tables::

        de/clips/common_voice_de_1.mp3
        de/train.tsv        client_id \t path \t sentence \t up_votes ...
        de/dev.tsv  de/test.tsv  de/validated.tsv  de/invalidated.tsv  de/other.tsv

    The authors' test and dev are held out, their train is learned from. What only ``validated.tsv`` has is
    learned from too, unless its speaker or sentence is tested on. ``invalidated`` and ``other`` are left out.
    """
    reading = Reading()
    sets: dict[str, dict[str, str]] = defaultdict(dict)
    for table in tables:
        name = PurePosixPath(table).stem.lower()
        if table.lower().endswith(".tsv") and name in _OF_THE_CLIPS:
            header = tables[table].split("\n", 1)[0].lower().split("\t")
            if all(column in header for column in _COLUMNS):
                sets[str(PurePosixPath(table).parent)][name] = table
    for folder, own in sets.items():
        rows = {name: rows_with_header(table, tables[table]) or [] for name, table in own.items()}
        tested = [row for name in ("test", "dev") for row in rows.get(name, ())]
        places = {row.key for name in ("train", "dev", "test") for row in rows.get(name, ())}
        speakers, sentences = {row.speaker for row in tested}, {row.text for row in tested}
        for name, table in own.items():
            reading.take(table, [_meant(name, row, places, speakers, sentences) for row in rows[name]])
        reading.took |= {
            table
            for table in tables
            if str(PurePosixPath(table).parent) == folder and _OTHERS.match(PurePosixPath(table).stem)
        }
    return reading


def _meant(
    name: str, row: Row, places: set[str], speakers: set[str | None], sentences: set[str | None]
) -> Row:
    match name:
        case "train" | "dev" | "test":
            return replace(row, test=name != "train")
        case "invalidated":
            return replace(row, left_out="listeners found that it says something else (invalidated.tsv)")
        case "other":
            return replace(row, left_out="nobody has checked what it says (other.tsv)")
    if row.key not in places and (row.speaker in speakers or row.text in sentences):
        return replace(row, left_out="only in validated.tsv, and its speaker or sentence is tested on")
    return row
