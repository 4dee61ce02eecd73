"""The workspace: a folder per run, listed, opened, renamed, deleted to a trash and restored.

A run that trains is written by one :class:`ssllab.training.run_writer.RunWriter`; any number of processes
may read it meanwhile. No name found inside a file is ever used as a path.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ssllab.storage.files import why_refused
from ssllab.storage.run_lock import LOCK_NAME, is_locked
from ssllab.training import checkpoint
from ssllab.training.declared import series_from
from ssllab.training.film import Film, read_film
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import (
    DATABASE_NAME,
    create_or_open,
    delete_rows,
    is_resting,
    read_events,
    read_log,
    read_notes,
    reading,
    stored_rows,
    transaction,
)
from ssllab.training.run_record import (
    RECORD_NAME,
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
KEPT_AUTOMATIC = 8  # the newest ones; older ones are thinned
KEPT_BEFORE_CHANGES = 50
T = TypeVar("T")

_STEM = re.compile(r"step-(\d{9,15})-(\d{6,12})(-\d+)?")


def superfluous(refs: Sequence[CheckpointRef]) -> list[CheckpointRef]:
    """Those of a run's checkpoints (oldest first) that need not be kept.

    Kept: all whose reason is "manual" or "before fork"; the newest 50 "before" a change; of every other
    reason the newest 8, and of the older of those one for each doubling of their age in steps.
    """
    kept_always = [ref for ref in refs if ref.reason in ("manual", "before fork")]
    changes = [ref for ref in refs if ref.reason.startswith("before ") and ref not in kept_always]
    automatic = [ref for ref in refs if ref not in kept_always and ref not in changes]
    dropped = changes[:-KEPT_BEFORE_CHANGES]
    ages: set[int] = set()
    for ref in automatic[:-KEPT_AUTOMATIC]:  # of equal age the oldest stays: it grows into the next doubling
        age = (automatic[-1].step - ref.step).bit_length()
        if age in ages:
            dropped.append(ref)
        ages.add(age)
    return dropped


class Run:
    """One stored run. Reading is safe while another process writes."""

    def __init__(self, path: Path, info: RunInfo) -> None:
        self.path = path
        self.info = info

    @property
    def id(self) -> str:
        """The run's id: its folder's name in a workspace."""
        return self.info.id

    def refresh(self) -> RunInfo:
        """Read :attr:`info` anew; never raises, its ``problem`` says what could not be read."""
        self.info = described(self.path)
        return self.info

    def metrics(self) -> MetricsLog:
        """The scalars of every step on disk. Raises RunError."""
        return self._read(lambda connection: read_log(connection, "metrics"), MetricsLog())

    def probes(self) -> MetricsLog:
        """The scalars of every probe on disk. Raises RunError."""
        return self._read(lambda connection: read_log(connection, "probes"), MetricsLog())

    def events(self) -> list[Event]:
        """What happened, in order. Raises RunError."""
        return self._read(read_events, [])

    def film(self) -> Film:
        """What was kept of its looks; empty for a run of an ssllab before films. Raises RunError."""
        return self._read(read_film, Film())

    def checkpoints(self) -> list[CheckpointRef]:
        """Every checkpoint that is whole, oldest first; damaged ones are left out."""
        found = []
        for step, stem in self._stems():
            try:
                meta = checkpoint.read_meta(stem)
                event_id, when = int(meta["last_event_id"]), float(meta["time"])
                found.append(CheckpointRef(step, stem, str(meta["reason"]), event_id, when))
            except (checkpoint.CheckpointError, KeyError, TypeError, ValueError):
                continue
        return sorted(found, key=lambda ref: (ref.step, ref.last_event_id, ref.time))

    def write_checkpoint(self, step: int, tree: Any, meta: dict[str, Any]) -> CheckpointRef:
        """Store ``tree`` and delete what is :func:`superfluous`.

        ``meta`` is any JSON with ``reason`` and ``last_event_id``; step and time are added. Raises
        CheckpointError for a tree that cannot be stored, OSError when the disk refuses.
        """
        meta = {**meta, "step": step, "time": time.time()}
        event_id = int(meta["last_event_id"])
        name = f"step-{step:09d}-{event_id:06d}"
        taken = {stem.name for _, stem in self._stems()}
        number = 2
        while name in taken:  # the same moment kept for two reasons
            name = f"step-{step:09d}-{event_id:06d}-{number}"
            number += 1
        stem = self.path / CHECKPOINTS / name
        checkpoint.save(stem, tree, meta)
        for ref in superfluous(self.checkpoints()):
            # Windows keeps what somebody reads; the next checkpoint tries again.
            with contextlib.suppress(OSError):
                _delete_checkpoint(ref.stem)
        return CheckpointRef(step, stem, str(meta["reason"]), event_id, meta["time"])

    def _stems(self) -> list[tuple[int, Path]]:
        """``(step, stem)`` of every JSON in the folder, whole or not."""
        found = []
        with contextlib.suppress(OSError):
            for file in (self.path / CHECKPOINTS).iterdir():
                match = _STEM.fullmatch(file.stem)
                if match and file.suffix == ".json":
                    found.append((int(match[1]), file.with_suffix("")))
        return sorted(found)

    def truncate(self, step: int, last_event_id: int, settings: RunSettings | None = None) -> None:
        """Forget what came after a checkpoint, before going on from it, perhaps with other ``settings``.

        Rows and checkpoints of later steps, later events, and checkpoints of this step that were written
        after those. Raises RunError, as when the run is being trained.
        """
        if is_locked(self.path):
            raise RunError(f"run {self.id} is being trained: stop it first.")
        if settings is not None and settings != self.info.settings:
            self._edit(
                settings=settings
            )  # first: it holds the changes to be repeated, which are then forgotten
        try:
            with contextlib.closing(create_or_open(self.path)) as connection, transaction(connection):
                for kind in ("metrics", "probes"):
                    delete_rows(connection, kind, step)
                connection.execute("DELETE FROM event WHERE id>?", (last_event_id,))
            later = {ref.stem for ref in self.checkpoints() if ref.last_event_id > last_event_id}
            for at, stem in self._stems():
                if at > step or stem in later:
                    _delete_checkpoint(stem)
        except (sqlite3.Error, OSError) as error:
            raise RunError(why_refused(error, self.path)) from error

    def discard_empty(self) -> bool:
        """Delete a run that never began: no checkpoint, no step, nobody training it; whether it is gone.

        Only the run's own files go; a folder that holds others stays.
        """
        try:
            if is_locked(self.path) or self._stems() or len(self.metrics()):
                return False
        except RunError:  # what cannot be read is not known to be empty
            return False
        try:
            shutil.rmtree(self.path / CHECKPOINTS, ignore_errors=True)
            own = (RECORD_NAME, LOCK_NAME, *(DATABASE_NAME + ending for ending in ("", "-wal", "-shm")))
            for name in own:
                (self.path / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.path.rmdir()
        except OSError:
            return False
        return True

    def rename(self, name: str) -> None:
        """Give the run a name. Raises RunError."""
        self._edit(name=name.strip())

    def set_note(self, note: str) -> None:
        """Write a note. Raises RunError."""
        self._edit(note=note)

    def set_tags(self, tags: Iterable[str]) -> None:
        """Replace the tags. Raises RunError."""
        self._edit(tags=tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip())))

    def _edit(self, **changes: Any) -> None:
        try:
            # From the disk: another process may have changed another part since.
            write_record(replace(read_record(self.path), **changes))
        except OSError as error:
            raise RunError(why_refused(error, self.path)) from error
        self.info = replace(self.info, **changes)

    def _read(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        with reading(self.path) as connection:
            return nothing if connection is None else question(connection)


def _check_writable(folder: Path, shown: Path) -> None:
    probe = folder / f".{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"1")
        probe.unlink()
    except OSError as error:
        raise RunError(why_refused(error, shown)) from error


def _delete_checkpoint(stem: Path) -> None:
    checkpoint.json_path(stem).unlink(missing_ok=True)  # first: without it the rest does not count
    checkpoint.tensors_path(stem).unlink(missing_ok=True)


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
        self,
        settings: RunSettings,
        name: str | None = None,
        parent: tuple[str, int] | None = None,
        folder: Path | None = None,
    ) -> Run:
        """A new, empty run, in a folder of the workspace or in ``folder``, which must not hold one yet.

        A disk that refuses is no error: ``info.problem`` says so in one line, training goes on in memory, and
        the run's writer tries again until the disk takes it.
        """
        created = time.time()
        run_id = new_id(settings.method, created)
        folder = folder or self.runs_path / run_id
        if (folder / RECORD_NAME).exists():
            raise RunError(
                f"{folder} holds a run already: choose another folder, or go on with 'ssllab resume'."
            )
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
            folder.mkdir(parents=True, exist_ok=True)
            write_record(info)
            create_or_open(folder).close()
        except (OSError, sqlite3.Error) as error:
            info = replace(info, problem=why_refused(error, folder))
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

    def check_writable(self) -> None:
        """Raises RunError, one line, where no run can be kept: a file is in the way, or the disk takes nothing."""
        _check_writable(self.runs_path, self.path)

    def check_readable(self) -> None:
        """Raises RunError, one line, where something else than a folder is. One that is not there yet has no runs."""
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is a file: expected a folder, in which runs are kept.")

    def runs(self) -> list[RunInfo]:
        """Every run, newest first; a damaged one has a ``problem``. Never raises for one of them."""
        return _listed(self.runs_path)

    def trashed(self) -> list[RunInfo]:
        """Every run in the trash, newest first."""
        return _listed(self.trash_path)

    def delete(self, ids: Sequence[str]) -> None:
        """Move runs to the trash; :meth:`restore` is the undo.

        Raises RunError for one that cannot be moved; nothing is moved when one is being trained.
        """
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


def _listed(parent: Path) -> list[RunInfo]:
    infos = []
    with contextlib.suppress(OSError):
        infos = [
            described(folder) for folder in parent.iterdir() if is_id(folder.name) and _has_content(folder)
        ]
    return sorted(infos, key=lambda info: (info.id[:15], info.created, info.id), reverse=True)


def _has_content(folder: Path) -> bool:
    """Not so where making a run was interrupted before anything was in it."""
    return (folder / RECORD_NAME).exists() or (folder / DATABASE_NAME).exists()


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
            resting = is_resting(connection)
            changes = tuple(read_events(connection, "set"))
    except RunError as error:
        return replace(info, problem=str(error))
    state: State = "interrupted"
    if is_locked(info.path):
        state = "paused" if resting else "running"
    elif notes.get("closed"):
        goal = info.settings.steps if info.settings else None
        done = goal is not None and last >= goal
        state = "failed" if notes.get("failure") else "finished" if done else "stopped"
    known = ("metrics", "probes", "curve", "verdict", "life", *(("failure",) if state == "failed" else ()))
    summary: dict[str, Any] = {key: notes[key] for key in known if key in notes}
    scalars = series_from(json.dumps(notes.get("scalars")))
    return replace(
        info,
        steps=max(last, 0),
        summary=summary,
        state=state,
        scalars=scalars,
        usual=_object(notes.get("usual")),
        title=str(notes.get("title") or ""),
        changes=changes,
        data=_object(notes.get("data")),
    )


def _object(note: Any) -> dict[str, Any]:
    return note if isinstance(note, dict) else {}
