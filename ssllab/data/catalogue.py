"""What data there is, and one door to all of it: :func:`load` takes a name of the catalogue or a path.

Importing this file needs the standard library only: the window lists the data before torch is loaded.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.data.types import ImageData

DEFAULT = "shapes"

#: Called as ``progress(fraction, text)``, fraction in 0..1, from the thread that loads.
Progress = Callable[[float, str], None]
#: Asked now and then; True stops the loading with :class:`Cancelled`.
CancelQuestion = Callable[[], bool]

_SMALLEST, _LARGEST = 16, 256


class Cancelled(Exception):
    """The user stopped the loading. What was downloaded so far is kept and continued the next time."""


@dataclass(frozen=True)
class SourceInfo:
    """One data set as the window and ``ssllab data --json`` list it.

    ``origin`` names where the images come from and their licence; ``download_mb`` is 0 for offline sources.
    """

    name: str
    title: str
    about: str
    origin: str
    offline: bool
    download_mb: int
    image_size: int
    classes: int


_SOURCES = (
    SourceInfo(
        "shapes",
        "Shapes",
        "Ten shapes drawn on the fly. Colour, size, position, rotation and background are known, so probes "
        "can say what the embedding kept and what it threw away.",
        "Drawn by ssllab from the run's seed; MIT licence.",
        True,
        0,
        32,
        10,
    ),
    SourceInfo(
        "digits",
        "Digits",
        "1,797 handwritten digits of 8x8 pixels, enlarged. Small enough to see everything.",
        "UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak), CC BY 4.0, from scikit-learn.",
        True,
        0,
        32,
        10,
    ),
    SourceInfo(
        "photos",
        "Photos",
        "Small crops of a dozen colour photographs. The label is the photograph that a crop comes from; "
        "train and test crops never overlap.",
        "Photographs inside scikit-image: public domain or CC0, credits in skimage.data; the motorcycle is "
        "from the Middlebury stereo set (Scharstein et al., 2014).",
        True,
        0,
        32,
        12,
    ),
    SourceInfo(
        "cifar10",
        "CIFAR-10",
        "60,000 small colour photographs of ten kinds of animals and vehicles: the standard benchmark.",
        "Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html; for research, no stated licence.",
        False,
        170,
        32,
        10,
    ),
    SourceInfo(
        "fashion_mnist",
        "Fashion-MNIST",
        "70,000 grey pictures of ten kinds of clothes.",
        "Xiao, Rasul and Vollgraf, 2017 (Zalando Research), MIT licence.",
        False,
        31,
        32,
        10,
    ),
    SourceInfo(
        "stl10",
        "STL-10",
        "13,000 labelled colour photographs of ten kinds of animals and vehicles, 96x96 pixels.",
        "Coates, Ng and Lee, 2011, https://cs.stanford.edu/~acoates/stl10/; from ImageNet, for research.",
        False,
        2640,
        96,
        10,
    ),
)


def sources() -> tuple[SourceInfo, ...]:
    """Every data set that has a name, the offline ones first."""
    return _SOURCES


def source(name: str) -> SourceInfo | None:
    """The data set of that name, or None (then it may be a path)."""
    return next((info for info in _SOURCES if info.name == name), None)


def load(
    name_or_path: str,
    *,
    seed: int = 0,
    size: int | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelQuestion | None = None,
) -> ImageData:
    """The data of that name, or of a folder or ``.zip`` of images at that path.

    ``size``: height and width in pixels (default: the source's own, 32 for a folder); ``seed`` draws Shapes
    and the crops of Photos (splits of the others never change); ``root`` is where downloads are kept
    (default: the user's cache folder). Raises :class:`ssllab.data.types.DataError` with one line, or
    :class:`Cancelled`.
    """
    from ssllab.data.types import DataError

    name = os.fspath(name_or_path)
    if size is not None and not _SMALLEST <= size <= _LARGEST:
        raise DataError(
            f"image size {size}: expected a whole number of pixels from {_SMALLEST} to {_LARGEST}; "
            "32 suits the small encoders."
        )
    report: Progress = progress or (lambda fraction, text: None)
    stop: CancelQuestion = cancelled or (lambda: False)
    info = source(name)
    if info is None:
        return _load_path(name, size or 32, report, stop)
    size = size or info.image_size
    match info.name:
        case "shapes":
            from ssllab.data.shapes import shapes

            return shapes(seed=seed, size=size)
        case "digits":
            from ssllab.data.digits import digits

            return digits(size=size)
        case "photos":
            from ssllab.data.photos import photos

            return photos(seed=seed, size=size)
        case _:
            from ssllab.data import torchvision_sets

            return torchvision_sets.load(info.name, size=size, root=root, progress=report, cancelled=stop)


def _load_path(name: str, size: int, progress: Progress, cancelled: CancelQuestion) -> ImageData:
    from ssllab.data.types import DataError

    try:
        path = Path(name).expanduser()
        there = path.exists()
    except (OSError, ValueError, RuntimeError):
        there = False
    if not name.strip() or not there:
        names = [info.name for info in _SOURCES]
        near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(
            f"no data called '{_one_line(name)}' and no such folder or .zip file.{hint} Expected one of "
            f"{', '.join(names)}, or the path of a folder of images."
        )
    from ssllab.data.folder import folder

    return folder(path, size=size, progress=progress, cancelled=cancelled)


def _one_line(text: str) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 120 else text[:117] + "..."
