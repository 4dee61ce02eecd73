"""What tests of a person's own video share: the door, and video files made here."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ssllab.data.video.frames import frames
from ssllab.data.video.types import VideoData


def plain(level: int, height: int = 24, width: int = 24) -> np.ndarray:
    """``(H, W, 3)`` of one brightness: it tells which frame it is."""
    return np.full((height, width, 3), level, np.uint8)


@contextlib.contextmanager
def usual_priority() -> Iterator[None]:
    """Of root's thread SVT-AV1's encoder makes a real-time one for ever: its children too, and where two of them compute,
    nobody else on a machine of two cores gets the processor, not even to end them."""
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def write_video(
    path: Path,
    pictures: Iterable[np.ndarray],
    *,
    codec: str = "ffv1",
    pixels: str = "bgr0",
    rate: int | Fraction = 25,
    times: Iterable[int] | None = None,
    form: str | None = None,
    change: Callable[[av.VideoStream], None] = lambda stream: None,
) -> Path:
    """A video of ``(H, W, 3 | 4)`` pictures; ``times`` in milliseconds where they are not at an even rate."""
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no encoder {codec}")
    pictures = list(pictures)
    when = list(times) if times is not None else None
    with usual_priority(), av.open(str(path), "w", format=form) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        if when is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        change(stream)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba" if picture.shape[2] == 4 else "rgb24")
            frame.pts = when[number] if when is not None else number
            frame.time_base = Fraction(1, 1000) if when is not None else 1 / Fraction(rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


@pytest.fixture
def video(tmp_path_factory):
    """Opens what lies at a path, with a cache of this test alone."""
    root = tmp_path_factory.mktemp("cache")

    def opened(path: Path, size: int = 16, cancelled=lambda: False, said: list | None = None) -> VideoData:
        def progress(share: float, text: str) -> None:
            assert 0 <= share <= 1
            if said is not None:
                said.append((share, text))

        return frames(Path(path), size=size, root=root, progress=progress, cancelled=cancelled)

    opened.root = root
    return opened


def levels(data: VideoData) -> list[int]:
    """The brightness of every stored frame."""
    return [round(float(frame.float().mean())) for frame in data.train.frames]
