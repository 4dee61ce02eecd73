"""What may be said to a session and what it answers: plain data, so that it may live in another process or machine.

Every message is a frozen dataclass of JSON values; the answers are too, but for the tensors of :class:`ModelCopy`,
which :mod:`ssllab.training.checkpoint` can store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ssllab.controls import Value
from ssllab.training.run_record import RunSettings


@dataclass(frozen=True)
class Start:
    """Train until paused, stopped or done."""


@dataclass(frozen=True)
class Pause:
    """Stop after the step under way; :class:`Start` goes on."""


@dataclass(frozen=True)
class PauseAt:
    """Pause once the run has made ``step`` steps; said again, the later word holds, and 0 takes it back."""

    step: int


@dataclass(frozen=True)
class StepOnce:
    """One step, then pause."""


@dataclass(frozen=True)
class Stop:
    """End, keeping a last checkpoint; may be said twice."""


@dataclass(frozen=True)
class Watch:
    """Whether somebody looks, so that looks are worth their time."""

    watched: bool


@dataclass(frozen=True)
class Set:
    """Change a live control before the next step. Answered by (old, new), or ControlError."""

    key: str
    value: Value


@dataclass(frozen=True)
class Checkpoint:
    """Keep the present state on disk."""

    reason: str = "manual"


@dataclass(frozen=True)
class ProbeNow:
    """Probe at once instead of when it is due."""


@dataclass(frozen=True)
class CopyModel:
    """The model as it is between two steps. Answered by a :class:`ModelCopy`."""


Order = Start | Pause | PauseAt | StepOnce | Stop | Watch
"""Taken note of at once; the answer is None."""
Question = Set | Checkpoint | ProbeNow | CopyModel
"""Answered between two steps."""
Message = Order | Question


@dataclass(frozen=True)
class ModelCopy:
    """A model without its module: ``config`` are the settings in force at ``step``, ``state`` is what a checkpoint has
    as "model": tensors on the CPU and plain values."""

    settings: RunSettings
    config: dict[str, Value]
    step: int
    state: dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """What went wrong in the session: one line for the window, the traceback for its detail pane.

    ``bad_input``: the user's settings or files are at fault, not the program.
    """

    message: str
    detail: str
    bad_input: bool = False
