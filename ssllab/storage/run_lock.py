"""Who is training a run now: a file lock, which the system itself takes back when a process is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

LOCK_NAME = "lock"

if os.name == "nt":
    import msvcrt

    def _try(file: BinaryIO, exclusive: bool) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True

    def _release(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]

else:
    import fcntl

    def _try(file: BinaryIO, exclusive: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


class RunLock:
    """Held by the one writer of a run."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._file: BinaryIO | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours now."""
        return self._file is not None

    def acquire(self) -> bool:
        """False when another writer holds it. Raises OSError when the folder may not be written."""
        file = self._path.open("ab")
        # Somebody who only looks (:func:`is_locked`) holds it for an instant: ask more than once.
        for _ in range(5):
            if _try(file, exclusive=True):
                self._file = file
                return True
            time.sleep(0.02)
        file.close()
        return False

    def release(self) -> None:
        """Give it back; safe to call twice."""
        if self._file is not None:
            _release(self._file)
            self._file.close()
            self._file = None


def is_locked(folder: Path) -> bool:
    """Whether a process is training the run in ``folder`` now."""
    try:
        file = (folder / LOCK_NAME).open("rb")
    except OSError:
        return False
    with file:
        if not _try(file, exclusive=False):
            return True
        _release(file)
    return False
