"""Listing the workspace again and again: only runs whose files changed since the last look are read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.training.declared import declared, title, usual
from ssllab.training.run_record import RunError

if TYPE_CHECKING:
    from ssllab.training.run_store import RunInfo, Workspace


@dataclass(frozen=True)
class Listing:
    """The runs, newest first, and what their folders looked like then."""

    infos: Sequence[RunInfo] = ()
    folders: Mapping[str, tuple] = field(default_factory=dict)


def look_at_folders(folder: Path) -> dict[str, tuple]:
    """Run id -> names, times and sizes of its files; some stats per run, nothing is opened.

    A run that trains appends to its database, so its files tell that it has grown.
    """
    found: dict[str, tuple] = {}
    try:
        runs = [entry for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return found
    for run in runs:
        files = []
        try:
            for entry in os.scandir(run.path):
                if not entry.name.endswith("-shm"):  # SQLite touches it for every reader
                    about = entry.stat()
                    files.append((entry.name, about.st_mtime_ns, about.st_size))
        except OSError:  # a file of the run went while we looked
            files.append(("", 0, 0))
        found[run.name] = tuple(sorted(files))
    return found


def list_runs(workspace: Workspace, before: Listing | None) -> Listing:
    """The runs now; what has not changed since ``before`` is taken from there.

    A run that is open is read each time: when its process was killed, no file of it tells. Runs of an ssllab that did
    not keep what their scalars are get it from their method, for which torch is imported: not for the window's thread.
    """
    folders = look_at_folders(workspace.path / "runs")
    known = {info.id: info for info in before.infos} if before else {}
    same = [
        info
        for run_id, info in known.items()
        if info.state not in ("running", "paused")
        and before
        and folders.get(run_id) == before.folders.get(run_id)
    ]
    changed = folders.keys() - {info.id for info in same}
    if len(changed) > len(same):
        return Listing(_declared(workspace.runs()), folders)
    try:
        fresh = [workspace.open(run_id).info for run_id in changed]
    except RunError:  # damaged or just gone: the workspace has words for it
        return Listing(_declared(workspace.runs()), folders)
    return Listing(_declared([*same, *fresh]), folders)


def list_newest(workspace: Workspace, count: int = 25) -> Listing:
    """The newest readable runs alone, for a first look at a large workspace while training holds the machine."""
    folders = look_at_folders(workspace.path / "runs")
    infos = []
    for run_id in sorted(folders, reverse=True)[:count]:  # an id begins with its time
        with contextlib.suppress(RunError):
            infos.append(workspace.open(run_id).info)
    return Listing(_newest_first(infos), {info.id: folders[info.id] for info in infos if info.id in folders})


def _declared(infos: Sequence[RunInfo]) -> list[RunInfo]:
    return _newest_first(
        [
            info
            if info.scalars and info.title
            else replace(info, scalars=declared(info), usual=usual(info), title=title(info))
            for info in infos
        ]
    )


def _newest_first(infos: Sequence[RunInfo]) -> list[RunInfo]:
    return sorted(infos, key=lambda info: (info.created, info.id), reverse=True)
