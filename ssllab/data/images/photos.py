"""Photos: small crops of the photographs that come inside scikit-image's wheel. No download.

The label of a crop is its photograph. Each photograph is cut into 4x4 tiles; crops lie inside one tile, and
four tiles (no two in one row or column) give the test crops only, so train and test never share a pixel.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ssllab.data.images.types import Factor, ImageData, ImageSplit
from ssllab.storage.errors import DataError

#: Class name -> file inside skimage/data. Only files that the wheel holds: nothing is fetched.
PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "galaxies": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "tissue": "ihc.png",
    "motorcycle": "motorcycle_left.png",
    "coins": "coins.png",
    "bricks": "brick.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
}
TRAIN_PER_PHOTO, TEST_PER_PHOTO = 700, 125
#: Height or width of a tile in crops: how much of its tile a crop shows.
SCALES = {"wide": 1.4, "medium": 1.9, "close": 2.6}

_GRID = 4
_TEST_TILES = ((0, 1), (1, 3), (2, 0), (3, 2))
#: Crops whose grey values spread less than this (of 255) show nothing: black rims, empty sky.
_FLAT = 5.0


def _folder() -> Path:
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise DataError("Photos needs scikit-image, which is not installed: run 'pip install scikit-image'.")
    return Path(spec.origin).parent / "data"


def _crops(
    photo: Image.Image, count: int, size: int, scale: float, test: bool, generator: torch.Generator
) -> Tensor:
    """``(count, 3, size, size)`` uint8 crops from the train or the test tiles of one photograph."""
    tile = round(size * scale)
    factor = _GRID * tile / min(photo.size)
    width, height = (max(_GRID * tile, round(side * factor)) for side in photo.size)
    resized = photo.resize((width, height), Image.Resampling.LANCZOS)
    pixels = torch.frombuffer(bytearray(resized.tobytes()), dtype=torch.uint8).view(height, width, 3)
    tiles = [
        (row, column)
        for row in range(_GRID)
        for column in range(_GRID)
        if ((row, column) in _TEST_TILES) is test
    ]
    # Three times too many, so that enough remain when the flat ones go last.
    tries = 3 * count
    row, column = torch.tensor(tiles)[torch.randint(len(tiles), (tries,), generator=generator)].T
    tile_height, tile_width = height // _GRID, width // _GRID
    free = torch.rand(2, tries, generator=generator)
    top = row * tile_height + (free[0] * (tile_height - size + 1)).long()
    left = column * tile_width + (free[1] * (tile_width - size + 1)).long()
    ticks = torch.arange(size)
    crops = pixels[(top[:, None] + ticks)[:, :, None], (left[:, None] + ticks)[:, None, :]]
    spread = crops.float().mean(dim=3).flatten(1).std(dim=1)
    order = torch.argsort((spread < _FLAT).long(), stable=True)[:count]
    return crops[order].permute(0, 3, 1, 2).contiguous()


def _split(photos: list[Image.Image], per_photo: int, size: int, test: bool, seed: int) -> ImageSplit:
    generator = torch.Generator().manual_seed(2 * seed + int(test))
    images, labels, scales = [], [], []
    for label, photo in enumerate(photos):
        for step, scale in enumerate(SCALES.values()):
            count = per_photo // len(SCALES) + (step < per_photo % len(SCALES))
            images.append(_crops(photo, count, size, scale, test, generator))
            labels.append(torch.full((count,), label))
            scales.append(torch.full((count,), step))
    order = torch.randperm(per_photo * len(photos), generator=generator)
    return ImageSplit(
        torch.cat(images)[order],
        torch.cat(labels)[order],
        (Factor("scale", torch.cat(scales)[order], tuple(SCALES)),),
    )


def photos(*, seed: int = 0, size: int = 32) -> ImageData:
    """8,400 train and 1,500 test crops of twelve photographs; ``seed`` draws the crops.

    Raises :class:`DataError` where scikit-image or one of its photographs is missing.
    """
    directory = _folder()
    pictures = []
    for file in PHOTOGRAPHS.values():
        try:
            with Image.open(directory / file) as picture:
                pictures.append(picture.convert("RGB"))
        except OSError:
            raise DataError(
                f"the photograph {directory / file} is missing or broken: reinstall it with "
                "'pip install --force-reinstall scikit-image'."
            ) from None
    return ImageData(
        name="photos",
        title="Photos",
        train=_split(pictures, TRAIN_PER_PHOTO, size, False, seed),
        test=_split(pictures, TEST_PER_PHOTO, size, True, seed),
        class_names=tuple(PHOTOGRAPHS),
        about="Crops of twelve photographs; the label is the photograph.",
    )
