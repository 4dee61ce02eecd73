"""The microphone as the window sees it. Devices open, close and answer in threads; the window only looks.

While recording it feeds the desk, so that the lanes scroll; at the end the take lies on the desk and on the shelf.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from pathlib import Path

    from ssllab.audio.devices import Device
    from ssllab.audio.recorder import Recorder
    from ssllab.audio.takes import Take

LOOK_MILLISECONDS = 40

Result = TypeVar("Result")
State = Literal["idle", "opening", "listening", "recording", "paused", "saving"]


class Recording(QObject):
    """One recorder at a time. Every method is called from the window's thread and returns at once.

    ``problem`` is the line that the person should read now, None when all is well.
    """

    state_changed = Signal(str)
    looked = Signal()  # level, seconds and dropped frames may have moved
    problem_changed = Signal()
    saved = Signal(object)  # the Take

    def __init__(self, desk: Desk, shelf: TakeShelf) -> None:
        super().__init__(desk)
        self.state: State = "idle"
        self.device: Device | None = None
        self.gain = 1.0
        self.problem: str | None = None
        self.recorder: Recorder | None = None
        self._level_wanted = False
        self._desk, self._shelf = desk, shelf
        self._background = Background(self)
        self._timer = QTimer(self, interval=LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(self.close)

    @property
    def busy(self) -> bool:
        """Whether a recording is under way or a device is opening or closing."""
        return self.state not in ("idle", "listening")

    # What a person does

    def listen(self) -> None:
        """Show the level without recording."""
        self._level_wanted = True
        if self.state == "idle":
            self._open(lambda recorder: recorder.listen(), "listening")

    def deafen(self) -> None:
        """End :meth:`listen`."""
        self._level_wanted = False
        if self.recorder is not None and self.state == "listening":
            self._close(self.recorder, lambda recorder: recorder.close(), lambda _: self._enter("idle"))

    def start(self) -> None:
        """Begin a recording."""
        if not self.busy:
            self._open(lambda recorder: recorder.start(), "recording")

    def pause(self) -> None:
        """Pause the recording, or go on."""
        if self.recorder is not None and self.state == "recording":
            self.recorder.pause()
            self._enter("paused")
        elif self.recorder is not None and self.state == "paused":
            self.recorder.resume()
            self._enter("recording")

    def stop(self, problem: str | None = None) -> None:
        """End the recording; it becomes a take. ``problem``: why it ended by itself."""
        recorder = self.recorder
        if recorder is None or self.state not in ("recording", "paused"):
            return
        self._say(problem)

        def add(path: Path) -> None:
            self._desk.append_live(recorder.new_samples())
            self._shelf.add_recording(path, self._added, self._not_added)

        self._close(recorder, lambda recorder: recorder.stop(), add)

    def dismiss(self) -> None:
        """The person goes on after a problem."""
        self._say(None)

    def set_gain(self, gain: float) -> None:
        """Amplify what comes in by this factor."""
        self.gain = gain
        if self.recorder is not None:
            self.recorder.gain = gain

    def monitor(self, on: bool, failed: Callable[[str], None]) -> None:
        """Play the input through the loudspeaker, or no longer; ``failed(line)`` when nothing can play."""
        recorder = self.recorder
        if recorder is None:
            return

        def work() -> Callable[[], None]:
            recorder.monitoring = on
            return lambda: None

        self._background.run(work, lambda line, trace: failed(line))

    def close(self) -> None:
        """The window goes: finish the file; its take is found again at the next start if there is no time left."""
        self._timer.stop()
        recorder, self.recorder = self.recorder, None
        if recorder is None:
            return
        recording = recorder.state in ("recording", "paused")
        recorder.close()
        if recording:
            self._shelf.store().recover()

    # Threads

    def _open(self, begin: Callable[[Recorder], None], state: State) -> None:
        self._say(None)
        self._enter("opening")
        recorder, device, gain = self.recorder, self.device, self.gain

        def work() -> Callable[[], None]:
            from ssllab.audio.recorder import Recorder

            opened = recorder or Recorder(self._shelf.store().recordings, device, gain=gain)
            begin(opened)
            return lambda: self._opened(opened, state)

        def refused(line: str, trace: str) -> None:
            self.recorder = None
            self._enter("idle")
            self._say(line)

        self._background.run(work, refused)

    def _opened(self, recorder: Recorder, state: State) -> None:
        self.recorder = recorder
        recorder.gain = self.gain
        if state == "recording":
            self._desk.begin_live()
        self._enter(state)
        self._timer.start()
        if state == "listening" and not self._level_wanted:
            self.deafen()

    def _close(
        self, recorder: Recorder, end: Callable[[Recorder], Result], then: Callable[[Result], None]
    ) -> None:
        self._timer.stop()
        self._enter("saving")

        def work() -> Callable[[], None]:
            result = end(recorder)

            def closed() -> None:
                then(result)
                self.recorder = None

            return closed

        self._background.run(work, lambda line, trace: self._lost(line))

    def _added(self, take: Take) -> None:
        self._desk.end_live(take)
        self._enter("idle")
        self.saved.emit(take)

    def _lost(self, line: str) -> None:
        """There is no take: not a sample was recorded."""
        self.recorder = None
        self._desk.end_live()
        self._enter("idle")
        self._say(line)

    def _not_added(self, line: str) -> None:
        self._lost(f"{line} The recording is kept and becomes a take at the next start.")

    # Looking

    def _look(self) -> None:
        recorder = self.recorder
        if recorder is None:
            return
        if self.state in ("recording", "paused"):
            self._desk.append_live(recorder.new_samples())
        if recorder.state == "idle":
            self._gave_up(recorder.problem)
        elif recorder.problem != self.problem:
            self._say(recorder.problem)
        self.looked.emit()

    def _gave_up(self, problem: str | None) -> None:
        if self.state == "listening":
            self._say(problem)
            self.deafen()
        else:
            self.stop(problem)

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _say(self, problem: str | None) -> None:
        if problem != self.problem:
            self.problem = problem
            self.problem_changed.emit()
