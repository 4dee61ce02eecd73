"""Metrics, probes and events of one run in SQLite.

Rows of a log are stored as chunks: one blob holds the steps (int64) and then every column (float32), little
endian. Small chunks are merged as they pile up, so that 1,000,000 steps are some hundred blobs and open in a
fraction of a second. WAL with synchronous=NORMAL: a killed process loses nothing that was committed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssllab.storage.files import why_refused
from ssllab.training.metrics import MetricsLog, Steps, Values, absent
from ssllab.training.run_record import Event, RunError, moment

DATABASE_NAME = "run.sqlite"

_APPLICATION = 0x55C1AB  # marks the file as ours
_VERSION = 1
_BUSY_SECONDS = 5.0
_FULL_CHUNK = 4096  # rows from which on a chunk is left alone
_MANY_CHUNKS = 128  # small chunks that are merged into one
_LARGEST_CHUNK = 65536

_SCHEMA = """
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rows INTEGER NOT NULL,
    first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, columns TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX chunk_kind ON chunk (kind, id, rows, first_step, last_step);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, step INTEGER NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL,
    key TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a log."""

    steps: Steps
    columns: Mapping[str, Values]

    def encoded(self) -> bytes:
        """Steps, then the columns, in the order of ``columns``."""
        parts = [np.ascontiguousarray(self.steps, "<i8").tobytes()]
        parts += [np.ascontiguousarray(values, "<f4").tobytes() for values in self.columns.values()]
        return b"".join(parts)


def create_or_open(folder: Path) -> sqlite3.Connection:
    """A connection that writes. Raises sqlite3.Error, also for a foreign file."""
    connection = sqlite3.connect(folder / DATABASE_NAME, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            with transaction(connection):
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id={_APPLICATION}")
                connection.execute(f"PRAGMA user_version={_VERSION}")
        _check_ours(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(folder: Path) -> None:
    """Rename a damaged database, so that a new one can be begun and nothing is thrown away. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for ending in ("-wal", "-shm", ""):
        file = folder / (DATABASE_NAME + ending)
        if file.exists():
            file.replace(folder / f"{DATABASE_NAME}.damaged-{stamp}{ending}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled back by itself
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection to read with, None where nothing was written yet. Raises :class:`RunError`, one line."""
    path = folder / DATABASE_NAME
    if not path.exists():
        yield None
        return
    with contextlib.ExitStack() as stack:
        try:
            try:
                connection = _open_existing(path)
            except sqlite3.OperationalError:
                # WAL needs a writable folder even to read; a copy of a read-only run has one.
                copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssllab-")))
                for name in (DATABASE_NAME, DATABASE_NAME + "-wal"):
                    if (folder / name).exists():
                        shutil.copyfile(folder / name, copy / name)
                connection = _open_existing(copy / DATABASE_NAME)
            stack.callback(connection.close)
            yield connection
        except (sqlite3.Error, OSError) as error:
            raise RunError(why_refused(error, path)) from error


def _open_existing(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    try:
        _check_ours(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_ours(connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) != (_APPLICATION, _VERSION):
        raise sqlite3.DatabaseError(f"not a database of this version of ssllab (version {version})")


# Logs. Call those that write inside a transaction.


def append_rows(connection: sqlite3.Connection, kind: str, chunk: Chunk) -> None:
    """Add rows after the last ones of ``kind`` ("metrics" or "probes")."""
    for start in range(0, len(chunk.steps), _LARGEST_CHUNK):
        stop = start + _LARGEST_CHUNK
        part = {name: values[start:stop] for name, values in chunk.columns.items()}
        _insert(connection, None, kind, Chunk(chunk.steps[start:stop], part))


def merge_small(connection: sqlite3.Connection, kind: str, at_least: int = _MANY_CHUNKS) -> None:
    """Make one chunk of the small ones at the end when there are ``at_least`` so many."""
    small: list[int] = []
    rows = 0
    for chunk_id, count in connection.execute(
        "SELECT id, rows FROM chunk WHERE kind=? ORDER BY id DESC", (kind,)
    ):
        if count >= _FULL_CHUNK or rows + count > _LARGEST_CHUNK:
            break
        small.append(chunk_id)
        rows += count
    if len(small) < max(at_least, 2):
        return
    first = small[-1]
    merged = _concatenate(_chunks(connection, kind, first))
    connection.execute("DELETE FROM chunk WHERE kind=? AND id>=?", (kind, first))
    _insert(connection, first, kind, merged)


def stored_rows(connection: sqlite3.Connection, kind: str) -> tuple[int, int]:
    """``(number of rows, last step)``; the last step of no rows is -1."""
    row = connection.execute("SELECT sum(rows), max(last_step) FROM chunk WHERE kind=?", (kind,)).fetchone()
    try:
        return (int(row[0]), int(row[1])) if row[0] else (0, -1)
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"malformed {kind}: {error}") from error


def delete_rows(connection: sqlite3.Connection, kind: str, after_step: int) -> None:
    """Delete the rows whose step is greater than ``after_step``."""
    cut = list(
        connection.execute(
            "SELECT id FROM chunk WHERE kind=? AND first_step<=? AND last_step>?",
            (kind, after_step, after_step),
        )
    )
    for (chunk_id,) in cut:
        whole = next(_chunks(connection, kind, chunk_id))
        kept = int(np.searchsorted(whole.steps, after_step, side="right"))
        part = {name: values[:kept] for name, values in whole.columns.items()}
        connection.execute("DELETE FROM chunk WHERE id=?", (chunk_id,))
        _insert(connection, chunk_id, kind, Chunk(whole.steps[:kept], part))
    connection.execute("DELETE FROM chunk WHERE kind=? AND first_step>?", (kind, after_step))


def read_log(connection: sqlite3.Connection, kind: str) -> MetricsLog:
    """Every row of ``kind``. Raises sqlite3.DatabaseError when a chunk is damaged."""
    log = MetricsLog()
    whole = _concatenate(_chunks(connection, kind, 0))
    try:
        log.extend(whole.steps, whole.columns)
    except ValueError as error:
        raise sqlite3.DatabaseError(f"malformed {kind}: {error}") from error
    return log


def _insert(connection: sqlite3.Connection, chunk_id: int | None, kind: str, chunk: Chunk) -> None:
    steps = chunk.steps
    connection.execute(
        "INSERT INTO chunk (id, kind, rows, first_step, last_step, columns, data) VALUES (?,?,?,?,?,?,?)",
        (
            chunk_id,
            kind,
            len(steps),
            int(steps[0]),
            int(steps[-1]),
            json.dumps(list(chunk.columns)),
            chunk.encoded(),
        ),
    )


def _chunks(connection: sqlite3.Connection, kind: str, first_id: int) -> Iterator[Chunk]:
    cursor = connection.execute(
        "SELECT rows, columns, data FROM chunk WHERE kind=? AND id>=? ORDER BY id", (kind, first_id)
    )
    for rows, columns, data in cursor:
        try:
            names = json.loads(columns)
            good = isinstance(names, list) and all(isinstance(name, str) for name in names)
            if not good or len(data) != rows * (8 + 4 * len(names)) or rows <= 0:
                raise ValueError("wrong size")
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError(f"malformed {kind}: {error}") from error
        steps = np.frombuffer(data, "<i8", rows)
        values = np.frombuffer(data, "<f4", rows * len(names), rows * 8).reshape(len(names), rows)
        yield Chunk(steps, dict(zip(names, values, strict=True)))


def _concatenate(chunks: Iterator[Chunk]) -> Chunk:
    parts = list(chunks)
    rows = sum(len(part.steps) for part in parts)
    columns: dict[str, Values] = {}
    start = 0
    for part in parts:
        stop = start + len(part.steps)
        for name, values in part.columns.items():
            if name not in columns:
                columns[name] = absent(rows)
            columns[name][start:stop] = values
        start = stop
    steps = np.concatenate([part.steps for part in parts]) if parts else np.empty(0, np.int64)
    return Chunk(steps, columns)


# Events: ids count from 1, so the last id is their number.


def append_events(connection: sqlite3.Connection, events: Sequence[Event], first_id: int) -> None:
    """Store ``events`` under the ids from ``first_id`` on."""
    connection.executemany(
        "INSERT INTO event (id, step, time, kind, key, old, new, text) VALUES (?,?,?,?,?,?,?,?)",
        [
            (
                first_id + i,
                e.step,
                e.time,
                e.kind,
                e.key,
                json.dumps(e.old),
                json.dumps(e.new),
                _storable(e.text),
            )
            for i, e in enumerate(events)
        ],
    )


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()  # SQLite takes no bytes that are no letters


def read_events(connection: sqlite3.Connection, kind: str = "%") -> list[Event]:
    """Every event, or those of a kind. Raises sqlite3.DatabaseError when one is damaged."""
    cursor = connection.execute(
        "SELECT step, time, kind, key, old, new, text FROM event WHERE kind LIKE ? ORDER BY id", (kind,)
    )
    try:
        return [
            Event(int(step), moment(time), kind, key, json.loads(old), json.loads(new), text)
            for step, time, kind, key, old, new, text in cursor
        ]
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"malformed events: {error}") from error


def event_count(connection: sqlite3.Connection) -> int:
    """The id of the last event, 0 without any."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0])


def is_resting(connection: sqlite3.Connection) -> bool:
    """Whether the session that has the run open waits: it was paused, or has not begun yet."""
    last = connection.execute(
        "SELECT kind FROM event WHERE kind IN ('start', 'pause', 'resume', 'fork') ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return last is None or last[0] != "start"


# Notes: small facts by name, each a JSON value.


def write_note(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Store ``value`` under ``key``, in place of the old one."""
    connection.execute("INSERT OR REPLACE INTO note (key, value) VALUES (?,?)", (key, json.dumps(value)))


def read_notes(connection: sqlite3.Connection) -> dict[str, Any]:
    """Every note. Raises sqlite3.DatabaseError when one is damaged."""
    try:
        return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM note")}
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"malformed notes: {error}") from error
