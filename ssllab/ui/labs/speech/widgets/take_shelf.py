"""The takes as the window sees them: a change is on the screen now and on the disk soon, in the order asked for.

The panels of a page share one shelf. A disk that refuses is said in a line; what was typed stays on the screen.
"""

from __future__ import annotations

import contextlib
import threading
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Signal

from ssllab.ui.labs.speech.widgets.clip import RATE, Clip, with_times
from ssllab.ui.runs.words import plural
from ssllab.ui.work import Background, Task, Worker

if TYPE_CHECKING:
    from ssllab.audio.takes import Take, TakeStore
    from ssllab.data.speech.textgrid import Grid
    from ssllab.ui.bench import Bench

MAPPED_SAMPLES = 600 * RATE  # a mapped file cannot be deleted on Windows, so short ones are read


class TakeShelf(QObject):
    """The takes of ``bench.workspace``. Every method is called from the window's thread."""

    changed = Signal()
    added = Signal(list)  # ids of takes that came in

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bench = bench
        self.folder: Path = bench.workspace.path / "takes"
        self.takes: list[Take] = []  # newest first
        self._disk = Worker(self)
        self._background = Background(self)
        self._kept: TakeStore | None = None
        self._opened = False
        self._unsaved: dict[tuple[str, str], str] = {}  # (id, "name" | "transcript") -> text
        self._writing = threading.Lock()
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(self.close)

    def store(self) -> TakeStore:
        """The takes on the disk; from any thread."""
        if self._kept is None:
            from ssllab.audio.takes import TakeStore

            self._kept = TakeStore(self.folder)
        return self._kept

    def open(self) -> None:
        """Look at the disk for the first time, and recover what a killed process was recording."""
        if self._opened:
            return
        self._opened = True

        def look(task: Task) -> tuple[list[Take], list[Take]]:
            recovered = self.store().recover()
            return recovered, self.store().takes()

        def show(found: tuple[list[Take], list[Take]]) -> None:
            recovered, takes = found
            self._show(takes)
            if recovered:
                names = ", ".join(take.name for take in recovered)
                what = (
                    "A recording that was cut off was"
                    if len(recovered) == 1
                    else "Recordings that were cut off were"
                )
                self.bench.say(
                    "warning", f"{what} recovered: {names}."
                )  # stays: nobody reads it while all loads

        self._disk.submit(look, show, self._failed)

    def refresh(self, new: Sequence[str] = ()) -> None:
        """Look at the disk again; ``new``: ids of takes that came in since."""

        def show(takes: list[Take]) -> None:
            self._show(takes)
            if new:
                self.added.emit(list(new))

        self._disk.submit(lambda task: self.store().takes(), show, self._failed)

    def take(self, id: str) -> Take | None:
        """The take of that id, None when it is not (or no more) here."""
        return next((take for take in self.takes if take.id == id), None)

    @property
    def busy(self) -> bool:
        """Whether anything is still being read or written."""
        return self._disk.busy

    def close(self) -> None:
        """End the thread; what was typed a moment ago is written first."""
        self._disk.close()
        for (id, what), text in self._unsaved.items():
            try:
                self._write(id, what, text)
            except (OSError, ValueError):
                continue  # it was said when it was typed, or there is nobody left to be told
        self._unsaved.clear()

    # Changes

    def rename(self, id: str, name: str) -> None:
        """Give a take another name."""
        self._change(id, "name", name)

    def set_transcript(self, id: str, text: str) -> None:
        """Write down what is said in a take."""
        self._change(id, "transcript", text)

    def _change(self, id: str, what: str, text: str) -> None:
        take = self.take(id)
        if take is None or getattr(take, what) == text:
            return
        change: dict[str, Any] = {what: text}
        self.takes[self.takes.index(take)] = replace(take, **change)
        self._unsaved[id, what] = text
        self.changed.emit()

        def saved(_: Any) -> None:
            if self._unsaved.get((id, what)) == text:
                del self._unsaved[id, what]

        self._disk.submit(lambda task: self._write(id, what, text), saved, self._failed)

    def _write(self, id: str, what: str, text: str) -> None:
        with self._writing:
            (self.store().rename if what == "name" else self.store().set_transcript)(id, text)

    def delete(self, ids: Sequence[str], then: Callable[[], None]) -> None:
        """Move takes to the trash, then call ``then``."""

        def work(task: Task) -> None:
            for id in ids:
                self.store().delete(id)

        def done(_: Any) -> None:
            then()
            self.refresh()

        self._disk.submit(work, done, self._failed_and_look)

    def undo_delete(self, count: int) -> None:
        """Take the last ``count`` takes back out of the trash."""

        def work(task: Task) -> list[str]:
            return [take.id for _ in range(count) if (take := self.store().undo_delete()) is not None]

        self._disk.submit(work, self.refresh, self._failed_and_look)

    def add_recording(self, path: Path, then: Callable[[Take], None], failed: Callable[[str], None]) -> None:
        """Make a take of what the recorder wrote."""

        def done(take: Take) -> None:
            then(take)
            self.refresh([take.id])

        self._disk.submit(
            lambda task: self.store().add_recording(path), done, lambda error, trace: failed(str(error))
        )

    def annotate(self, clip: Clip, times: Grid) -> None:
        """Keep the times of a take's words and phones beside it, and its transcript if it had none."""
        take = next((take for take in self.takes if key_of(take) == clip.key), None)
        if take is None:
            return
        if clip.text and not take.transcript:
            self.set_transcript(take.id, clip.text)

        def work(task: Task) -> None:
            from ssllab.data.speech.textgrid import write

            write(grid_of(take.path), {"words": times.words, "phones": times.phones}, clip.seconds)

        self._disk.submit(work, lambda _: None, self._failed)

    # Files in and out

    def import_files(self, paths: Sequence[Path]) -> None:
        """Copy audio files, or folders of them, in; with progress, and takes that are whole stay after a cancel."""
        if not paths:
            return
        notes: list[str] = []
        refused: list[str] = []

        def work(task: Task) -> list[str]:
            new: list[str] = []
            try:
                for i, path in enumerate(paths):
                    new += self._import(task, path, i / len(paths), 1 / len(paths), notes, refused)
            except BaseException:
                self._background.deliver(self.refresh)  # what came in before a cancel stays
                raise
            return new

        def done(new: list[str]) -> None:
            self.refresh(new)
            of_them = f", {plural(len(refused), 'file')} not" if refused else ""
            said = [f"{plural(len(new), 'take')} imported{of_them}."] if new else []
            lines = refused + notes  # what is not there at all is said first
            level = "info" if not lines else "warning" if new else "error"
            if lines:
                said.append(lines[0])
            if len(lines) > 1:
                said.append(f"And {len(lines) - 1} more.")
            self.bench.say(level, " ".join(said), "\n".join(lines) if len(lines) > 1 else "")

        self._long(
            f"Importing {paths[0].name}",
            work,
            done,
            "The import was cancelled; takes that are whole are kept.",
        )

    def _import(
        self, task: Task, path: Path, begin: float, share: float, notes: list[str], refused: list[str]
    ) -> list[str]:
        from ssllab.audio.errors import AudioError

        try:
            takes = self.store().import_file(
                path,
                progress=lambda part, text: task.report(begin + share * part, text),
                cancelled=lambda: task.cancelled,
                note=notes.append,
            )
        except AudioError as refusal:
            refused.append(str(refusal))
            return []
        if len(takes) == 1 and grid_of(path).is_file():
            notes += self._import_times(takes[0], grid_of(path))
        return [take.id for take in takes]

    def _import_times(self, take: Take, path: Path) -> list[str]:
        """The TextGrid beside an imported file comes along; what is wrong with it is said."""
        from ssllab.data.speech.textgrid import read, write

        try:
            times = read(path)
        except ValueError as refusal:
            return [str(refusal)]
        write(grid_of(take.path), {"words": times.words, "phones": times.phones}, take.seconds)
        if times.words and not take.transcript:
            self.store().set_transcript(take.id, " ".join(span.label for span in times.words))
        return []

    def export(self, takes: Sequence[Take], targets: Sequence[Path]) -> None:
        """Write each take to its target, in the format of its suffix."""

        def work(task: Task) -> int:
            for i, (take, target) in enumerate(zip(takes, targets, strict=True)):
                task.report(i / len(takes), f"Exporting {take.name}")
                self.store().export(take.id, target)
            return len(takes)

        def done(count: int) -> None:
            where = targets[0] if count == 1 else targets[0].parent
            self.bench.say("info", f"{plural(count, 'take')} exported to {where}.")

        self._long(f"Exporting {plural(len(takes), 'take')}", work, done, "The export was cancelled.")

    def _long(self, title: str, work: Callable[[Task], Any], done: Callable[[Any], None], over: str) -> None:
        if not self.bench.long_work.start(
            title, work, done, self._failed, lambda: self.bench.say("info", over)
        ):
            self.bench.say("warning", "Other work is still under way. Wait for it or cancel it.")

    # Outcomes

    def _show(self, takes: list[Take]) -> None:
        # What was typed while the disk was read is newer.
        typed: dict[str, dict[str, Any]] = {}
        for (id, what), text in self._unsaved.items():
            typed.setdefault(id, {})[what] = text
        self.takes = [replace(take, **typed.get(take.id, {})) for take in takes]
        self.changed.emit()

    def _failed(self, error: Exception, trace: str) -> None:
        known = isinstance(error, (OSError, ValueError))
        self.bench.say("error", str(error) if known else f"The takes failed: {error}", "" if known else trace)

    def _failed_and_look(self, error: Exception, trace: str) -> None:
        self._failed(error, trace)
        self.refresh()


def clip_of_take(take: Take) -> Clip:
    """A take for the desk. A long one is mapped, not read, so that an hour opens at once.

    Raises OSError, EOFError or wave.Error when the file is gone or damaged.
    """
    with take.path.open("rb") as file, wave.open(file) as sound:
        count = sound.getnframes()
        if count > MAPPED_SAMPLES:
            samples: NDArray[np.int16] = np.memmap(take.path, np.dtype("<i2"), "r", file.tell(), (count,))
        else:
            samples = np.frombuffer(sound.readframes(count), np.dtype("<i2"))
    clip = Clip(take.name, samples, take.transcript or None, key=key_of(take))
    if grid_of(take.path).exists():
        from ssllab.data.speech.textgrid import read

        with contextlib.suppress(
            ValueError
        ):  # somebody changed it in our folder; the sound is good all the same
            return with_times(clip, read(grid_of(take.path)))
    return clip


def grid_of(sound: Path) -> Path:
    """Where the times of a take's words and phones are, if they are known."""
    return sound.with_suffix(".TextGrid")


def key_of(take: Take) -> str:
    """What tells a take's clip from all others."""
    return f"take/{take.id}"
