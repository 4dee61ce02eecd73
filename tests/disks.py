"""A real small disk, for tests of what happens when it is full or may not be written."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int = 2) -> Iterator[Path]:
    """A disk of so many megabytes below ``folder``; the test is skipped where none can be mounted."""
    small = folder / "small"
    small.mkdir()
    if not shutil.which("mount") or _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(small)):
        pytest.skip("a small disk cannot be mounted here (needs root)")
    try:
        yield small
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def fill(disk: Path) -> Path:
    """Leave no room on it; the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return filler


def remount(disk: Path, how: str) -> None:
    """Make it read-only ("ro") or writable ("rw")."""
    assert not _mount("-o", f"remount,{how}", str(disk))


def _mount(*words: str) -> int:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode
