"""A folder, a .zip or a .tar of the user's own images as a data set.

Understood are class subfolders, a flat folder (no labels), and ``train`` beside ``test`` or ``val``; an archive
may hold any of these and is read without extracting. Files that cannot be used are skipped and counted, and what
a person should know of how theirs were read is said beside (:class:`ssllab.data.skipped.Skipped`).
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult, ThreadPool
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from ssllab.data.containers import (
    TAR_SUFFIXES,
    Container,
    Directory,
    Found,
    Member,
    Sought,
    Unusable,
    archive,
    title_of,
    without_common_folders,
)
from ssllab.data.images import unread
from ssllab.data.images.hush import hush
from ssllab.data.images.pictures import decode, looks_like_picture
from ssllab.data.images.ranges import Note
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.skipped import Skipped, in_words
from ssllab.diagnostics.linear_probe import MOST_CLASSES
from ssllab.storage.errors import DataError
from ssllab.storage.one_line import one_line
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

MIN_IMAGES = 16
MIN_TRAIN = 8  # of them to learn from: batch statistics of fewer say nothing
SOUGHT = Sought("images", looks_like_picture, unread=unread.by_name)
_MAX_BYTES = 2 * 2**30  # of decoded images in memory
_MAX_MEMBER = 256 * 2**20  # of an archive
_TEST_SHARE = 0.2
_TRAIN_NAMES = ("train", "training")
_TEST_NAMES = ("test", "testing", "val", "valid", "validation")
_THREADS = 2
_AHEAD = 16  # images that wait for a thread
_PATIENCE = 0.05  # seconds between two questions whether to go on
#: The split never depends on the run's seed: accuracies of different runs stay comparable.
_SPLIT_SEED = 0


def folder(path: Path, *, size: int = 32, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    """The images below ``path`` (a folder, a .zip or a .tar): centre squares of ``size`` pixels.

    Labels are the first folders below the root (or below ``train`` and ``test``). Where as many lie in no folder,
    there are none. Without a test folder, a fifth of each class is held out, always the same. Raises
    :class:`DataError` with one line where there is nothing to learn from.
    """
    try:
        if path.is_dir():
            return _load(Directory(path), size, progress, cancelled)
        if not path.is_file():
            raise DataError(f"'{path}' is neither a folder nor a file: choose a folder of images or a .zip.")
        if not path.name.lower().endswith(TAR_SUFFIXES) and not zipfile.is_zipfile(path):
            what = (
                "one image" if looks_like_picture(path.name) else "not a folder of images or a .zip of them"
            )
            raise DataError(
                f"'{path}' is {what}: choose a folder (or a .zip) of at least {MIN_IMAGES} images."
            )
        with archive(path) as container:
            return _load(container, size, progress, cancelled)
    except PermissionError:
        raise DataError(
            f"'{path}' may not be read: change its permissions or choose another folder."
        ) from None


def _load(container: Container, size: int, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    progress(0.0, "Looking for images")
    path = container.path
    found = container.find(SOUGHT, cancelled)
    found.skipped += [Skipped(name, "an archive inside a folder is not opened") for name in found.archives]
    if not found.items:
        raise DataError(
            f"'{path}' holds no images{found.nothing()}: choose a folder of PNG, JPEG or similar files."
        )
    # A tar is in the order in which it was packed; the split shall not depend on that.
    layout = arrange(found.items if path.is_dir() else sorted(found.items))
    skipped = [*_remarks(found, path), *found.skipped, *layout.skipped]
    places = [*layout.train, *(layout.test or [])]
    if len(places) * 3 * size * size > _MAX_BYTES:
        raise DataError(
            f"'{path}' holds {len(places):,} images, too many for the memory at {size} pixels: expected at "
            f"most {_MAX_BYTES // (3 * size * size):,}. Choose a smaller folder or image size."
        )
    decoded = _decode_all(container, [place.name for place in places], size, progress, cancelled)
    skipped += decoded.skipped
    bad = {entry.path for entry in decoded.skipped}
    usable = [place for place in places if place.name not in bad]
    lost = [entry for entry in skipped if entry.what != "remark"]
    why = f" ({len(lost):,} skipped: {'; '.join(in_words(lost, 4))})" if lost else ""
    if len(usable) < MIN_IMAGES:
        raise DataError(
            f"'{path}' holds {len(usable)} usable image{'s' * (len(usable) != 1)}{why}: expected at least "
            f"{MIN_IMAGES}."
        )
    train, test, class_names, labels, emptied = _split(layout, usable)
    skipped += [Skipped(title_of(path), emptied, "remark")] if emptied else []
    if len(train) < MIN_TRAIN:
        raise DataError(
            f"'{path}' holds too few images to train on: {len(train)} in its training part, beside {len(test)} to "
            f"test with{why}. Expected at least {MIN_TRAIN}: move some over."
        )

    if len(class_names) > MOST_CLASSES:
        why = f"{len(class_names):,} classes: probes ask for the {MOST_CLASSES} with the most images"
        skipped.append(Skipped(title_of(path), why, "remark"))

    def split(rows: Tensor) -> ImageSplit:
        return ImageSplit(decoded.images[rows], labels[rows] if class_names else None)

    kinds = f" in {len(class_names):,} classes" if class_names else ""
    missing = f"; {len(lost):,} skipped" if lost else ""
    return ImageData(
        name=str(path),
        title=one_line(title_of(path)),
        train=split(train),
        test=split(test),
        class_names=tuple(map(one_line, class_names)),
        about=f"{len(usable):,} images{kinds}{missing}.",
        skipped=tuple(skipped),
    )


def _remarks(found: Found, path: Path) -> list[Skipped]:
    """What a person should know of a folder: links that lead out of it, files that may be theirs and were not read."""
    told = found.followed(path)
    others = {end: count for end, count in found.others.items() if end not in unread.BESIDE}
    if others:
        kinds = ", ".join(
            f"{count:,} {end or 'without ending'}" for end, count in Counter(others).most_common(6)
        )
        told.append(Skipped(path.name, f"files that are no pictures by their names: {kinds}", "remark"))
    return told


def _split(layout: Layout, usable: Sequence[Place]) -> tuple[Tensor, Tensor, tuple[str, ...], Tensor, str]:
    """Rows of ``usable`` to train on and to test on, the classes, ``(N,)`` their numbers (-1 without classes), and
    what is to be said where one part came out empty."""
    class_names = tuple(sorted({place.label for place in usable if place.label is not None}))
    number = {name: index for index, name in enumerate(class_names)}
    labels = torch.tensor([number[place.label] if place.label is not None else -1 for place in usable])
    in_train = {place.name for place in layout.train}
    from_train = torch.tensor([place.name in in_train for place in usable])
    if layout.test is not None and from_train.any() and not from_train.all():
        train, test = from_train.nonzero()[:, 0], (~from_train).nonzero()[:, 0]
        emptied = ""
    else:
        train, test = hold_out(labels)
        emptied = "the part to train on or to test on has no usable image: a fifth of the other is held out"
        emptied = emptied if layout.test is not None else ""
    # Neighbours in a folder are alike: an order without classes shows more in the first few images.
    generator = torch.Generator().manual_seed(_SPLIT_SEED)
    train = train[torch.randperm(len(train), generator=generator)]
    test = test[torch.randperm(len(test), generator=generator)]
    return train, test, class_names, labels, emptied


@dataclass(frozen=True)
class Place:
    """A file and the class its folder gives it; None in a flat folder."""

    name: str
    label: str | None


@dataclass(frozen=True)
class Layout:
    """What the paths say: files to train on, files to test on (None: hold some out), files of no class."""

    train: list[Place]
    test: list[Place] | None
    skipped: list[Skipped]


def arrange(names: Sequence[str]) -> Layout:
    """Reads classes and splits off relative paths with ``/``. Folders around everything are ignored."""
    paths = without_common_folders(names)
    tops = {parts[0].lower(): parts[0] for parts in paths.values() if len(parts) > 1}
    train = next((tops[name] for name in _TRAIN_NAMES if name in tops), None)
    test = next((tops[name] for name in _TEST_NAMES if name in tops), None)
    if train is None or test is None:
        places, _, skipped = _label([paths])
        return Layout(places, None, skipped)
    below = [
        {name: parts[1:] for name, parts in paths.items() if parts[0] == top and len(parts) > 1}
        for top in (train, test)
    ]
    train_places, test_places, skipped = _label(below)
    other = [
        Skipped(name, f"neither in '{train}' nor in '{test}'")
        for name, parts in paths.items()
        if len(parts) == 1 or parts[0] not in (train, test)
    ]
    return Layout(train_places, test_places, [*skipped, *other])


def _label(parts: Sequence[Mapping[str, tuple[str, ...]]]) -> tuple[list[Place], list[Place], list[Skipped]]:
    """The files of one part, or of two, with their classes; what lies beside the class folders.

    A few pictures beside class folders are no class of their own and are left out. Where as many lie in no folder as
    in all folders, or there is one folder only, the folders are no classes: all are used, without labels.
    """
    every = {name: path for part in parts for name, path in part.items()}
    classes = {path[0] for path in every.values() if len(path) > 1}
    loose = [name for name, path in every.items() if len(path) == 1]
    labelled = bool(classes) and (not loose or (len(classes) > 1 and 2 * len(loose) < len(every)))
    skipped: list[Skipped] = []
    if labelled:
        skipped = [Skipped(name, "in no class folder") for name in loose]
    elif classes:
        folders = f"{len(classes):,} folder{'s' * (len(classes) != 1)}"
        why = f"{len(loose):,} pictures lie in no folder, {len(every) - len(loose):,} in {folders}"
        skipped = [
            Skipped("no labels", f"{why}: all are used, the folders are not taken for classes", "remark")
        ]

    def places(part: Mapping[str, tuple[str, ...]]) -> list[Place]:
        return [
            Place(name, path[0] if labelled else None)
            for name, path in part.items()
            if len(path) > 1 or not labelled
        ]

    return places(parts[0]), [place for part in parts[1:] for place in places(part)], skipped


def hold_out(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Rows to train on and rows to test on: a fifth of every class of ``labels: (N,)``."""
    generator = torch.Generator().manual_seed(_SPLIT_SEED)
    train, test = [], []
    for label in labels.unique():
        rows = (labels == label).nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=generator)]
        held = max(round(_TEST_SHARE * len(rows)), int(len(rows) > 1))
        test.append(rows[:held])
        train.append(rows[held:])
    if sum(map(len, test)) == 0:
        return hold_out(torch.zeros_like(labels))
    return torch.cat(train).sort().values, torch.cat(test).sort().values


@dataclass(frozen=True)
class _Decoded:
    """The usable images, ``(M, 3, size, size)`` uint8 in the order of their names; what is said of the others and of
    how they were read."""

    images: Tensor
    skipped: list[Skipped]


def _decode_all(
    container: Container, names: Sequence[str], size: int, progress: Progress, cancelled: CancelQuestion
) -> _Decoded:
    hush()
    images = torch.empty(len(names), 3, size, size, dtype=torch.uint8)
    rows = {name: row for row, name in enumerate(names)}
    broken: list[tuple[int, Skipped]] = []
    notes = Counter[str]()
    for done, (name, result) in enumerate(decoded(container.walk(names), size, notes, cancelled, decode), 1):
        if isinstance(result, str):
            broken.append((rows[name], Skipped(name, result)))
        else:
            images[rows[name]] = torch.from_numpy(result.copy()).permute(2, 0, 1)
        if done % 64 == 0 or done == len(names):
            progress(done / len(names), f"Reading images: {done:,} of {len(names):,}")
    bad = {row for row, _ in broken}
    usable = [row for row in range(len(names)) if row not in bad]
    for row, at in enumerate(usable):  # in place: there may be memory for one copy only
        if row != at:
            images[row] = images[at]
    said = [
        Skipped(f"{count:,} image{'s' * (count != 1)}", note, "remark") for note, count in notes.most_common()
    ]
    skipped = [entry for _, entry in sorted(broken, key=lambda entry: entry[0])]
    return _Decoded(images[: len(usable)], [*said, *skipped])


def decoded(
    members: Iterable[Member],
    size: int,
    notes: Counter[str],
    cancelled: CancelQuestion,
    decode_one: Callable[[IO[bytes], int, Note], np.ndarray],
) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each image in the order of ``members``, or why it cannot be used: decoded by ``decode_one`` in threads while the next
    ones are read.

    ``notes`` counts what was said of how they were read. Raises Cancelled, also while one image takes its time.
    """

    def one(member: Member, content: bytes | None) -> tuple[np.ndarray | str, set[str]]:
        said: set[str] = set()
        try:
            with member.open() if content is None else io.BytesIO(content) as file:
                return decode_one(file, size, said.add), said
        except Unusable as reason:
            return str(reason), set()

    def outcome(result: AsyncResult[tuple[np.ndarray | str, set[str]]]) -> np.ndarray | str:
        while not result.ready():
            if cancelled():
                raise Cancelled
            result.wait(_PATIENCE)
        image, said = result.get()
        notes.update(said)
        return image

    # Its threads are daemons: a large picture in the making holds up neither an interruption nor the end.
    with ThreadPool(_THREADS) as pool:
        ahead: deque[tuple[str, int, AsyncResult[tuple[np.ndarray | str, set[str]]]]] = deque()
        for member in members:
            if cancelled():
                raise Cancelled
            content = None
            if member.path is None:
                try:
                    content = b"".join(member.pieces(_MAX_MEMBER))
                except Unusable as reason:
                    yield member.name, str(reason)
                    continue
            ahead.append((member.name, len(content or b""), pool.apply_async(one, (member, content))))
            while len(ahead) > _AHEAD or sum(length for _, length, _ in ahead) > _MAX_MEMBER:
                name, _, result = ahead.popleft()
                yield name, outcome(result)
        for name, _, result in ahead:
            yield name, outcome(result)
