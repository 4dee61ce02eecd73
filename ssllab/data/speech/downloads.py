"""LibriSpeech, Speech Commands and the Free Spoken Digits: downloaded once into the user's cache, then read from
the archives as they are, like anybody's own recordings.

The checksums are those that OpenSLR, torchaudio and TensorFlow Datasets publish.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from ssllab.data.catalogue import source
from ssllab.data.containers import Found, Tar, Together
from ssllab.data.download import Remote, cache_directory, fetch
from ssllab.data.skipped import Skipped
from ssllab.data.speech.gather import Origin, gather
from ssllab.data.speech.layout import SOUGHT, arrange
from ssllab.data.speech.types import SpeechData
from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress

_OPENSLR = "https://www.openslr.org/resources/31/"
LIBRISPEECH_TRAIN = Remote(
    _OPENSLR + "train-clean-5.tar.gz", "5df7d4e78065366204ca6845bb08f490", "LibriSpeech (train)"
)
LIBRISPEECH_TEST = Remote(
    _OPENSLR + "dev-clean-2.tar.gz", "6d7ab67ac6a1d2c993d050e16d61080d", "LibriSpeech (test)"
)
SPEECH_COMMANDS = Remote(
    "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    "Speech Commands",
)
FSDD = Remote(
    "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
    "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
    "Free Spoken Digits",
)
#: The files of each set, in the order in which they are read.
REMOTES = {
    "librispeech": (LIBRISPEECH_TRAIN, LIBRISPEECH_TEST),
    "speech_commands": (SPEECH_COMMANDS,),
    "fsdd": (FSDD,),
}
#: Of the progress: the rest is decoding.
_DOWNLOADING = 0.7


def load(name: str, *, root: Path | None, progress: Progress, cancelled: CancelQuestion) -> SpeechData:
    """``librispeech``, ``speech_commands`` or ``fsdd``; downloads what ``root`` lacks, and goes on where it stopped.

    Raises :class:`DataError` with one line (offline, damaged, a full disk), or ``Cancelled``.
    """
    info = source(name)
    assert info is not None
    root = root or cache_directory()
    remotes = REMOTES[name]
    steps = len(remotes)
    archives = [
        fetch(
            remote,
            root / name,
            progress=lambda part, text, before=index: progress(_DOWNLOADING * (before + part) / steps, text),  # type: ignore[misc]
            cancelled=cancelled,
        )
        for index, remote in enumerate(remotes)
    ]
    container = Together(root / name, [Tar(archive) for archive in archives])
    try:
        found = _listing(container, root / name / "listing.json", progress, cancelled)
        data = gather(
            container,
            arrange(found.items, found.tables),
            Origin(info.name, info.title, root / name, container.stamp(())),
            skipped=found.skipped,
            root=root,
            progress=lambda part, text: progress(_DOWNLOADING + (1 - _DOWNLOADING) * part, text),
            cancelled=cancelled,
        )
    except DataError as reason:
        why = str(reason).removesuffix(": make it anew.")
        raise DataError(f"{info.title}: {why}. Delete {root / name} and load it again.") from None
    return replace(data, about=info.about)


def _listing(container: Together, path: Path, progress: Progress, cancelled: CancelQuestion) -> Found:
    """What the archives hold. It is noted: to see the end of a .tar.gz one must unpack all of it."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        if note["stamp"] == container.stamp(()):
            return Found(note["recordings"], note["tables"], skipped=[Skipped(*e) for e in note["skipped"]])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    progress(_DOWNLOADING, "Looking for recordings")
    found = container.find(SOUGHT, cancelled)
    beside = path.with_suffix(".part")
    note = {"stamp": container.stamp(()), "recordings": found.items, "tables": found.tables}
    beside.write_text(json.dumps(note | {"skipped": [(s.path, s.reason) for s in found.skipped]}))
    os.replace(beside, path)
    return found
