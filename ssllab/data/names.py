"""What the names of files and folders say before anything is opened: whose they are, and whether they are safe."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

#: What a Mac, a Synology or QNAP store and Windows put beside files: previews, waste, forks. In lower case.
_OF_SYSTEMS = frozenset(
    {"__macosx", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin"}
    | {"system volume information", "lost+found"}
)
FILES_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


def is_aside(folder: str) -> bool:
    """Whether a folder of this name is not a person's own work: hidden, or made by a system."""
    return (folder.startswith(".") and folder != "..") or folder.lower() in _OF_SYSTEMS


def plain(name: str) -> str:
    """The name of a member as a path with ``/``."""
    return name.replace("\\", "/").removeprefix("./")


def unsafe(name: str) -> str:
    """Why a member of that name is left out, or nothing: its path would lead out of where it is unpacked."""
    outside = name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in PurePosixPath(name).parts
    return "an unsafe path" if outside else ""


def as_walked(name: str) -> list[tuple[bool, str]]:
    """A key that sorts paths as a walk finds them: the files of a folder, then its folders."""
    *folders, file = name.split("/")
    return [*((True, folder) for folder in folders), (False, file)]
