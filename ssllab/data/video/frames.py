"""A person's own video: a file, a folder of videos or of frames, an archive of either; animated pictures; numbers.

Each video is a clip, and so are the pictures of a folder, in the order in which a person counts. Files that cannot be
used are skipped and counted (:class:`ssllab.data.skipped.Skipped`).
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ssllab.data.containers import (
    ARCHIVE_SUFFIXES,
    Container,
    Directory,
    Found,
    Member,
    Sought,
    Tar,
    Unusable,
    archive,
    title_of,
)
from ssllab.data.download import cache_directory
from ssllab.data.images import unread
from ssllab.data.images.folder import decoded
from ssllab.data.images.hush import hush
from ssllab.data.images.pictures import looks_like_picture
from ssllab.data.skipped import Skipped, in_words, left_out
from ssllab.data.spool import Shelf
from ssllab.data.video import arrays, decode
from ssllab.data.video.film import Film, FilmWriter, found_again
from ssllab.data.video.moving import MOVES, moving, still
from ssllab.data.video.names import ARRAYS, VIDEOS
from ssllab.data.video.reading import Frames, Reading
from ssllab.data.video.stored import parted
from ssllab.data.video.types import VideoData
from ssllab.storage.errors import DataError
from ssllab.storage.one_line import one_line
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

#: Of the controls of a world that is drawn, what fits one that was filmed.
ALLOWS: dict[str, tuple[str | int, ...]] = {
    "background": ("off",),
    "objects": (1,),
    "shapes": (1,),
    "wall": (False,),
    "collisions": (False,),
}
_FORMAT = 1  # of what is in the cache
_LARGEST = 64 * 2**30  # bytes of a file in an archive
#: :meth:`ssllab.data.containers.Container.walk`.
Walk = Callable[[Collection[str]], Iterator[Member]]
_WHAT = "a video, a folder of videos or of frames, an animated GIF, or frames in .npz"


def is_film(name: str) -> bool:
    """Whether a file of this name is a clip or several, by its ending."""
    return PurePosixPath(name).suffix.lower() in (*VIDEOS, *ARRAYS)


def is_item(name: str) -> bool:
    """Whether a file of this name holds frames, or is one."""
    return is_film(name) or looks_like_picture(name)


SOUGHT = Sought("frames", is_item, unread=unread.by_name)


def frames(
    path: Path, *, size: int, root: Path | None, progress: Progress, cancelled: CancelQuestion
) -> VideoData:
    """The video at ``path`` as centre squares of ``size`` pixels, decoded once into the cache below ``root``.

    Raises DataError with one line where there is nothing to learn from, or Cancelled.
    """
    progress(0.0, "Looking for video")
    try:
        with ExitStack() as opened:
            container, found = _listed(path, opened, cancelled)
            film, told = _film(container, found, path, size, root, progress, cancelled)
    except PermissionError as error:
        raise DataError(
            f"'{error.filename or path}' may not be read or written: change its permissions or choose another."
        ) from None
    train, test = parted(film.frames, film.starts)
    clips, count = len(film.starts) - 1, len(film.frames)
    return VideoData(
        str(path),
        one_line(title_of(path, (*VIDEOS, *ARRAYS))),
        train,
        test,
        size,
        f"{count:,} frames in {clips:,} clip{'s' * (clips != 1)}.",
        skipped=(*found.followed(path), *found.skipped, *told),
        allows=dict(ALLOWS),
    )


def _listed(path: Path, opened: ExitStack, cancelled: CancelQuestion) -> tuple[Container, Found]:
    """What is to be read. Raises DataError where there is nothing."""
    if not path.is_dir():
        if not path.is_file():
            raise DataError(f"'{path}' is neither a folder nor a file: choose {_WHAT}.")
        if not path.name.lower().endswith(ARCHIVE_SUFFIXES):
            return Directory(path.parent), Found([path.name])
        container: Container = opened.enter_context(archive(path))
    else:
        container = Directory(path)
    found = container.find(SOUGHT, cancelled)
    found.skipped += [Skipped(name, "an archive inside a folder is not opened") for name in found.archives]
    if not found.items:
        raise DataError(f"'{path}' holds no video{found.nothing()}: choose {_WHAT}.")
    if found.others:
        many = f"{found.others.total():,} file{'s' * (found.others.total() != 1)} of other kinds not read"
        endings = ", ".join(end or "without ending" for end, _ in found.others.most_common(4))
        found.skipped.append(Skipped(path.name, f"{many} ({endings})", "remark"))
    return container, found


def as_counted(name: str) -> list[tuple[bool, list[tuple[int, str]]]]:
    """A key that sorts paths as a person counts, the files of a folder before its folders.

    >>> sorted(["b/1.png", "frame10.png", "frame2.png"], key=as_counted)
    ['frame2.png', 'frame10.png', 'b/1.png']
    """
    *folders, file = name.split("/")
    return [*((True, _numbered(folder)) for folder in folders), (False, _numbered(file))]


def _numbered(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part]


@dataclass(frozen=True)
class Part:
    """What becomes a clip, or what a file holds: ``film``, or the pictures of a folder."""

    names: tuple[str, ...]
    film: bool


def arrange(names: Sequence[str]) -> tuple[list[Part], list[Skipped]]:
    """Which files are a clip together, in order; pictures beside videos are none of their frames."""
    parts: list[Part] = []
    beside: list[Skipped] = []
    for _, group in groupby(sorted(names, key=as_counted), lambda name: PurePosixPath(name).parent):
        here = list(group)
        films = [name for name in here if is_film(name)]
        pictures = [name for name in here if not is_film(name)]
        parts += [Part((name,), True) for name in films]
        if films:
            beside += [Skipped(name, "a picture beside videos") for name in pictures]
        elif pictures:
            parts.append(Part(tuple(pictures), False))
    return parts, beside


def _film(
    container: Container,
    found: Found,
    path: Path,
    size: int,
    root: Path | None,
    progress: Progress,
    cancelled: CancelQuestion,
) -> tuple[Film, list[Skipped]]:
    """All clips, from the cache where they were left there and nothing changed."""
    stamp = container.stamp(found.items)
    shelf = Shelf((root or cache_directory()) / "video", f"{path.resolve()}|{size}", f"{_FORMAT}|{stamp}")
    goal = shelf.path("frames", "rgb")
    if (kept := shelf.find()) and (film := found_again(kept[0], goal, size)):
        return film, kept[1]
    writer = FilmWriter(goal, size)
    reader = _Reader(writer, progress, cancelled)
    try:
        parts, reader.told = (
            ([Part((path.name,), True)], []) if found.items == [path.name] else arrange(found.items)
        )
        goal.parent.mkdir(parents=True, exist_ok=True)
        with _in_any_order(container, found.items, goal.parent, cancelled) as members:
            reader.read_all(members, parts, goal.parent)
        if len(writer.starts) < 2:
            raise _nothing(path, reader.told)
        film = writer.film()
        shelf.keep(writer.note(), reader.told)
        return film, reader.told
    except PermissionError:
        raise
    except OSError as error:
        raise DataError(
            f"cannot keep the decoded video in the cache ({error.strerror or error}): free some space, or choose less."
        ) from None
    finally:
        writer.spool.discard()


@contextmanager
def _in_any_order(
    container: Container, names: Sequence[str], beside: Path, cancelled: CancelQuestion
) -> Iterator[Walk]:
    """How files are read in an order that is asked for: what lies in a .tar, which has its own, is copied out of it."""
    if not isinstance(container, Tar):
        yield container.walk
        return
    with tempfile.TemporaryDirectory(prefix="tar-", dir=beside) as place:
        copies: dict[str, Member] = {}
        for number, member in enumerate(container.walk(names)):
            if cancelled():
                raise Cancelled
            try:
                copy = member.copy(Path(place), _LARGEST)
                kept = copy.rename(Path(place) / f"{number}{copy.suffix}")
                copies[member.name] = Member(member.name, lambda kept=kept: kept.open("rb"), kept)  # type: ignore[misc]
            except Unusable as reason:
                copies[member.name] = Member(member.name, partial(_refused, str(reason)))
        yield lambda wanted: (copies[name] for name in wanted if name in copies)


def _refused(reason: str) -> NoReturn:
    raise Unusable(reason)


@dataclass
class _Reader:
    """Reads files into a film."""

    writer: FilmWriter
    progress: Progress
    cancelled: CancelQuestion
    told: list[Skipped] = field(default_factory=list)

    def read_all(self, walk: Walk, parts: Sequence[Part], beside: Path) -> None:
        """Every part; pictures that turn out to move become clips behind the others."""
        hush()
        whole, done = sum(len(part.names) for part in parts), 0
        later: list[str] = []
        for part in parts:
            if part.film:
                self._film(walk, part.names, beside, done, whole)
            else:
                later += self._pictures(walk, part.names, done, whole)
            done += len(part.names)
        self._film(walk, later, beside, whole - len(later), whole)

    def _film(self, walk: Walk, names: Sequence[str], beside: Path, done: int, whole: int) -> None:
        with tempfile.TemporaryDirectory(prefix="copy-", dir=beside) as place:
            for index, member in enumerate(walk(names)):
                before = len(self.writer.starts) - 1

                def at(share: float, before: int = done + index) -> None:
                    self._say((before + share) / whole)

                try:
                    at(0.0)
                    remarks: list[str] = []
                    file = member.copy(Path(place), _LARGEST)
                    for frame in read(file, Reading(self.writer.size, remarks.append, at)):
                        if frame is None:
                            self.writer.end()
                        else:
                            self.writer.add(frame)
                    self.writer.end()
                    if len(self.writer.starts) - 1 == before:
                        raise Unusable("of one frame only: expected at least 2")
                    self.told += [Skipped(member.name, line, "remark") for line in remarks]
                except Unusable as reason:
                    self.writer.take_back(before)
                    self.told.append(Skipped(member.name, str(reason)))

    def _pictures(self, walk: Walk, names: Sequence[str], done: int, whole: int) -> list[str]:
        """A clip of pictures; the names of those that move are given back."""
        notes = Counter[str]()
        moves: list[str] = []
        lost: list[Skipped] = []
        folder = str(PurePosixPath(names[0]).parent)
        before = self.writer.frames
        for index, (name, result) in enumerate(
            decoded(walk(names), self.writer.size, notes, self.cancelled, still)
        ):
            if not isinstance(result, str):
                self.writer.add(result)
            elif result == MOVES:
                moves.append(name)
            else:
                lost.append(Skipped(name, result))
            self._say((done + index) / whole)
        came = self.writer.frames - before
        self.writer.end()
        self.told += lost
        self.told += [
            Skipped(f"{count:,} frame{'s' * (count != 1)}", note, "remark")
            for note, count in notes.most_common()
        ]
        if came == 1:
            self.told.append(Skipped(folder, "one picture only: expected at least 2 frames"))
        return moves

    def _say(self, share: float) -> None:
        if self.cancelled():
            raise Cancelled
        self.progress(min(1.0, share), f"Reading video: {self.writer.frames:,} frames")


def read(path: Path, reading: Reading) -> Frames:
    """The frames of a video, of an animated picture or of an array, known by how they begin. Raises :class:`Unusable`."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
            picture = head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")
            if not head:
                raise Unusable("empty (0 bytes): record or copy it again")
            if head.startswith((b"\x93NUMPY", b"PK\3\4")):
                yield from arrays.arrays(path, reading)
            elif (container := decode.container_of(head)) and not picture:
                yield from decode.video(path, container, reading)
            else:
                file.seek(0)
                try:
                    yield from moving(file, reading)
                except Unusable as reason:
                    if str(reason) != unread.UNKNOWN:
                        raise
                    sound = decode.is_sound(file)
                    raise Unusable(
                        decode.ONLY_SOUND if sound else f"not a video, or broken: choose {_WHAT}"
                    ) from None
    except PermissionError:
        raise Unusable("no permission to read it") from None
    except OSError as error:
        raise Unusable(f"cannot be read ({error.strerror or error})") from None


def _nothing(path: Path, told: Sequence[Skipped]) -> DataError:
    """That there is nothing to learn from at ``path``, and why."""
    lost = [entry for entry in told if entry.what != "remark"]
    if path.is_file() and len(lost) == 1 and lost[0].path == path.name:
        return DataError(f"'{path}' cannot be used: {lost[0].reason}.")
    why = f" ({left_out(lost):,} skipped: {'; '.join(in_words(lost, 4))})" if lost else ""
    return DataError(f"'{path}' holds no clip of at least 2 frames{why}: choose {_WHAT}.")
