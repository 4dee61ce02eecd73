"""Whether the workspace changed since the last look, by times and sizes of files, and the list if so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.training.run_store import RunInfo, Workspace


def signature(folder: Path) -> tuple:
    """Changes when a run appears, goes, is renamed or grows; some stats per run, nothing is opened.

    A trained run appends to its database, so its files' sizes and times tell.
    """
    found = []
    try:
        runs = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return ()
    for run in runs:
        try:
            for entry in os.scandir(run):
                if not entry.name.endswith("-shm"):  # SQLite touches it for every reader
                    about = entry.stat()
                    found.append((entry.path, about.st_mtime_ns, about.st_size))
        except OSError:
            found.append((run, 0, 0))
    return tuple(sorted(found))


def list_changed_runs(workspace: Workspace, before: object) -> tuple[object, list[RunInfo] | None]:
    """``(signature, runs newest first)``; the runs are None when the signature is still ``before``."""
    now = signature(workspace.path / "runs")
    if now == before:
        return now, None
    return now, list(workspace.runs())
