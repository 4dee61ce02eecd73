"""The thread that owns one model. Everybody else sends it messages; it applies them between two steps.

Readers never wait: scalars lie in :class:`MetricsLog` columns, ``look`` and ``verdict`` are the newest of
their kind, older ones are overwritten. Nothing queues without bound.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ssllab.controls import Config, ControlError, Value
from ssllab.data.batches import Data
from ssllab.doctor.verdict import Life, Verdict, remember
from ssllab.looks import Look
from ssllab.methods.registry import own_place
from ssllab.scalars import as_json
from ssllab.storage.one_line import one_line
from ssllab.storage.progress import Cancelled, heard
from ssllab.training.checkpoint import CheckpointError, snapshot
from ssllab.training.film import MOST_FRAMES, Film
from ssllab.training.fingerprint import difference, fingerprint
from ssllab.training.memory import release
from ssllab.training.messages import (
    Checkpoint,
    CopyModel,
    Failure,
    Message,
    ModelCopy,
    Order,
    Pause,
    PauseAt,
    ProbeNow,
    Question,
    Set,
    Start,
    StepOnce,
    Stop,
    Watch,
)
from ssllab.training.metrics import MetricsLog
from ssllab.training.protocol import SessionLike, State
from ssllab.training.run_record import PLANNED, Change, Event, RunError, RunSettings
from ssllab.training.run_store import Run
from ssllab.training.run_writer import RunWriter
from ssllab.training.trainer import Trainer

PROBE_SHARE = 0.05  # probes may take this share of the time
LOOK_SHARE = 0.04  # where nobody watches, looks are for the run's film, and ever rarer
LOOK_SECONDS = 0.8  # never more often than this
PROBE_SECONDS = 4.0
DIAGNOSIS_SECONDS = 1.0
CHECKPOINT_SECONDS = 30.0
OUT_OF_MEMORY = "The device ran out of memory: choose a smaller batch size or encoder, then reset."
SAME_GESTURE_SECONDS = 1.0  # one drag of a slider keeps one checkpoint, the one before it


class Session(SessionLike):
    """Trains in a background thread, which answers messages between two steps.

    ``tree`` is the checkpoint to go on from, ``known_data`` the fingerprint of what was learned from until then;
    ``life`` are the verdicts up to there, ``film`` what was kept of its looks.
    """

    run: Run | None

    def __init__(
        self,
        settings: RunSettings,
        data: Data,
        run: Run | None = None,
        *,
        tree: Mapping[str, Any] | None = None,
        metrics: MetricsLog | None = None,
        probes: MetricsLog | None = None,
        events: Sequence[Event] = (),
        known_data: Mapping[str, Any] | None = None,
        life: Sequence[tuple[int, str]] = (),
        film: Film | None = None,
    ) -> None:
        self.settings = settings
        self.data = data
        self.run = run
        self.metrics = metrics or MetricsLog()
        self.probes = probes or MetricsLog()
        self.events: list[Event] = list(events)
        self.life: Life = list(life)
        self.film = film or Film()  # of a run that is kept on disk
        self.constants: dict[str, float] = {}
        self.look: Look | None = None
        self.verdict: Verdict | None = None
        self.failure: Failure | None = None
        self.state: State = "building"
        self.config: Config | None = None
        self.step = 0
        self.watched = False
        self._taken_up = False
        self.warning = ""
        self.preparing = (0.0, "")
        self._steps = settings.steps
        self._tree = tree
        self._known_data = known_data or {}
        self._plan = sorted(settings.plan, key=lambda change: change.step)
        # One of a kind (and control) at most: a newer one takes the place of the one that waits.
        self._mail: dict[tuple[type, str], tuple[Question, Future[Any]]] = {}
        self._wake = threading.Condition()
        self._running = False
        self._single_steps = 0
        self._pause_at = 0
        self._stopping = False
        self._left = False  # the trainer, by its thread: it stays as it is
        self._last_change: tuple[str, float] = ("", 0.0)
        self._look_due = self._probe_due = self._film_due = 0.0
        self._checkpoint_due = self._diagnosis_due = 0.0
        self._began = time.monotonic()
        self._writer: RunWriter | None = None
        # Waited for instead of the thread: Python 3.11 takes a join that Ctrl-C interrupts for the thread's end.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="ssllab-session", daemon=True)
        self._thread.start()

    # From any thread

    def send(self, message: Message) -> Future[Any]:
        """See :meth:`.SessionLike.send`."""
        future: Future[Any] = Future()
        with self._wake:
            if self._left and isinstance(message, CopyModel):
                self._answer_ended(message, future)
                return future
            if self._stopping and not isinstance(message, Stop | CopyModel):
                future.set_exception(_ended())
                return future
            match message:
                case Start():
                    self._running = True
                case Pause():
                    self._running = False
                case PauseAt(step):
                    self._pause_at = step
                case StepOnce():
                    self._running = False
                    self._single_steps += 1
                case Stop():
                    self._stopping = True
                case Watch(watched):
                    self.watched = watched
                case question:
                    place = type(question), question.key if isinstance(question, Set) else ""
                    future = self._mail[place][1] if place in self._mail else future
                    self._mail[place] = question, future
            if isinstance(message, Order):
                future.set_result(None)
            self._wake.notify()
        return future

    @property
    def problem(self) -> str | None:
        """See :attr:`.SessionLike.problem`."""
        return self._writer.problem if self._writer else None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end; whether it did."""
        return self._ended.wait(timeout)

    # The thread

    def _live(self) -> None:
        try:
            self._build()
            while self._next_work():
                self._advance()
            if self.step:
                self._keep("end")
                self._film_end()
            self.state = "finished" if self._is_done() else "stopped"
        except Cancelled:
            self.state = "stopped"
        except Exception as error:
            self.failure = _failure(error)
            self._note("failure", text=self.failure.message)
            self.state = "failed"
        finally:
            with self._wake:
                self._stopping = self._left = True
                abandoned, self._mail = self._mail, {}
            for question, future in abandoned.values():
                self._answer_ended(question, future)
            try:
                if self._writer:
                    self._describe()
                    self._writer.close(failure=self.failure.message if self.failure else "")
            finally:
                self._ended.set()

    def _build(self) -> None:
        try:
            with heard(self._prepares, lambda: self._stopping):
                self._trainer = Trainer(self.settings, self.data, self._tree)
                if self._tree is not None:
                    self._tree, self._taken_up = None, self._trainer.step > 0
        except Exception:
            if self.run is not None and self.run.discard_empty():
                self.run = None
            raise
        said = [self._trainer.method.remark]
        if self.run is not None:
            self._writer = RunWriter(self.run, self.metrics, self.probes, self.events, self.film)
            data = fingerprint(self.data)
            self._writer.describe(
                scalars=as_json(self._trainer.method.series),
                usual=type(self._trainer.config)().model_dump(),
                title=self._trainer.method.title,
                data=data,
            )
            said.append(difference(self._known_data, data))
        self.warning = " ".join(filter(None, said))
        if self.warning:
            self._note("note", text=self.warning)
        self.step = self._trainer.step
        self.config = self._trainer.config
        self.state = "ready"

    def _prepares(self, fraction: float, text: str) -> None:
        self.preparing = fraction, text

    def _next_work(self) -> bool:
        """Answer messages; True when a step is to be made, False when the session is to end."""
        while True:
            self._make_planned_changes()
            self._answer_mail()
            if self._unseen and not self._running:
                self._show()
            with self._wake:
                if self._stopping or (self._is_done() and self.step):
                    return False
                if self._mail or (self._unseen and not self._running):
                    continue
                if 0 < self._pause_at <= self.step:
                    self._pause_at, self._running = 0, False
                if self._running or self._single_steps:
                    self._single_steps = max(0, self._single_steps - 1) if not self._running else 0
                    break
                if self.state == "running":
                    self.state = "paused"
                    self._note("pause")
                self._wake.wait()
        if self.state != "running" and self._running:
            self._note("start")
            self._checkpoint_due = time.monotonic() + CHECKPOINT_SECONDS
            self.state = "running"
        if not self._running:
            self.state = "paused"
        return True

    def _is_done(self) -> bool:
        return self._trainer.over or (self._steps is not None and self.step >= self._steps)

    def _advance(self) -> None:
        if self.step == 0:
            self._keep("start")  # so that a run killed in its first seconds can go on too
            if self._filming:
                self._look_or_say()
        if len(self.probes) == 0:
            self._probe_or_say()  # the untrained encoder: what every later probe is compared with
        started = time.perf_counter()
        measured = self._trainer.train_step()
        self.step = self._trainer.step
        seconds = time.perf_counter() - started
        self.metrics.append(self.step, {**measured, "items_per_second": self._trainer.items / seconds})
        now = time.monotonic()
        if not _finite(measured["loss"]):
            self._stop_diverged()
            return
        if (self.watched and now >= self._look_due) or self._filming:
            self._look_or_say()
        if now >= self._probe_due or (self._is_done() and self.probes.last_step != self.step):
            self._probe_or_say()
        elif now >= self._diagnosis_due:
            self._diagnose()
        if now >= self._checkpoint_due:
            self._keep("autosave")

    def _stop_diverged(self) -> None:
        self._diagnose()
        self._note("failure", text=f"the loss is not a number any more at step {self.step}: training paused")
        with self._wake:
            self._running = False
            self._stopping = self._stopping or self._steps is not None

    def _make_planned_changes(self) -> None:
        while self._plan and self._plan[0].step <= self.step:
            change = self._plan.pop(0)
            if change.step == self.step:
                self._set(change.key, change.value, change)

    def _answer_mail(self) -> None:
        with self._wake:
            mail, self._mail = self._mail, {}
        for question, future in mail.values():
            try:
                future.set_result(self._answer(question))
            except Exception as error:
                future.set_exception(error)

    def _answer_ended(self, question: Question, future: Future[Any]) -> None:
        """The model of a run that came to its end is there to be asked; nothing else is done any more."""
        if isinstance(question, CopyModel) and self.config is not None and self.failure is None:
            future.set_result(self._trainer.copy_model())
        else:
            future.set_exception(_ended())

    def _answer(self, question: Question) -> tuple[Value, Value] | ModelCopy | None:
        match question:
            case Set(key, value):
                return self._set(key, value)
            case CopyModel():
                return self._trainer.copy_model()
            case Checkpoint(reason):
                self._keep(reason)
            case ProbeNow():
                self._probe()
        return None

    def _set(self, key: str, value: Value, planned: Change | None = None) -> tuple[Value, Value]:
        before = self._trainer.config
        checked = before.changed({key: value})
        if getattr(checked, key) != getattr(before, key) and self.step:
            now = time.monotonic()
            gesture, when = self._last_change
            if key != gesture or now - when > SAME_GESTURE_SECONDS:
                self._keep(f"before {key}")
            self._last_change = (key, now)
        old, new = self._trainer.set(key, value)
        self.config = self._trainer.config
        if old != new:
            if planned is None:
                self._note("set", key=key, old=old, new=new)
            else:
                text = "" if planned.time else PLANNED
                self.events.append(Event(self.step, planned.time or time.time(), "set", key, old, new, text))
            self._look_due = 0.0
        return old, new

    def _attempt(self, measure: Callable[[], None], what: str) -> bool:
        """Measure; where that fails, training goes on and the run says so once."""
        try:
            measure()
        except Exception as error:
            text = f"a {what} failed, training goes on: {_failure(error).message}"
            if not any(event.text == text for event in self.events):
                self._note("probe", text=text)
                self.warning = text[:1].upper() + text[1:]
            return False
        return True

    @property
    def _unseen(self) -> bool:
        """Whether somebody waits for the picture of a run that was taken up again and has made no step since; one that is
        done is over before anybody says that they look."""
        return (self.watched or self._is_done()) and self._taken_up and self.look is None

    def _show(self) -> None:
        """Look at a run taken up again, and say how it stands, before it goes on: nothing of its curve changes."""
        self._taken_up = False
        self._look_or_say()
        if self._attempt(self._remember_chance, "probe"):
            self._diagnose()

    def _remember_chance(self) -> None:
        self.constants = self._trainer.probe().constants

    def _look_or_say(self) -> None:
        if not self._attempt(self._look, "look at the model"):
            self._look_due = self._film_due = time.monotonic() + PROBE_SECONDS

    def _film_end(self) -> None:
        """The film's last frame is of the last step, unless that left nothing to look at."""
        whole = _finite(self.metrics.last("loss") or 0.0)
        if self._writer is not None and self.film.last_step != self.step and whole:
            self._film_due = 0.0
            self._look_or_say()

    @property
    def _filming(self) -> bool:
        """Whether the run's film lacks a look of now, watched or not."""
        return self._writer is not None and time.monotonic() >= self._film_due

    def _probe_or_say(self) -> None:
        if not self._attempt(self._probe, "probe"):
            self.probes.append(self.step, {})
            self._probe_due = time.monotonic() + PROBE_SECONDS

    def _look(self) -> None:
        started = time.monotonic()
        self.look = self._trainer.look()
        now = time.monotonic()
        spent = now - started if self.step else 0.0  # the first one is slow: it says nothing of the next
        self._look_due = now + max(LOOK_SECONDS, spent / LOOK_SHARE)
        if self._filming:
            self.film.add(self.look)
            # A film has so many frames in the end: what was taken between them is dropped.
            self._film_due = max(self._look_due, now + (now - self._began) / MOST_FRAMES)

    def _probe(self) -> None:
        started = time.monotonic()
        probe = self._trainer.probe()
        self.constants = probe.constants
        self.probes.append(self.step, probe.scalars)
        self._diagnose()
        release()
        spent = time.monotonic() - started
        # Often in the first minute, when most happens, and never more than the share of the time in the end.
        age = started - self._began
        self._probe_due = time.monotonic() + max(PROBE_SECONDS, min(spent / PROBE_SHARE, age / 4))
        if self.watched and self.look is None:
            self._look_or_say()

    def _diagnose(self) -> None:
        self._diagnosis_due = time.monotonic() + DIAGNOSIS_SECONDS
        method = self._trainer.method
        method.changes = [event for event in self.events if event.kind == "set"]
        changed = method.changes[-1].step if method.changes else 0
        self.verdict = method.diagnose(self.metrics, self.probes, self.constants, changed)
        remember(self.life, self.step, self.verdict.state)
        self._describe()

    def _describe(self) -> None:
        if self._writer and self.verdict:
            self._writer.describe(verdict=self.verdict.state, life=list(self.life))

    def _keep(self, reason: str) -> None:
        self._checkpoint_due = time.monotonic() + CHECKPOINT_SECONDS
        if self._writer is not None:
            tree = snapshot(self._trainer.state())
            self._writer.write_checkpoint(
                self.step, tree, {"reason": reason, "last_event_id": len(self.events)}
            )

    def _note(
        self, kind: str, *, key: str = "", old: Value | None = None, new: Value | None = None, text: str = ""
    ) -> None:
        self.events.append(Event(self.step, time.time(), kind, key, old, new, one_line(text)))


def _ended() -> RuntimeError:
    return RuntimeError("the session has ended")


def _failure(error: Exception) -> Failure:
    """A fault in the person's own method is theirs, and named by file and line."""
    line, detail = _one_line(error), "".join(traceback.format_exception(error))
    if line != OUT_OF_MEMORY and (place := own_place(error)):
        return Failure(f"{place[0]}, line {place[1]}: {line}", detail, bad_input=True)
    return Failure(line, detail, isinstance(error, (ControlError, RunError, CheckpointError)))


def _finite(value: float) -> bool:
    return value - value == 0.0


def _one_line(error: Exception) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "out of memory" in first.lower():
        return OUT_OF_MEMORY
    return first if isinstance(error, ValueError) else f"{type(error).__name__}: {first}"
