"""The doctor of speech runs: from loss, codes and probes to a state in words, its evidence and a remedy.

Like :mod:`ssllab.doctor.contrast`, for codebooks. The loss alone proves nothing here: a distractor equal to the
positive does not count (wav2vec 2.0, section 3.2), so a codebook with one code left has no distractors, and its loss
is 0 with an accuracy of 1. The thresholds, with their reasons, are in ``speech_thresholds.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from ssllab.doctor.speech_signs import (
    SpeechEvidence,
    accuracy_line,
    dead_line,
    hard_line,
    loss_line,
    soft_line,
    units_line,
)
from ssllab.doctor.speech_thresholds import (
    ALL_DEAD_SHARE,
    CHANCE_LOSS_SHARE,
    DEAD_SHARE,
    DIVERGED_LOSS_MARGIN,
    FAR_TOO_HIGH,
    HEAVY_ENTROPY_WEIGHT,
    LONG_SPAN,
    PATIENCE_STEPS,
    PLATEAU_STEPS,
    REVIVING_ENTROPY_WEIGHT,
    SHORT_SPAN,
    SHORTCUT_TOP1,
    SILENCE_CODES,
    SILENCE_FACTOR,
    USUAL_DIVERSITY_WEIGHT,
    USUAL_FEATURE_GRADIENT,
    USUAL_FLOOR,
    USUAL_LEARNING_RATE,
    USUAL_TEMPERATURE,
    VOLUME_FACTOR,
    VOLUME_SHARE,
    WARMUP_STEPS,
)
from ssllab.doctor.verdict import Verdict, lines, tidy

SpeechState = Literal[
    "warming up",
    "healthy",
    "codebook collapse",
    "soft but not hard",
    "stuck at chance",
    "shortcut",
    "diverged",
]


Changes = dict[str, float | bool | str]


def diagnose_speech(evidence: SpeechEvidence) -> Verdict:
    """The state of a run. Pure: the same evidence gives the same verdict."""
    rules: tuple[Callable[[SpeechEvidence], Verdict | None], ...] = (
        _not_a_number,
        _warming_up,
        _blown_up,
        _soft_but_not_hard,
        _collapse,
        _stuck_at_chance,
        _shortcut,
    )
    for rule in rules:
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    return _healthy(evidence)


def _lower_learning_rate(e: SpeechEvidence) -> Changes:
    """A tenth of the rate, or the usual one where that is lower still."""
    if not e.learning_rate:
        return {}
    return {"learning_rate": tidy(min(e.learning_rate / 10, USUAL_LEARNING_RATE))}


def _not_a_number(e: SpeechEvidence) -> Verdict | None:
    gradient = e.gradient_norm is not None and not math.isfinite(e.gradient_norm)
    loss = e.loss_is_finite is False or (
        e.contrastive_loss is not None and not math.isfinite(e.contrastive_loss)
    )
    if not (gradient or loss):
        return None
    return _diverged(
        e,
        lines(
            "The loss is not a number" if loss else None,
            "The gradient is not finite" if gradient else None,
        ),
    )


def _blown_up(e: SpeechEvidence) -> Verdict | None:
    if e.contrastive_loss is None or e.chance_loss is None or e.at_chance is False:
        return None
    if e.contrastive_loss <= e.chance_loss + DIVERGED_LOSS_MARGIN:
        return None
    return _diverged(e, lines(loss_line(e), accuracy_line(e)))


def _diverged(e: SpeechEvidence, evidence: tuple[str, ...]) -> Verdict:
    return Verdict(
        "diverged",
        "Training has diverged",
        (*evidence, *([f"Learning rate {e.learning_rate:.2g}"] if e.learning_rate else ())),
        "The steps are too large. Lower the learning rate and go back to a checkpoint from before the jump, "
        "or reset: weights that are not finite do not recover.",
        _lower_learning_rate(e),
    )


def _warming_up(e: SpeechEvidence) -> Verdict | None:
    steps = e.watched
    known = e.contrastive_loss is not None or e.contrastive_top1 is not None or bool(e.code_perplexities)
    if steps >= WARMUP_STEPS and known:
        return None
    return Verdict(
        "warming up",
        "Too early to say",
        lines(
            f"{steps} steps since the start or the last change of a setting; {WARMUP_STEPS} are needed",
            loss_line(e),
            hard_line(e),
        ),
    )


def _revive(e: SpeechEvidence) -> tuple[str, Changes]:
    """What brings dead codes back: first what keeps them dead is undone, then every frame is made to decide."""
    if e.learning_rate is not None and e.learning_rate > FAR_TOO_HIGH * USUAL_LEARNING_RATE:
        return (
            "The learning rate is far above what usually works: one jump of the codebook loses most of it. Lower it.",
            {"learning_rate": USUAL_LEARNING_RATE},
        )
    if e.quantizer == "fsq":
        return (
            "FSQ rounds the features, so few codes mean features that hardly differ. Lower the learning rate.",
            _lower_learning_rate(e),
        )
    changes: Changes = {}
    reasons = []
    if e.freeze_codes:
        reasons.append("the codebook is frozen and cannot follow the features")
        changes["freeze_codes"] = False
    if e.diversity_weight is not None and e.diversity_weight < USUAL_DIVERSITY_WEIGHT:
        reasons.append("nothing rewards even use of the codes")
        changes["diversity_weight"] = USUAL_DIVERSITY_WEIGHT
    if e.gumbel_noise is False:
        reasons.append("without noise only the winner is ever tried")
        changes["gumbel_noise"] = True
    if e.gumbel_temperature is not None and e.gumbel_temperature < USUAL_FLOOR:
        reasons.append("at this Gumbel temperature gradients reach few codes")
        changes["gumbel_temperature"] = USUAL_TEMPERATURE
        changes["gumbel_floor"] = USUAL_FLOOR
    if e.dead_code_restart is False:
        changes["dead_code_restart"] = True
    why = "; ".join(reasons)
    remedy = f"{why[:1].upper()}{why[1:]}. " if why else ""
    if e.entropy_weight is not None and e.entropy_weight < REVIVING_ENTROPY_WEIGHT:
        # Diversity alone is content with equal scores for all codes; measured, that never brought a codebook back.
        changes["entropy_weight"] = REVIVING_ENTROPY_WEIGHT
        if e.feature_gradient is not None:
            changes["feature_gradient"] = 1.0
        remedy += (
            "Make every frame decide (entropy weight) and let the features move with it; when the codes are alive, take "
            "both back."
        )
        return remedy, changes
    if not changes:
        return "Go back to a checkpoint from before, and lower the learning rate.", _lower_learning_rate(e)
    return remedy + "Change that.", changes


def _collapse(e: SpeechEvidence) -> Verdict | None:
    groups = e.empty_groups
    if not groups:
        return None
    dead = DEAD_SHARE if e.watched >= PATIENCE_STEPS else ALL_DEAD_SHARE
    # A task solved with next to no codes needs no more proof; otherwise dead codes must agree.
    lasting = e.dead_codes is not None and e.dead_codes >= dead and not e.rising(groups)
    if not (e.hollow or (lasting and not e.undecided)):
        return None
    everywhere = len(groups) == len(e.code_perplexities)
    which = "groups" if len(groups) > 1 else "group"
    names = " and ".join(str(group + 1) for group in groups)
    remedy, changes = _revive(e)
    if e.hollow:
        remedy = (
            "The low loss is empty: distractors that equal the true code do not count, and with so few codes nearly "
            "all of them do. " + remedy
        )
    return Verdict(
        "codebook collapse",
        "Speech is squeezed into a handful of codes" if everywhere else f"Codebook {which} {names} collapsed",
        lines(hard_line(e), soft_line(e), dead_line(e), loss_line(e), accuracy_line(e)),
        remedy,
        changes,
    )


def _soft_but_not_hard(e: SpeechEvidence) -> Verdict | None:
    if e.watched < PATIENCE_STEPS or not e.undecided:
        return None
    remedy, changes = _revive(e)
    if e.diversity_weight is not None and e.diversity_weight > USUAL_DIVERSITY_WEIGHT:
        changes["diversity_weight"] = USUAL_DIVERSITY_WEIGHT
    return Verdict(
        "soft but not hard",
        "Even on average, yet the same few codes win",
        lines(soft_line(e), hard_line(e), dead_line(e), loss_line(e)),
        "Every frame gives every code nearly the same score, which satisfies the diversity loss and decides nothing: "
        "the same few codes win by a hair. " + remedy,
        changes,
    )


def _stuck_at_chance(e: SpeechEvidence) -> Verdict | None:
    heavy = e.entropy_weight is not None and e.entropy_weight >= HEAVY_ENTROPY_WEIGHT
    # While codes are being sorted out the targets move faster than the context can follow.
    if e.watched < (PATIENCE_STEPS if heavy else PLATEAU_STEPS) or e.rising():
        return None
    at_chance, guess = e.at_chance, e.guess
    flat = None
    if e.contrastive_loss is not None and guess is not None:
        flat = e.contrastive_loss >= CHANCE_LOSS_SHARE * guess
    # Both must say so where both are known.
    if False in (at_chance, flat) or not (at_chance or flat):
        return None
    rate = e.learning_rate
    changes: Changes = {}
    if rate is not None and rate > FAR_TOO_HIGH * USUAL_LEARNING_RATE:
        remedy = "The learning rate is far above what usually works: the steps overshoot. Lower it."
        changes["learning_rate"] = USUAL_LEARNING_RATE
    elif rate is not None and rate < USUAL_LEARNING_RATE / FAR_TOO_HIGH:
        remedy = "The learning rate is far below what usually works. Raise it."
        changes["learning_rate"] = USUAL_LEARNING_RATE
    elif heavy:
        remedy = "The codes are alive, but the entropy loss outweighs the task. Take it back."
        changes["entropy_weight"] = 0.0
        if e.feature_gradient is not None and e.feature_gradient > USUAL_FEATURE_GRADIENT:
            changes["feature_gradient"] = USUAL_FEATURE_GRADIENT
    elif e.freeze_codes:
        remedy = "The codebook is frozen. Thaw it."
        changes["freeze_codes"] = False
    elif e.mask_length is not None and e.mask_length > LONG_SPAN:
        remedy = "Long spans want thousands of steps before anything is learned. Begin with short ones."
        changes["mask_length"] = SHORT_SPAN
    elif e.mask_probability is not None and e.mask_probability > 0.8:
        remedy = "So much is masked that the context says nothing. Take the paper's 0.65."
        changes["mask_probability"] = 0.65
    else:
        remedy = (
            "The context does not tell the masked frames apart. Lower the learning rate, or train longer."
        )
        changes = _lower_learning_rate(e)
    return Verdict(
        "stuck at chance",
        "No better than guessing",
        lines(
            loss_line(e),
            accuracy_line(e),
            hard_line(e),
            units_line(e),
            f"Learning rate {rate:.2g}" if rate is not None else None,
        ),
        remedy,
        changes,
    )


def _shortcut(e: SpeechEvidence) -> Verdict | None:
    if e.code_perplexities and len(e.empty_groups) == len(e.code_perplexities):
        return None  # with next to no codes there is nothing to tell loud from quiet by
    if e.watched < PATIENCE_STEPS or e.contrastive_top1 is None or e.contrastive_top1 < SHORTCUT_TOP1:
        return None
    if e.pnmi is not None and e.pnmi_volume is not None:
        volume = e.pnmi < VOLUME_FACTOR * e.pnmi_volume
    else:
        volume = e.volume_share is not None and e.volume_share > VOLUME_SHARE
    silence = (
        e.silence_codes is not None
        and e.silent_frames is not None
        and e.silence_codes > max(SILENCE_CODES, SILENCE_FACTOR * e.silent_frames)
    )
    if not (volume or silence):
        return None
    remedy, changes = _revive(e)
    return Verdict(
        "shortcut",
        "The codes tell loud from quiet and little else"
        if volume
        else "Most codes are spent on kinds of silence",
        lines(
            accuracy_line(e),
            f"Knowing the code removes {e.pnmi:.0%} of the uncertainty about the phone"
            + (f"; knowing only how loud it is, {e.pnmi_volume:.0%}" if e.pnmi_volume is not None else "")
            if e.pnmi is not None
            else None,
            f"How loud a frame is settles {e.volume_share:.0%} of its code"
            if e.volume_share is not None
            else None,
            f"{e.silence_codes:.0%} of the codes in use stand for silence, which fills {e.silent_frames:.0%} of the frames"
            if silence
            else None,
        ),
        "Loud and quiet frames are easily told apart, so the task is solved without hearing what is said. Take "
        "recordings of even level without long pauses. " + remedy,
        changes,
    )


def _healthy(e: SpeechEvidence) -> Verdict:
    return Verdict(
        "healthy",
        "Nothing wrong, and still at chance" if e.at_chance else "Learning",
        lines(
            loss_line(e),
            accuracy_line(e),
            hard_line(e),
            dead_line(e),
            f"Knowing the code removes {e.pnmi:.0%} of the uncertainty about the phone"
            if e.pnmi is not None
            else None,
        ),
    )
