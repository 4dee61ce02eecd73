"""What the window and the command line know of a session, wherever it runs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal, Protocol

from ssllab.controls import Config, Value
from ssllab.doctor.verdict import Verdict
from ssllab.looks import Look
from ssllab.training.messages import Checkpoint, Failure, Message, Pause, Set, Start, StepOnce, Stop
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event, RunSettings

State = Literal["building", "ready", "running", "paused", "finished", "failed", "stopped"]


class StoredRun(Protocol):
    """Where a session's run is kept."""

    @property
    def id(self) -> str:
        """As the run store calls it."""

    @property
    def path(self) -> Path:
        """Its folder."""


class SessionLike(Protocol):
    """A session takes messages and shows what it has come to; the views are read, never written, and never wait.

    An implementation, by inheritance, brings ``send``, ``wait``, ``problem`` and the views; the rest are messages by
    their names. ``look`` and ``verdict`` are the newest of their kind; ``run`` is None where nothing is kept on disk;
    ``config`` is None until the model is built, ``warning`` is then a line where the data is not what it was, later
    where something could not be measured. ``preparing``: how far the building is, 0 to 1, and with what, where that
    takes long.
    """

    settings: RunSettings
    run: StoredRun | None
    metrics: MetricsLog
    probes: MetricsLog
    events: Sequence[Event]
    constants: dict[str, float]
    look: Look | None
    verdict: Verdict | None
    failure: Failure | None
    state: State
    config: Config | None
    step: int
    warning: str
    preparing: tuple[float, str]

    def send(self, message: Message) -> Future[Any]:
        """From any thread; see :mod:`ssllab.training.messages` for the answers.

        A question that waits is replaced by the next of its kind (a ``Set``: of its key), and both get the one answer;
        so nothing queues without bound. Raises nothing: once the session has ended, the Future raises RuntimeError, but
        for :class:`.CopyModel` of a run that did not fail.
        """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it came."""

    @property
    def problem(self) -> str | None:
        """Why the run cannot be written at the moment; training goes on in memory. After the end: what is missing."""

    def start(self) -> None:
        """See :class:`.Start`."""
        self.send(Start())

    def pause(self) -> None:
        """See :class:`.Pause`."""
        self.send(Pause())

    def step_once(self) -> None:
        """See :class:`.StepOnce`."""
        self.send(StepOnce())

    def stop(self, timeout: float | None = 30.0) -> None:
        """See :class:`.Stop`; waits for the end."""
        self.send(Stop())
        self.wait(timeout)

    def set(self, key: str, value: Value) -> Future[tuple[Value, Value]]:
        """See :class:`.Set`."""
        return self.send(Set(key, value))

    def checkpoint(self, reason: str = "manual") -> Future[None]:
        """See :class:`.Checkpoint`."""
        return self.send(Checkpoint(reason))
