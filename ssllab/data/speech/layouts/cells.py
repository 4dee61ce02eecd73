"""Tables of lines and cells: with a header, or split by bars, tabs, commas or blanks without one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from ssllab.data.speech.layouts.columns import FILES, TEXTS, column, problem, row_of
from ssllab.data.speech.layouts.reading import (
    Reading,
    Recordings,
    Row,
    Tables,
    bare,
    ending,
    lines_of,
    telling,
)

_ENDINGS = (".csv", ".tsv", ".txt", ".lst", ".list", ".trn", ".data", "")
_MOST_COLUMNS = 4
_FESTIVAL = re.compile(r'\(\s*(\S+)\s+"(.*)"\s*\)')
#: A line of prose may begin with what happens to be a recording's name: so many of the lines, or of the
#: recordings, must be named before blanks, colons and commas count as the borders of cells.
_SHARE = 0.5


def with_header(tables: Tables, recordings: Recordings) -> Reading:
    """Hugging Face's audio folder, DeepSpeech and whatever else names its columns::

        file_name,transcription,speaker
        data/0.wav,"well, yes",anna

    Tabs, bars and semicolons part cells too; the names of columns are those of :mod:`.columns`.
    """
    reading = Reading()
    for table, content in tables.items():
        if ending(table) in _ENDINGS and (rows := rows_with_header(table, content)) is not None:
            reading.take(table, rows)
    return reading


def without_header(tables: Tables, recordings: Recordings) -> Reading:
    r"""Lines that begin with the name of a recording. What lies between the cells is found by trying::

        LJ001-0001|In 1455|In fourteen fifty-five     LJ Speech: the text as it is spoken comes last
        a.wav|anna|Good morning                       piper, VITS: who says several things is a speaker
        wavs/a.wav|In 1455|In fourteen ...|9.85       CSS10: with the seconds
        one \t Number one.                            transcripts.tsv
        19-198-0000 NORTHANGER ABBEY                  LibriSpeech (*.trans.txt), AISHELL, transcript.txt
        BASIC5000_0001:mizu o                         JSUT (transcript_utf8.txt)
        ( arctic_a0001 "Author of the trail." )       Festival (txt.done.data)

    More than four columns want a header.
    """
    reading = Reading()
    for table, content in tables.items():
        if ending(table) in _ENDINGS and (rows := _without_header(table, content, recordings)):
            reading.take(table, rows)
    return reading


def rows_with_header(table: str, content: str) -> list[Row] | None:
    """The rows of a table whose first line names its columns; None where it does not."""
    comma, names = _header(content)
    if not names or problem(names):
        return None
    cells = (dict(zip(names, line, strict=False)) for line in _lines(content, comma)[1:])
    return [row for cell in cells if (row := row_of(table, cell, names)) is not None]


def _header(content: str) -> tuple[str, list[str]]:
    """What parts the cells, and the columns' names; none where the first line names none that is known."""
    parted = [(comma, _names_in(_first(content), comma)) for comma in "\t,|;"]
    known = [(comma, names) for comma, names in parted if len(names) > 1 and column(names, (*FILES, *TEXTS))]
    return min(known, key=lambda found: len(problem(found[1])), default=("", []))


def _first(content: str) -> str:
    return next((line for line in lines_of(content) if line.strip()), "")


def _names_in(line: str, comma: str) -> list[str]:
    return [name.strip().strip('"').lower() for name in line.split(comma)]


def _lines(content: str, comma: str) -> list[list[str]]:
    """Cells. Quotes may hold commas and line breaks; one that never ends holds the rest of its line only."""
    content = content.lstrip("\r\n")
    if comma in ",;":
        try:
            return [line for line in csv.reader(io.StringIO(content), delimiter=comma, strict=True) if line]
        except csv.Error:
            pass
        # Quotes as typed by hand: whole where they surround a cell, else letters like others.
        return [_split_line(line, comma) for line in lines_of(content) if line.strip()]
    return [[_unquoted(cell) for cell in line.split(comma)] for line in lines_of(content) if line.strip()]


def _split_line(line: str, comma: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=comma, strict=True))
    except csv.Error:
        return line.split(comma)


def _unquoted(cell: str) -> str:
    """``"a ""b"" c"`` as pandas writes it is ``a "b" c``; a quotation that only begins the cell stays."""
    inner = cell[1:-1]
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return cell


def _without_header(table: str, content: str, recordings: Recordings) -> list[Row]:
    comma, names = _header(content)
    if names and not recordings.finds(table, _first(content).split(comma)[0]):
        return []
    lines = [line for line in lines_of(content) if line.strip()]
    for split, sure in _WAYS:
        parted = [cells for line in lines if len(cells := split(line)) > 1]
        named = {cells[0] for cells in parted if recordings.finds(table, cells[0])}
        many = len(named) >= _SHARE * min(len(lines), recordings.count)
        enough = (
            sure
            or any(bare(key) != key or telling(key) for key in named)
            or (many and len(named) >= min(2, recordings.count))
        )
        if named and enough and max(map(len, parted)) <= _MOST_COLUMNS:
            return _rows(table, parted)
    return []


def _by(comma: str) -> Callable[[str], list[str]]:
    return lambda line: line.split(comma)


def _festival(line: str) -> list[str]:
    match = _FESTIVAL.fullmatch(line.strip())
    return list(match.groups()) if match else []


def _csv(line: str) -> list[str]:
    """Cells between commas; a comma in a text without quotes is none."""
    cells = _split_line(line, ",")
    return cells if '"' in line else line.split(",", 1)


#: How a line is parted, and whether one name of a recording before it is proof enough.
_WAYS: tuple[tuple[Callable[[str], list[str]], bool], ...] = (
    (_by("|"), True),
    (_by("\t"), True),
    (_festival, True),
    (_by(";"), False),
    (_csv, False),
    (lambda line: line.split(":", 1), False),
    (lambda line: line.split(maxsplit=1), False),
)


def _rows(table: str, lines: Sequence[Sequence[str]]) -> list[Row]:
    """Which cell is the text: the last that is neither a speaker nor a number of seconds."""
    width = max(map(len, lines))
    columns = [[line[i].strip() if i < len(line) else "" for line in lines] for i in range(width)]
    told = [i for i in range(1, width) if not _seconds(columns[i])]
    who = _speaker(columns, told)
    rows = []
    for n, key in enumerate(columns[0]):
        texts = [columns[i][n] for i in told if i != who and columns[i][n]]
        speaker = columns[who][n] if who is not None else None
        if key:
            rows.append(Row(table, key, texts[-1] if texts else None, speaker))
    return rows


def _seconds(cells: Sequence[str]) -> bool:
    return all(re.fullmatch(r"\d+\.\d+", cell) for cell in cells)


def _speaker(columns: Sequence[Sequence[str]], told: Sequence[int]) -> int | None:
    """The column of speakers: each says several things, or all are single words beside sentences.

    That "1455" is read as "fourteen fifty-five" makes it no speaker: it is read so every time.
    """
    found = []
    for i in told if len(told) > 1 else ():
        own = columns[i]
        pairs = max(len(set(zip(own, columns[other], strict=True))) for other in told if other != i)
        if all(own) and (pairs >= 2 * len(set(own)) or _names(own, columns[told[-1]])):
            found.append(i)
    return min(found, key=lambda i: sum(" " in cell for cell in columns[i]), default=None)


def _names(own: Sequence[str], said: Sequence[str]) -> bool:
    return all(
        " " not in name and not name.isdigit() and " " in text and name.lower() not in text.lower().split()
        for name, text in zip(own, said, strict=True)
    )


def why_not(content: str) -> str:
    """What is wrong with a table that no layout knows."""
    first = _first(content)
    if not first:
        return "is empty"
    _, names = _header(content)
    if names:
        return f"is no table of transcripts: {problem(names)}"
    if first.count("|") >= _MOST_COLUMNS:
        return f"is not understood: {first.count('|') + 1} columns without a header with file_name and text"
    return "is not understood: expected lines like id|text of these recordings, or a header with file_name and text"


def is_document(table: str) -> bool:
    """Whether a text is for people only: what describes a data set, its licence."""
    return _DOCUMENT.match(PurePosixPath(table).name.lower()) is not None


_DOCUMENT = re.compile(
    r"(.*[-_.])?(readme|licen[cs]e|copying|copyright|changelog|authors|credits|citation|requirements|version|notice)\b"
    r"|(speakers|books|chapters|speaker-info)\.(txt|tsv)$"
)
