"""The doctor of speech runs: from loss, codes and probes to a state in words, its evidence and a remedy.

The loss alone proves nothing here: a distractor equal to the positive does not count (wav2vec 2.0, section 3.2), so a
codebook with one code left has no distractors, and its loss is 0 with an accuracy of 1. The thresholds, with their
reasons, are in ``speech_thresholds.py``.
"""

from __future__ import annotations

from functools import partial

from ssllab.doctor import rules
from ssllab.doctor import speech_signs as sign
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import DIVERGED_LOSS_MARGIN, OVERSHOOTS, Family, Rule, diverged, guesses, lower_rate
from ssllab.doctor.speech_thresholds import (
    ALL_DEAD_SHARE,
    DEAD_SHARE,
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
from ssllab.doctor.verdict import Changes, Verdict, lines


def _calm(e: Evidence) -> Changes:
    return lower_rate(e, USUAL_LEARNING_RATE)


SPEECH = Family(WARMUP_STEPS, sign.signs, _calm)


def _blown_up(e: Evidence) -> Verdict | None:
    loss, chance = sign.loss(e), e.recent("chance_loss")
    if loss is None or chance is None or sign.at_chance(e) is False or loss <= chance + DIVERGED_LOSS_MARGIN:
        return None
    return diverged(SPEECH, e, sign.loss_line(e), sign.accuracy_line(e))


def _below(e: Evidence, name: str, usual: float) -> bool:
    """Whether a control that the method has is set lower than ``usual``."""
    value = e.setting(name)
    return value is not None and value < usual


def _revive(e: Evidence) -> tuple[str, Changes]:
    """What brings dead codes back: first what keeps them dead is undone, then every frame is made to decide."""
    if (e.setting("learning_rate") or 0) > FAR_TOO_HIGH * USUAL_LEARNING_RATE:
        return (
            "The learning rate is far above what usually works: one jump of the codebook loses most of it. Lower it.",
            {"learning_rate": USUAL_LEARNING_RATE},
        )
    if e.setting("quantizer") == "fsq":
        return (
            "FSQ rounds the features, so few codes mean features that hardly differ. Lower the learning rate.",
            _calm(e),
        )
    changes: Changes = {}
    reasons = []
    if e.setting("freeze_codes"):
        reasons.append("the codebook is frozen and cannot follow the features")
        changes["freeze_codes"] = False
    if _below(e, "diversity_weight", USUAL_DIVERSITY_WEIGHT):
        reasons.append("nothing rewards even use of the codes")
        changes["diversity_weight"] = USUAL_DIVERSITY_WEIGHT
    if e.setting("gumbel_noise") is False:
        reasons.append("without noise only the winner is ever tried")
        changes["gumbel_noise"] = True
    temperature = e.recent("gumbel_temperature")  # the one in force at this step
    if temperature is not None and temperature < USUAL_FLOOR:
        reasons.append("at this Gumbel temperature gradients reach few codes")
        changes["gumbel_temperature"] = USUAL_TEMPERATURE
        changes["gumbel_floor"] = USUAL_FLOOR
    if e.setting("dead_code_restart") is False:
        changes["dead_code_restart"] = True
    why = "; ".join(reasons)
    remedy = f"{why[:1].upper()}{why[1:]}. " if why else ""
    if _below(e, "entropy_weight", REVIVING_ENTROPY_WEIGHT):
        # Diversity alone is content with equal scores for all codes; measured, that never brought a codebook back.
        changes["entropy_weight"] = REVIVING_ENTROPY_WEIGHT
        if e.setting("feature_gradient") is not None:
            changes["feature_gradient"] = 1.0
        remedy += (
            "Make every frame decide (entropy weight) and let the features move with it; when the codes are alive, take "
            "both back."
        )
        return remedy, changes
    if not changes:
        return "Go back to a checkpoint from before, and lower the learning rate.", _calm(e)
    return remedy + "Change that.", changes


def _collapse(e: Evidence) -> Verdict | None:
    groups, hollow, dead = sign.empty_groups(e), sign.hollow(e), e.recent("dead_codes")
    if not groups:
        return None
    many = DEAD_SHARE if e.steps_seen >= PATIENCE_STEPS else ALL_DEAD_SHARE
    # A task solved with next to no codes needs no more proof; otherwise dead codes must agree.
    lasting = dead is not None and dead >= many and not sign.rising(e, groups)
    if not (hollow or (lasting and not sign.undecided(e))):
        return None
    everywhere = len(groups) == len(sign.hard(e))
    which = "groups" if len(groups) > 1 else "group"
    names = " and ".join(str(group + 1) for group in groups)
    remedy, changes = _revive(e)
    if hollow:
        remedy = (
            "The low loss is empty: distractors that equal the true code do not count, and with so few codes nearly "
            "all of them do. " + remedy
        )
    return Verdict(
        "codebook collapse",
        "Speech is squeezed into a handful of codes" if everywhere else f"Codebook {which} {names} collapsed",
        lines(
            sign.hard_line(e),
            sign.soft_line(e),
            e.line("dead_codes"),
            sign.loss_line(e),
            sign.accuracy_line(e),
        ),
        remedy,
        changes,
    )


def _soft_but_not_hard(e: Evidence) -> Verdict | None:
    if e.steps_seen < PATIENCE_STEPS or not sign.undecided(e):
        return None
    remedy, changes = _revive(e)
    if (e.setting("diversity_weight") or 0) > USUAL_DIVERSITY_WEIGHT:
        changes["diversity_weight"] = USUAL_DIVERSITY_WEIGHT
    return Verdict(
        "soft but not hard",
        "Even on average, yet the same few codes win",
        lines(sign.soft_line(e), sign.hard_line(e), e.line("dead_codes"), sign.loss_line(e)),
        "Every frame gives every code nearly the same score, which satisfies the diversity loss and decides nothing: "
        "the same few codes win by a hair. " + remedy,
        changes,
    )


def _stuck_at_chance(e: Evidence) -> Verdict | None:
    heavy = (e.setting("entropy_weight") or 0) >= HEAVY_ENTROPY_WEIGHT
    # While codes are being sorted out the targets move faster than the context can follow.
    if e.steps_seen < (PATIENCE_STEPS if heavy else PLATEAU_STEPS) or sign.rising(e):
        return None
    if not guesses(sign.at_chance(e), sign.loss(e), sign.guess(e)):
        return None
    rate = e.setting("learning_rate")
    changes: Changes = {}
    if rate is not None and rate > FAR_TOO_HIGH * USUAL_LEARNING_RATE:
        remedy = OVERSHOOTS
        changes["learning_rate"] = USUAL_LEARNING_RATE
    elif rate is not None and rate < USUAL_LEARNING_RATE / FAR_TOO_HIGH:
        remedy = "The learning rate is far below what usually works. Raise it."
        changes["learning_rate"] = USUAL_LEARNING_RATE
    elif heavy:
        remedy = "The codes are alive, but the entropy loss outweighs the task. Take it back."
        changes["entropy_weight"] = 0.0
        if (e.setting("feature_gradient") or 0) > USUAL_FEATURE_GRADIENT:
            changes["feature_gradient"] = USUAL_FEATURE_GRADIENT
    elif e.setting("freeze_codes"):
        remedy = "The codebook is frozen. Thaw it."
        changes["freeze_codes"] = False
    elif (e.setting("mask_length") or 0) > LONG_SPAN:
        remedy = "Long spans want thousands of steps before anything is learned. Begin with short ones."
        changes["mask_length"] = SHORT_SPAN
    elif (e.setting("mask_probability") or 0) > 0.8:
        remedy = "So much is masked that the context says nothing. Take the paper's 0.65."
        changes["mask_probability"] = 0.65
    else:
        remedy = (
            "The context does not tell the masked frames apart. Lower the learning rate, or train longer."
        )
        changes = _calm(e)
    return Verdict(
        "stuck at chance",
        "No better than guessing",
        lines(
            *sign.signs(e),
            e.line("code_perplexity", targets_have=e.recent("target_perplexity"))
            if not sign.hard(e)
            else None,
            e.setting_line("learning_rate"),
        ),
        remedy,
        changes,
    )


def _shortcut(e: Evidence) -> Verdict | None:
    codes = sign.hard(e)
    if codes and len(sign.empty_groups(e)) == len(codes):
        return None  # with next to no codes there is nothing to tell loud from quiet by
    if e.steps_seen < PATIENCE_STEPS or (sign.accuracy(e) or 0) < SHORTCUT_TOP1:
        return None
    known, known_by_volume, by_volume = (e.now(name) for name in ("pnmi", "pnmi_volume", "volume_share"))
    if known is not None and known_by_volume is not None:
        volume = known < VOLUME_FACTOR * known_by_volume
    else:
        volume = by_volume is not None and by_volume > VOLUME_SHARE
    silent, frames = e.now("silence_codes"), e.now("silent_frames")
    silence = (
        silent is not None and frames is not None and silent > max(SILENCE_CODES, SILENCE_FACTOR * frames)
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
            sign.accuracy_line(e),
            e.line("pnmi", loudness_alone=known_by_volume),
            e.line("volume_share"),
            e.line("silence_codes", silent_frames=frames) if silence else None,
        ),
        "Loud and quiet frames are easily told apart, so the task is solved without hearing what is said. Take "
        "recordings of even level without long pauses. " + remedy,
        changes,
    )


def _healthy(e: Evidence) -> Verdict:
    return Verdict(
        "healthy",
        "Nothing wrong, and still at chance" if sign.at_chance(e) else "Learning",
        lines(*sign.signs(e), e.line("dead_codes"), e.line("pnmi")),
    )


RULES: tuple[Rule, ...] = (
    partial(rules.not_a_number, SPEECH),
    partial(rules.warming_up, SPEECH),
    _blown_up,
    _soft_but_not_hard,
    _collapse,
    _stuck_at_chance,
    _shortcut,
    _healthy,
)
