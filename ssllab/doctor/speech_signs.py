"""The signs that the doctor of speech reads from the evidence: of codes in use, of chance, of a solved task."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ssllab.doctor import chance
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.speech_thresholds import (
    COLLAPSED_SHARE,
    EVEN_SOFT_SHARE,
    HOLLOW_SHARE,
    HOLLOW_TOP1,
    RISING_FACTOR,
    SOFT_TO_HARD,
    SOLVED_SHARE,
    SOLVED_TOP1,
    TREND_STEPS,
)
from ssllab.doctor.verdict import lines

MOST_GROUPS = 8
# Of the task alone, without diversity and penalty, where a method measures it.
LOSS = ("contrastive_loss", "loss")
ACCURACY = ("contrastive_top1", "unit_top1")


def loss(e: Evidence) -> float | None:
    """The loss of the task."""
    return e.recent(*LOSS)


def accuracy(e: Evidence) -> float | None:
    """How often the true code or unit is found."""
    return e.recent(*ACCURACY)


def guess(e: Evidence) -> float | None:
    """The loss of a guess: uniform, or for units as often as they come, where that is lower."""
    uniform, kinds = e.recent("chance_loss"), e.recent("target_perplexity")
    if kinds is None or kinds < 1:
        return uniform
    return math.log(kinds) if uniform is None else min(math.log(kinds), uniform)


def at_chance(e: Evidence) -> bool | None:
    """Whether the positive is found no more often than by guessing; None if not known."""
    if e.recent("target_perplexity") is not None:
        return None  # units are unevenly frequent: naming the commonest is right more often than 1/C
    return chance.at_chance(accuracy(e), e.recent("chance_loss"))


def hard(e: Evidence, step: int | None = None) -> tuple[float, ...]:
    """Hard perplexity of every group (of the codes chosen), now or at an earlier step."""
    return _groups(e, "code_perplexity", step)


def soft(e: Evidence) -> tuple[float, ...]:
    """Soft perplexity of every group (of the mean softmax)."""
    return _groups(e, "prob_perplexity")


def _groups(e: Evidence, name: str, step: int | None = None) -> tuple[float, ...]:
    names = [f"{name}_{group}" for group in range(1, MOST_GROUPS + 1)]
    found = [e.recent(name) if step is None else e.recent_at(name, step) for name in names]
    return tuple(value for value in found if value is not None)


def solved(e: Evidence) -> bool:
    """Whether the task is all but solved."""
    return (accuracy(e) or 0) >= SOLVED_TOP1


def empty_groups(e: Evidence) -> list[int]:
    """Groups with next to no codes in use, from 0."""
    return _groups_below(e, SOLVED_SHARE if solved(e) else COLLAPSED_SHARE)


def hollow(e: Evidence) -> bool:
    """Whether the task is solved because hardly a code is left to tell apart."""
    if not empty_groups(e):
        return False
    all_empty = len(_groups_below(e, HOLLOW_SHARE)) == len(hard(e))
    return solved(e) or (all_empty and (accuracy(e) or 0) >= HOLLOW_TOP1)


def _groups_below(e: Evidence, share: float) -> list[int]:
    codes = e.constant("codes") or 1
    return [i for i, perplexity in enumerate(hard(e)) if codes > 1 and perplexity < 1 + (codes - 1) * share]


def undecided(e: Evidence) -> bool:
    """Whether all codes are about as probable on average, and yet few win."""
    chosen, probable = sum(hard(e)), sum(soft(e))
    even = EVEN_SOFT_SHARE * (e.constant("codes") or math.inf) * len(soft(e))
    return chosen > 0 and probable > 0 and probable >= max(even, SOFT_TO_HARD * chosen)


def rising(e: Evidence, groups: Sequence[int] | None = None) -> bool:
    """Whether hard perplexity, that of all groups or of some, is well on its way up."""
    now, before = hard(e), hard(e, e.step - TREND_STEPS)
    if len(before) != len(now):
        return False
    chosen = range(len(before)) if groups is None else groups
    return sum(now[group] for group in chosen) > RISING_FACTOR * sum(before[group] for group in chosen)


def signs(e: Evidence) -> tuple[str, ...]:
    """How the task goes: its loss, how often the true code is found, the codes in use."""
    return lines(loss_line(e), accuracy_line(e), hard_line(e))


def loss_line(e: Evidence) -> str | None:
    """The loss beside that of a guess."""
    name = next((name for name in LOSS if e.recent(name) is not None), LOSS[0])
    return e.line(name, guessing_gives=guess(e))


def accuracy_line(e: Evidence) -> str | None:
    """How often the true code is found."""
    return e.line(next((name for name in ACCURACY if e.recent(name) is not None), ACCURACY[0]))


def hard_line(e: Evidence) -> str | None:
    """Hard perplexity of every group."""
    return e.line_of_parts("code_perplexity", hard(e), e.constant("codes"))


def soft_line(e: Evidence) -> str | None:
    """Soft perplexity of every group."""
    return e.line_of_parts("prob_perplexity", soft(e), e.constant("codes"))
