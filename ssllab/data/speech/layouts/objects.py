"""Tables in JSON: an object for each recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ssllab.data.speech.layouts.columns import FILES, TEXTS, column, problem, row_of
from ssllab.data.speech.layouts.reading import Reading, Recordings, Tables, ending, lines_of

_OFFSETS = ("offset", "start", "start_time", "begin")


def json_objects(tables: Tables, recordings: Recordings) -> Reading:
    """Hugging Face's ``metadata.jsonl``, NeMo's manifests, and JSON files with the same in a list or by name::

        {"file_name": "0.wav", "transcription": "well, yes"}
        {"audio_filepath": "/data/wavs/1.wav", "duration": 2.1, "text": "well, no", "speaker": "anna"}
        {"0.wav": {"text": "well, yes"}, "1.wav": {"text": "well, no"}}
        {"0.wav": "well, yes", "1.wav": "well, no"}

    Rows about a part of a recording (with an offset) are not used: they are no transcript of the whole.
    """
    reading = Reading()
    for table, content in tables.items():
        if ending(table) not in (".json", ".jsonl", ".ndjson"):
            continue
        try:
            objects = _objects(content)
        except (ValueError, RecursionError) as error:
            reading.refuse(table, f"is broken JSON ({str(error)[:60]})")
            continue
        names = list(dict.fromkeys(name for cells in objects for name in cells))
        if not objects:
            reading.refuse(
                table, "is not understood: expected an object with file_name and text for each recording"
            )
        elif why := problem(names):
            reading.refuse(table, f"is no table of transcripts: {why}")
        else:
            parts = {_key(cells, names) for cells in objects if _number(cells, _OFFSETS) > 0}
            whole = [cells for cells in objects if _key(cells, names) not in parts]
            reading.take(table, [row for cells in whole if (row := row_of(table, cells, names)) is not None])
            if parts:
                count = len(objects) - len(whole)
                reading.remark(
                    table, f"{count:,} entries are about parts of recordings (offset) and are not used"
                )
    return reading


def _objects(content: str) -> list[dict[str, str]]:
    """The rows with cells as text. Raises ValueError or RecursionError."""
    try:
        whole = json.loads(content)
    except ValueError:
        lines = (line for line in lines_of(content) if line.strip())
        whole = [json.loads(line) for line in lines]
    if isinstance(whole, dict):
        whole = _listed(whole)
    if not isinstance(whole, list) or not all(isinstance(entry, dict) for entry in whole):
        return []
    return [{str(name).lower(): _cell(value) for name, value in entry.items()} for entry in whole]


def _listed(whole: dict[str, Any]) -> list[Any]:
    """``{id: {...}}`` and ``{id: text}`` as a list; ``{"data": [...]}`` is the list in it."""
    values = list(whole.values())
    if any(name.lower() in FILES for name in whole):
        return [whole]
    if all(isinstance(value, dict) for value in values):
        own = {name.lower() for value in values for name in value}
        name = next(name for name in FILES[::-1] if name not in own)
        return [{**value, name: key} for key, value in whole.items()]
    if all(isinstance(value, str) for value in values):
        return [{FILES[0]: key, TEXTS[0]: value} for key, value in whole.items()]
    lists = [value for value in values if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else []


def _cell(value: Any) -> str:
    if isinstance(value, dict):  # Hugging Face's datasets: {"path": ..., "sampling_rate": ...}
        return str(value.get("path") or "")
    return str(value) if isinstance(value, str | int | float) else ""


def _key(cells: Mapping[str, str], names: list[str]) -> str:
    return cells.get(column(names, FILES) or "", "")


def _number(cells: Mapping[str, str], known: tuple[str, ...]) -> float:
    try:
        return float(cells.get(column(list(cells), known) or "", "0"))
    except ValueError:
        return 0.0
