"""Pictures that move: animated GIF, PNG, WebP and AVIF, and the pages of a TIFF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from ssllab.data.containers import Unusable
from ssllab.data.images import pictures
from ssllab.data.images.ranges import Note
from ssllab.data.video.reading import Frames, Reading, evenly

_MOVING = ("GIF", "PNG", "WEBP", "AVIF", "TIFF")
#: What browsers take for a frame that says to be shown no time at all, in milliseconds.
_LEAST, _INSTEAD = 20, 100


#: Why :func:`still` does not take a picture that is more than one: it is a clip of its own.
MOVES = "it moves"


def still(file: IO[bytes], size: int, note: Note) -> np.ndarray:
    """:func:`ssllab.data.images.pictures.decode` of a picture that does not move. Raises :class:`Unusable`, with
    :data:`MOVES` for one that does."""
    with pictures.opened(file) as picture:
        if picture.format in _MOVING and getattr(picture, "n_frames", 1) > 1:
            raise Unusable(MOVES)
    file.seek(0)
    return pictures.decode(file, size, note)


def moving(file: IO[bytes], reading: Reading) -> Frames:
    """The frames of a picture that moves, at an even rate: each is shown as long as it says. Raises :class:`Unusable`."""
    said = set[str]()

    def timed() -> Iterator[tuple[float | None, np.ndarray]]:
        time = 0.0
        with pictures.opened(file) as picture:
            count = getattr(picture, "n_frames", 1) if picture.format in _MOVING else 1
            if count < 2:
                raise Unusable(
                    "one picture: choose a folder of frames, a video, an animated GIF or frames in .npz"
                )
            for number in range(count):
                reading.at(number / count)
                try:
                    picture.seek(number)
                    frame = pictures.shown(picture, reading.size, said.add)
                except (EOFError, OSError, SyntaxError, ValueError):
                    if not number:
                        raise
                    said.add(f"breaks off after {number:,} of {count:,} frames")
                    break
                # In a WebP the time stands there only when the frame is decoded.
                shown = float(picture.info.get("duration") or 0)
                yield time, frame
                time += (shown if shown >= _LEAST else _INSTEAD) / 1000

    yield from evenly(timed(), None, reading.note)
    for words in sorted(said):
        reading.note(words)
