"""What the window says of data, by its kind: images are counted, speech has a length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.data.batches import Data


@dataclass(frozen=True)
class Words:
    """Of one kind of data: what the choice of it is, and how a person brings their own."""

    what: str
    open_folder: str
    folder: str
    open_file: str
    file_filter: str


WORDS = {
    "images": Words(
        "The images that are learned from",
        "Open a folder of images…",
        "A folder of images, with a subfolder per class or flat",
        "Open a .zip of images…",
        "Zip archives (*.zip)",
    ),
    "speech": Words(
        "The speech that is learned from",
        "Open a folder of recordings…",
        "A folder of recordings, with or without transcripts",
        "Open a recording…",
        "Recordings (*.wav *.flac *.ogg *.oga *.opus *.mp3 *.aif *.aiff *.m4a);;Every file (*)",
    ),
}


def amount(data: Data) -> str:
    """How much there is to learn from, and how much is held out."""
    train, test = data.train, data.test
    if data.kind == "speech":
        length = _length(train.seconds)
        said = f"{len(train):,} clips, {length} of speech to learn from, {_length(test.seconds)} held out"
    else:
        size = data.image_size
        said = f"{len(train):,} images of {size}x{size} to learn from, {len(test):,} held out"
    if data.skipped:
        said += f", {len(data.skipped)} skipped"
    return f"{data.title}: {said}"


def speed(rate: float, item: str) -> str:
    """How fast training goes: ``item`` is what the method counts, as "images" or "s of audio"."""
    return f"{rate:,.0f} {item}/s" if rate >= 100 else f"{rate:.1f} {item}/s"


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
