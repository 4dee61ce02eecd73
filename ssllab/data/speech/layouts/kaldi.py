"""Kaldi: a folder of small tables, each sorted by the name of the utterance."""

from __future__ import annotations

from pathlib import PurePosixPath

from ssllab.data.speech.layouts.reading import Reading, Recordings, Row, Tables, lines_of

_READ = ("wav.scp", "text", "utt2spk")
#: They say again what the others say, or nothing that is learned from.
_OTHERS = (
    "spk2utt",
    "spk2gender",
    "utt2dur",
    "utt2num_frames",
    "feats.scp",
    "cmvn.scp",
    "reco2dur",
    "frame_shift",
)
NAMES = frozenset((*_READ, *_OTHERS, "segments"))


def kaldi(tables: Tables, recordings: Recordings) -> Reading:
    """Kaldi's data folder (https://kaldi-asr.org/doc/data_prep.html), recognised by ``wav.scp``, or by ``text``
    beside ``utt2spk``::

        train/wav.scp    anna-001 /corpora/a/001.wav
        train/text       anna-001 WELL YES
        train/utt2spk    anna-001 anna

    Commands in ``wav.scp`` (lines that end in ``|``) are never run. Parts of recordings (``segments``) are not read.
    """
    reading = Reading()
    places = {str(PurePosixPath(table).parent) for table in tables if PurePosixPath(table).name in _READ}
    for place in sorted(places):
        own = {
            name: str(PurePosixPath(place) / name)
            for name in NAMES
            if str(PurePosixPath(place) / name) in tables
        }
        if "wav.scp" not in own and not {"text", "utt2spk"} <= own.keys():
            continue
        files, texts, speakers = (_pairs(tables[own[name]]) if name in own else {} for name in _READ)
        if "segments" in own:
            reading.refuse(
                own["segments"],
                "parts of recordings are not read: they are used whole, without these transcripts",
            )
        commands = [name for name, file in files.items() if file.endswith("|")]
        if commands:
            reading.remark(
                own["wav.scp"], f"{len(commands):,} of its {len(files):,} lines: commands, which are not run"
            )
        # A recording that has moved is found by the name of its utterance.
        table = own.get("wav.scp") or own["text"]
        rows = []
        for name in dict.fromkeys((*files, *texts, *speakers)):
            file = files.get(name, name)
            key = file if name not in commands and recordings.finds(table, file) else name
            if name not in commands or recordings.finds(table, name):
                rows.append(Row(table, key, texts.get(name) or None, speakers.get(name)))
        reading.take(table, rows)
        reading.took |= set(own.values())
    return reading


def _pairs(content: str) -> dict[str, str]:
    parts = (line.split(maxsplit=1) for line in lines_of(content))
    return {part[0]: part[1].strip() for part in parts if len(part) == 2}
