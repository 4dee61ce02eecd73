"""Where recordings lie: a folder, a .zip or a .tar. Archives are read member by member, each through one file
for the moment: a path inside an archive is only a name, never a place on the disk.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from ssllab.data.types import Skipped
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion

#: What libsndfile reads. Files of other names are not looked at.
AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".caf", ".w64", ".rf64", ".sph"),
)
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_TABLES = ("metadata.csv", "metadata.tsv", "transcripts.csv", "transcripts.tsv", "testing_list.txt")
_LIBRISPEECH_TABLE = ".trans.txt"

_MAX_FILES = 1_000_000
_MAX_MEMBER = 4 * 2**30
_CHUNK = 2**20
_MAX_TABLE = 64 * 2**20


class Unusable(Exception):
    """A recording that cannot be opened; the message is the reason in words."""


@dataclass
class Found:
    """What lies in a container, by its path below the root. ``stamp`` changes when the files do."""

    recordings: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    stamp: str = ""


class Container(Protocol):
    """A place that recordings are listed and read from."""

    path: Path

    def find(self, cancelled: CancelQuestion) -> Found:
        """All that is there. Raises Cancelled, or DataError where there is too much."""
        ...

    def walk(self, wanted: Collection[str]) -> Iterator[tuple[str, Path | Unusable]]:
        """The ``wanted`` recordings in the container's order, each as a file that is there until the next one."""
        ...


class Directory:
    """A folder on the disk. Links that leave it are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._resolved = path.resolve()

    def find(self, cancelled: CancelQuestion) -> Found:
        """All below the folder, hidden files left out."""
        found = Found()

        def unreadable(error: OSError) -> None:
            found.skipped.append(Skipped(str(error.filename), "no permission to read this folder"))

        for directory, folders, files in os.walk(self.path, onerror=unreadable):
            if cancelled():
                raise Cancelled
            below = Path(directory).relative_to(self.path).as_posix()
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            for file in sorted(files):
                name = file if below == "." else f"{below}/{file}"
                if _is_recording(name):
                    found.recordings.append(name)
                elif name.lower().endswith(ARCHIVE_SUFFIXES) and not file.startswith("."):
                    found.archives.append(name)
                elif _is_table(name):
                    self._read_table(name, found)
            _check_count(found, self.path)
        found.stamp = self.stamp_of(found.recordings)
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[tuple[str, Path | Unusable]]:
        """In the order of ``wanted``."""
        for name in wanted:
            try:
                yield name, self._checked(name)
            except Unusable as reason:
                yield name, reason

    def _checked(self, name: str) -> Path:
        path = self.path / name
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(self._resolved):
                raise Unusable("a link that leaves the folder")
            # Opening a pipe would wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unusable("not a regular file")
        except (OSError, RuntimeError) as error:
            raise Unusable(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
        return path

    def stamp_of(self, names: Iterable[str]) -> str:
        """Another one whenever one of these files changed."""
        stamp = hashlib.sha256()
        for name in names:
            try:
                state = _stamp_of(self.path / name)
            except OSError:
                state = "unreadable"
            stamp.update(f"{name}|{state}\n".encode("utf-8", "surrogateescape"))
        return stamp.hexdigest()

    def _read_table(self, name: str, found: Found) -> None:
        try:
            with self._checked(name).open("rb") as file:
                found.tables[name] = _text(file.read(_MAX_TABLE))
        except (Unusable, OSError) as reason:
            found.skipped.append(Skipped(name, str(reason)))


class Zip:
    """A .zip archive."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive

    def find(self, cancelled: CancelQuestion) -> Found:
        """All members with safe names."""
        found, seen = Found(stamp=_stamp_of(self.path)), set()
        for info in self._archive.infolist():
            if cancelled():
                raise Cancelled
            name = info.filename
            if info.is_dir() or name in seen or not (_is_recording(name) or _is_table(name)):
                continue
            seen.add(name)
            if not _is_safe(name):
                found.skipped.append(Skipped(name, "an unsafe path"))
            elif info.flag_bits & 1:
                found.skipped.append(Skipped(name, "encrypted"))
            elif _is_table(name):
                try:
                    with self._archive.open(info) as member:
                        found.tables[name] = _text(member.read(_MAX_TABLE))
                except Exception as error:
                    found.skipped.append(Skipped(name, _broken(error)))
            else:
                found.recordings.append(name)
        _check_count(found, self.path)
        found.recordings.sort()
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[tuple[str, Path | Unusable]]:
        """In the order of ``wanted``."""
        with tempfile.TemporaryDirectory(prefix="ssllab-") as place:
            for name in wanted:
                try:
                    with self._archive.open(name) as member:
                        yield name, _copy(member, name, place)  # type: ignore[arg-type]
                except Exception as error:
                    # A hostile archive makes zipfile and its decompressors raise many kinds of errors.
                    yield name, error if isinstance(error, Unusable) else Unusable(_broken(error))


class Tar:
    """A .tar or .tar.gz archive, read from its beginning to its end: a compressed one cannot be jumped in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, cancelled: CancelQuestion) -> Found:
        """All regular members with safe names."""
        found, seen = Found(stamp=_stamp_of(self.path)), set()
        for member, file in self._members():
            if cancelled():
                raise Cancelled
            name = _tar_name(member)
            if name in seen or not (_is_recording(name) or _is_table(name)):
                continue
            seen.add(name)
            if not _is_safe(name):
                found.skipped.append(Skipped(name, "an unsafe path"))
            elif _is_table(name):
                found.tables[name] = _text(file.read(_MAX_TABLE))
            else:
                found.recordings.append(name)
            _check_count(found, self.path)
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[tuple[str, Path | Unusable]]:
        """In the order of the archive."""
        left = set(wanted)
        with tempfile.TemporaryDirectory(prefix="ssllab-") as place:
            for member, file in self._members():
                name = _tar_name(member)
                if name in left:
                    left.remove(name)
                    try:
                        yield name, _copy(file, name, place)
                    except Unusable as reason:
                        yield name, reason
                if not left:
                    return

    def _members(self) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
        try:
            with tarfile.open(self.path, "r|*") as tar:
                for member in tar:
                    # Links and devices in an archive are never followed.
                    file = tar.extractfile(member) if member.isreg() else None
                    if file is not None:
                        yield member, file  # type: ignore[misc]
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            if isinstance(error, PermissionError):
                raise
            raise DataError(
                f"'{self.path}' is a broken archive ({' '.join(str(error).split())[:80]}): make it anew."
            ) from None


class Together:
    """Several archives of one set, as if all members lay in one."""

    def __init__(self, path: Path, archives: Sequence[Container]) -> None:
        self.path, self._archives = path, archives

    @property
    def stamp(self) -> str:
        """Another one whenever one of the archives changed."""
        return "|".join(_stamp_of(archive.path) for archive in self._archives)

    def find(self, cancelled: CancelQuestion) -> Found:
        """What all of them hold."""
        whole = Found(stamp=self.stamp)
        for archive in self._archives:
            found = archive.find(cancelled)
            whole.recordings += found.recordings
            whole.tables |= found.tables
            whole.skipped += found.skipped
        return whole

    def walk(self, wanted: Collection[str]) -> Iterator[tuple[str, Path | Unusable]]:
        """One archive after another."""
        left = dict.fromkeys(wanted)
        for archive in self._archives:
            for name, file in archive.walk(left):
                del left[name]
                yield name, file


def _copy(member: BinaryIO, name: str, place: str) -> Path:
    """The member as a file in ``place``, always under the same name."""
    path = Path(place) / f"recording{PurePosixPath(name).suffix.lower()}"
    path.unlink(missing_ok=True)  # ext4 waits for the disk when a file is emptied, not when it is a new one
    with path.open("wb") as file:
        while chunk := member.read(_CHUNK):
            file.write(chunk)
            if file.tell() > _MAX_MEMBER:
                raise Unusable(f"larger than {_MAX_MEMBER // 2**20} MB")
    return path


def _broken(error: Exception) -> str:
    return f"broken in the archive ({' '.join(str(error).split())[:80]})"


def _tar_name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./")


def _is_recording(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        path.suffix.lower() in AUDIO_SUFFIXES
        and not path.name.startswith(".")
        and "__MACOSX" not in path.parts
    )


def _is_table(name: str) -> bool:
    last = PurePosixPath(name).name.lower()
    return last in _TABLES or (last.endswith(_LIBRISPEECH_TABLE) and not last.startswith("."))


def _is_safe(name: str) -> bool:
    return not (name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts)


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _stamp_of(path: Path) -> str:
    state = path.stat()
    return f"{state.st_size}|{state.st_mtime_ns}"


def _check_count(found: Found, path: Path) -> None:
    if len(found.recordings) > _MAX_FILES:
        raise DataError(f"'{path}' holds more than {_MAX_FILES:,} recordings: choose a part of it.")
