"""Where a person's own data lie: a folder, a .zip or a .tar, read file by file. The one reader for every kind of data.

A path inside an archive is only a name, never a place on the disk, and links in it are not followed. In a folder
links are the person's own and are followed, each real folder once. Hidden folders, and those that systems make
beside a person's files, are left out everywhere. What is read of one file is bounded.
"""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from ssllab.data.names import FILES_OF_SYSTEMS, as_walked, is_aside, plain, unsafe
from ssllab.data.skipped import Skipped, in_words
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion
from ssllab.text.encoding import SNIFFED, NotText, decoded, looks_binary

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)

_MAX_FILES = 1_000_000
#: Bytes of all tables of a container.
MOST_TABLES = 512 * 2**20
_CHUNK = 2**20
_LINK_INSIDE = "a link inside an archive"


class Unusable(Exception):
    """A file that cannot be used; the message is the reason in a few words."""


@dataclass(frozen=True)
class Sought:
    """What a kind of data looks for, by the paths of files: its items, called ``noun``, and tables about them.

    ``unread``: why a file is not read though it is one of these ``noun``, as of a format that there is no decoder
    for; "" for any other file.
    """

    noun: str
    is_item: Callable[[str], bool]
    is_table: Callable[[str], bool] = lambda name: False
    unread: Callable[[str], str] = lambda name: ""


@dataclass
class Found:
    """What lies in a container, by its path below the root: ``items``, and ``tables`` with their text.

    ``others``: how many files were not looked at, by ending in lower case ("" without one). ``aside``: hidden folders
    and those of systems, which were not looked into. ``outside``: how many links were followed out of the folder.
    ``room``: how many bytes of tables may still be read.
    """

    items: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    aside: list[str] = field(default_factory=list)
    outside: int = 0
    room: int = field(default_factory=lambda: MOST_TABLES)

    def followed(self, place: Path) -> list[Skipped]:
        """A remark where links led out of the folder at ``place``."""
        links = f"{self.outside:,} link{'s' * (self.outside != 1)} out of the folder followed"
        return [Skipped(place.name, links, "remark")] if self.outside else []

    def nothing(self, most: int = 4) -> str:
        """What there is instead where there are no items: some words in brackets, or nothing."""
        told = in_words(self.skipped, most)[: most + 1]
        if self.others:
            endings = ", ".join(
                f"{count:,} {end or 'without ending'}" for end, count in self.others.most_common(most)
            )
            told.append(f"files of other kinds: {endings}")
        if self.aside:
            told.append(f"not looked into: {', '.join(self.aside[:most])}")
        return f" ({'; '.join(told)})" if told else ""


@dataclass(frozen=True)
class Member:
    """One file of a container. That of an archive can be read until the next one is asked for.

    ``path`` is where it lies on the disk, None in an archive; ``size`` is what an archive claims; ``problem`` is why
    it must not be read.
    """

    name: str
    opened: Callable[[], IO[bytes]]
    path: Path | None = None
    size: int = 0
    problem: str = ""

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
    """A folder on the disk. Hidden folders and those of systems are left out; links are followed, also out of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._resolved = path.resolve()

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All below the folder, and what links lead to, each real folder once."""
        found = Found()
        folders, links = [""], deque[str]()
        read: set[object] = set()
        followed = False
        while folders or links:
            if cancelled():
                raise Cancelled
            # Real folders first: what lies in the folder is read under its own name.
            if not folders:
                folders += self._followed(links.popleft(), read, found)
                followed = True
                continue
            folder = folders.pop()
            try:
                identity = _identity(self.path / folder)
                if identity in read:
                    continue
                read.add(identity)
                entries = sorted(os.scandir(self.path / folder), key=lambda entry: entry.name)
            except OSError as error:
                found.skipped.append(Skipped(folder or str(self.path), _unreadable(error)))
                continue
            below: list[str] = []
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and os.path.isdir(entry.path)):
                    if is_aside(entry.name):
                        found.aside.append(name)
                    else:
                        (links if entry.is_symlink() else below).append(name)
                    continue
                if entry.name.lower().endswith(ARCHIVE_SUFFIXES) and not entry.name.startswith("."):
                    found.archives.append(name)
                elif _take(self._member(name), sought, found, self.path) and entry.is_symlink():
                    found.outside += self._leads_outside(Path(os.path.realpath(entry.path)))
            folders += reversed(below)
        if followed:  # as if what they lead to lay here
            found.items.sort(key=as_walked)
        return found

    def _followed(self, link: str, read: set[object], found: Found) -> list[str]:
        """The link if it is to be read as a folder."""
        target = Path(os.path.realpath(self.path / link))
        beside = Path(os.path.realpath((self.path / link).parent))
        if any(target == place or target in place.parents for place in (self._resolved, beside)):
            found.skipped.append(Skipped(link, "a link back to a folder that it lies in"))
            return []
        with suppress(OSError):
            if _identity(target) in read:
                found.skipped.append(Skipped(link, "a link to a folder that is read already"))
                return []
        found.outside += self._leads_outside(target)
        return [link]

    def _leads_outside(self, target: Path) -> bool:
        return not target.is_relative_to(self._resolved)

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
            # Opening a pipe would wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unusable("not a regular file")
            return path.open("rb")

        return Member(name, opened, path)


class Zip:
    """A .zip archive. A backslash in it parts folders, as some programs of Windows write it."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            if not info.is_dir():
                self._infos.setdefault(plain(info.filename), info)

    def find(self, sought: Sought, cancelled: CancelQuestion) -> Found:
        """All members with safe names, sorted."""
        found = Found()
        for name in self._infos:
            if cancelled():
                raise Cancelled
            _take(self._member(name), sought, found, self.path)
        found.items.sort()
        return found

    def walk(self, wanted: Collection[str]) -> Iterator[Member]:
        """In the order of ``wanted``."""
        return map(self._member, wanted)

    def stamp(self, names: Iterable[str]) -> str:
        """Of the archive."""
        return _state_of(self.path)

    def _member(self, name: str) -> Member:
        info = self._infos[name]
        problem = "encrypted" if info.flag_bits & 1 else ""
        if stat.S_ISLNK(info.external_attr >> 16):
            problem = _LINK_INSIDE
        return Member(name, lambda: self._archive.open(info), size=info.file_size, problem=problem)


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
            if member.name not in seen:
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
                        yield Member(plain(info.name), lambda file=file: file, size=info.size)  # type: ignore[misc]
                    elif info.issym() or info.islnk():
                        yield Member(plain(info.name), lambda: io.BytesIO(), problem=_LINK_INSIDE)
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
            whole.outside += found.outside
            whole.others += found.others
            whole.aside += found.aside
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
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error) as error:
        raise DataError(f"'{path}' is a broken .zip file ({error}): make it anew.") from None
    with opened:
        yield Zip(path, opened)


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


def _take(member: Member, sought: Sought, found: Found, place: Path) -> bool:
    """Note an item, read a table; leave out what is not safe. Whether it was taken."""
    name = member.name
    inside = member.path is None  # or else the walk has left such folders out
    path = PurePosixPath(name)
    if aside := next((part for part in path.parts[:-1] if is_aside(part)), "") if inside else "":
        if aside not in found.aside:
            found.aside.append(aside)
        return False
    if path.name.startswith(".") or path.name.lower() in FILES_OF_SYSTEMS:
        return False
    is_table = sought.is_table(name)
    if not is_table and not sought.is_item(name):
        if reason := sought.unread(name):
            found.skipped.append(Skipped(name, reason))
        else:
            found.others[path.suffix.lower()] += 1
        return False
    if inside and (problem := member.problem or unsafe(name)):
        found.skipped.append(Skipped(name, problem))
        return False
    if is_table:
        return _read_table(member, found)
    found.items.append(name)
    if len(found.items) > _MAX_FILES:
        raise DataError(f"'{place}' holds more than {_MAX_FILES:,} {sought.noun}: choose a part of it.")
    return True


def _read_table(member: Member, found: Found) -> bool:
    """Note a table's text, or why there is none."""
    try:
        with member.open() as file:
            content = file.read(SNIFFED)
            if not looks_binary(content):
                content += file.read(max(0, found.room - len(content) + 1))
        if len(content) > found.room:
            raise Unusable(f"is not read: more than {MOST_TABLES // 2**20} MB of tables")
        text = decoded(content)
    except (Unusable, NotText) as reason:
        found.skipped.append(Skipped(member.name, str(reason), "table"))
        return False
    found.room -= len(content)
    found.tables[member.name] = text.letters
    if text.guess:
        found.skipped.append(Skipped(member.name, text.guess, "remark"))
    return True


def _state_of(path: Path) -> str:
    state = path.stat()
    return f"{state.st_size}|{state.st_mtime_ns}"


def _identity(folder: Path) -> object:
    """The same for two names of one folder. Raises OSError."""
    state = folder.stat()
    return (state.st_dev, state.st_ino) if state.st_ino else os.path.realpath(folder)


def _unreadable(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no permission to read this folder"
    if error.errno == errno.ENAMETOOLONG:
        return "its path is too long for this system"
    return f"this folder cannot be read ({error.strerror or error})"
