"""Video: what there is of it, and who reads which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssllab.data.kind import Kind, Option, Request, SourceInfo, Words

if TYPE_CHECKING:
    from ssllab.data.video.types import VideoData


def _load(name: str, request: Request) -> VideoData:
    size = request.options["frame_size"]
    match name:
        case "bouncing":
            from ssllab.data.video.bouncing import bouncing

            return bouncing(size)
        case "moving_digits":
            from ssllab.data.video.digits import moving_digits

            return moving_digits(size)
    from ssllab.data.video.frames import frames

    return frames(
        Path(name).expanduser(),
        size=size,
        root=request.root,
        progress=request.progress,
        cancelled=request.cancelled,
    )


def _amount(data: Any) -> str:
    if hasattr(data.train, "count"):
        return f"{data.train.count:,} frames of {data.size}x{data.size} to learn from, {data.test.count:,} held out"
    return f"clips of {data.size}x{data.size} pixels without end"


KIND = Kind(
    name="video",
    title="Video",
    item="clips",
    own="frames or video, or of a file of video",
    default="bouncing",
    load=_load,
    formats=(".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif", ".npz", ".npy"),
    options=(Option("frame_size", "frame size", "--frame-size", 16, 128, 32, "pixels", "{0}x{0}"),),
    amount=_amount,
    words=Words(
        "The clips that are learned from",
        "Open a folder of frames…",
        "A folder of frames or of videos",
        "Open a video…",
        "Video (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.gif *.npz *.npy);;Every file (*)",
        "Your video…",
    ),
    sources=(
        SourceInfo(
            "bouncing",
            "Bouncing",
            "A ball in a box, made on the fly: position, velocity and whether it is hidden are known in every "
            "frame. The world has more objects, shapes, a wall, and a background that drifts, flickers or stands still.",
            "Drawn by ssllab from the run's seed; MIT licence.",
        ),
        SourceInfo(
            "moving_digits",
            "Moving digits",
            "Handwritten digits that move in a box, after Moving MNIST; digits that are held out are never trained on.",
            "UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak), CC BY 4.0, from scikit-learn.",
        ),
    ),
)
