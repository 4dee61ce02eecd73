"""The workspace: a folder per run, listed, opened, renamed, deleted to a trash and restored."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ssllab.training import checkpoint
from ssllab.training.files import why_refused
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import (
    create_or_open,
    delete_rows,
    event_count,
    read_events,
    read_log,
    read_notes,
    reading,
    stored_rows,
    transaction,
)
from ssllab.training.run_lock import is_locked
from ssllab.training.run_record import (
    CheckpointRef,
    Event,
    RunError,
    RunInfo,
    RunSettings,
    State,
    is_id,
    new_id,
    read_record,
    versions,
    write_record,
)

CHECKPOINTS = "checkpoints"
KEPT_AUTOSAVES = 4  # the newest ones; older ones are thinned
KEPT_BEFORE_CHANGES = 50
T = TypeVar("T")


class Run:
    """One stored run. Reading is safe while another process writes."""

    def __init__(self, path: Path, info: RunInfo) -> None:
        self.path = path
        self.info = info

    def metrics(self) -> MetricsLog:
        """The scalars of every step on disk. Raises RunError."""
        return self._read(lambda connection: read_log(connection, "metrics"), MetricsLog())

    def probes(self) -> MetricsLog:
        """The scalars of every probe on disk. Raises RunError."""
        return self._read(lambda connection: read_log(connection, "probes"), MetricsLog())

    def events(self) -> list[Event]:
        """What happened, in order. Raises RunError."""
        return self._read(read_events, [])

    def checkpoints(self) -> list[CheckpointRef]:
        """Every checkpoint that is whole, oldest first."""
        found = []
        for file in sorted((self.path / CHECKPOINTS).glob("step-*.json")):
            stem = file.with_suffix("")
            try:
                meta = checkpoint.read_meta(stem)
                found.append(
                    CheckpointRef(
                        int(meta["step"]),
                        stem,
                        str(meta["reason"]),
                        int(meta["last_event_id"]),
                        float(meta["time"]),
                    )
                )
            except (checkpoint.CheckpointError, KeyError, TypeError, ValueError):
                continue
        return sorted(found, key=lambda ref: (ref.step, ref.last_event_id))

    def write_checkpoint(self, step: int, tree: Any, meta: dict[str, Any]) -> CheckpointRef:
        """Store ``tree``; ``meta`` has ``reason`` and ``last_event_id``. Raises OSError, CheckpointError."""
        folder = self.path / CHECKPOINTS
        folder.mkdir(parents=True, exist_ok=True)
        stem = folder / f"step-{step:09d}-{int(meta['last_event_id']):06d}"
        meta = {**meta, "step": step, "time": time.time()}
        checkpoint.save(stem, tree, meta)
        self._prune()
        return CheckpointRef(step, stem, str(meta["reason"]), int(meta["last_event_id"]), meta["time"])

    def _prune(self) -> None:
        """Keep what a person asked for and what precedes a change; of autosaves the newest few."""
        there = self.checkpoints()
        saves = [ref for ref in there if ref.reason == "autosave"][:-KEPT_AUTOSAVES]
        changes = [ref for ref in there if ref.reason.startswith("before ")][:-KEPT_BEFORE_CHANGES]
        for ref in (*saves, *changes):
            for path in (checkpoint.json_path(ref.stem), checkpoint.tensors_path(ref.stem)):
                path.unlink(missing_ok=True)

    def truncate(self, step: int, last_event_id: int) -> None:
        """Forget what came after a checkpoint, before going on from it. Raises RunError."""
        try:
            connection = create_or_open(self.path)
            with transaction(connection):
                for kind in ("metrics", "probes"):
                    delete_rows(connection, kind, step)
                connection.execute("DELETE FROM event WHERE id>?", (last_event_id,))
            connection.close()
        except (sqlite3.Error, OSError) as error:
            raise RunError(why_refused(error, self.path)) from error

    def rename(self, name: str) -> None:
        """Give the run a name. Raises RunError."""
        self._record(replace(self.info, name=name.strip()))

    def set_note(self, note: str) -> None:
        """Write a note. Raises RunError."""
        self._record(replace(self.info, note=note))

    def set_tags(self, tags: Iterable[str]) -> None:
        """Replace the tags. Raises RunError."""
        self._record(replace(self.info, tags=tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))))

    def _record(self, info: RunInfo) -> None:
        try:
            write_record(info)
        except OSError as error:
            raise RunError(why_refused(error, self.path)) from error
        self.info = info

    def _read(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        with reading(self.path) as connection:
            return nothing if connection is None else question(connection)


class Workspace:
    """Where runs are kept: ``PATH/runs/ID``; deleted ones wait in ``PATH/trash/ID``."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @staticmethod
    def default_path() -> Path:
        """The user's data folder of ssllab."""
        from platformdirs import user_data_path

        return user_data_path("ssllab", appauthor=False)

    @property
    def runs_path(self) -> Path:
        """The folder of the runs."""
        return self.path / "runs"

    @property
    def trash_path(self) -> Path:
        """The folder of deleted runs."""
        return self.path / "trash"

    def create(
        self, settings: RunSettings, name: str | None = None, parent: tuple[str, int] | None = None
    ) -> Run:
        """A new, empty run. Raises RunError where the disk refuses."""
        created = time.time()
        run_id = new_id(settings.method, created)
        folder = self.runs_path / run_id
        info = RunInfo(
            id=run_id,
            path=folder,
            name=name or "",
            created=created,
            settings=settings,
            versions=versions(),
            parent=parent,
        )
        try:
            folder.mkdir(parents=True)
            write_record(info)
            create_or_open(folder).close()
        except (OSError, sqlite3.Error) as error:
            raise RunError(why_refused(error, folder)) from error
        return Run(folder, info)

    def open(self, run: str | Path) -> Run:
        """The run of that id, or in that folder. Raises RunError."""
        folder = self.runs_path / str(run) if is_id(str(run)) else Path(run)
        if not folder.is_dir():
            raise RunError(
                f"no run '{run}': expected an id from 'ssllab runs list' or the folder of a run. "
                f"The workspace is {self.path}."
            )
        return Run(folder, _with_summary(read_record(folder)))

    def runs(self) -> list[RunInfo]:
        """Every run, newest first; a damaged one has a ``problem``. Never raises for one of them."""
        if not self.runs_path.is_dir():
            return []
        return [
            described(folder)
            for folder in sorted(self.runs_path.iterdir(), reverse=True)
            if folder.is_dir() and is_id(folder.name)
        ]

    def delete(self, ids: Sequence[str]) -> None:
        """Move runs to the trash. Raises RunError for one that is being trained or cannot be moved."""
        for run_id in ids:
            if is_locked(self.runs_path / run_id):
                raise RunError(f"run {run_id} is being trained: stop it before deleting it.")
        self._move(ids, self.runs_path, self.trash_path)

    def restore(self, ids: Sequence[str]) -> None:
        """Bring runs back from the trash. Raises RunError."""
        self._move(ids, self.trash_path, self.runs_path)

    def empty_trash(self, older_than_days: float = 30.0) -> int:
        """Delete for good what has been in the trash so long; how many."""
        if not self.trash_path.is_dir():
            return 0
        limit = time.time() - older_than_days * 86400
        old = [folder for folder in self.trash_path.iterdir() if folder.stat().st_mtime < limit]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def _move(self, ids: Sequence[str], source: Path, target: Path) -> None:
        for run_id in ids:
            if not is_id(run_id) or not (source / run_id).is_dir():
                raise RunError(f"no run '{run_id}' in {source}.")
            try:
                target.mkdir(parents=True, exist_ok=True)
                (source / run_id).replace(target / run_id)
                (target / run_id).touch()
            except OSError as error:
                raise RunError(why_refused(error, source / run_id)) from error


def described(folder: Path) -> RunInfo:
    """What the browser shows of the run in ``folder``; never raises."""
    try:
        return _with_summary(read_record(folder))
    except RunError as error:
        return RunInfo(id=folder.name, path=folder, problem=str(error))


def _with_summary(info: RunInfo) -> RunInfo:
    try:
        with reading(info.path) as connection:
            if connection is None:
                return replace(info, problem=f"{info.path} has no metrics.")
            notes = read_notes(connection)
            _, last = stored_rows(connection, "metrics")
            event_count(connection)
    except RunError as error:
        return replace(info, problem=str(error))
    state: State = "running" if is_locked(info.path) else "finished" if notes.get("closed") else "interrupted"
    summary = {key: notes[key] for key in ("metrics", "probes", "curve", "verdict") if key in notes}
    return replace(info, steps=max(last, 0), summary=summary, state=state)
