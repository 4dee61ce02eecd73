"""What the window may know of the run on the bench: values of one moment, however the session lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.training.protocol import SessionLike, StoredRun


@dataclass(frozen=True)
class LiveRun:
    """``number`` tells it from those before on this bench; ``speed`` is in the method's items a second, None before
    the first step; ``stored`` is None where nothing is on disk, ``problem`` says why it cannot be written now."""

    number: int
    step: int
    speed: float | None
    stored: StoredRun | None
    problem: str | None


def live_run(session: SessionLike, number: int) -> LiveRun:
    """The run of ``session`` now."""
    return LiveRun(
        number, session.step, session.metrics.last("items_per_second"), session.run, session.problem
    )
