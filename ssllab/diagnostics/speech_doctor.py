"""The doctor of speech runs: from loss, codes and probes to a state in words, its evidence and a remedy.

Like :mod:`ssllab.diagnostics.doctor`, for codebooks. The loss alone proves nothing here: a distractor equal to the
positive does not count (wav2vec 2.0, section 3.2), so a codebook with one code left has no distractors, and its loss
is 0 with an accuracy of 1. The thresholds, with their reasons, are in ``speech_thresholds.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ssllab.diagnostics.speech_thresholds import (
    CHANCE_FACTOR,
    CHANCE_LOSS_SHARE,
    CHANCE_MARGIN,
    COLLAPSED_SHARE,
    DEAD_SHARE,
    DIVERGED_LOSS_MARGIN,
    EVEN_SOFT_SHARE,
    FAR_TOO_HIGH,
    LEARNING_LOSS_SHARE,
    PATIENCE_STEPS,
    PLATEAU_STEPS,
    RISING_FACTOR,
    SHORTCUT_TOP1,
    SILENCE_CODES,
    SILENCE_FACTOR,
    SOFT_TO_HARD,
    SOLVED_TOP1,
    USUAL_DIVERSITY_WEIGHT,
    USUAL_FLOOR,
    USUAL_LEARNING_RATE,
    USUAL_TEMPERATURE,
    VOLUME_FACTOR,
    VOLUME_SHARE,
    WARMUP_STEPS,
)
from ssllab.diagnostics.verdict import Verdict, lines, tidy

SpeechState = Literal[
    "warming up",
    "healthy",
    "codebook collapse",
    "soft but not hard",
    "stuck at chance",
    "shortcut",
    "diverged",
]


@dataclass(frozen=True)
class SpeechEvidence:
    """What is known about a run; None where not known yet. Accuracies and shares are 0..1, losses in nats."""

    step: int | None = None
    # Steps since the start or since the last change of a control; `step` where None.
    steps_seen: int | None = None
    # Of the task alone, without diversity and penalty; the mean over recent steps, as all metrics here.
    contrastive_loss: float | None = None
    loss_is_finite: bool | None = None
    # What guessing gives: ln(1 + K), or ln of the number of units.
    chance_loss: float | None = None
    contrastive_top1: float | None = None
    # Per group; hard (the codes chosen) now and some hundred steps ago, soft (the mean softmax).
    code_perplexities: tuple[float, ...] = ()
    code_perplexities_before: tuple[float, ...] = ()
    prob_perplexities: tuple[float, ...] = ()
    codes: int | None = None  # V
    # Share of the G V codes that nothing in the sliding window has chosen.
    dead_codes: float | None = None
    # Units (HuBERT): how many kinds the targets have, and how many the model predicts; perplexities.
    target_perplexity: float | None = None
    predicted_perplexity: float | None = None
    # What loudness explains (:func:`ssllab.diagnostics.loudness.shortcut_measures`), and what the codes know.
    pnmi: float | None = None
    pnmi_volume: float | None = None
    volume_share: float | None = None
    silence_codes: float | None = None
    silent_frames: float | None = None
    gradient_norm: float | None = None
    # The settings in force, so that a remedy can be specific; None where the method has no such control.
    quantizer: str | None = None
    learning_rate: float | None = None
    diversity_weight: float | None = None
    gumbel_temperature: float | None = None  # in force at this step
    gumbel_floor: float | None = None
    gumbel_noise: bool | None = None
    freeze_codes: bool | None = None
    dead_code_restart: bool | None = None
    entropy_weight: float | None = None
    mask_probability: float | None = None


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


def _steps(e: SpeechEvidence) -> int:
    return next((steps for steps in (e.steps_seen, e.step) if steps is not None), 0)


def _guess(e: SpeechEvidence) -> float | None:
    """The loss of a guess: uniform, or for units as often as they come, where that is lower."""
    if e.target_perplexity is not None and e.target_perplexity >= 1:
        return min(math.log(e.target_perplexity), e.chance_loss if e.chance_loss is not None else math.inf)
    return e.chance_loss


def _at_chance(e: SpeechEvidence) -> bool | None:
    """Whether the positive is found no more often than by guessing; None if not known."""
    if e.contrastive_top1 is None or e.chance_loss is None:
        return None
    if e.target_perplexity is not None:
        return None  # units are unevenly frequent: naming the commonest is right more often than 1/C
    chance = math.exp(-e.chance_loss)
    return e.contrastive_top1 <= max(CHANCE_FACTOR * chance, chance + CHANCE_MARGIN)


def _filled(perplexity: float, codes: int | None) -> float | None:
    """The share of a group's room that its perplexity fills: 0 for one code, 1 for all of them evenly."""
    return (perplexity - 1) / (codes - 1) if codes is not None and codes > 1 else None


def _empty_groups(e: SpeechEvidence) -> list[int]:
    """Groups with next to no codes in use, from 0."""
    filled = [_filled(perplexity, e.codes) for perplexity in e.code_perplexities]
    return [group for group, share in enumerate(filled) if share is not None and share < COLLAPSED_SHARE]


def _rising(e: SpeechEvidence, groups: Sequence[int] | None = None) -> bool:
    """Whether hard perplexity, that of all groups or of some, is still on its way up."""
    before = e.code_perplexities_before
    if len(before) != len(e.code_perplexities):
        return False
    chosen = range(len(before)) if groups is None else groups
    now = sum(e.code_perplexities[group] for group in chosen)
    return now > RISING_FACTOR * sum(before[group] for group in chosen)


def _loss_line(e: SpeechEvidence) -> str | None:
    if e.contrastive_loss is None:
        return None
    guess = _guess(e)
    return f"Loss {e.contrastive_loss:.3f}" + (f"; guessing gives {guess:.3f}" if guess is not None else "")


def _accuracy_line(e: SpeechEvidence) -> str | None:
    if e.contrastive_top1 is None:
        return None
    return f"The true code is found in {e.contrastive_top1:.1%} of cases"


def _perplexity_line(name: str, perplexities: tuple[float, ...], codes: int | None) -> str | None:
    if not perplexities:
        return None
    values = " + ".join(f"{value:.1f}" for value in perplexities)
    ceiling = f" of {' + '.join([str(codes)] * len(perplexities))}" if codes is not None else ""
    return f"{name} perplexity {values}{ceiling}"


def _hard_line(e: SpeechEvidence) -> str | None:
    return _perplexity_line("Hard", e.code_perplexities, e.codes)


def _soft_line(e: SpeechEvidence) -> str | None:
    return _perplexity_line("Soft", e.prob_perplexities, e.codes)


def _dead_line(e: SpeechEvidence) -> str | None:
    if e.dead_codes is None:
        return None
    return f"{e.dead_codes:.0%} of the codes were not chosen once in the last pass over the data"


def _units_line(e: SpeechEvidence) -> str | None:
    if e.target_perplexity is None or e.predicted_perplexity is None:
        return None
    return f"Predicts {e.predicted_perplexity:.1f} kinds of units; the targets have {e.target_perplexity:.1f}"


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
    if e.contrastive_loss is None or e.chance_loss is None or _at_chance(e) is False:
        return None
    if e.contrastive_loss <= e.chance_loss + DIVERGED_LOSS_MARGIN:
        return None
    return _diverged(e, lines(_loss_line(e), _accuracy_line(e)))


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
    steps = _steps(e)
    known = e.contrastive_loss is not None or e.contrastive_top1 is not None or bool(e.code_perplexities)
    if steps >= WARMUP_STEPS and known:
        return None
    return Verdict(
        "warming up",
        "Too early to say",
        lines(
            f"{steps} steps since the start or the last change of a setting; {WARMUP_STEPS} are needed",
            _loss_line(e),
            _hard_line(e),
        ),
    )


def _revive(e: SpeechEvidence) -> tuple[str, Changes]:
    """What brings dead codes back, as far as the settings differ from it."""
    if e.freeze_codes:
        return "The codebook is frozen and cannot follow the features. Thaw it.", {"freeze_codes": False}
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
    if not reasons and e.diversity_weight is not None:
        reasons.append("the diversity loss is too weak")
        changes["diversity_weight"] = tidy(max(3 * e.diversity_weight, USUAL_DIVERSITY_WEIGHT))
    why = "; ".join(reasons)
    remedy = f"{why[:1].upper()}{why[1:]}. " if why else ""
    if changes:
        return remedy + "Change that; a restart gives dead codes the features of living frames.", changes
    return remedy + "Go back to a checkpoint from before, and lower the learning rate.", _lower_learning_rate(
        e
    )


def _collapse(e: SpeechEvidence) -> Verdict | None:
    groups = _empty_groups(e)
    if not groups:
        return None
    solved = e.contrastive_top1 is not None and e.contrastive_top1 >= SOLVED_TOP1
    learning = (
        e.contrastive_loss is not None
        and e.chance_loss is not None
        and e.contrastive_loss < LEARNING_LOSS_SHARE * e.chance_loss
    )
    dead = e.dead_codes is not None and e.dead_codes >= DEAD_SHARE
    # A solved task with next to no codes needs no more proof; otherwise loss and dead codes must agree.
    lasting = _steps(e) >= PATIENCE_STEPS and not _rising(e, groups)
    if not (solved or (learning and dead and lasting)):
        return None
    everywhere = len(groups) == len(e.code_perplexities)
    which = "groups" if len(groups) > 1 else "group"
    names = " and ".join(str(group + 1) for group in groups)
    remedy, changes = _revive(e)
    if solved:
        remedy = (
            "The low loss is empty: distractors that equal the true code do not count, and with so few codes nearly "
            "all of them do. " + remedy
        )
    return Verdict(
        "codebook collapse",
        "Speech is squeezed into a handful of codes" if everywhere else f"Codebook {which} {names} collapsed",
        lines(_hard_line(e), _soft_line(e), _dead_line(e), _loss_line(e), _accuracy_line(e)),
        remedy,
        changes,
    )


def _soft_but_not_hard(e: SpeechEvidence) -> Verdict | None:
    if _steps(e) < PATIENCE_STEPS or not e.code_perplexities or not e.prob_perplexities or not e.codes:
        return None
    hard, soft = sum(e.code_perplexities), sum(e.prob_perplexities)
    if (
        _rising(e)
        or soft < EVEN_SOFT_SHARE * e.codes * len(e.prob_perplexities)
        or hard * SOFT_TO_HARD > soft
    ):
        return None
    changes: Changes = {}
    if e.diversity_weight is not None and e.diversity_weight > USUAL_DIVERSITY_WEIGHT:
        changes["diversity_weight"] = USUAL_DIVERSITY_WEIGHT
    if e.entropy_weight is not None and e.entropy_weight < USUAL_DIVERSITY_WEIGHT:
        changes["entropy_weight"] = USUAL_DIVERSITY_WEIGHT
    if e.gumbel_noise is False:
        changes["gumbel_noise"] = True
    if e.dead_code_restart is False:
        changes["dead_code_restart"] = True
    return Verdict(
        "soft but not hard",
        "Even on average, yet the same few codes win",
        lines(_soft_line(e), _hard_line(e), _dead_line(e), _loss_line(e)),
        "Every frame gives every code nearly the same probability, which satisfies the diversity loss and decides "
        "nothing: the same few codes win by a hair. Make single frames decide (entropy weight), and do not reward "
        "evenness more than the paper does.",
        changes,
    )


def _stuck_at_chance(e: SpeechEvidence) -> Verdict | None:
    # While codes are being sorted out the targets move faster than the context can follow.
    if _steps(e) < PLATEAU_STEPS or _rising(e):
        return None
    at_chance, guess = _at_chance(e), _guess(e)
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
    elif e.freeze_codes:
        remedy = "The codebook is frozen. Thaw it."
        changes["freeze_codes"] = False
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
            _loss_line(e),
            _accuracy_line(e),
            _hard_line(e),
            _units_line(e),
            f"Learning rate {rate:.2g}" if rate is not None else None,
        ),
        remedy,
        changes,
    )


def _shortcut(e: SpeechEvidence) -> Verdict | None:
    if e.code_perplexities and len(_empty_groups(e)) == len(e.code_perplexities):
        return None  # with next to no codes there is nothing to tell loud from quiet by
    if _steps(e) < PATIENCE_STEPS or e.contrastive_top1 is None or e.contrastive_top1 < SHORTCUT_TOP1:
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
            _accuracy_line(e),
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
        "Learning",
        lines(
            _loss_line(e),
            _accuracy_line(e),
            _hard_line(e),
            _dead_line(e),
            f"Knowing the code removes {e.pnmi:.0%} of the uncertainty about the phone"
            if e.pnmi is not None
            else None,
        ),
    )
