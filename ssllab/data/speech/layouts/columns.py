"""What the columns of tables are called, wherever they have names: CSV with a header, JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ssllab.data.speech.layouts.reading import Row

FILES = (
    *("file_name", "audio_filepath", "path", "file", "filename", "wav_filename", "audio_path", "audio_file"),
    *("audio", "wav", "clip", "utt_id", "utterance_id", "id", "name", "key"),
)
TEXTS = (
    *("transcription", "text", "sentence", "transcript", "normalized_text", "normalised_text", "raw_text"),
    *("words", "wrd", "utterance", "txt"),
)
SPEAKERS = ("speaker", "speaker_id", "client_id", "speaker_name", "spk", "spk_id", "spkr")
SPLITS = ("split", "subset", "partition")
_TRAIN = {"train", "training"}
_TEST = {"test", "testing", "dev", "development", "val", "valid", "validation", "eval"}


def column(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The first of the ``known`` names that is among ``names``."""
    return next((name for name in known if name in names), None)


def is_test(words: str) -> bool | None:
    """Whether a name means what is held out (``dev``, ``my-test``) or what is learned from (``train_clean``)."""
    parts = set(re.split(r"[^a-z]+", words.lower()))
    if parts & _TRAIN:
        return False
    return True if parts & _TEST else None


def row_of(table: str, cells: Mapping[str, str], names: Sequence[str]) -> Row | None:
    """What named cells say, or None where they name no recording. ``names``: the columns that the table has."""

    def cell(known: Sequence[str]) -> str:
        name = column(names, known)
        return cells.get(name, "").strip() if name else ""

    if not (key := cell(FILES)):
        return None
    return Row(table, key, cell(TEXTS) or None, cell(SPEAKERS) or None, is_test(cell(SPLITS)))


def problem(names: Sequence[str]) -> str:
    """What columns of these names lack to be of use, or nothing."""
    there = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    if column(names, FILES) is None:
        return f"no column names the recordings (there are {there}): expected one called file_name or path"
    if all(column(names, known) is None for known in (TEXTS, SPEAKERS, SPLITS)):
        return (
            f"no column has transcripts or speakers (there are {there}): expected one called text or sentence"
        )
    return ""
