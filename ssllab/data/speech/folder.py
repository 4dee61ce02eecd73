"""A person's own recordings as a data set: a folder, a .zip, a .tar, or one audio file.

:mod:`ssllab.data.speech.layout` says what names and tables mean, :mod:`ssllab.data.speech.containers` opens the
files. Recordings that cannot be used are skipped and counted.
"""

from __future__ import annotations

import itertools
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from ssllab.audio.errors import AudioError
from ssllab.audio.files import stream
from ssllab.data.catalogue import Cancelled, CancelQuestion, Progress
from ssllab.data.download import cache_directory
from ssllab.data.speech.combine import combine
from ssllab.data.speech.containers import (
    ARCHIVE_SUFFIXES,
    AUDIO_SUFFIXES,
    Container,
    Directory,
    Found,
    Tar,
    Unusable,
    Zip,
)
from ssllab.data.speech.layout import TEST_SHARE, Recording, arrange
from ssllab.data.speech.reel import Piece, Reel, Shelf
from ssllab.data.speech.types import SAMPLE_RATE, SpeechData, SpeechSplit
from ssllab.data.types import DataError, Skipped

#: One frame of the feature encoder (25 ms): what is shorter has no code.
SHORTEST = 400
#: A recording without a transcript that is longer than ``_LONG`` seconds is cut into pieces of about ``_PIECE``.
_LONG, _PIECE = 60.0, 30.0


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
            with _archive(path) as container:
                return _load(container, container.find(cancelled), root, progress, cancelled)
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
            return _load(_One(path), _One(path).find(cancelled), root, progress, cancelled)
    except PermissionError as error:
        raise DataError(
            f"'{error.filename or path}' may not be read or written: change its permissions or choose another."
        ) from None
    raise DataError(
        f"'{path}' is no recording: choose a folder, a .zip or a .tar of audio, or one audio file."
    )


class _One(Directory):
    """A single audio file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self.path, self._file = path.parent, path

    def find(self, cancelled: CancelQuestion) -> Found:
        """The file."""
        return Found(recordings=[self._file.name], stamp=self._state(self._file.name))


def _directory(path: Path, root: Path | None, progress: Progress, cancelled: CancelQuestion) -> SpeechData:
    progress(0.0, "Looking for recordings")
    container = Directory(path)
    found = container.find(cancelled)
    if found.recordings or not found.archives:
        return _load(container, found, root, progress, cancelled)
    sets, skipped = [], list(found.skipped)
    for index, name in enumerate(found.archives):
        beside = PurePosixPath(name).parent
        tables = {
            PurePosixPath(table).name: text
            for table, text in found.tables.items()
            if PurePosixPath(table).parent == beside
        }
        try:
            with _archive(path / name) as archive:
                inside = archive.find(cancelled)
                if not inside.recordings:
                    skipped.append(Skipped(name, "holds no recordings"))
                    continue
                inside.tables = tables | inside.tables
                sets.append(
                    _load(
                        archive,
                        inside,
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
        raise _nothing(path, skipped)
    whole = sets[0] if len(sets) == 1 else combine(sets, root=root)
    return replace(whole, name=str(path), title=_title(path), skipped=(*skipped, *whole.skipped))


@contextmanager
def _archive(path: Path) -> Iterator[Container]:
    if not path.name.lower().endswith(".zip"):
        yield Tar(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield Zip(path, archive)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"'{path}' is a broken .zip file ({error}): make it anew.") from None


def _load(
    container: Container, found: Found, root: Path | None, progress: Progress, cancelled: CancelQuestion
) -> SpeechData:
    path = container.path
    if not found.recordings:
        raise _nothing(path, found.skipped)
    layout = arrange(found.recordings, found.tables)
    recordings = {recording.path: recording for recording in layout.recordings}
    source = str(path.resolve() / found.recordings[0]) if isinstance(container, _One) else str(path.resolve())
    said = "|".join(f"{r.path}:{r.test}:{r.text is None}" for r in layout.recordings)
    shelf = Shelf(root or cache_directory(), source, f"{found.stamp}|{said}")
    reels, broken = shelf.find() or _decode(container, recordings, shelf, progress, cancelled)
    skipped = (*found.skipped, *layout.skipped, *(Skipped(*entry) for entry in broken))
    train, test = _both(reels["train"], reels["test"])
    if train is None or test is None:
        raise _nothing(path, list(skipped))
    data = SpeechData(
        name=source,
        title=_title(Path(source)),
        train=_split(train, recordings, layout.class_names),
        test=_split(test, recordings, layout.class_names),
        class_names=layout.class_names,
        skipped=skipped,
    )
    return replace(data, about=_about(data))


def _decode(
    container: Container,
    recordings: Mapping[str, Recording],
    shelf: Shelf,
    progress: Progress,
    cancelled: CancelQuestion,
) -> tuple[dict[str, Reel], list[tuple[str, str]]]:
    """The reels ``train`` and ``test``, and (path, reason) of what could not be used."""
    writers = {"train": shelf.writer("train"), "test": shelf.writer("test")}
    broken: list[tuple[str, str]] = []
    done = 0
    try:
        for name, file in container.walk(recordings):
            if cancelled():
                raise Cancelled
            recording = recordings[name]
            writer = writers["test" if recording.test else "train"]
            before = writer.length
            try:
                if isinstance(file, Unusable):
                    raise file
                for block in stream(file):
                    writer.add(to_int16(block))
                    if cancelled():
                        raise Cancelled
                length = writer.length - before
                if length < SHORTEST:
                    raise Unusable(f"shorter than one frame ({1000 * SHORTEST // SAMPLE_RATE} ms)")
                writer.pieces.extend(cut(name, length, whole=recording.text is not None))
            except (Unusable, AudioError) as reason:
                writer.take_back(before)
                own = file.name if isinstance(file, Path) else ""
                broken.append((name, str(reason).removeprefix(str(file)).removeprefix(own).lstrip(" :")))
            done += 1
            hours = sum(writer.length for writer in writers.values()) / SAMPLE_RATE / 3600
            progress(
                done / len(recordings),
                f"Reading recordings: {done:,} of {len(recordings):,}, {60 * hours:.0f} minutes",
            )
        on_disk = any(writer.on_disk for writer in writers.values())
        if on_disk:
            for writer in writers.values():
                writer.move_to_disk()
        reels = {which: writer.finish() for which, writer in writers.items()}
        if on_disk:
            shelf.keep(reels, broken)
        return reels, broken
    except PermissionError:
        raise
    except OSError as error:
        raise DataError(
            f"cannot keep the decoded audio in the cache ({error.strerror or error}): free some space, or choose "
            "fewer recordings."
        ) from None
    finally:
        for writer in writers.values():
            writer.discard()


def to_int16(samples: np.ndarray) -> np.ndarray:
    """``(n,)`` float32 in -1..1 as int16; 16-bit files come out as they went in."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def cut(key: str, length: int, whole: bool) -> list[Piece]:
    """A recording of ``length`` samples as one piece, or as equal ones of about 30 s where it may be cut."""
    count = 1 if whole or length <= _LONG * SAMPLE_RATE else round(length / (_PIECE * SAMPLE_RATE))
    edges = [length * number // count for number in range(count + 1)]
    return [Piece(key, start, end - start) for start, end in itertools.pairwise(edges)]


def _both(train: Reel, test: Reel) -> tuple[Reel | None, Reel | None]:
    """Something to train on and something to test on, also where only one of them came out usable."""
    usable = train if train.pieces else test
    if train.pieces and test.pieces:
        return train, test
    if not usable.pieces:
        return None, None
    count = len(usable.pieces)
    if count == 1:
        return usable, usable
    held = max(1, round(TEST_SHARE * count))
    return usable.cut(0, count - held), usable.cut(count - held, count)


def _split(reel: Reel, recordings: Mapping[str, Recording], class_names: tuple[str, ...]) -> SpeechSplit:
    of = [recordings[piece.key] for piece in reel.pieces]
    names = []
    for piece, recording in zip(reel.pieces, of, strict=True):
        at = piece.start // SAMPLE_RATE
        names.append(f"{recording.name} @ {at // 60}:{at % 60:02}" if piece.start else recording.name)
    labels: Tensor | None = None
    if class_names:
        numbers = {name: number for number, name in enumerate(class_names)}
        labels = torch.tensor([numbers[r.label] for r in of if r.label is not None], dtype=torch.int64)
    return SpeechSplit(
        audio=reel.audio,
        starts=reel.starts(),
        names=tuple(names),
        texts=tuple(r.text for r in of),
        speakers=tuple(r.speaker for r in of),
        labels=labels,
    )


def _about(data: SpeechData) -> str:
    splits = (data.train, data.test)
    same = data.train.audio.data_ptr() == data.test.audio.data_ptr()
    clips, seconds = (
        (len(data.train), data.train.seconds)
        if same
        else (sum(map(len, splits)), sum(split.seconds for split in splits))
    )
    texts = sum(text is not None for split in splits for text in split.texts)
    speakers = {who for split in splits for who in split.speakers if who is not None}
    facts = [f"{clips:,} clip{'s' * (clips != 1)}, {seconds / 60:.1f} minutes"]
    if texts:
        facts.append(f"{texts:,} with transcript")
    if speakers:
        facts.append(f"{len(speakers):,} speaker{'s' * (len(speakers) != 1)}")
    if data.class_names:
        facts.append(f"{len(data.class_names)} words")
    if data.skipped:
        facts.append(f"{len(data.skipped):,} skipped")
    if same:
        facts.append("too few to hold any out: tested on the same")
    return "; ".join(facts) + "."


def _title(path: Path) -> str:
    name = path.resolve().name or str(path)
    for suffix in (*ARCHIVE_SUFFIXES[::-1], *AUDIO_SUFFIXES):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _nothing(path: Path, skipped: list[Skipped]) -> DataError:
    more = ""
    if skipped:
        first = skipped[0]
        more = f" ({len(skipped)} skipped, the first: {os.path.basename(first.path)}, {first.reason.rstrip('.')})"
    return DataError(
        f"'{path}' holds no usable recordings{more}: choose a folder of WAV, FLAC, OGG or MP3 files."
    )
