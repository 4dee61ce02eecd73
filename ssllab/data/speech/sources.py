"""One door to all speech: a name of the catalogue or a path."""

from __future__ import annotations

from pathlib import Path

from ssllab.data.catalogue import CancelQuestion, Progress
from ssllab.data.speech.folder import folder
from ssllab.data.speech.types import SpeechData


def load(
    name: str, *, root: Path | None, workspace: Path | None, progress: Progress, cancelled: CancelQuestion
) -> SpeechData:
    """The speech of that name, or at that path. Raises :class:`ssllab.data.types.DataError` with one line."""
    return folder(Path(name).expanduser(), root=root, progress=progress, cancelled=cancelled)
