"""The rules that all families share, each once; a family says where its lines are and what calms its steps.

A rule is a pure function of the evidence and fires only on what is known (None is not yet known), so with little
evidence the doctor says little. A family is a tuple of rules from the surest to the subtlest; the last one always
answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ssllab.doctor.against import against_health, guessing
from ssllab.doctor.causes import Cause, Remedy, guilty, undone, verdict
from ssllab.doctor.chance import CHANCE_LOSS_SHARE
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import NOT_SURE, Changes, Verdict, lines, tidy

Rule = Callable[[Evidence], Verdict | None]

# A loss this many nats above guessing, with guesses no better than chance, is no plateau: it blew up.
DIVERGED_LOSS_MARGIN = 1.0

# Under settings that are known to do harm the first sign of it is enough, so soon after the warm-up.
SUSPECT_STEPS = 120

# A checkpoint so many steps before the first bad loss has weights from before the jump.
STEPS_BEFORE_A_JUMP = 50


@dataclass(frozen=True)
class Family:
    """What the shared rules must know of a family.

    ``warmup_steps``: before so many under the present settings a healthy run looks sick; ``signs``: lines that say
    how the task goes; ``calm``: what a click sets where the steps are too large and nobody is to blame; ``too_fast``: who
    may be.
    """

    warmup_steps: int
    signs: Callable[[Evidence], tuple[str, ...]]
    calm: Callable[[Evidence], Changes]
    too_fast: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Suspicion:
    """What is said where one of ``causes`` is set wrong and the run shows harm; ``also``: what is undone with it."""

    causes: tuple[Cause, ...]
    state: str
    title: str
    also: tuple[Cause, ...] = ()


def diagnose(rules: tuple[Rule, ...], evidence: Evidence) -> Verdict:
    """The state of a run, the first that a rule names. Pure: the same evidence gives the same verdict.

    Where nothing was named and something speaks against health all the same, the doctor is not sure; and where it was
    not asked yet what the model has learned, as on a slow machine, nobody knows.
    """
    named = next(found for rule in rules if (found := rule(evidence)) is not None)
    if named.state != "healthy":
        return named
    if evidence.step and evidence.probes.last_step == 0:
        said = "No probe since the start: what was learned is not known yet"
        return Verdict("warming up", "Too early to say", (said, *named.evidence))
    against = against_health(evidence)
    return not_sure(against, named.evidence) if against else named


def not_sure(against: Sequence[str], signs: Sequence[str], remedy: Remedy | None = None) -> Verdict:
    """Both sides, and what is worth a try."""
    beside = [line for line in signs if line not in against]
    said = (*(f"Against: {line}" for line in against), *(f"Beside: {line}" for line in beside))
    title = "Not sure: these two disagree" if beside else "Not sure: nothing speaks for it"
    tried = remedy or Remedy("", {})
    return Verdict(NOT_SURE, title, said, tried.words, tried.changes, tried.rewind_to)


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
    return verdict(
        e,
        "diverged",
        "Training has diverged",
        lines(*evidence, e.setting_line("learning_rate")),
        family.too_fast,
        Remedy(
            "The steps are too large: take smaller ones from before the jump.",
            family.calm(e),
            before_the_jump(e),
        ),
    )


def before_the_jump(e: Evidence) -> int:
    """A step at which the loss was still sound, some steps before it was not a number or far above a guess's."""
    steps, losses = e.metrics.column("loss")
    limit = (e.recent("chance_loss") or math.inf) + DIVERGED_LOSS_MARGIN
    sound = np.flatnonzero(losses < limit)
    return max(0, int(steps[sound[-1]]) - STEPS_BEFORE_A_JUMP) if len(sound) else 0


def warming_up(family: Family, e: Evidence) -> Verdict | None:
    """Too few steps under the present settings, or nothing known of the task."""
    signs = family.signs(e)
    if e.steps_seen >= family.warmup_steps and signs:
        return None
    seen = "1 step" if e.steps_seen == 1 else f"{e.steps_seen} steps"
    said = f"{seen} since the start or the last change of a setting; {family.warmup_steps} are needed"
    return Verdict("warming up", "Too early to say", (said, *signs))


def suspected(
    suspicions: Sequence[Suspicion], harm: Callable[[Evidence], tuple[str, ...]], signs: Rule, e: Evidence
) -> Verdict | None:
    """Something speaks against health, and somebody set what is known to do such harm: its name is that of its cause.

    ``harm``: the lines of evidence that are enough for a name; without them the doctor is not sure. All that is guilty
    is undone, the first of ``suspicions`` names it. ``signs``: the verdict with what speaks for the run.
    """
    named = next((one for one in suspicions if guilty(e, one.causes)), None)
    if e.steps_seen < SUSPECT_STEPS or named is None:
        return None
    blamed = [cause for one in suspicions for cause in (*one.causes, *one.also)]
    healthy = signs(e)
    beside = healthy.evidence if healthy else ()
    if said := harm(e):
        lines = (*said, *(line for line in beside if line not in said))
        return verdict(
            e, named.state, named.title, lines, blamed, Remedy("Set it back to what usually works.", {})
        )
    against = tuple(dict.fromkeys((*against_health(e), *guessing(e, CHANCE_LOSS_SHARE))))
    return not_sure(against, beside, undone(e, blamed)) if against else None


def settling(
    harm: Callable[[Evidence], tuple[str, ...]], steps: int, title: str, e: Evidence
) -> Verdict | None:
    """A young run that nobody set wrong may look so for a while."""
    said = harm(e) if e.steps_seen < steps else ()
    return Verdict("warming up", title, said) if said else None


def healthy(family: Family, e: Evidence, title: str = "Learning") -> Verdict:
    """Nothing is wrong."""
    return Verdict("healthy", title, family.signs(e))


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
