"""What a doctor says: a state in words, the evidence for it and a remedy that a click applies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

CALM = ("warming up", "healthy")
NOT_SURE = "not sure"
MOST_REMEMBERED = (
    200  # changes of the verdict in a run's life; a run that goes to and fro forgets the mildest first
)

Life = list[tuple[int, str]]  # the verdicts of a run, (step since when, state), the oldest first

Changes = dict[str, float | bool | str]


@dataclass(frozen=True)
class Verdict:
    """A state in words; ``evidence``: lines with the numbers seen; ``changes``: what one click would set.

    ``rewind_to``: the step that the same click first goes back to, None where the run goes on from where it is.
    """

    state: str
    title: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    changes: Changes = field(default_factory=dict)
    rewind_to: int | None = None

    @property
    def sick(self) -> bool:
        """Whether something is wrong."""
        return gravity(self.state) == 2

    @property
    def advice(self) -> str:
        """The remedy, and what to do, for who has no click."""
        settings = ", ".join(
            f"{key.replace('_', ' ')} = {_written(value)}" for key, value in self.changes.items()
        )
        to = self.rewind_to
        back = "" if to is None else f"go back to step {to:,}" if to else "start anew"
        done = " and ".join(filter(None, (back, settings and f"set {settings}")))
        return " ".join(filter(None, (self.remedy, f"{done[:1].upper()}{done[1:]}." if done else "")))


def gravity(state: str) -> int:
    """0 of a state that is no cause for worry, 1 where the doctor is not sure, 2 of a sickness."""
    return 0 if state in CALM else 1 if state == NOT_SURE else 2


def remember(life: Life, step: int, state: str) -> None:
    """Add what the doctor says at ``step``, where it is not what he said before."""
    if life and life[-1][1] == state:
        return
    life.append((step, state))
    if len(life) > MOST_REMEMBERED:
        del life[min(range(len(life) - 1), key=lambda i: gravity(life[i][1]))]


def worst(life: Iterable[tuple[int, str]]) -> tuple[int, str] | None:
    """The gravest verdict of a life, of several the last; None without any."""
    return max(life, key=lambda said: (gravity(said[1]), said[0]), default=None)


def lines(*found: str | None) -> tuple[str, ...]:
    """The lines that there is something to say in."""
    return tuple(line for line in found if line is not None)


def tidy(value: float) -> float:
    """A number with two digits, as a person would set it."""
    return float(f"{value:.2g}")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
