"""A folder or a .zip of the user's own images as a data set.

Understood are class subfolders, a flat folder (no labels), and ``train`` beside ``test`` or ``val``; a zip
may hold any of these and is read without extracting: its paths are only labels, never places on the disk.
Files that cannot be used are skipped and counted.
"""

from __future__ import annotations

import io
import itertools
import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from ssllab.data.pictures import UnusablePicture, decode, looks_like_picture
from ssllab.data.types import ImageData, ImageSplit, Skipped
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

MIN_IMAGES = 16
_MAX_BYTES = 2 * 2**30  # of decoded images in memory
_MAX_FILES = 1_000_000
_MAX_ZIP_MEMBER = 256 * 2**20
_TEST_SHARE = 0.2
_TRAIN_NAMES = ("train", "training")
_TEST_NAMES = ("test", "testing", "val", "valid", "validation")
_THREADS = 2
#: The split never depends on the run's seed: accuracies of different runs stay comparable.
_SPLIT_SEED = 0


@dataclass
class _Found:
    """The files that look like pictures, by their path below the root, and what was left out."""

    names: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class _Directory:
    """Pictures in a folder on the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._resolved = root.resolve()

    def find(self, cancelled: CancelQuestion) -> _Found:
        found = _Found()

        def unreadable(error: OSError) -> None:
            found.skipped.append(Skipped(str(error.filename), "no permission to read this folder"))

        for directory, folders, files in os.walk(self.root, onerror=unreadable):
            if cancelled():
                raise Cancelled
            below = Path(directory)
            for name in folders:
                if (below / name).is_symlink():
                    found.skipped.append(Skipped(self._below(below / name), "a link to a folder"))
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            found.names.extend(
                self._below(below / name) for name in sorted(files) if looks_like_picture(name)
            )
            if len(found.names) > _MAX_FILES:
                raise DataError(f"'{self.root}' holds more than {_MAX_FILES:,} images: choose a subfolder.")
        return found

    def _below(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def decode(self, name: str, size: int) -> np.ndarray:
        path = self.root / name
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(self._resolved):
                raise UnusablePicture("a link that leaves the folder")
            # Opening a pipe would wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                raise UnusablePicture("not a regular file")
            with path.open("rb") as file:
                return decode(file, size)
        except PermissionError:
            raise UnusablePicture("no permission to read it") from None
        except (OSError, RuntimeError) as error:
            raise UnusablePicture(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None


class _Zip:
    """Pictures in a zip archive, read into memory one by one."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def find(self, cancelled: CancelQuestion) -> _Found:
        found = _Found()
        names: set[str] = set()
        for info in self.archive.infolist():
            if cancelled():
                raise Cancelled
            parts = PurePosixPath(info.filename).parts
            if info.is_dir() or not looks_like_picture(info.filename) or "__MACOSX" in parts:
                continue
            if info.filename.startswith("/") or ".." in parts or "\\" in info.filename:
                found.skipped.append(Skipped(info.filename, "an unsafe path"))
            elif info.flag_bits & 1:
                found.skipped.append(Skipped(info.filename, "encrypted"))
            elif info.filename not in names:
                names.add(info.filename)
        found.names = sorted(names)
        if len(found.names) > _MAX_FILES:
            raise DataError(
                f"'{self.archive.filename}' holds more than {_MAX_FILES:,} images: choose a smaller file."
            )
        return found

    def decode(self, name: str, size: int) -> np.ndarray:
        info = self.archive.getinfo(name)
        too_large = UnusablePicture(f"larger than {_MAX_ZIP_MEMBER // 2**20} MB")
        if info.file_size > _MAX_ZIP_MEMBER:
            raise too_large
        try:
            with self.archive.open(info) as member:
                content = member.read(_MAX_ZIP_MEMBER + 1)
        except Exception as error:
            # A hostile archive makes zipfile and its decompressors raise many kinds of errors.
            raise UnusablePicture(f"broken in the archive ({' '.join(str(error).split())[:80]})") from None
        if len(content) > _MAX_ZIP_MEMBER:
            raise too_large
        return decode(io.BytesIO(content), size)


def folder(path: Path, *, size: int = 32, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    """The images below ``path`` (a folder or a .zip): centre squares of ``size`` pixels.

    Labels are the first folders below the root (or below ``train`` and ``test``). Without a test folder, a
    fifth of each class is held out, always the same. Raises :class:`DataError` with one line where
    there is nothing to learn from.
    """
    try:
        if path.is_dir():
            return _load(_Directory(path), path, size, progress, cancelled)
        if not path.is_file():
            raise DataError(f"'{path}' is neither a folder nor a file: choose a folder of images or a .zip.")
        if not zipfile.is_zipfile(path):
            what = (
                "one image" if looks_like_picture(path.name) else "not a folder of images or a .zip of them"
            )
            raise DataError(
                f"'{path}' is {what}: choose a folder (or a .zip) of at least {MIN_IMAGES} images."
            )
        with zipfile.ZipFile(path) as archive:
            return _load(_Zip(archive), path, size, progress, cancelled)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"'{path}' is a broken .zip file ({error}): make it anew.") from None
    except PermissionError:
        raise DataError(
            f"'{path}' may not be read: change its permissions or choose another folder."
        ) from None


def _load(
    container: _Directory | _Zip, path: Path, size: int, progress: Progress, cancelled: CancelQuestion
) -> ImageData:
    progress(0.0, "Looking for images")
    found = container.find(cancelled)
    if not found.names:
        more = f" ({len(found.skipped)} left out: {found.skipped[0].reason})" if found.skipped else ""
        raise DataError(f"'{path}' holds no images{more}: choose a folder of PNG, JPEG or similar files.")
    layout = arrange(found.names)
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
        title=path.stem if path.is_file() else (path.resolve().name or str(path)),
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
    paths = {name: PurePosixPath(name).parts for name in names}
    levels = zip(*(parts[:-1] for parts in paths.values()), strict=False)
    depth = sum(1 for _ in itertools.takewhile(lambda level: len(set(level)) == 1, levels))
    paths = {name: parts[depth:] for name, parts in paths.items()}
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
    container: _Directory | _Zip,
    names: Sequence[str],
    size: int,
    progress: Progress,
    cancelled: CancelQuestion,
) -> tuple[Tensor, list[Skipped]]:
    """The usable images in their order, ``(M, 3, size, size)`` uint8, and the others with reasons."""
    images = torch.empty(len(names), 3, size, size, dtype=torch.uint8)
    broken: list[Skipped] = []
    used = 0

    def one(name: str) -> np.ndarray | str:
        if cancelled():
            return "cancelled"
        try:
            return container.decode(name, size)
        except UnusablePicture as reason:
            return str(reason)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="decode") as pool:
        done = 0
        for part in _parts(names, 64):
            for name, result in zip(part, pool.map(one, part), strict=True):
                if isinstance(result, str):
                    broken.append(Skipped(name, result))
                else:
                    images[used] = torch.from_numpy(result.copy()).permute(2, 0, 1)
                    used += 1
            if cancelled():
                raise Cancelled
            done += len(part)
            progress(done / len(names), f"Reading images: {done:,} of {len(names):,}")
    return images[:used], broken


def _parts(names: Sequence[str], length: int) -> Iterator[list[str]]:
    remaining = iter(names)
    while part := list(itertools.islice(remaining, length)):
        yield part
