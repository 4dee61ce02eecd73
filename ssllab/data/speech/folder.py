"""A person's own recordings as a data set: a folder, a .zip, a .tar, or one audio file.

:mod:`ssllab.data.speech.layout` says what names and tables mean, :mod:`ssllab.data.containers` opens the files,
:mod:`ssllab.data.speech.gather` decodes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
from ssllab.data.speech.layouts.cells import is_document
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
        skipped=(*found.followed(place), *found.skipped),
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
    sets, skipped = [], [*found.followed(path), *found.skipped]
    told: dict[str, list[list[Skipped]]] = defaultdict(list)
    for index, name in enumerate(found.archives):
        around = PurePosixPath(name).parent
        tables = {
            str(PurePosixPath(table).relative_to(around)): table
            for table in found.tables
            if PurePosixPath(table).is_relative_to(around)
        }
        try:
            with archive(path / name) as inner:
                inside = inner.find(SOUGHT, cancelled)
                if not inside.items:
                    skipped.append(Skipped(name, "holds no recordings"))
                    continue
                for beside in tables.keys() & inside.tables.keys():
                    table = tables.pop(beside)
                    same = inside.tables[beside] == found.tables[table]
                    why = f"the one of this name in {name} is used"
                    told[table].append([] if same else [Skipped(table, why, "table")])
                inside.tables |= {beside: found.tables[table] for beside, table in tables.items()}
                data = _load(
                    inner,
                    inside,
                    path / name,
                    root,
                    lambda part, text, before=index: progress(  # type: ignore[misc]
                        (before + part) / len(found.archives), text
                    ),
                    cancelled,
                )
                for beside, table in tables.items():
                    told[table].append([entry for entry in data.skipped if entry.path == beside])
                own = tuple(entry for entry in data.skipped if entry.path not in tables)
                sets.append(replace(data, skipped=own))
        except DataError as reason:
            skipped.append(Skipped(name, str(reason)))
    for table in found.tables:
        skipped += _of_table(table, told[table])
    if not sets:
        raise nothing(path, skipped)
    whole = sets[0] if len(sets) == 1 else combine(sets, root=root)
    return replace(whole, name=str(path), title=title_of(path), skipped=(*skipped, *whole.skipped))


def _of_table(table: str, told: Sequence[Sequence[Skipped]]) -> list[Skipped]:
    """What is to be said of a table outside of archives: it may be about the recordings of some of them only."""
    if not told:
        why = "no archive of recordings lies in its folder or above"
        return [] if is_document(table) else [Skipped(table, why, "table")]
    understood = [said for said in told if not any(entry.what == "table" for entry in said)]
    if len(told) > 1 and understood:
        return []
    return [replace(entry, path=table) for entry in told[0]]
