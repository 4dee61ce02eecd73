"""Writing a file whole or not at all, and saying in one line why a disk refused."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write beside, flush, rename: whoever opens ``path`` finds the old or the new, never a part.

    ``content`` may come in pieces; what raises while they are made leaves nothing behind.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # So that the new name survives a power cut too. Windows cannot open a folder and does not need it.
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def why_refused(error: OSError | sqlite3.Error, path: Path) -> str:
    """One clear line for a disk that would not take or give something."""
    text = str(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "is full" in text:
        return f"The disk is full: {path} could not be written. Free some space."
    read_only = isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    if read_only or "readonly" in text:
        return f"{path} may not be written. Allow writing there or choose another workspace."
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{path} cannot be made: a file is in its way. Move the file or choose another workspace."
    if "not a database" in text or "malformed" in text:
        return f"{path} is damaged or not a run database ({text})."
    if "locked" in text:
        return f"{path} is held by another program ({text})."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else text
    return f"{path}: {reason}."
