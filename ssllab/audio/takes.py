"""The user's takes: recordings and imported files, each a WAV of 16 kHz mono and a JSON beside it.

A take is there when its WAV is. So the file that is moved last brings a new take into being, and moving it to the
trash and back deletes and restores one, each in a single step: no error and no kill leaves half a take, and what a
killed process was recording becomes a take at the next :meth:`TakeStore.recover`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ssllab.audio import files
from ssllab.audio.errors import AudioError
from ssllab.audio.formats import UNREAD_SUFFIXES
from ssllab.audio.level import decibels
from ssllab.audio.peaks import Peaks
from ssllab.audio.take_file import NAME as RECORDING
from ssllab.storage.files import why_refused, write_whole
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress
from ssllab.storage.run_lock import is_locked

THUMBNAIL_COLUMNS = 200


@dataclass(frozen=True)
class Take:
    """One take.

    ``level_db``: loudness (rms) below full scale, -120 for silence; ``created`` in UTC; ``peaks: (200, 2)`` float32,
    smallest and largest value of equal parts, for a thumbnail.
    """

    id: str
    name: str
    path: Path
    seconds: float
    level_db: float
    transcript: str
    created: datetime
    peaks: np.ndarray


class TakeStore:
    """All takes of a folder. Its methods raise :class:`AudioError` in one line; long ones fit a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: Where a :class:`~ssllab.audio.recorder.Recorder` shall write.
        self.recordings = folder / "recordings"
        self._trash = folder / "trash"

    def takes(self) -> list[Take]:
        """Every take, newest first."""
        found = [take for path in self._sounds() if (take := _load(path)) is not None]
        return sorted(found, key=lambda take: (take.created, take.id), reverse=True)

    def take(self, id: str) -> Take:
        """One take."""
        path = self.folder / f"{id}.wav"
        take = _load(path) if path.exists() else None
        if take is None:
            raise AudioError(f"The take '{id}' is no longer there; it was deleted or moved.")
        return take

    def add_recording(self, path: Path, name: str = "Take") -> Take:
        """Make a take of the file that a recorder left; the file is moved. The time is added to ``name``."""
        summary = _Summary()
        for block in files.stream(path):
            summary.add(block)
        with _disk(self.folder):
            created = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            take = self._new(f"{name} {created.astimezone():%Y-%m-%d %H:%M:%S}", created, summary)
            _store(take)
            os.replace(path, take.path)
            if path.parent.parent == self.recordings:
                shutil.rmtree(path.parent, ignore_errors=True)
        return take

    def import_file(
        self,
        path: Path,
        progress: Progress | None = None,
        cancelled: CancelQuestion | None = None,
        note: files.Note | None = None,
    ) -> list[Take]:
        """Copy in an audio file of any kind, rate and length, or every one in a folder.

        A file that cannot be read raises; one in a folder is told to ``note`` and left out. Flaws such as a
        missing end are told, too. Raises ``Cancelled`` when asked to stop; files that are complete stay.
        """
        note = note or (lambda line: None)
        alone = not path.is_dir()
        sounds = [path] if alone else files.audio_files(path)
        unread = "" if alone else _unread(path)
        if not sounds:
            raise AudioError(
                f"{path} holds no audio files; expected WAV, FLAC, OGG, MP3 or M4A. {unread}".rstrip()
            )
        if unread:
            note(unread)
        takes: list[Take] = []
        for index, sound in enumerate(sounds):

            def told(share: float, sound: Path = sound, index: int = index) -> None:
                if progress is not None:
                    progress((index + share) / len(sounds), f"Importing {sound.name}")
                if cancelled is not None and cancelled():
                    raise Cancelled

            try:
                takes.append(self._import(sound, told, note))
            except AudioError as refusal:
                if alone:
                    raise
                note(str(refusal))
        return takes

    def rename(self, id: str, name: str) -> Take:
        """Give it another name."""
        if not name.strip():
            raise AudioError("A take needs a name; type one.")
        return self._changed(replace(self.take(id), name=name.strip()))

    def set_transcript(self, id: str, text: str) -> Take:
        """Write down what is said in it."""
        return self._changed(replace(self.take(id), transcript=text.strip()))

    def delete(self, id: str) -> None:
        """Move it to the trash, from where :meth:`undo_delete` brings it back."""
        take = self.take(id)
        with _disk(take.path):
            self._trash.mkdir(exist_ok=True)
            os.utime(take.path, ns=(time.time_ns(), time.time_ns()))  # the trash is in the order of deletion
            os.replace(take.path, self._trash / take.path.name)

    def undo_delete(self) -> Take | None:
        """Bring the last deleted take back, then the one before ...; None when the trash is empty."""
        deleted = max(self._trash.glob("*.wav"), key=lambda path: path.stat().st_mtime_ns, default=None)
        if deleted is None:
            return None
        with _disk(deleted):
            os.replace(deleted, self.folder / deleted.name)
        return self.take(deleted.stem)

    def export(self, id: str, path: Path) -> None:
        """Write its sound elsewhere, in the format of the suffix."""
        files.write(path, files.stream(self.take(id).path))

    def recover(self) -> list[Take]:
        """Make takes of what killed processes were recording; call it once at the start."""
        left = [path for path in self.recordings.glob(f"*/{RECORDING}") if not is_locked(path.parent)]
        left += [path for path in self._sounds() if _load(path) is None]  # the JSON is missing or damaged
        found = []
        for path in sorted(left):
            with contextlib.suppress(
                AudioError
            ):  # not a sample in it: nothing to keep, nothing to throw away
                found.append(self.add_recording(path, "Recovered take"))
        return found

    def _sounds(self) -> list[Path]:
        return [path for path in self.folder.glob("*.wav") if not path.name.startswith(".")]

    def _import(self, sound: Path, told: Callable[[float], None], note: files.Note) -> Take:
        expected = max(files.info(sound).seconds * files.SAMPLE_RATE, 1.0)
        summary = _Summary()

        def blocks() -> Iterator[np.ndarray]:
            for block in files.stream(sound, note=note):
                summary.add(block)
                told(min(summary.samples / expected, 1.0))
                yield block

        with _disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = self.folder / f".{secrets.token_hex(4)}.wav"
            try:
                files.write(beside, blocks())
                take = self._new(sound.stem, datetime.now(UTC), summary)
                _store(take)
                os.replace(beside, take.path)
            finally:
                beside.unlink(missing_ok=True)
        return take

    def _new(self, name: str, created: datetime, summary: _Summary) -> Take:
        id = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        seconds = summary.samples / files.SAMPLE_RATE
        path = self.folder / f"{id}.wav"
        return Take(id, name, path, seconds, summary.level_db, "", created, summary.thumbnail())

    def _changed(self, take: Take) -> Take:
        with _disk(take.path):
            _store(take)
        return take


class _Summary:
    """Length, loudness and thumbnail of the blocks that it was given."""

    def __init__(self) -> None:
        self.samples = 0
        self._energy = 0.0
        self._peaks = Peaks()

    def add(self, block: np.ndarray) -> None:
        self.samples += len(block)
        self._energy += float(np.square(block, dtype=np.float64).sum())
        self._peaks.append(block)

    @property
    def level_db(self) -> float:
        return decibels((self._energy / max(self.samples, 1)) ** 0.5)

    def thumbnail(self) -> np.ndarray:
        return self._peaks.between(0, self.samples, THUMBNAIL_COLUMNS)


def _unread(folder: Path) -> str:
    """How many files of sound lie in ``folder`` that are not read, by their endings; nothing where there are none."""
    endings = Counter(path.suffix.lower() for path in files.audio_files(folder, UNREAD_SUFFIXES))
    counts = ", ".join(f"{count:,} {ending}" for ending, count in endings.most_common())
    return f"Not read: {counts}; convert them to WAV or FLAC." if counts else ""


def _store(take: Take) -> None:
    entry = {
        "name": take.name,
        "seconds": take.seconds,
        "level_db": round(take.level_db, 2),
        "transcript": take.transcript,
        "created": take.created.isoformat(),
        "peaks": (take.peaks.clip(-1, 1) * 127).round().astype(int).ravel().tolist(),
    }
    write_whole(take.path.with_suffix(".json"), json.dumps(entry, ensure_ascii=False).encode())


def _load(path: Path) -> Take | None:
    """The take whose sound is at ``path``; None where its JSON is missing or damaged."""
    try:
        entry = json.loads(path.with_suffix(".json").read_bytes())
        return Take(
            path.stem,
            str(entry["name"]),
            path,
            float(entry["seconds"]),
            float(entry["level_db"]),
            str(entry["transcript"]),
            datetime.fromisoformat(entry["created"]),
            np.array(entry["peaks"], np.float32).reshape(-1, 2) / 127,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AudioError(why_refused(error, path)) from None
