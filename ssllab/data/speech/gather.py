"""Listed recordings become a data set: decoded, cut, put on reels, with what is known of each clip.

Recordings that cannot be used are skipped and counted.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssllab.audio.errors import AudioError
from ssllab.audio.files import stream
from ssllab.data.containers import Container, Unusable
from ssllab.data.download import cache_directory
from ssllab.data.skipped import Skipped, left_out
from ssllab.data.speech.layout import TEST_SHARE, Layout, Recording
from ssllab.data.speech.reel import Piece, Reel, Shelf
from ssllab.data.speech.types import SAMPLE_RATE, Span, SpeechData, SpeechSplit
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

#: One frame of the feature encoder (25 ms): what is shorter has no code.
SHORTEST = 400
_MAX_MEMBER = 4 * 2**30  # bytes of a recording in an archive
#: A recording without a transcript that is longer than ``_LONG`` seconds is cut into pieces of about ``_PIECE``.
_LONG, _PIECE = 60.0, 30.0


@dataclass(frozen=True)
class Origin:
    """Where recordings come from: ``name`` and ``title`` of the data; ``place`` and ``stamp`` say for the cache
    whether they are the same as before.
    """

    name: str
    title: str
    place: Path
    stamp: str


def gather(
    container: Container,
    layout: Layout,
    origin: Origin,
    *,
    skipped: Sequence[Skipped] = (),
    root: Path | None = None,
    progress: Progress,
    cancelled: CancelQuestion,
) -> SpeechData:
    """The recordings of ``layout``, decoded to 16 kHz mono; hours of them are kept below ``root`` (the cache).

    Raises :class:`DataError` with one line where none is usable, or :class:`Cancelled`.
    """
    recordings = {recording.path: recording for recording in layout.recordings}
    said = "|".join(f"{r.path}:{r.test}:{r.text is None}" for r in layout.recordings)
    shelf = Shelf(root or cache_directory(), str(origin.place), f"{origin.stamp}|{said}")
    reels, told = shelf.find() or _decode(container, recordings, shelf, progress, cancelled)
    skipped = (*skipped, *layout.skipped, *told)
    train, test = _both(reels["train"], reels["test"])
    if train is None or test is None:
        raise nothing(origin.place, skipped)
    data = SpeechData(
        name=origin.name,
        title=origin.title,
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
) -> tuple[dict[str, Reel], list[Skipped]]:
    """The reels ``train`` and ``test``, what could not be used, and what of the others was lost."""
    writers = {"train": shelf.writer("train"), "test": shelf.writer("test")}
    told: list[Skipped] = []
    done = 0
    place = tempfile.TemporaryDirectory(prefix="ssllab-")
    try:
        for member in container.walk(recordings):
            if cancelled():
                raise Cancelled
            recording = recordings[member.name]
            writer = writers["test" if recording.test else "train"]
            before, file = writer.length, Path()
            try:
                file = member.copy(Path(place.name), _MAX_MEMBER)
                remarks: list[str] = []
                for block in stream(file, note=remarks.append):
                    writer.add(to_int16(block))
                    if cancelled():
                        raise Cancelled
                length = writer.length - before
                if length < SHORTEST:
                    raise Unusable(f"shorter than one frame ({1000 * SHORTEST // SAMPLE_RATE} ms)")
                writer.pieces.extend(cut(member.name, length, whole=recording.text is not None))
                told += [Skipped(member.name, _reason(line, file), "remark") for line in remarks]
            except (Unusable, AudioError) as reason:
                writer.take_back(before)
                told.append(Skipped(member.name, _reason(str(reason), file)))
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
            shelf.keep(reels, told)
        return reels, told
    except PermissionError:
        raise
    except OSError as error:
        raise DataError(
            f"cannot keep the decoded audio in the cache ({error.strerror or error}): free some space, or choose "
            "fewer recordings."
        ) from None
    finally:
        place.cleanup()
        for writer in writers.values():
            writer.discard()


def _reason(line: str, file: Path) -> str:
    """A line of the reader without the name of the file: that of an archive's member is ours."""
    return line.removeprefix(str(file)).removeprefix(file.name).lstrip(" :")


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

    def spans(known: str) -> tuple[tuple[Span, ...], ...]:
        found = tuple(
            _within(getattr(recording, known), piece)
            for piece, recording in zip(reel.pieces, of, strict=True)
        )
        return found if any(found) else ()

    return SpeechSplit(
        audio=reel.audio,
        starts=reel.starts(),
        names=tuple(names),
        texts=tuple(r.text for r in of),
        speakers=tuple(r.speaker for r in of),
        labels=labels,
        words=spans("words"),
        phones=spans("phones"),
    )


def _within(spans: Sequence[Span], piece: Piece) -> tuple[Span, ...]:
    """The part of a recording's spans that a piece of it holds, in its own time."""
    start, length = piece.start / SAMPLE_RATE, piece.length / SAMPLE_RATE
    moved = (Span(max(0.0, s.start - start), min(length, s.end - start), s.label) for s in spans)
    return tuple(span for span in moved if span.start < span.end)


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
    if count := left_out(data.skipped):
        facts.append(f"{count:,} skipped")
    if same:
        facts.append("too few to hold any out: tested on the same")
    return "; ".join(facts) + "."


def nothing(path: Path, skipped: Sequence[Skipped]) -> DataError:
    """That there is no usable recording at ``path``, and the first reason."""
    more = ""
    skipped = [entry for entry in skipped if entry.what != "remark"]
    if skipped:
        first = skipped[0]
        more = f" ({len(skipped)} skipped, the first: {os.path.basename(first.path)}, {first.reason.rstrip('.')})"
    return DataError(
        f"'{path}' holds no usable recordings{more}: choose a folder of WAV, FLAC, OGG, MP3 or M4A files."
    )
