"""What a person may have set that makes a run sick, and how it is undone: the control goes back to what it was.

A rule names the causes that it knows; those that are set wrong are guilty. What was changed while the run trained is set
to its value before the change, what was wrong from the start to what usually works or to its default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import Changes, Verdict


@dataclass(frozen=True)
class Cause:
    """``wrong``: whether a value of ``control`` is to blame; ``why``: a sentence that says so.

    ``usual``: what to set where the run began with a wrong value; the default where it is None. ``harmless``: the
    weights come to no harm by it, so that nothing needs to be trained anew.
    """

    control: str
    wrong: Callable[[Evidence, Any], bool]
    why: str
    usual: Callable[[Evidence], Any] | None = None
    harmless: bool = False


@dataclass(frozen=True)
class Remedy:
    """Words, what a click sets, and the step that it first goes back to."""

    words: str
    changes: Changes
    rewind_to: int | None = None


def guilty(e: Evidence, causes: Sequence[Cause]) -> list[Cause]:
    """Those of ``causes`` that are set wrong."""
    return [
        cause for cause in causes if (value := e.setting(cause.control)) is not None and cause.wrong(e, value)
    ]


def undone(e: Evidence, causes: Sequence[Cause]) -> Remedy | None:
    """All that is guilty set back, at the step before the first of it; None where nothing is."""
    changes: Changes = {}
    steps = []
    found = guilty(e, causes)
    for cause in found:
        since, before = e.since(cause.control, partial(cause.wrong, e))
        if since == 0:
            before = before if cause.usual is None else cause.usual(e)
        if before is None or cause.wrong(e, before):
            continue
        changes[cause.control] = before
        if not (cause.harmless and e.live(cause.control)):
            steps.append(since)
    if not changes:
        return None
    words = " ".join(dict.fromkeys(cause.why for cause in found if cause.control in changes))
    return Remedy(words, changes, min(steps, default=None))


def below(limit: float) -> Callable[[Evidence, Any], bool]:
    """Wrong where it is lower than ``limit``."""
    return lambda e, value: value < limit


def above(limit: float) -> Callable[[Evidence, Any], bool]:
    """Wrong where it is higher than ``limit``."""
    return lambda e, value: value > limit


def equal(wrong: Any) -> Callable[[Evidence, Any], bool]:
    """Wrong where it is just that."""
    return lambda e, value: value == wrong


def verdict(
    e: Evidence,
    state: str,
    title: str,
    evidence: Sequence[str],
    causes: Sequence[Cause],
    otherwise: Remedy,
) -> Verdict:
    """A sickness whose remedy undoes what is guilty of it, and ``otherwise`` where nobody set anything wrong."""
    remedy = undone(e, causes) or otherwise
    return Verdict(state, title, tuple(evidence), remedy.words, remedy.changes, remedy.rewind_to)


# The optimizer's, of whatever family.
LONG_MEMORY = Cause(
    "momentum", above(0.98), "The optimizer remembers old gradients for too long and overshoots."
)
