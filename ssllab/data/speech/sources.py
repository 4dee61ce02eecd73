"""One door to all speech: a name of the catalogue or a path."""

from __future__ import annotations

from pathlib import Path

from ssllab.data.catalogue import source
from ssllab.data.speech.types import SpeechData
from ssllab.storage.progress import CancelQuestion, Progress


def load(
    name: str, *, root: Path | None, workspace: Path | None, progress: Progress, cancelled: CancelQuestion
) -> SpeechData:
    """The speech of that name, or at that path. Raises :class:`ssllab.storage.errors.DataError` with one line."""
    if source(name) is None:
        from ssllab.data.speech.folder import folder

        return folder(Path(name).expanduser(), root=root, progress=progress, cancelled=cancelled)
    match name:
        case "spoken":
            from ssllab.data.speech.samples import spoken

            return spoken()
        case "takes":
            from ssllab.data.speech.takes import takes

            return takes(workspace, root=root, progress=progress, cancelled=cancelled)
        case _:
            from ssllab.data.speech import downloads

            return downloads.load(name, root=root, progress=progress, cancelled=cancelled)
