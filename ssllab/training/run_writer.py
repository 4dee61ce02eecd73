"""The thread that writes a live run. It reads the logs by cursor, so a disk that fails for a while costs nothing:
training goes on in memory, and all is written when the disk is back."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ssllab.training.checkpoint import CheckpointError
from ssllab.training.files import why_refused
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import (
    Chunk,
    append_events,
    append_rows,
    create_or_open,
    event_count,
    merge_small,
    stored_rows,
    transaction,
    write_note,
)
from ssllab.training.run_lock import RunLock
from ssllab.training.run_record import Event, RunError, write_record
from ssllab.training.run_store import Run

WRITE_SECONDS = 0.5
RETRY_SECONDS = 3.0
WAITING_CHECKPOINTS = 4  # more than these in memory would grow without bound: training waits for the disk
CURVE_POINTS = 60


class RunWriter:
    """Writes metrics, probes, events and checkpoints of a session. Raises RunError if another one does.

    ``problem`` is one line while the disk refuses, None when all is well.
    """

    def __init__(self, run: Run, metrics: MetricsLog, probes: MetricsLog, events: Sequence[Event]) -> None:
        self.problem: str | None = None
        self._run = run
        self._logs = {"metrics": metrics, "probes": probes}
        self._events = events
        self._notes: dict[str, Any] = {}
        self._checkpoints: deque[tuple[int, Any, dict[str, Any]]] = deque()
        self._room = threading.Condition()
        self._closing = False
        self._flushed = 0
        self._wanted = 0
        self._connection: sqlite3.Connection | None = None
        self._written_summary = -1
        self._lock = RunLock(run.path)
        try:
            if not self._lock.acquire():
                raise RunError(f"run {run.info.id} is being trained by another ssllab: stop it there first.")
        except OSError as error:
            self.problem = why_refused(error, run.path)
        self._thread = threading.Thread(target=self._live, name="ssllab-writer", daemon=True)
        self._thread.start()

    def write_checkpoint(self, step: int, tree: Any, meta: dict[str, Any]) -> None:
        """Hand a snapshot over; waits only when several are still unwritten. Dropped while the disk refuses."""
        with self._room:
            while len(self._checkpoints) >= WAITING_CHECKPOINTS:
                if self.problem:
                    self._checkpoints.popleft()
                else:
                    self._room.wait(0.2)
            self._checkpoints.append((step, tree, meta))
            self._room.notify_all()

    def describe(self, **facts: Any) -> None:
        """Facts for the run browser, as ``verdict``."""
        self._notes.update(facts)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was known at the call is on disk; whether it is."""
        deadline = time.monotonic() + timeout
        with self._room:
            self._wanted += 1
            wanted = self._wanted
            self._room.notify_all()
            while self._flushed < wanted and time.monotonic() < deadline:
                self._room.wait(0.1)
            return self._flushed >= wanted and self.problem is None

    def close(self, timeout: float = 30.0) -> None:
        """Write the rest and end; safe to call twice."""
        with self._room:
            self._closing = True
            self._room.notify_all()
        self._thread.join(timeout)

    def _live(self) -> None:
        while True:
            with self._room:
                wanted, closing = self._wanted, self._closing
            good = self._write(closing)
            with self._room:
                if good or closing:
                    self._flushed = max(self._flushed, wanted)
                self._room.notify_all()
                if closing:
                    break
                if not self._closing and self._wanted == wanted:
                    self._room.wait(WRITE_SECONDS if good else RETRY_SECONDS)
        if self._connection is not None:
            self._connection.close()
        self._lock.release()

    def _write(self, closing: bool) -> bool:
        try:
            connection = self._open()
            with transaction(connection):
                for kind, log in self._logs.items():
                    rows, _ = stored_rows(connection, kind)
                    _, steps, columns = log.since(rows)
                    if len(steps):
                        append_rows(connection, kind, Chunk(steps, dict(columns)))
                    merge_small(connection, kind, 2 if closing else 128)
                known = event_count(connection)
                if len(self._events) > known:
                    append_events(connection, list(self._events[known:]), known + 1)
                for key, value in {**self._notes, **self._summary(), "closed": closing}.items():
                    write_note(connection, key, value)
            while self._checkpoints:
                step, tree, meta = self._checkpoints[0]
                self._run.write_checkpoint(step, tree, meta)
                with self._room:
                    self._checkpoints.popleft()
                    self._room.notify_all()
        except (OSError, sqlite3.Error) as error:
            self.problem = why_refused(error, self._run.path)
            self._drop_connection()
            return False
        except CheckpointError as error:
            self.problem = str(error)
            return False
        self.problem = None
        return True

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and not self._run.path.is_dir():
            self._drop_connection()  # the folder was deleted under us: begin it again
        if self._connection is None:
            if not self._run.path.is_dir():
                self._run.path.mkdir(parents=True)
                write_record(self._run.info)
            self._connection = create_or_open(self._run.path)
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return

    def _summary(self) -> dict[str, Any]:
        metrics = self._logs["metrics"]
        if len(metrics) == self._written_summary:
            return {}
        self._written_summary = len(metrics)
        steps, loss = metrics.column("loss")
        picked = np.unique(np.linspace(0, len(steps) - 1, min(CURVE_POINTS, len(steps))).astype(int))
        last = {
            kind: {name: _plain(log.last(name)) for name in log.names} for kind, log in self._logs.items()
        }
        return {**last, "curve": [[int(steps[i]), _plain(float(loss[i]))] for i in picked] if len(steps) else []}


def _plain(value: float | None) -> float | None:
    """NaN and infinities are not JSON."""
    return None if value is None or not np.isfinite(value) else float(value)
