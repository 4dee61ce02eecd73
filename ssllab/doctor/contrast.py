"""The doctor of contrastive runs: what all methods of pairs suffer from, and chance and temperature."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ssllab.doctor import pairs
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.pairs import WARMUP_STEPS, accuracy_line, finds_by_chance, gains, loss_line, usual_rate
from ssllab.doctor.rules import (
    DIVERGED_LOSS_MARGIN,
    OVERSHOOTS,
    Family,
    Rule,
    diverged,
    guesses,
    not_a_number,
    warming_up,
)
from ssllab.doctor.verdict import Changes, Verdict, lines, tidy

# The loss can move by about 2/t only: above this temperature no embedding could do much better than guessing.
CHANCE_LOSS_TEMPERATURE = 1.0

USUAL_TEMPERATURE = 0.5
LOW_TEMPERATURE = 0.05
HIGH_TEMPERATURE = 2.0

EXTRA_AUGMENTATIONS = ("rotate", "cutout", "noise", "sobel")  # all hurt or do little in SimCLR's figure 5


def _temperature(e: Evidence) -> float:
    return e.setting("temperature") or 0.0


def _calm(e: Evidence) -> Changes:
    # Forces grow as 1/t.
    return pairs.calm(e) | ({"temperature": 0.1} if 0 < _temperature(e) < LOW_TEMPERATURE else {})


CONTRAST = Family(WARMUP_STEPS, pairs.signs, _calm)


def _blown_up(e: Evidence) -> Verdict | None:
    loss, guess, by_chance, climbed = e.recent("loss"), e.recent("chance_loss"), finds_by_chance(e), gains(e)
    if loss is None or guess is None or loss <= guess + DIVERGED_LOSS_MARGIN:
        return None
    if by_chance is False:
        # A loss above guessing with a few hits and nothing learned is an accident as well.
        blown_up = bool(climbed) and max(climbed) < pairs.SHORTCUT_GAIN
    else:
        blown_up = bool(by_chance) or _temperature(e) >= LOW_TEMPERATURE
    return diverged(CONTRAST, e, loss_line(e), e.probe_line("std_h")) if blown_up else None


def _stuck_at_chance(e: Evidence) -> Verdict | None:
    loss = e.recent("loss") if _temperature(e) <= CHANCE_LOSS_TEMPERATURE else None
    if not guesses(finds_by_chance(e), loss, e.recent("chance_loss")):
        return None
    rate, usual, temperature = e.setting("learning_rate"), usual_rate(e), _temperature(e)
    extra = [name for name in EXTRA_AUGMENTATIONS if e.setting(name)]
    if changes := pairs.overshoots(e):
        remedy = OVERSHOOTS
    elif temperature > HIGH_TEMPERATURE:
        remedy = (
            "At this temperature all negatives push alike and the gradient is faint. Lower the temperature."
        )
        changes["temperature"] = USUAL_TEMPERATURE
    elif 0 < temperature < LOW_TEMPERATURE:
        remedy = "At this temperature only the single hardest negative pushes. Raise the temperature."
        changes["temperature"] = USUAL_TEMPERATURE
    elif rate is not None and usual and rate < usual / 30:
        remedy = "The learning rate is far below what usually works. Raise it."
        changes["learning_rate"] = tidy(usual)
    elif extra:
        remedy = (
            "The two views may share too little to be recognised. Switch off what SimCLR's recipe does without: "
            f"{', '.join(extra)}."
        )
        changes = dict.fromkeys(extra, False)
    else:
        remedy = (
            "The two views may share too little, or the steps may be too large. Try a lower learning rate."
        )
        changes = pairs.calm(e)
    return Verdict(
        "stuck at chance",
        "No better than guessing",
        lines(loss_line(e), accuracy_line(e), e.setting_line("learning_rate"), e.setting_line("temperature")),
        remedy,
        changes,
    )


def _dimensional_collapse(e: Evidence) -> Verdict | None:
    verdict = pairs.dimensional_collapse(e)
    if verdict is None or _temperature(e) <= USUAL_TEMPERATURE:
        return verdict
    remedy = (
        "At a high temperature all negatives push alike, and spreading along one direction is enough. "
        "Lower the temperature."
    )
    return replace(verdict, remedy=remedy, changes={"temperature": 0.2})


RULES: tuple[Rule, ...] = (
    partial(not_a_number, CONTRAST),
    partial(warming_up, CONTRAST),
    pairs.complete_collapse,
    partial(pairs.ran_away, CONTRAST),
    _blown_up,
    _stuck_at_chance,
    _dimensional_collapse,
    pairs.shortcut,
    pairs.healthy,
)
