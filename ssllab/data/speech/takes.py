"""The user's own takes as a data set. What is recorded or written down later is there at the next loading."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import platformdirs

from ssllab.audio.takes import TakeStore
from ssllab.data.catalogue import source
from ssllab.data.containers import Directory
from ssllab.data.speech.gather import Origin, gather
from ssllab.data.speech.layout import Layout, Recording
from ssllab.data.speech.types import SpeechData
from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress

_HELD_OUT_EVERY = 10


def takes(
    workspace: Path | None, *, root: Path | None = None, progress: Progress, cancelled: CancelQuestion
) -> SpeechData:
    """The takes of ``workspace`` (default: the user's own), oldest first, with the transcripts typed so far.

    The second take with a transcript is held out and every tenth after it, and so are those without one: a
    take never moves from one side to the other because a new one came. Raises :class:`DataError` with one
    line where there are none.
    """
    info = source("takes")
    assert info is not None
    folder = _folder(workspace)
    found = sorted(TakeStore(folder).takes(), key=lambda take: (take.created, take.id))
    if not found:
        raise DataError("there are no takes yet: record one in the Speech lab or drop an audio file on it.")
    count: Counter[bool] = Counter()
    recordings = []
    for take in found:
        written = bool(take.transcript)
        recordings.append(
            Recording(
                take.path.name, take.name, take.transcript or None, test=count[written] % _HELD_OUT_EVERY == 1
            )
        )
        count[written] += 1
    container = Directory(folder)
    return gather(
        container,
        Layout(tuple(recordings), ()),
        Origin(info.name, info.title, folder.resolve(), container.stamp(r.path for r in recordings)),
        root=root,
        progress=progress,
        cancelled=cancelled,
    )


def has_takes(workspace: Path | None) -> bool:
    """Whether there is a take in ``workspace`` (default: the user's own)."""
    return bool(TakeStore(_folder(workspace)).takes())


def _folder(workspace: Path | None) -> Path:
    return (workspace or platformdirs.user_data_path("ssllab", appauthor=False)) / "takes"
