"""What names and tables say about recordings: transcripts, speakers, word classes, train and test.

Pure functions on relative paths with ``/`` and on the text of tables. Understood are LJ Speech
(``metadata.csv``, split by bars), Hugging Face's audio folder (``metadata.csv`` with a header),
``transcripts.tsv``, LibriSpeech (``*.trans.txt``), the Free Spoken Digits (``DIGIT_SPEAKER_TAKE.wav``), Speech
Commands, class subfolders, and ``train`` beside ``test`` or ``dev``.
"""

from __future__ import annotations

import csv
import io
import itertools
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ssllab.data.containers import Sought, without_common_folders
from ssllab.data.skipped import Skipped
from ssllab.data.speech.formats import AUDIO_SUFFIXES, why_unread

_FILE_COLUMNS = ("file_name", "path", "file", "filename", "audio", "id", "name")
_TEXT_COLUMNS = ("transcription", "text", "sentence", "transcript", "normalized_text")
_SPEAKER_COLUMNS = ("speaker", "speaker_id", "client_id")
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FSDD = re.compile(r"(\d)_([^\W_]+)_(\d+)")
#: The takes that the Free Spoken Digits' authors keep for testing.
_FSDD_TEST_TAKES = 5
_LIBRISPEECH = re.compile(r"(\d+)-(\d+)-(\d+)")
_COMMAND = re.compile(r"([0-9a-f]+)_nohash_\d+")
#: Speech Commands names its test clips in this file; what it keeps for validation is learned from.
_TEST_LIST = "testing_list.txt"
_NOISE_FOLDER = "_background_noise_"
_TRAIN_FOLDER = re.compile(r"train", re.IGNORECASE)
_TEST_FOLDER = re.compile(r"(test|dev|val)", re.IGNORECASE)

TEST_SHARE = 0.1
_TABLES = ("metadata.csv", "metadata.tsv", "transcripts.csv", "transcripts.tsv", _TEST_LIST)
_LIBRISPEECH_TABLE = ".trans.txt"
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


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    key: str
    text: str | None
    speaker: str | None = None


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
    last = PurePosixPath(name).name.lower()
    return last in _TABLES or (last.endswith(_LIBRISPEECH_TABLE) and not last.startswith("."))


#: What of a folder or an archive is looked at.
SOUGHT = Sought("recordings", _is_recording, _is_table, why_unread)


def arrange(paths: Sequence[str], tables: Mapping[str, str]) -> Layout:
    """Everything that the names of recordings and the tables beside them (path -> content) say."""
    short = {path: "/".join(parts) for path, parts in without_common_folders(paths).items()}
    kept = [path for path in paths if not short[path].startswith(_NOISE_FOLDER)]
    skipped = [
        Skipped(path, "background noise, no word") for path in paths if short[path].startswith(_NOISE_FOLDER)
    ]
    rows, unread = _match(kept, tables)
    recordings = []
    for path in kept:
        row = rows.get(path)
        recording = Recording(path, str(PurePosixPath(short[path]).with_suffix("")))
        if row is not None:
            recording = replace(recording, text=row.text, speaker=row.speaker)
        recordings.append(_by_name(recording))
    fsdd = bool(recordings) and all(_FSDD.fullmatch(_stem(r.path)) for r in recordings)
    commands = any(_COMMAND.fullmatch(_stem(r.path)) for r in recordings)
    if fsdd:
        recordings = [_digit(recording) for recording in recordings]
    elif all(r.text is None and r.speaker is None for r in recordings) or commands:
        recordings = _label_by_folder(recordings, spoken=commands)
    recordings = _split(recordings, tables)
    classes = {r.label for r in recordings if r.label is not None}
    names = _DIGITS if fsdd else tuple(sorted(classes))
    return Layout(tuple(recordings), names if len(classes) > 1 else (), (*skipped, *unread))


def read_table(name: str, text: str) -> list[Row]:
    """The rows of a table. Raises ValueError with the reason where it makes no sense."""
    lines = text.splitlines()
    if name.lower().endswith(_LIBRISPEECH_TABLE):
        pairs = (line.split(maxsplit=1) for line in lines)
        return [Row(pair[0], pair[1].strip()) for pair in pairs if len(pair) == 2]
    first = next((line for line in lines if line.strip()), "")
    comma = "\t" if name.lower().endswith(".tsv") else ","
    header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=comma), [])]
    file_column = next((column for column in _FILE_COLUMNS if column in header), None)
    text_column = next((column for column in _TEXT_COLUMNS if column in header), None)
    if file_column is not None and (text_column is not None or "file_name" in header):
        return _read_columns(text, comma, header, file_column, text_column)
    if comma == "," and "|" in first:
        # LJ Speech: id, text, the text as it is spoken ("1455" is "fourteen fifty-five").
        cells = (line.split("|") for line in lines)
        return [
            Row(cell[0], cell[-1].strip() or cell[1].strip() or None) for cell in cells if len(cell) in (2, 3)
        ]
    if comma == "\t":
        pairs = (line.split("\t") for line in lines)
        return [Row(pair[0], pair[1].strip() or None) for pair in pairs if len(pair) >= 2 and pair[0]]
    raise ValueError("expected id|text, or a header with file_name and transcription")


def _read_columns(text: str, comma: str, header: list[str], file: str, said: str | None) -> list[Row]:
    speaker = next((column for column in _SPEAKER_COLUMNS if column in header), None)
    rows = []
    try:
        for cells in itertools.islice(csv.reader(io.StringIO(text), delimiter=comma), 1, None):
            row = dict(zip(header, cells, strict=False))
            if row.get(file):
                words = (row.get(said) or "").strip() if said else ""
                who = (row.get(speaker) or "").strip() if speaker else ""
                rows.append(Row(row[file].strip(), words or None, who or None))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    return rows


def _match(paths: Sequence[str], tables: Mapping[str, str]) -> tuple[dict[str, Row], list[Skipped]]:
    """Each recording's row: by its path below the table's folder, else by its file name where that is unique."""
    by_path = {key: path for path in paths for key in (_no_suffix(path), path)}
    stems = Counter(_stem(path) for path in paths)
    by_stem = {_stem(path): path for path in paths if stems[_stem(path)] == 1}
    rows: dict[str, Row] = {}
    skipped = []
    for table, content in tables.items():
        if table.lower().endswith(_TEST_LIST):
            continue
        try:
            found = read_table(table, content)
        except (ValueError, csv.Error) as reason:
            skipped.append(Skipped(table, f"not a table of transcripts ({reason})"))
            continue
        folder = PurePosixPath(table).parent
        for row in found:
            key = row.key.replace("\\", "/").removeprefix("./")
            path = by_path.get(str(folder / key)) or by_stem.get(key) or by_stem.get(_stem(key))
            if path is not None:
                rows.setdefault(path, row)
    return rows, skipped


def _by_name(recording: Recording) -> Recording:
    """The speaker that the file's name gives away."""
    stem = _stem(recording.path)
    match = _LIBRISPEECH.fullmatch(stem) or _COMMAND.fullmatch(stem)
    if match and recording.speaker is None:
        return replace(recording, speaker=match[1])
    return recording


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


def _split(recordings: list[Recording], tables: Mapping[str, str]) -> list[Recording]:
    """Decides ``test`` for all: as the layout says, else a tenth of the speakers, else of the clips."""
    lists = [content for name, content in tables.items() if name.lower().endswith(_TEST_LIST)]
    if lists:
        listed = {_end(line.strip()) for content in lists for line in content.splitlines()}
        recordings = [replace(r, test=_end(r.path) in listed) for r in recordings]
    elif tops := _split_folders(recordings):
        recordings = [replace(r, test=tops[PurePosixPath(r.name).parts[0]]) for r in recordings]
    if {r.test for r in recordings} == {True, False}:
        return recordings
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


def _end(path: str) -> str:
    """The file and the folder it is in."""
    return "/".join(PurePosixPath(path).parts[-2:])


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _no_suffix(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))
