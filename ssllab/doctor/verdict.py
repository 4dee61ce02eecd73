"""What a doctor says: a state in words, the evidence for it and a remedy that a click applies."""

from __future__ import annotations

from dataclasses import dataclass, field

CALM = ("warming up", "healthy")

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
        return self.state not in CALM


def lines(*found: str | None) -> tuple[str, ...]:
    """The lines that there is something to say in."""
    return tuple(line for line in found if line is not None)


def tidy(value: float) -> float:
    """A number with two digits, as a person would set it."""
    return float(f"{value:.2g}")
