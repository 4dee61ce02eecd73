"""A person's own recordings as a data set: a folder, a .zip, a .tar, or one audio file.

:mod:`ssllab.data.speech.layout` says what names and tables mean, :mod:`ssllab.data.containers` opens the files,
:mod:`ssllab.data.speech.gather` decodes them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from ssllab.data.containers import (
    ARCHIVE_SUFFIXES,
    Container,
    Directory,
    Found,
    archive,
    title_of,
)
from ssllab.data.skipped import Skipped
from ssllab.data.speech.combine import combine
from ssllab.data.speech.formats import AUDIO_SUFFIXES
from ssllab.data.speech.gather import Origin, gather, nothing
from ssllab.data.speech.layout import SOUGHT, arrange
from ssllab.data.speech.types import SpeechData
from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress


def folder(
    path: Path, *, root: Path | None = None, progress: Progress, cancelled: CancelQuestion
) -> SpeechData:
    """The recordings at ``path``, 16 kHz mono. A folder without any but with archives: all of those, as one.

    ``root``: where decoded hours are kept. Without a test part in the layout, a tenth is held out, always the
    same. Raises :class:`DataError` with one line where there is nothing to learn from.
    """
    try:
        if path.is_dir():
            return _directory(path, root, progress, cancelled)
        if path.name.lower().endswith(ARCHIVE_SUFFIXES) and path.is_file():
            with archive(path) as container:
                return _load(container, container.find(SOUGHT, cancelled), path, root, progress, cancelled)
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
            return _load(Directory(path.parent), Found([path.name]), path, root, progress, cancelled)
    except PermissionError as error:
        raise DataError(
            f"'{error.filename or path}' may not be read or written: change its permissions or choose another."
        ) from None
    raise DataError(
        f"'{path}' is no recording: choose a folder, a .zip or a .tar of audio, or one audio file."
    )


def _load(
    container: Container,
    found: Found,
    place: Path,
    root: Path | None,
    progress: Progress,
    cancelled: CancelQuestion,
) -> SpeechData:
    if not found.items:
        raise nothing(place, found.skipped)
    return gather(
        container,
        arrange(found.items, found.tables),
        Origin(str(place), title_of(place, AUDIO_SUFFIXES), place.resolve(), container.stamp(found.items)),
        skipped=[*found.followed(place), *found.skipped],
        root=root,
        progress=progress,
        cancelled=cancelled,
    )


def _directory(path: Path, root: Path | None, progress: Progress, cancelled: CancelQuestion) -> SpeechData:
    progress(0.0, "Looking for recordings")
    container = Directory(path)
    found = container.find(SOUGHT, cancelled)
    if found.items or not found.archives:
        found.skipped += [
            Skipped(name, "an archive beside recordings is not opened") for name in found.archives
        ]
        return _load(container, found, path, root, progress, cancelled)
    sets, skipped = [], list(found.skipped)
    for index, name in enumerate(found.archives):
        beside = PurePosixPath(name).parent
        tables = {
            PurePosixPath(table).name: text
            for table, text in found.tables.items()
            if PurePosixPath(table).parent == beside
        }
        try:
            with archive(path / name) as inner:
                inside = inner.find(SOUGHT, cancelled)
                if not inside.items:
                    skipped.append(Skipped(name, "holds no recordings"))
                    continue
                inside.tables = tables | inside.tables
                sets.append(
                    _load(
                        inner,
                        inside,
                        path / name,
                        root,
                        lambda part, text, before=index: progress(  # type: ignore[misc]
                            (before + part) / len(found.archives), text
                        ),
                        cancelled,
                    )
                )
        except DataError as reason:
            skipped.append(Skipped(name, str(reason)))
    if not sets:
        raise nothing(path, skipped)
    whole = sets[0] if len(sets) == 1 else combine(sets, root=root)
    return replace(whole, name=str(path), title=title_of(path), skipped=(*skipped, *whole.skipped))
