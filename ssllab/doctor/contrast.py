"""The doctor of contrastive runs: what all methods of pairs suffer from, and chance and temperature."""

from __future__ import annotations

from functools import partial

from ssllab.doctor import pair_causes as cause
from ssllab.doctor import pairs
from ssllab.doctor.causes import Remedy, guilty, verdict
from ssllab.doctor.chance import guesses
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.pairs import WARMUP_STEPS, accuracy_line, finds_by_chance, gains, loss_line
from ssllab.doctor.rules import (
    DIVERGED_LOSS_MARGIN,
    Family,
    Rule,
    Suspicion,
    diverged,
    not_a_number,
    suspected,
    warming_up,
)
from ssllab.doctor.verdict import Verdict, lines

TOO_FAST = (*cause.TOO_FAST, cause.COLD)  # forces grow as 1/t
# After so many steps every healthy run has a loss well below a guess's.
BY_HEART_STEPS = 200
CONTRAST = Family(WARMUP_STEPS, pairs.signs, pairs.calm, TOO_FAST)


def _temperature(e: Evidence) -> float:
    return e.setting("temperature") or 0.0


def _few(e: Evidence) -> bool:
    """Whether there are so few candidates that loss and accuracy of a batch say little."""
    return bool(guilty(e, (cause.FEW_NEGATIVES,)))


def _blown_up(e: Evidence) -> Verdict | None:
    loss, guess, by_chance, climbed = e.recent("loss"), e.recent("chance_loss"), finds_by_chance(e), gains(e)
    if loss is None or guess is None or loss <= guess + DIVERGED_LOSS_MARGIN or _few(e):
        return None
    if by_chance is False:
        # A loss above guessing with a few hits and nothing learned is an accident as well.
        blown_up = bool(climbed) and max(climbed) < pairs.SHORTCUT_GAIN
    else:
        blown_up = bool(by_chance) or _temperature(e) >= cause.LOW_TEMPERATURE
    return diverged(CONTRAST, e, loss_line(e), e.probe_line("std_h")) if blown_up else None


def _stuck_at_chance(e: Evidence) -> Verdict | None:
    loss = e.recent("loss") if _temperature(e) <= cause.HIGH_TEMPERATURE else None
    guess, climbed = e.recent("chance_loss"), gains(e)
    # Pairs learned by heart are found now and then while the loss stays a guess's: seen on images of pure noise.
    by_heart = (
        e.steps_seen >= BY_HEART_STEPS
        and guesses(None, loss, guess)
        and bool(climbed)
        and sum(climbed) / len(climbed) < pairs.SHORTCUT_GAIN
    )
    if _few(e) or not (by_heart or guesses(finds_by_chance(e), loss, guess)):
        return None
    blamed = (*TOO_FAST, cause.LOW_RATE, cause.HOT, *cause.KEYS, *cause.EXTRAS)
    return verdict(
        e,
        "stuck at chance",
        "No better than guessing",
        lines(
            loss_line(e),
            accuracy_line(e),
            *pairs.probe_lines(e),
            e.setting_line("learning_rate"),
            e.setting_line("temperature"),
        ),
        blamed,
        Remedy(
            "The two views may share too little, the images may hold nothing to learn, or the steps may be too large. Look "
            "at the views; try a lower learning rate.",
            pairs.calm(e),
        ),
    )


SUSPICIONS = (
    *pairs.SUSPICIONS,
    Suspicion(
        (cause.COLD, cause.HOT, cause.FEW_NEGATIVES, *cause.KEYS, cause.NO_HEAD),
        "weak contrast",
        "The contrast teaches next to nothing",
    ),
)


RULES: tuple[Rule, ...] = (
    partial(not_a_number, CONTRAST),
    partial(warming_up, CONTRAST),
    pairs.complete_collapse,
    partial(pairs.ran_away, CONTRAST),
    _blown_up,
    _stuck_at_chance,
    pairs.dimensional_collapse,
    pairs.shortcut,
    partial(suspected, SUSPICIONS, pairs.harm, pairs.healthy),
    pairs.SETTLING,
    pairs.healthy,
)
