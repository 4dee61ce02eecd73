"""What names and tables say about recordings: transcripts, speakers, word classes, train and test.

Pure functions on relative paths with ``/`` and on the text of tables. What the tables of known layouts look like
stands in :mod:`ssllab.data.speech.layouts`, a reader each. Beside them: the Free Spoken Digits
(``DIGIT_SPEAKER_TAKE.wav``), class subfolders, and ``train`` beside ``test`` or ``dev``.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ssllab.data.containers import Sought, without_common_folders
from ssllab.data.skipped import Skipped
from ssllab.data.speech.formats import AUDIO_SUFFIXES, why_unread
from ssllab.data.speech.layouts import cells, names
from ssllab.data.speech.layouts.columns import is_test
from ssllab.data.speech.layouts.common_voice import common_voice
from ssllab.data.speech.layouts.fairseq import fairseq
from ssllab.data.speech.layouts.kaldi import NAMES as KALDI_NAMES
from ssllab.data.speech.layouts.kaldi import kaldi
from ssllab.data.speech.layouts.objects import json_objects
from ssllab.data.speech.layouts.reading import (
    Outside,
    Reader,
    Recordings,
    Row,
    closeness,
    shared_folders,
    without_ending,
)
from ssllab.data.speech.layouts.sidecars import sidecars
from ssllab.data.speech.layouts.textgrids import textgrids
from ssllab.data.speech.layouts.timit import timit
from ssllab.data.speech.types import Span

#: In the order in which they are asked; each takes the tables that it knows, the general ones come last.
READERS: tuple[Reader, ...] = (
    names.speech_commands,
    common_voice,
    kaldi,
    fairseq,
    timit,
    sidecars,
    textgrids,
    json_objects,
    cells.with_header,
    cells.without_header,
)
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FSDD = re.compile(r"(\d)_([^\W_]+)_(\d+)")
#: The takes that the Free Spoken Digits' authors keep for testing.
_FSDD_TEST_TAKES = 5
_NOISE_FOLDER = "_background_noise_"
_TRAIN_FOLDER = re.compile(r"train", re.IGNORECASE)
_TEST_FOLDER = re.compile(r"(test|dev|val)", re.IGNORECASE)

TEST_SHARE = 0.1
#: Endings of what may hold transcripts, also where no reader knows it: then it is said.
_TABLE_ENDINGS = frozenset(
    (
        *(".csv", ".tsv", ".txt", ".lst", ".list", ".trn", ".data", ".json", ".jsonl", ".ndjson", ".lab"),
        *(
            ".wrd",
            ".phn",
            ".ltr",
            ".textgrid",
            ".eaf",
            ".srt",
            ".vtt",
            ".stm",
            ".ctm",
            ".trs",
            ".xml",
            ".scp",
        ),
        *(".xlsx", ".xls", ".ods", ".parquet", ".arrow"),
    )
)
#: From so many speakers on, whole speakers are held out; with fewer, clips.
SPEAKERS_FOR_SPLIT = 10
#: The split never depends on the run's seed: results of different runs stay comparable.
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Recording:
    """One file and what is known of it. ``label`` is its word class; ``test`` is None until a split is made."""

    path: str
    name: str
    text: str | None = None
    speaker: str | None = None
    label: str | None = None
    test: bool | None = None
    words: tuple[Span, ...] = ()
    phones: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Recordings in their order, all with ``test`` decided, and the names of the word classes."""

    recordings: tuple[Recording, ...]
    class_names: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


def _is_recording(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def _is_table(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.name.startswith(".") and (
        path.suffix.lower() in _TABLE_ENDINGS or path.name in KALDI_NAMES
    )


#: What of a folder or an archive is looked at.
SOUGHT = Sought("recordings", _is_recording, _is_table, why_unread)


def arrange(paths: Sequence[str], tables: Mapping[str, str]) -> Layout:
    """Everything that the names of recordings and the tables beside them (path -> content) say."""
    short = {path: "/".join(parts) for path, parts in without_common_folders(paths).items()}
    left_out = {path: "background noise, no word" for path in paths if short[path].startswith(_NOISE_FOLDER)}
    left_out |= names.copies(paths)
    rows, said = _understand([path for path in paths if path not in left_out], tables)
    left_out |= {path: row.left_out for path, row in rows.items() if row.left_out}
    recordings = []
    for path in paths:
        if path not in left_out:
            row = rows.get(path, Row("", path))
            name = without_ending(short[path])
            who = row.speaker or names.speaker(path)
            recordings.append(
                Recording(path, name, row.text, who, test=row.test, words=row.words, phones=row.phones)
            )
    fsdd = bool(recordings) and all(_FSDD.fullmatch(_stem(r.path)) for r in recordings)
    commands = any(names.is_command(r.path) for r in recordings)
    if fsdd:
        recordings = [_digit(recording) for recording in recordings]
    elif all(r.text is None and r.speaker is None for r in recordings) or commands:
        recordings = _label_by_folder(recordings, spoken=commands)
    recordings = _split(recordings)
    classes = {r.label for r in recordings if r.label is not None}
    class_names = _DIGITS if fsdd else tuple(sorted(classes))
    skipped = [*said, *(Skipped(path, reason) for path, reason in left_out.items())]
    return Layout(tuple(recordings), class_names if len(classes) > 1 else (), tuple(skipped))


def _understand(paths: Sequence[str], tables: Mapping[str, str]) -> tuple[dict[str, Row], list[Skipped]]:
    """Recording -> all that the tables say of it, and what is to be said of the tables."""
    here = Recordings(paths)
    left = {table: tables[table] for table in sorted(tables)}
    rows: list[Row] = []
    said: list[Skipped] = []
    for reader in READERS:
        reading = reader(left, here)
        rows += reading.rows
        said += reading.said
        left = {table: content for table, content in left.items() if table not in reading.took}
    said += [
        Skipped(table, cells.why_not(content), "table")
        for table, content in left.items()
        if not cells.is_document(table)
    ]
    named = {table: is_test(PurePosixPath(table).stem) for table in {row.table for row in rows}}
    if {True, False} <= set(named.values()):
        rows = [row if row.test is not None else replace(row, test=named[row.table]) for row in rows]
    found: dict[str, list[Row]] = defaultdict(list)
    lines: Counter[str] = Counter()
    missed: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        lines[row.table] += 1
        try:
            path = here.find(row.table, row.key)
        except Outside:
            missed[row.table]["a path out of the folder, not followed"] += 1
            continue
        if path is None:
            missed[row.table]["no recording here is called so"] += 1
        else:
            found[path].append(row)
    for table, reasons in missed.items():
        said += _missed(table, lines[table], reasons)
    return {path: _together(path, own) for path, own in found.items()}, said


def _missed(table: str, lines: int, reasons: Mapping[str, int]) -> list[Skipped]:
    if sum(reasons.values()) == lines:
        return [Skipped(table, f"none of its {lines:,} lines names a recording of this folder", "table")]
    return [
        Skipped(table, f"{count:,} of its {lines:,} lines: {why}", "remark") for why, count in reasons.items()
    ]


def _together(path: str, rows: Sequence[Row]) -> Row:
    """What several tables say of one recording; the nearest one counts. What one tests on, none learns from."""
    near = {id(row): (closeness(row.table, path), shared_folders(path, row.key)) for row in rows}
    whole, *others = sorted(rows, key=lambda row: near[id(row)], reverse=True)
    for other in others:
        whole = Row(
            whole.table,
            whole.key,
            whole.text or other.text,
            whole.speaker or other.speaker,
            whole.test or other.test if whole.test is not None else other.test,
            whole.words or other.words,
            whole.phones or other.phones,
            whole.left_out or other.left_out,
        )
    return whole


def _digit(recording: Recording) -> Recording:
    match = _FSDD.fullmatch(_stem(recording.path))
    assert match is not None
    digit = _DIGITS[int(match[1])]
    return replace(
        recording,
        text=recording.text or digit,
        speaker=match[2],
        label=digit,
        test=int(match[3]) < _FSDD_TEST_TAKES,
    )


def _label_by_folder(recordings: list[Recording], spoken: bool) -> list[Recording]:
    """Word classes from subfolders (below ``train`` and ``test``); ``spoken``: the name is what is said."""
    tops = _split_folders(recordings)

    def label(recording: Recording) -> str | None:
        folders = PurePosixPath(recording.name).parts[:-1]
        if tops and folders and folders[0] in tops:
            folders = folders[1:]
        return folders[0] if folders else None

    labels = [label(recording) for recording in recordings]
    if any(name is None for name in labels) or len(set(labels)) < 2:
        return recordings
    return [
        replace(recording, label=name, text=name if spoken else recording.text)
        for recording, name in zip(recordings, labels, strict=True)
    ]


def _split_folders(recordings: Sequence[Recording]) -> dict[str, bool]:
    """Top folders that say train (False) or test (True), where there are both; else none."""
    tops = {parts[0] for r in recordings if len(parts := PurePosixPath(r.name).parts) > 1}
    known = {top: False for top in tops if _TRAIN_FOLDER.match(top)}
    known |= {top: True for top in tops if _TEST_FOLDER.match(top)}
    return known if len(set(known.values())) == 2 and len(known) == len(tops) else {}


def _split(recordings: list[Recording]) -> list[Recording]:
    """Decides ``test`` for all: as the layout says, else a tenth of the speakers, else of the clips."""
    if all(r.test is None for r in recordings) and (tops := _split_folders(recordings)):
        recordings = [replace(r, test=tops[PurePosixPath(r.name).parts[0]]) for r in recordings]
    if any(r.test for r in recordings) and not all(r.test for r in recordings):
        return [replace(r, test=bool(r.test)) for r in recordings]
    held = hold_out(recordings)
    return [replace(r, test=index in held) for index, r in enumerate(recordings)]


def hold_out(recordings: Sequence[Recording]) -> set[int]:
    """The rows to test on: whole speakers where all are known and many, else a tenth of every word class."""
    chooser = random.Random(_SPLIT_SEED)
    speakers = sorted({r.speaker for r in recordings if r.speaker is not None})
    if len(speakers) >= SPEAKERS_FOR_SPLIT and all(r.speaker is not None for r in recordings):
        held = set(chooser.sample(speakers, max(1, round(TEST_SHARE * len(speakers)))))
        return {index for index, r in enumerate(recordings) if r.speaker in held}
    rows: set[int] = set()
    for label in sorted({r.label or "" for r in recordings}):
        members = [index for index, r in enumerate(recordings) if (r.label or "") == label]
        count = max(round(TEST_SHARE * len(members)), int(len(members) > 1))
        rows |= set(chooser.sample(members, count))
    return rows


def _stem(path: str) -> str:
    return without_ending(path.rpartition("/")[2])
