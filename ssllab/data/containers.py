"""Where a person's own data lie: a folder, a .zip or a .tar, read file by file. The one reader for every kind of data.

A path inside an archive is only a name, never a place on the disk; links that leave a folder are not followed;
what is read of one file is bounded.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from ssllab.data.skipped import Skipped
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)

_MAX_FILES = 1_000_000
_MAX_TABLE = 64 * 2**20
_CHUNK = 2**20


class Unusable(Exception):
    """A file that cannot be used; the message is the reason in a few words."""


@dataclass(frozen=True)
class Sought:
    """What a kind of data looks for, by the paths of files: its items, called ``noun``, and tables about them."""

    noun: str
    is_item: Callable[[str], bool]
    is_table: Callable[[str], bool] = lambda name: False

    def __call__(self, name: str) -> bool:
        """Whether a file is worth a look. What a Mac packs beside the files is not."""
        return "__MACOSX" not in PurePosixPath(name).parts and (self.is_item(name) or self.is_table(name))


@dataclass
class Found:
    """What lies in a container, by its path below the root: ``items``, and ``tables`` with their text."""

    items: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True)
class Member:
    """One file of a container. That of an archive can be read until the next one is asked for.

    ``path`` is where it lies on the disk, None in an archive; ``size`` is what an archive claims.
    """

    name: str
    opened: Callable[[], IO[bytes]]
    path: Path | None = None
    size: int = 0

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file for reading. Raises :class:`Unusable`, also for what goes wrong within the context."""
        try:
            with self.opened() as file:
                yield file
        except (Unusable, Cancelled):
            raise
        except Exception as error:
            # A hostile archive makes zipfile and its decompressors raise many kinds of errors.
            if self.path is None:
                raise Unusable(f"broken in the archive ({' '.join(str(error).split())[:80]})") from None
            if isinstance(error, PermissionError):
                raise Unusable("no permission to read it") from None
            if not isinstance(error, OSError | RuntimeError):
                raise
            raise Unusable(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None

    def pieces(self, largest: int) -> Iterator[bytes]:
        """Its content. Raises :class:`Unusable`, also where there are more than ``largest`` bytes."""
        too_large = Unusable(f"larger than {largest // 2**20} MB")
        if self.size > largest:
            raise too_large
        with self.open() as file:
            read = 0
            while piece := file.read(_CHUNK):
                read += len(piece)
                if read > largest:
                    raise too_large
                yield piece

    def copy(self, folder: Path, largest: int) -> Path:
        """A file on the disk with its content: itself, or a copy in ``folder`` that takes the place of the last one.

        Raises :class:`Unusable`, or OSError where the copy cannot be written.
        """
        if self.path is not None:
            with self.open():
                return self.path
        copy = folder / f"copy{PurePosixPath(self.name).suffix.lower()}"
        copy.unlink(
            missing_ok=True
        )  # ext4 waits for the disk when a file is emptied, not when it is a new one
        with copy.open("wb") as file:
            file.writelines(self.pieces(largest))
        return copy


class Container(Protocol):
    """A place that files are listed in and read from."""

    path: Path

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All that is there. Raises Cancelled, or DataError where there is too much."""
        ...

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """The ``wanted`` files in the container's own order."""
        ...

    def stamp(self, names: Iterable[str]) -> str:
        """Another one whenever one of these files changed."""
        ...


class Directory:
    """A folder on the disk. Hidden folders are left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._resolved = path.resolve()

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All below the folder."""
        found = Found()

        def unreadable(error: OSError) -> None:
            found.skipped.append(Skipped(str(error.filename), "no permission to read this folder"))

        for directory, folders, files in os.walk(self.path, onerror=unreadable):
            if cancelled():
                raise Cancelled
            below = Path(directory).relative_to(self.path)
            for folder in folders:
                if os.path.islink(os.path.join(directory, folder)):
                    found.skipped.append(Skipped((below / folder).as_posix(), "a link to a folder"))
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            for file in sorted(files):
                name = (below / file).as_posix()
                if sought(name):
                    _take(self._member(name), sought, found, self.path)
                elif name.lower().endswith(ARCHIVE_SUFFIXES) and not file.startswith("."):
                    found.archives.append(name)
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """In the order of ``wanted``."""
        return map(self._member, wanted)

    def stamp(self, names: Iterable[str]) -> str:
        """Of the sizes and times of these files."""
        stamp = hashlib.sha256()
        for name in names:
            try:
                state = _state_of(self.path / name)
            except OSError:
                state = "unreadable"
            stamp.update(f"{name}|{state}\n".encode("utf-8", "surrogateescape"))
        return stamp.hexdigest()

    def _member(self, name: str) -> Member:
        path = self.path / name

        def opened() -> IO[bytes]:
            if path.is_symlink() and not path.resolve().is_relative_to(self._resolved):
                raise Unusable("a link that leaves the folder")
            # Opening a pipe would wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unusable("not a regular file")
            return path.open("rb")

        return Member(name, opened, path)


class Zip:
    """A .zip archive."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All members with safe names, sorted."""
        found, seen = Found(), set()
        for info in self._archive.infolist():
            if cancelled():
                raise Cancelled
            if info.is_dir() or info.filename in seen or not sought(info.filename):
                continue
            seen.add(info.filename)
            if info.flag_bits & 1 and _is_safe(info.filename):
                found.skipped.append(Skipped(info.filename, "encrypted"))
            else:
                _take(self._member(info.filename), sought, found, self.path)
        found.items.sort()
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """In the order of ``wanted``."""
        return map(self._member, wanted)

    def stamp(self, names: Iterable[str]) -> str:
        """Of the archive."""
        return _state_of(self.path)

    def _member(self, name: str) -> Member:
        return Member(name, lambda: self._archive.open(name), size=self._archive.getinfo(name).file_size)


class Tar:
    """A .tar or .tar.gz archive, read from its beginning to its end: a compressed one cannot be jumped in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All regular members with safe names."""
        found, seen = Found(), set()
        for member in self._members():
            if cancelled():
                raise Cancelled
            if member.name not in seen and sought(member.name):
                seen.add(member.name)
                _take(member, sought, found, self.path)
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """In the order of the archive."""
        left = set(wanted)
        for member in self._members() if left else ():
            if member.name in left:
                left.remove(member.name)
                yield member
                if not left:
                    return

    def stamp(self, names: Iterable[str]) -> str:
        """Of the archive."""
        return _state_of(self.path)

    def _members(self) -> Iterator[Member]:
        try:
            with tarfile.open(self.path, "r|*") as tar:
                for info in tar:
                    # Links and devices in an archive are never followed.
                    file = tar.extractfile(info) if info.isreg() else None
                    if file is not None:
                        yield Member(info.name.removeprefix("./"), lambda file=file: file, size=info.size)  # type: ignore[misc]
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

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """What all of them hold."""
        whole = Found()
        for archive in self._archives:
            found = archive.find(sought, cancelled)
            whole.items += found.items
            whole.tables |= found.tables
            whole.skipped += found.skipped
        return whole

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """One archive after another."""
        left = dict.fromkeys(wanted)
        for archive in self._archives:
            for member in archive.walk(left):
                del left[member.name]
                yield member

    def stamp(self, names: Iterable[str]) -> str:
        """Of all archives."""
        return "|".join(archive.stamp(names) for archive in self._archives)


@contextmanager
def archive(path: Path) -> Iterator[Container]:
    """The archive at ``path``: a .tar by its ending, else a .zip. Raises :class:`DataError` where it is broken."""
    if path.name.lower().endswith(TAR_SUFFIXES):
        yield Tar(path)
        return
    try:
        with zipfile.ZipFile(path) as opened:
            yield Zip(path, opened)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"'{path}' is a broken .zip file ({error}): make it anew.") from None


def title_of(path: Path, suffixes: Sequence[str] = ()) -> str:
    """What a person calls it: the last name, without an archive's ending or one of ``suffixes``."""
    name = path.resolve().name or str(path)
    for suffix in (*ARCHIVE_SUFFIXES[::-1], *suffixes):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def without_common_folders(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Path -> its parts, without the folders that are around everything."""
    parts = {name: PurePosixPath(name).parts for name in names}
    levels = zip(*(path[:-1] for path in parts.values()), strict=False)
    depth = sum(1 for _ in itertools.takewhile(lambda level: len(set(level)) == 1, levels))
    return {name: path[depth:] for name, path in parts.items()}


def _take(member: Member, sought: Sought, found: Found, place: Path) -> None:
    """Note an item, read a table; leave out what is not safe."""
    name = member.name
    if not _is_safe(name) and member.path is None:
        found.skipped.append(Skipped(name, "an unsafe path"))
    elif sought.is_table(name):
        try:
            with member.open() as file:
                found.tables[name] = file.read(_MAX_TABLE).decode("utf-8-sig", "replace")
        except Unusable as reason:
            found.skipped.append(Skipped(name, str(reason)))
    else:
        found.items.append(name)
        if len(found.items) > _MAX_FILES:
            raise DataError(f"'{place}' holds more than {_MAX_FILES:,} {sought.noun}: choose a part of it.")


def _is_safe(name: str) -> bool:
    return not (name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts)


def _state_of(path: Path) -> str:
    state = path.stat()
    return f"{state.st_size}|{state.st_mtime_ns}"
