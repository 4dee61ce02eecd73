"""The rules that all families share, each once; a family says where its lines are and what calms its steps.

A rule is a pure function of the evidence and fires only on what is known (None is not yet known), so with little
evidence the doctor says little. A family is a tuple of rules from the surest to the subtlest; the last one always
answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import Changes, Verdict, lines, tidy

Rule = Callable[[Evidence], Verdict | None]

# A loss within this share of guessing has learned nothing.
CHANCE_LOSS_SHARE = 0.97

# An accuracy counts as chance up to three times chance, and at least one point above it.
CHANCE_FACTOR = 3.0
CHANCE_MARGIN = 0.01

# A task counts as solved when its accuracy is halfway from chance to certainty.
SOLVED_SHARE = 0.5

# A loss this many nats above guessing, with guesses no better than chance, is no plateau: it blew up.
DIVERGED_LOSS_MARGIN = 1.0

OVERSHOOTS = "The learning rate is far above what usually works: the steps overshoot. Lower it."


@dataclass(frozen=True)
class Family:
    """What the shared rules must know of a family.

    ``warmup_steps``: before so many under the present settings a healthy run looks sick; ``signs``: lines that say
    how the task goes; ``calm``: what a click sets where the steps are too large.
    """

    warmup_steps: int
    signs: Callable[[Evidence], tuple[str, ...]]
    calm: Callable[[Evidence], Changes]


def diagnose(rules: tuple[Rule, ...], evidence: Evidence) -> Verdict:
    """The state of a run, the first that a rule names. Pure: the same evidence gives the same verdict."""
    return next(verdict for rule in rules if (verdict := rule(evidence)) is not None)


def not_a_number(family: Family, e: Evidence) -> Verdict | None:
    """Loss, gradient or features that are not finite: said at once."""
    said = lines(*(
        text
        for text, value in (
            ("The loss is not a number", e.last("loss")),
            ("The gradient is not finite", e.last("gradient_norm")),
            ("The features are not finite", e.now("std_h")),
        )
        if value is not None and not math.isfinite(value)
    ))  # fmt: skip
    return diverged(family, e, *said) if said else None


def diverged(family: Family, e: Evidence, *evidence: str | None) -> Verdict:
    """The verdict on steps that are too large."""
    return Verdict(
        "diverged",
        "Training has diverged",
        lines(*evidence, e.setting_line("learning_rate")),
        "The steps are too large. Lower the learning rate and go back to a checkpoint from before the jump, "
        "or reset: weights that are not finite do not recover.",
        family.calm(e),
    )


def warming_up(family: Family, e: Evidence) -> Verdict | None:
    """Too few steps under the present settings, or nothing known of the task."""
    signs = family.signs(e)
    if e.steps_seen >= family.warmup_steps and signs:
        return None
    said = f"{e.steps_seen} steps since the start or the last change of a setting; {family.warmup_steps} are needed"
    return Verdict("warming up", "Too early to say", (said, *signs))


def healthy(family: Family, e: Evidence, title: str = "Learning") -> Verdict:
    """Nothing is wrong."""
    return Verdict("healthy", title, family.signs(e))


def at_chance(accuracy: float | None, chance_loss: float | None) -> bool | None:
    """Whether the right answer is found no more often than by guessing; None if not known."""
    if accuracy is None or chance_loss is None:
        return None
    chance = math.exp(-chance_loss)
    limit = max(CHANCE_FACTOR * chance, chance + CHANCE_MARGIN)
    return accuracy <= min(
        limit, solved_from(chance)
    )  # of few candidates three times chance is beyond certainty


def solved_from(chance: float) -> float:
    """The accuracy from which on a task is solved."""
    return chance + SOLVED_SHARE * (1 - chance)


def guesses(at_chance: bool | None, loss: float | None, guess: float | None) -> bool:
    """Whether neither accuracy nor loss is better than a guess; both must say so where both are known."""
    flat = None if loss is None or guess is None else loss >= CHANCE_LOSS_SHARE * guess
    return False not in (at_chance, flat) and bool(at_chance or flat)


def lower_rate(e: Evidence, usual: float | None = None) -> Changes:
    """A tenth of the learning rate, or the usual one where that is lower still."""
    rate = e.setting("learning_rate")
    return {"learning_rate": tidy(min(rate / 10, usual or math.inf))} if rate else {}


# A method that nobody wrote rules for: one that is not a number is sick, and any other is let alone.
ANY = Family(
    warmup_steps=100,
    signs=lambda e: lines(e.line("loss", guessing_gives=e.recent("chance_loss"))),
    calm=lower_rate,
)
RULES: tuple[Rule, ...] = (partial(not_a_number, ANY), partial(warming_up, ANY), partial(healthy, ANY))
