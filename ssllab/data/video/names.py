"""What files of frames are called; the window lists them before anything else is loaded."""

from __future__ import annotations

VIDEOS = (
    *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".f4v"),
    *(
        ".mpg",
        ".mpeg",
        ".m2v",
        ".vob",
        ".ts",
        ".mts",
        ".m2ts",
        ".ogv",
        ".mxf",
        ".ivf",
        ".264",
        ".h264",
        ".265",
        ".hevc",
    ),
)
ARRAYS = (".npz", ".npy")
