"""Writing a file whole or not at all, reading small ones, and saying in one line why that could not be."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ssllab.storage.errors import DataError

_POINTER = b"version https://git-lfs"


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
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and error.errno is not None:
            error.filename, error.filename2 = str(path), None  # a message names what the person named
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


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises :class:`DataError`."""
    try:
        content = path.read_bytes()
        refuse_pointer(path, content)
        document = json.loads(content.decode("utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read: expected JSON ({str(error).splitlines()[0]}).") from None
    if not isinstance(document, dict):
        raise DataError(f"{path}: expected a JSON object, not {json.dumps(document)[:40]}.")
    return document


def refuse_pointer(path: Path, beginning: bytes) -> None:
    """Raises :class:`DataError` for a file of which only Git LFS's pointer is there."""
    if beginning.startswith(_POINTER):
        raise DataError(
            f"{path} is a Git LFS pointer, not the file itself: run 'git lfs pull' in its folder, or download it again."
        )


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
