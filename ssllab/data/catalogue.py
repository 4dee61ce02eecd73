"""What data there is, and one door to all of it: :func:`load` takes a name of the catalogue or a path.

Importing this file needs the standard library only: the window lists the data before torch is loaded.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData
    from ssllab.data.types import ImageData

    Data: TypeAlias = ImageData | SpeechData

Kind = Literal["images", "speech"]

#: What a lab begins with, by the kind of data its methods learn from.
DEFAULTS: dict[Kind, str] = {"images": "shapes", "speech": "spoken"}
DEFAULT = DEFAULTS["images"]

_SMALLEST, _LARGEST = 16, 256


@dataclass(frozen=True)
class SourceInfo:
    """One data set as the window and ``ssllab data --json`` list it.

    ``origin`` names where the data come from and their licence; ``download_mb`` is 0 for offline sources;
    ``image_size`` is None for speech; ``classes`` is 0 where clips have no class.
    """

    name: str
    title: str
    about: str
    origin: str
    offline: bool
    download_mb: int
    image_size: int | None
    classes: int
    kind: Kind = "images"


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
    SourceInfo(
        "spoken",
        "Spoken samples",
        "Twenty minutes of small sentences in several synthetic voices. Every word and phone is known to the "
        "millisecond, so probes can say what a code means; the test sentences are never heard in training.",
        "Spoken by espeak-ng from sentences of our own (tools/make_spoken_samples.py); MIT licence.",
        True,
        0,
        None,
        0,
        "speech",
    ),
    SourceInfo(
        "takes",
        "Your takes",
        "What you recorded or imported in the Speech lab. Transcripts that you typed are used.",
        "Your own; nothing leaves this machine.",
        True,
        0,
        None,
        0,
        "speech",
    ),
    SourceInfo(
        "fsdd",
        "Free Spoken Digits",
        "2,500 digits from zero to nine, spoken by five people: the smallest real set with words and speakers.",
        "Jackson and others, https://github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0.",
        False,
        12,
        None,
        10,
        "speech",
    ),
    SourceInfo(
        "librispeech",
        "LibriSpeech",
        "Five hours of read English with transcripts (mini LibriSpeech), tested on two hours by other people: "
        "the standard benchmark, in a size for one machine.",
        "Panayotov, Chen, Povey and Khudanpur, 2015, https://www.openslr.org/31/, CC BY 4.0.",
        False,
        458,
        None,
        0,
        "speech",
    ),
    SourceInfo(
        "speech_commands",
        "Speech Commands",
        "105,829 one-second clips of 35 words by 2,618 people (version 0.02).",
        "Warden, 2018, https://arxiv.org/abs/1804.03209, CC BY 4.0.",
        False,
        2430,
        None,
        35,
        "speech",
    ),
)


def sources(kind: Kind | None = None) -> tuple[SourceInfo, ...]:
    """Every data set that has a name (of that kind), the offline ones of a kind first."""
    return tuple(info for info in _SOURCES if kind in (None, info.kind))


def source(name: str) -> SourceInfo | None:
    """The data set of that name, or None (then it may be a path)."""
    return next((info for info in _SOURCES if info.name == name), None)


def parts(name_or_path: str) -> tuple[str, ...]:
    """What ``A+B`` joins: names or paths of speech, learned from together. One thing is its own only part.

    A path that exists is never cut, whatever its name.
    """
    if source(name_or_path) is not None or _exists(name_or_path):
        return (name_or_path,)
    return tuple(part.strip() for part in name_or_path.split("+"))


def exists(name_or_path: str) -> bool:
    """Whether every part is a name of the catalogue or a path on this machine."""
    return all(source(part) is not None or _exists(part) for part in parts(name_or_path))


def absolute(name_or_path: str) -> str:
    """The same with whole paths: what a run keeps, so that it resumes from anywhere."""
    return "+".join(
        part if source(part) is not None else os.path.abspath(os.path.expanduser(part))
        for part in parts(name_or_path)
    )


def load(
    name_or_path: str,
    *,
    kind: Kind | None = None,
    seed: int = 0,
    size: int | None = None,
    root: Path | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelQuestion | None = None,
) -> Data:
    """The data of that name, or of a folder or archive of the user's own at that path.

    ``kind`` is what the method learns from; a path is read as images unless it says speech, and ``A+B`` joins
    names or paths of speech into one set. ``size``: height and width in pixels (default: the source's own, 32
    for a folder); ``seed`` draws Shapes and the crops of Photos (splits of the others never change); ``root``
    is where downloads and decoded audio are kept (default: the user's cache folder); ``workspace`` where the
    takes are (default: the user's own). Raises :class:`ssllab.storage.errors.DataError` with one line, or
    :class:`ssllab.storage.progress.Cancelled`.
    """
    name = os.fspath(name_or_path)
    report: Progress = progress or (lambda fraction, text: None)
    stop: CancelQuestion = cancelled or (lambda: False)
    several = parts(name)
    info = source(name)
    if info is not None and kind not in (None, info.kind):
        fitting = ", ".join(other.name for other in sources(kind))
        raise DataError(
            f"'{name}' is {info.kind}, but {kind} are needed: choose one of {fitting}, or a path."
        )
    if len(several) == 1 and not _exists(name) and info is None:
        raise _unknown(name, kind)
    if kind == "speech" or len(several) > 1 or (info is not None and info.kind == "speech"):
        return _load_speech(several, kind, root, workspace, report, stop)
    if size is not None and not _SMALLEST <= size <= _LARGEST:
        raise DataError(
            f"image size {size}: expected a whole number of pixels from {_SMALLEST} to {_LARGEST}; "
            "32 suits the small encoders."
        )
    if info is None:
        from ssllab.data.folder import folder

        return folder(Path(name).expanduser(), size=size or 32, progress=report, cancelled=stop)
    size = size or info.image_size or 32
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


def _load_speech(
    names: tuple[str, ...],
    kind: Kind | None,
    root: Path | None,
    workspace: Path | None,
    progress: Progress,
    cancelled: CancelQuestion,
) -> SpeechData:
    """One speech source, or several as one."""
    from ssllab.data.speech import combine, sources

    if kind == "images":
        raise DataError(f"'{'+'.join(names)}': only speech can be joined with +; choose one set of images.")
    for name in names:
        info = source(name)
        if info is None and not _exists(name):
            raise _unknown(name, "speech")
        if info is not None and info.kind != "speech":
            raise DataError(f"'{name}' is {info.kind}: only speech can be joined with +.")
    found = []
    for index, name in enumerate(names):
        found.append(
            sources.load(
                name,
                root=root,
                workspace=workspace,
                progress=lambda part, text, before=index: progress((before + part) / len(names), text),  # type: ignore[misc]
                cancelled=cancelled,
            )
        )
    return found[0] if len(found) == 1 else combine.combine(found, root=root)


def _exists(name: str) -> bool:
    """Whether there is such a path; False for what cannot be one."""
    try:
        return bool(name.strip()) and Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _unknown(name: str, kind: Kind | None) -> DataError:
    names = [info.name for info in sources(kind)]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    own = "recordings" if kind == "speech" else "images" if kind == "images" else "images or recordings"
    return DataError(
        f"no data called '{_one_line(name)}' and no such folder or .zip file.{hint} Expected one of "
        f"{', '.join(names)}, or the path of a folder of {own}."
    )


def _one_line(text: str) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 120 else text[:117] + "..."
