"""CIFAR-10, Fashion-MNIST and STL-10: downloaded once into the user's cache, then read with numpy.

Addresses and checksums are torchvision's own. Its readers are not used: the one for CIFAR-10 unpickles
what it downloaded, so CIFAR-10 is taken in its binary edition from the same page; and archives are read
member by member, so that no path in them is ever trusted.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssllab._torchvision import torchvision
from ssllab.data.download import Remote, cache_directory, fetch
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

# The binary edition lies beside the pickled one that torchvision reads; its MD5 is given on the same page.
CIFAR10 = Remote(
    torchvision.datasets.CIFAR10.url.rsplit("/", 1)[0] + "/cifar-10-binary.tar.gz",
    "c32a1d4ab5d03f1284b67883e8d87530",
    "CIFAR-10",
)
FASHION_MNIST = tuple(
    Remote(torchvision.datasets.FashionMNIST.mirrors[0] + name, md5, "Fashion-MNIST")
    for name, md5 in torchvision.datasets.FashionMNIST.resources
)
STL10 = Remote(torchvision.datasets.STL10.url, torchvision.datasets.STL10.tgz_md5, "STL-10")


def load(
    name: str, *, size: int, root: Path | None, progress: Progress, cancelled: CancelQuestion
) -> ImageData:
    """``cifar10``, ``fashion_mnist`` or ``stl10`` at ``size`` pixels; downloads what ``root`` lacks."""
    readers = {"cifar10": _cifar10, "fashion_mnist": _fashion_mnist, "stl10": _stl10}
    directory = (root or cache_directory()) / name
    try:
        return readers[name](directory, size, progress, cancelled)
    except (tarfile.TarError, EOFError, zlib.error, struct.error, OSError) as error:
        raise DataError(
            f"{name}: cannot read the downloaded files in {directory} ({' '.join(str(error).split())}). "
            "Delete that folder and load it again."
        ) from None


def resize(images: Tensor, size: int) -> Tensor:
    """``(N, C, H, W)`` uint8 to ``(N, C, size, size)``, bilinear and antialiased, in parts to save memory."""
    if images.shape[-2:] == (size, size):
        return images.contiguous()
    resized = torch.empty(*images.shape[:2], size, size, dtype=torch.uint8)
    for start in range(0, len(images), 1024):
        part = images[start : start + 1024].float()
        part = F.interpolate(part, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
        resized[start : start + 1024] = part.round().clamp(0, 255).to(torch.uint8)
    return resized


def read_members(archive: Path, wanted: dict[str, int | None], cancelled: CancelQuestion) -> dict[str, bytes]:
    """The named regular files of a ``.tar.gz`` by their last path part. ``wanted``: name -> size or None.

    Nothing is written to disk. Members of another size are refused; a missing one raises :class:`DataError`.
    """
    found: dict[str, bytes] = {}
    with tarfile.open(archive, mode="r|gz") as tar:
        for member in tar:
            if cancelled():
                raise Cancelled
            name = member.name.rsplit("/", 1)[-1]
            if name not in wanted or name in found or not member.isreg():
                continue
            expected = wanted[name]
            if member.size != expected if expected is not None else member.size > 65536:
                raise DataError(
                    f"{archive.name}: '{name}' has {member.size} bytes, expected {expected or 'few'}. "
                    f"Delete {archive} and load it again."
                )
            content = tar.extractfile(member)
            assert content is not None
            found[name] = content.read()
            if len(found) == len(wanted):
                break
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise DataError(f"{archive.name} holds no '{missing[0]}'. Delete {archive} and load it again.")
    return found


def _names(text: bytes) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.decode("ascii", "replace").splitlines() if line.strip())


def _checked(labels: np.ndarray, classes: int, title: str) -> Tensor:
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise DataError(f"{title}: a label is outside 0 to {classes - 1}: the file is not what it should be.")
    return torch.from_numpy(labels.astype(np.int64))


def _cifar10(directory: Path, size: int, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    archive = fetch(
        CIFAR10, directory, progress=lambda part, text: progress(0.9 * part, text), cancelled=cancelled
    )
    progress(0.9, "CIFAR-10: reading")
    record = 1 + 3 * 32 * 32
    batches = [f"data_batch_{number}.bin" for number in range(1, 6)]
    sizes: dict[str, int | None] = dict.fromkeys([*batches, "test_batch.bin"], 10_000 * record)
    files = read_members(archive, {**sizes, "batches.meta.txt": None}, cancelled)
    names = _names(files["batches.meta.txt"])

    def split(parts: list[str]) -> ImageSplit:
        rows = np.concatenate([np.frombuffer(files[part], np.uint8).reshape(-1, record) for part in parts])
        images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).copy())
        return ImageSplit(resize(images, size), _checked(rows[:, 0], len(names), "CIFAR-10"))

    return ImageData(
        "cifar10", "CIFAR-10", split(batches), split(["test_batch.bin"]), names, "Krizhevsky, 2009."
    )


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of a gzipped IDX file (LeCun's format: magic, dimensions, bytes)."""
    with gzip.open(path, "rb") as file:
        zero, kind, rank = struct.unpack(">HBB", file.read(4))
        if zero != 0 or kind != 8 or not 1 <= rank <= 3:
            raise DataError(f"{path} is not an IDX file of bytes. Delete it and load it again.")
        shape = struct.unpack(f">{rank}I", file.read(4 * rank))
        count = math.prod(shape)
        if count > 2**28:
            raise DataError(
                f"{path} claims {count} bytes, expected at most {2**28}. Delete it and load it again."
            )
        content = file.read(count)
    if len(content) != count:
        raise DataError(f"{path} ends too early. Delete it and load it again.")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _fashion_mnist(directory: Path, size: int, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    # The two files of images are nearly all of the download.
    shares = [0.83, 0.01, 0.14, 0.01]
    arrays, done = [], 0.0
    for remote, share in zip(FASHION_MNIST, shares, strict=True):
        before = done
        path = fetch(
            remote,
            directory,
            progress=lambda part, text, a=before, b=share: progress(a + b * part, text),  # type: ignore[misc]
            cancelled=cancelled,
        )
        arrays.append(read_idx(path))
        done += share
    names = tuple(torchvision.datasets.FashionMNIST.classes)
    train_images, train_labels, test_images, test_labels = arrays

    def split(images: np.ndarray, labels: np.ndarray) -> ImageSplit:
        if images.shape[1:] != (28, 28) or len(images) != len(labels):
            raise DataError(
                f"Fashion-MNIST: images {images.shape} do not fit {labels.shape} labels; load again."
            )
        padded = F.pad(torch.from_numpy(images.copy())[:, None], (2, 2, 2, 2))
        colour = resize(padded, size).expand(-1, 3, -1, -1).contiguous()
        return ImageSplit(colour, _checked(labels, len(names), "Fashion-MNIST"))

    return ImageData(
        "fashion_mnist",
        "Fashion-MNIST",
        split(train_images, train_labels),
        split(test_images, test_labels),
        names,
        "Xiao, Rasul and Vollgraf, 2017.",
    )


def _stl10(directory: Path, size: int, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    pixels = 3 * 96 * 96
    sizes: dict[str, int | None] = {
        "train_X.bin": 5000 * pixels,
        "train_y.bin": 5000,
        "test_X.bin": 8000 * pixels,
        "test_y.bin": 8000,
        "class_names.txt": None,
    }
    # The archive is mostly unlabelled images, and takes minutes to unpack: the labelled ones are kept.
    if all((directory / name).is_file() for name in sizes):
        files = {name: (directory / name).read_bytes() for name in sizes}
    else:
        archive = fetch(
            STL10, directory, progress=lambda part, text: progress(0.9 * part, text), cancelled=cancelled
        )
        progress(0.9, "STL-10: unpacking")
        files = read_members(archive, sizes, cancelled)
        for name, content in files.items():
            beside = directory / (name + ".part")
            beside.write_bytes(content)
            os.replace(beside, directory / name)
        archive.unlink()
    names = _names(files["class_names.txt"])

    def split(part: str) -> ImageSplit:
        raw = np.frombuffer(files[f"{part}_X.bin"], np.uint8)
        labels = np.frombuffer(files[f"{part}_y.bin"], np.uint8)
        if raw.size != len(labels) * pixels:
            raise DataError(
                f"STL-10: the files in {directory} do not fit together. Delete it and load again."
            )
        # Columns come first in these files.
        images = torch.from_numpy(raw.reshape(-1, 3, 96, 96).transpose(0, 1, 3, 2).copy())
        return ImageSplit(resize(images, size), _checked(labels - 1, len(names), "STL-10"))

    return ImageData("stl10", "STL-10", split("train"), split("test"), names, "Coates, Ng and Lee, 2011.")
