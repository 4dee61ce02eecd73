"""The thread that writes a live run.

It reads the logs by cursor, and the cursor is the number of rows on disk. So a disk that fails for a while
costs nothing: training goes on in memory, and all that is missing is written when the disk is back, into a
new folder if the old one was deleted. At the end it is tried for a while; what is missing then is said.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ssllab.storage.files import why_refused
from ssllab.storage.run_lock import RunLock
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.film import Film, Frame, write_film
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import (
    DATABASE_NAME,
    Chunk,
    append_events,
    append_rows,
    create_or_open,
    event_count,
    merge_small,
    reading,
    set_aside,
    stored_rows,
    transaction,
    write_note,
)
from ssllab.training.run_record import RECORD_NAME, Event, RunError, write_record
from ssllab.training.run_store import Run

WRITE_SECONDS = 0.5
RETRY_SECONDS = 3.0
CLOSE_SECONDS = 10.0  # so long a disk that refuses is asked again at the end
WAITING_CHECKPOINTS = 4  # more than these in memory would grow without bound
_MANY = ("start", "autosave")  # reasons of checkpoints that the next one replaces
CURVE_POINTS = 60


class RunWriter:
    """Writes metrics, probes, events, looks and checkpoints of a session.

    ``problem`` is one line while the disk refuses, None when all is well; after the end it says what is missing. Raises
    RunError when another process trains the run, or when the disk holds rows that the logs lack (see
    :meth:`Run.truncate`).
    """

    def __init__(
        self,
        run: Run,
        metrics: MetricsLog,
        probes: MetricsLog,
        events: Sequence[Event],
        film: Film | None = None,
    ) -> None:
        self.problem: str | None = None
        self._run = run
        self._logs = {"metrics": metrics, "probes": probes}
        self._generations = {kind: log.generation for kind, log in self._logs.items()}
        self._events = events
        self._film = film or Film()
        self._film_written: tuple[Frame, ...] | None = None
        self._notes: dict[str, Any] = {}
        self._checkpoints: deque[tuple[int, Any, dict[str, Any]]] = deque()
        self._lost: list[
            int
        ] = []  # steps of checkpoints that gave way to newer ones, or that cannot be stored
        self._room = threading.Condition()
        self._closing = False
        self._failure = ""
        self._done = 0
        self._wanted = 0
        self._connection: sqlite3.Connection | None = None
        self._file_written: tuple[int, int] | None = None
        self._summarized: tuple[int, ...] = ()
        self._lock = RunLock(run.path)
        try:
            self._take_lock()
            self._check_nothing_would_be_lost()
        except OSError as error:
            self.problem = why_refused(error, run.path)
        except RunError:
            self._lock.release()
            raise
        self._thread = threading.Thread(target=self._live, name="ssllab-writer", daemon=True)
        self._thread.start()

    def write_checkpoint(self, step: int, tree: Any, meta: dict[str, Any]) -> None:
        """Hand over a snapshot (nobody may write to its tensors any more); see :meth:`Run.write_checkpoint`.

        Returns at once; only when several are still unwritten does it wait for the disk. While the disk
        refuses, the oldest of them make room, autosaves first.
        """
        with self._room:
            while len(self._checkpoints) >= WAITING_CHECKPOINTS:
                if self.problem or self._closing:
                    self._drop_one()
                else:
                    self._room.wait(0.2)
            self._checkpoints.append((step, tree, meta))
            self._room.notify_all()

    def _drop_one(self) -> None:
        reasons = [item[2]["reason"] for item in self._checkpoints]
        place = next((i for i, reason in enumerate(reasons) if reason in _MANY), 0)
        if reasons[place] not in _MANY:
            self._lost.append(self._checkpoints[place][0])
        del self._checkpoints[place]

    def describe(self, **facts: Any) -> None:
        """Facts (JSON) for the run browser, as ``verdict``."""
        with self._room:
            self._notes.update(facts)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was known at the call is on disk; whether it is."""
        deadline = time.monotonic() + timeout
        with self._room:
            self._wanted += 1
            wanted = self._wanted
            self._room.notify_all()
            while self._done < wanted and self._thread.is_alive() and time.monotonic() < deadline:
                self._room.wait(0.1)
            return self._done >= wanted and self.problem is None

    def close(self, timeout: float = 30.0, *, failure: str = "") -> None:
        """Write the rest, and in one line the error that ended the run if one did, and end; safe to call twice.

        A disk that refuses is asked for CLOSE_SECONDS; then ``problem`` says that something is missing.
        """
        with self._room:
            self._failure = self._failure or failure
            self._closing = True
            self._room.notify_all()
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.problem = (
                self.problem or f"{self._run.path} takes too long to write; not all of the run is there."
            )

    # Before the thread starts

    def _take_lock(self) -> None:
        if not self._lock.acquire():
            raise RunError(f"run {self._run.id} is being trained by another ssllab: stop it there first.")

    def _check_nothing_would_be_lost(self) -> None:
        damaged = False
        stored = dict.fromkeys(self._logs, (0, -1))
        try:
            with reading(self._run.path) as connection:
                if connection is not None:
                    stored = {kind: stored_rows(connection, kind) for kind in self._logs}
        except RunError as error:
            if isinstance(error.__cause__, sqlite3.OperationalError):
                raise  # held by somebody: what is in it is not known
            damaged = True  # the thread sets the file aside
        for kind, log in self._logs.items():
            rows, last_step = stored[kind]
            steps = log.since(0)[1]
            if not damaged and rows and (rows > len(steps) or steps[rows - 1] != last_step):
                raise RunError(
                    f"run {self._run.id} has {kind} up to step {last_step} on disk that are not in memory: "
                    "resume it from a checkpoint instead of writing over it."
                )

    # The thread

    def _live(self) -> None:
        given_up: float | None = None
        while True:
            with self._room:
                wanted, closing, waiting = self._wanted, self._closing, len(self._checkpoints)
            self.problem = self._try_to_write(closing, waiting)
            with self._room:
                self._done = wanted
                self._room.notify_all()
                if closing:
                    given_up = given_up or time.monotonic() + CLOSE_SECONDS
                    if not self.problem or time.monotonic() >= given_up:
                        break
                    self._room.wait(min(RETRY_SECONDS, 0.5))
                    continue
                idle = not self._closing and self._wanted == wanted
                # A checkpoint that came meanwhile is written at once, unless the disk refuses.
                if idle and (self.problem or len(self._checkpoints) == 0):
                    self._room.wait(RETRY_SECONDS if self.problem else WRITE_SECONDS)
        self._disconnect()
        if self._lost and not self.problem:
            steps = ", ".join(map(str, self._lost))
            self.problem = (
                f"Checkpoints of the run are lost (of step {steps}): the disk did not take them in time."
            )

    def _try_to_write(self, closing: bool, checkpoints: int) -> str | None:
        """One line when something could not be written."""
        path = self._run.path
        try:
            self._write_rows(self._connect(), closing)
            return self._write_checkpoints(checkpoints)
        except RunError as error:
            problem = str(error)
        except (OSError, sqlite3.Error) as error:
            problem = why_refused(error, path)
        except (
            Exception
        ) as error:  # whatever it is, it must be seen: a dead thread would lose the run in silence
            problem = f"The run cannot be written: {type(error).__name__}: {error}."
        self._disconnect()
        return problem

    def _connect(self) -> sqlite3.Connection:
        path = self._run.path
        if self._connection is not None and self._file() != self._file_written:
            self._disconnect()  # deleted or replaced under us: SQLite would go on writing where nobody looks
        if self._connection is None:
            path.mkdir(parents=True, exist_ok=True)
            if not self._lock.held:
                self._take_lock()
            if not (path / RECORD_NAME).exists():
                write_record(self._run.info)
            try:
                self._connection = create_or_open(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                set_aside(path)
                self._connection = create_or_open(path)
            self._file_written = self._file()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._summarized = ()
        self._film_written = None
        self._lock.release()

    def _file(self) -> tuple[int, int] | None:
        try:
            about = os.stat(self._run.path / DATABASE_NAME)
        except FileNotFoundError:
            return None
        return about.st_dev, about.st_ino

    def _write_rows(self, connection: sqlite3.Connection, closing: bool) -> None:
        generations = {}
        # Before the rows are read: those that come meanwhile are summarized by the next turn.
        lengths = tuple(len(log) for log in self._logs.values())
        summary = self._summary() if lengths != self._summarized else {}
        with self._room:
            notes = dict(self._notes)
        frames = self._film.frames
        try:
            with transaction(connection):
                for kind, log in self._logs.items():
                    generations[kind] = self._write_log(connection, kind, log)
                    merge_small(connection, kind, **({"at_least": 2} if closing else {}))
                count = len(self._events)
                known = event_count(connection)
                if known > count:
                    connection.execute("DELETE FROM event")
                    known = 0
                append_events(connection, list(self._events[known:count]), known + 1)
                for key, value in {**notes, **summary, "closed": closing, "failure": self._failure}.items():
                    write_note(connection, key, value)
                if frames is not self._film_written:
                    write_film(connection, Film(frames))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # Damaged while we wrote. Everything is in memory: the next try begins a new file.
            self._disconnect()
            set_aside(self._run.path)
            raise
        self._generations = generations
        self._summarized = lengths
        self._film_written = frames

    def _write_log(self, connection: sqlite3.Connection, kind: str, log: MetricsLog) -> int:
        """Append what is new, or write all anew when the log was truncated; the log's generation."""
        rows, _ = stored_rows(connection, kind)
        while True:
            generation = log.generation
            start = rows if generation == self._generations[kind] and rows <= len(log) else 0
            _, steps, columns = log.since(start)
            if generation == log.generation:
                break
        if start < rows:
            connection.execute("DELETE FROM chunk WHERE kind=?", (kind,))
        if len(steps):
            append_rows(connection, kind, Chunk(steps, columns))
        return generation

    def _write_checkpoints(self, count: int) -> str | None:
        """The oldest ``count``: younger ones may be ahead of the rows on disk, and wait for the next turn."""
        problem = None
        for _ in range(count):
            with self._room:
                if not self._checkpoints:
                    break
                item = self._checkpoints[0]
            try:
                self._run.write_checkpoint(*item)
            except CheckpointError as error:
                problem = str(error)  # it will never be storable: let it go
                self._lost.append(item[0])
            with self._room:
                if self._checkpoints and self._checkpoints[0] is item:
                    self._checkpoints.popleft()
                self._room.notify_all()
        return problem

    def _summary(self) -> dict[str, Any]:
        metrics = self._logs["metrics"]
        steps, loss = metrics.column("loss")
        picked = np.unique(np.linspace(0, len(steps) - 1, min(CURVE_POINTS, len(steps))).astype(int))
        last = {
            kind: {name: _plain(log.last(name)) for name in log.names} for kind, log in self._logs.items()
        }
        return {**last, "curve": [[int(steps[i]), _plain(float(loss[i]))] for i in picked]}


def _plain(value: float | None) -> float | None:
    """NaN and infinities are not JSON."""
    return None if value is None or not np.isfinite(value) else float(value)
