"""The doctor of fine-tuning to text: diverged, stuck on the blank, overfitting, or learning.

A recogniser first learns that the blank is the commonest class and writes nothing for a while; that is no sickness.
Losses are in nats per character, rates 0..1.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ssllab.doctor.against import against_health
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import (
    Family,
    Rule,
    diverged,
    healthy,
    lower_rate,
    not_a_number,
    settling,
    warming_up,
)
from ssllab.doctor.verdict import Changes, Verdict, lines, tidy

WARMUP_STEPS = 20
PATIENCE_STEPS = 150  # in the default recipe letters come after some dozen steps
BLANK_SHARE = 0.995
DEAF_SHARE = 0.9  # of the loss of a guess that hears nothing (:func:`ssllab.objectives.ctc.deaf_loss`)
DIVERGED_FACTOR = 3.0
MEMORISED_LOSS = 0.1
WORSE_WER = 0.03  # three points above the best: beyond the noise of some hundred words
WORSE_PROBES = 3  # ... for so many probes


def _loss_line(e: Evidence) -> str | None:
    return e.line("loss", a_guess_that_hears_nothing_has=e.recent("chance_loss"))


def _signs(e: Evidence) -> tuple[str, ...]:
    return lines(_loss_line(e), e.line("wer"), e.line("cer"))


CTC = Family(WARMUP_STEPS, _signs, lower_rate)


def _blown_up(e: Evidence) -> Verdict | None:
    loss, guess = e.recent("loss"), e.recent("chance_loss")
    if loss is None or guess is None or loss <= DIVERGED_FACTOR * guess:
        return None
    return diverged(CTC, e, _loss_line(e))


def _stuck_on_blank(e: Evidence) -> Verdict | None:
    loss, guess, blank = e.recent("loss"), e.recent("chance_loss"), e.recent("blank_share")
    hears = loss is not None and guess is not None and loss < DEAF_SHARE * guess
    if blank is None or blank < BLANK_SHARE or hears:
        return None
    said = lines(e.line("blank_share"), _loss_line(e))
    if e.step < PATIENCE_STEPS:
        return Verdict(
            "warming up",
            "Still silent",
            said,
            "Every recogniser begins by writing nothing, for most frames are blank. Letters come next.",
        )
    if e.setting("freeze_encoder"):
        remedy = (
            "Only the last layer learns, and it cannot read letters from this encoder. Unfreeze the encoder."
        )
        changes: Changes = {"freeze_encoder": False}
    else:
        remedy = (
            "It found no link between sound and letters. Begin from a pre-trained encoder, give it more transcribed "
            "speech, or another learning rate."
        )
        rate = e.setting("learning_rate")
        changes = {"learning_rate": tidy(rate / 3)} if rate else {}
    return Verdict("stuck on blank", "It writes nothing", said, remedy, changes, 0)


def _overfitting(e: Evidence) -> Verdict | None:
    loss = e.recent("loss")
    steps, rates = e.probes.column("wer")
    known = np.isfinite(rates)
    steps, rates = steps[known], rates[known]
    if len(rates) <= WORSE_PROBES or loss is None:
        return None
    best = rates.argmin()
    loss_at_best = e.recent_at("loss", int(steps[best]))
    worse = bool((rates[-WORSE_PROBES:] > rates[best] + WORSE_WER).all())
    if not worse or (loss_at_best is not None and loss >= loss_at_best):
        return None
    mask = e.setting("mask_probability")
    return Verdict(
        "overfitting",
        "It learns its training clips by heart",
        lines(
            e.line("wer", it_was=float(rates[best])),
            e.line("loss", with_the_best_rate=loss_at_best),
            "The training clips are known by heart" if loss < MEMORISED_LOSS else None,
            e.line("labelled_minutes"),
        ),
        "The training loss falls while held-out clips get worse. Go back to the checkpoint of the best rate; "
        "mask more, drop more, or transcribe more speech.",
        {"mask_probability": tidy(min(0.65, 2 * mask + 0.1))} if mask is not None and mask < 0.5 else {},
        int(steps[best]),
    )


RULES: tuple[Rule, ...] = (
    partial(not_a_number, CTC),
    partial(warming_up, CTC),
    _blown_up,
    _stuck_on_blank,
    _overfitting,
    partial(settling, against_health, PATIENCE_STEPS, "No letters yet"),
    partial(healthy, CTC, title="Learning to write"),
)
