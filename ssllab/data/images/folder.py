"""A folder, a .zip or a .tar of the user's own images as a data set.

Understood are class subfolders, a flat folder (no labels), and ``train`` beside ``test`` or ``val``; an archive
may hold any of these and is read without extracting. Files that cannot be used are skipped and counted.
"""

from __future__ import annotations

import io
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssllab.data.containers import (
    TAR_SUFFIXES,
    Container,
    Directory,
    Member,
    Sought,
    Unusable,
    archive,
    title_of,
    without_common_folders,
)
from ssllab.data.images.pictures import decode, looks_like_picture
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.skipped import Skipped
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

MIN_IMAGES = 16
_MAX_BYTES = 2 * 2**30  # of decoded images in memory
_MAX_MEMBER = 256 * 2**20  # of an archive
_TEST_SHARE = 0.2
_TRAIN_NAMES = ("train", "training")
_TEST_NAMES = ("test", "testing", "val", "valid", "validation")
_THREADS = 2
_AHEAD = 16  # images that wait for a thread
#: The split never depends on the run's seed: accuracies of different runs stay comparable.
_SPLIT_SEED = 0


def folder(path: Path, *, size: int = 32, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    """The images below ``path`` (a folder, a .zip or a .tar): centre squares of ``size`` pixels.

    Labels are the first folders below the root (or below ``train`` and ``test``). Without a test folder, a
    fifth of each class is held out, always the same. Raises :class:`DataError` with one line where
    there is nothing to learn from.
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
    found = container.find(Sought("images", looks_like_picture), cancelled)
    if not found.items:
        more = f" ({len(found.skipped)} left out: {found.skipped[0].reason})" if found.skipped else ""
        raise DataError(f"'{path}' holds no images{more}: choose a folder of PNG, JPEG or similar files.")
    # A tar is in the order in which it was packed; the split shall not depend on that.
    layout = arrange(found.items if path.is_dir() else sorted(found.items))
    skipped = [*found.skipped, *layout.skipped]
    places = [*layout.train, *(layout.test or [])]
    if len(places) * 3 * size * size > _MAX_BYTES:
        raise DataError(
            f"'{path}' holds {len(places):,} images, too many for the memory at {size} pixels: expected at "
            f"most {_MAX_BYTES // (3 * size * size):,}. Choose a smaller folder or image size."
        )
    images, broken = _decode_all(container, [place.name for place in places], size, progress, cancelled)
    skipped += broken
    bad = {entry.path for entry in broken}
    usable = [place for place in places if place.name not in bad]
    if len(usable) < MIN_IMAGES:
        why = (
            f" ({len(skipped)} skipped, the first: {skipped[0].path}, {skipped[0].reason})" if skipped else ""
        )
        raise DataError(
            f"'{path}' holds {len(usable)} usable image{'s' * (len(usable) != 1)}{why}: expected at least "
            f"{MIN_IMAGES}."
        )
    class_names = tuple(sorted({place.label for place in usable if place.label is not None}))
    labels = torch.tensor(
        [class_names.index(place.label) if place.label is not None else -1 for place in usable]
    )
    in_train = {place.name for place in layout.train}
    from_train = torch.tensor([place.name in in_train for place in usable])
    if layout.test is not None and from_train.any() and not from_train.all():
        train, test = from_train.nonzero()[:, 0], (~from_train).nonzero()[:, 0]
    else:
        train, test = hold_out(labels)
    # Neighbours in a folder are alike: an order without classes shows more in the first few images.
    generator = torch.Generator().manual_seed(_SPLIT_SEED)
    train = train[torch.randperm(len(train), generator=generator)]
    test = test[torch.randperm(len(test), generator=generator)]

    def split(rows: Tensor) -> ImageSplit:
        return ImageSplit(images[rows], labels[rows] if class_names else None)

    kinds = f" in {len(class_names)} classes" if class_names else ""
    missing = f"; {len(skipped):,} skipped" if skipped else ""
    return ImageData(
        name=str(path),
        title=title_of(path),
        train=split(train),
        test=split(test),
        class_names=class_names,
        about=f"{len(usable):,} images{kinds}{missing}.",
        skipped=tuple(skipped),
    )


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
        places, skipped = _label(paths)
        return Layout(places, None, skipped)

    def below(top: str) -> tuple[list[Place], list[Skipped]]:
        return _label(
            {name: parts[1:] for name, parts in paths.items() if parts[0] == top and len(parts) > 1}
        )

    (train_places, train_skipped), (test_places, test_skipped) = below(train), below(test)
    other = [
        Skipped(name, f"neither in '{train}' nor in '{test}'")
        for name, parts in paths.items()
        if len(parts) == 1 or parts[0] not in (train, test)
    ]
    return Layout(train_places, test_places, [*train_skipped, *test_skipped, *other])


def _label(paths: dict[str, tuple[str, ...]]) -> tuple[list[Place], list[Skipped]]:
    classes = {parts[0] for parts in paths.values() if len(parts) > 1}
    if not classes:
        return [Place(name, None) for name in paths], []
    places = [Place(name, parts[0]) for name, parts in paths.items() if len(parts) > 1]
    skipped = [Skipped(name, "in no class folder") for name, parts in paths.items() if len(parts) == 1]
    return places, skipped


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


def _decode_all(
    container: Container,
    names: Sequence[str],
    size: int,
    progress: Progress,
    cancelled: CancelQuestion,
) -> tuple[Tensor, list[Skipped]]:
    """The usable images in the order of ``names``, ``(M, 3, size, size)`` uint8, and the others with reasons."""
    images = torch.empty(len(names), 3, size, size, dtype=torch.uint8)
    rows = {name: row for row, name in enumerate(names)}
    broken: list[tuple[int, Skipped]] = []
    for done, (name, result) in enumerate(_decoded(container, names, size), 1):
        if isinstance(result, str):
            broken.append((rows[name], Skipped(name, result)))
        else:
            images[rows[name]] = torch.from_numpy(result.copy()).permute(2, 0, 1)
        if cancelled():
            raise Cancelled
        if done % 64 == 0 or done == len(names):
            progress(done / len(names), f"Reading images: {done:,} of {len(names):,}")
    bad = {row for row, _ in broken}
    usable = [row for row in range(len(names)) if row not in bad]
    for row, at in enumerate(usable):  # in place: there may be memory for one copy only
        if row != at:
            images[row] = images[at]
    return images[: len(usable)], [skipped for _, skipped in sorted(broken, key=lambda entry: entry[0])]


def _decoded(container: Container, names: Sequence[str], size: int) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each image, or why it cannot be used: decoded in threads while the next ones are read."""

    def decoded(member: Member, content: bytes | None) -> np.ndarray | str:
        try:
            with member.open() if content is None else io.BytesIO(content) as file:
                return decode(file, size)
        except Unusable as reason:
            return str(reason)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="decode") as pool:
        ahead: deque[tuple[str, int, Future[np.ndarray | str]]] = deque()
        for member in container.walk(names):
            content = None
            if member.path is None:
                try:
                    content = b"".join(member.pieces(_MAX_MEMBER))
                except Unusable as reason:
                    yield member.name, str(reason)
                    continue
            ahead.append((member.name, len(content or b""), pool.submit(decoded, member, content)))
            while len(ahead) > _AHEAD or sum(length for _, length, _ in ahead) > _MAX_MEMBER:
                name, _, result = ahead.popleft()
                yield name, result.result()
        for name, _, result in ahead:
            yield name, result.result()
