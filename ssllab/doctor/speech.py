"""The doctor of speech runs: from loss, codes and probes to a state in words, its evidence and a remedy.

The loss alone proves nothing here: a distractor equal to the positive does not count (wav2vec 2.0, section 3.2), so a
codebook with one code left has no distractors, and its loss is 0 with an accuracy of 1. The thresholds, with their
reasons, are in ``speech_thresholds.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ssllab.doctor import rules
from ssllab.doctor import speech_causes as cause
from ssllab.doctor import speech_signs as sign
from ssllab.doctor.against import against_health, empty_codebooks, guessing, low_ranks
from ssllab.doctor.causes import Cause, Remedy, guilty, undone, verdict
from ssllab.doctor.chance import CHANCE_LOSS_SHARE, guesses
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import (
    DIVERGED_LOSS_MARGIN,
    SUSPECT_STEPS,
    Family,
    Rule,
    Suspicion,
    diverged,
    lower_rate,
)
from ssllab.doctor.speech_thresholds import (
    ALL_DEAD_SHARE,
    DEAD_SHARE,
    LEAST_VOLUME,
    PATIENCE_STEPS,
    PLATEAU_STEPS,
    REVIVING_ENTROPY_WEIGHT,
    SETTLING_STEPS,
    SHORTCUT_TOP1,
    SILENCE_CODES,
    SILENCE_FACTOR,
    USUAL_LEARNING_RATE,
    VOLUME_FACTOR,
    VOLUME_SHARE,
    WARMUP_STEPS,
)
from ssllab.doctor.verdict import Changes, Verdict, lines


def _calm(e: Evidence) -> Changes:
    return lower_rate(e, USUAL_LEARNING_RATE)


SPEECH = Family(WARMUP_STEPS, sign.signs, _calm, cause.TOO_FAST)


def _blown_up(e: Evidence) -> Verdict | None:
    loss, chance = sign.loss(e), e.recent("chance_loss")
    if loss is None or chance is None or sign.at_chance(e) is False or loss <= chance + DIVERGED_LOSS_MARGIN:
        return None
    return diverged(SPEECH, e, sign.loss_line(e), sign.accuracy_line(e))


def _revive(e: Evidence) -> Remedy:
    """What brings dead codes back where nobody set anything wrong: every frame is made to decide."""
    if e.setting("quantizer") == "fsq":
        words = (
            "FSQ rounds the features, so few codes mean features that hardly differ. Lower the learning rate."
        )
        return Remedy(words, _calm(e))
    weight = e.setting("entropy_weight")
    if weight is None or weight >= REVIVING_ENTROPY_WEIGHT:
        return Remedy("The codes do not come back. Begin anew with a lower learning rate.", _calm(e), 0)
    # Diversity alone is content with equal scores for all codes; measured, that never brought a codebook back.
    changes: Changes = {"entropy_weight": REVIVING_ENTROPY_WEIGHT}
    if e.setting("dead_code_restart") is False:
        changes["dead_code_restart"] = True
    if e.setting("feature_gradient") is not None:
        changes["feature_gradient"] = 1.0
    words = (
        "Make every frame decide (entropy weight) and let the features move with it; when the codes are alive, take "
        "both back."
    )
    return Remedy(words, changes)


def _patience(e: Evidence, causes: Sequence[Cause], usual: int) -> int:
    """Steps before a sickness is named: fewer where somebody set what is known to cause it."""
    return min(usual, SUSPECT_STEPS) if guilty(e, causes) else usual


def _collapse(e: Evidence) -> Verdict | None:
    groups, hollow, dead = sign.empty_groups(e), sign.hollow(e), e.recent("dead_codes")
    if not groups:
        return None
    many = (
        DEAD_SHARE if e.steps_seen >= _patience(e, cause.HARMFUL_TO_CODES, PATIENCE_STEPS) else ALL_DEAD_SHARE
    )
    # A task solved with next to no codes needs no more proof; otherwise dead codes must agree.
    lasting = dead is not None and dead >= many and not sign.rising(e, groups)
    if not (hollow or (lasting and not sign.undecided(e))):
        return None
    everywhere = len(groups) == len(sign.hard(e))
    which = "groups" if len(groups) > 1 else "group"
    names = " and ".join(str(group + 1) for group in groups)
    named = verdict(
        e,
        "codebook collapse",
        "Speech is squeezed into a handful of codes" if everywhere else f"Codebook {which} {names} collapsed",
        lines(
            sign.hard_line(e),
            sign.soft_line(e),
            e.line("dead_codes"),
            sign.loss_line(e),
            sign.accuracy_line(e),
        ),
        cause.DEAD_CODES,
        _revive(e),
    )
    if not hollow:
        return named
    empty = (
        "The low loss is empty: distractors that equal the true code do not count, and with so few codes nearly all of "
        "them do. "
    )
    return replace(named, remedy=empty + named.remedy)


def _soft_but_not_hard(e: Evidence) -> Verdict | None:
    if e.steps_seen < _patience(
        e, (*cause.HARMFUL_TO_CODES, cause.HEAVY_DIVERSITY), PATIENCE_STEPS
    ) or not sign.undecided(e):
        return None
    named = verdict(
        e,
        "soft but not hard",
        "Even on average, yet the same few codes win",
        lines(sign.soft_line(e), sign.hard_line(e), e.line("dead_codes"), sign.loss_line(e)),
        cause.UNDECIDED,
        _revive(e),
    )
    why = (
        "Every frame gives every code nearly the same score, which satisfies the diversity loss and decides nothing: "
        "the same few codes win by a hair. "
    )
    return replace(named, remedy=why + named.remedy)


def _stuck_at_chance(e: Evidence) -> Verdict | None:
    # While codes are being sorted out the targets move faster than the context can follow.
    if e.steps_seen < _patience(e, cause.AT_CHANCE, PLATEAU_STEPS) or sign.rising(e):
        return None
    if not guesses(sign.at_chance(e), sign.loss(e), sign.guess(e)):
        return None
    return verdict(
        e,
        "stuck at chance",
        "No better than guessing",
        lines(
            *sign.signs(e),
            e.line("code_perplexity", targets_have=e.recent("target_perplexity"))
            if not sign.hard(e)
            else None,
            e.setting_line("learning_rate"),
        ),
        cause.AT_CHANCE,
        Remedy(
            "The context does not tell the masked frames apart. Lower the learning rate, or train longer.",
            _calm(e),
        ),
    )


def _shortcut(e: Evidence) -> Verdict | None:
    codes = sign.hard(e)
    if codes and len(sign.empty_groups(e)) == len(codes):
        return None  # with next to no codes there is nothing to tell loud from quiet by
    if e.steps_seen < PATIENCE_STEPS or (sign.accuracy(e) or 0) < SHORTCUT_TOP1:
        return None
    known, known_by_volume, by_volume = (e.now(name) for name in ("pnmi", "pnmi_volume", "volume_share"))
    if known is not None and known_by_volume is not None:
        volume = known_by_volume > LEAST_VOLUME and known < VOLUME_FACTOR * known_by_volume
    else:
        volume = by_volume is not None and by_volume > VOLUME_SHARE
    silent, frames = e.now("silence_codes"), e.now("silent_frames")
    silence = (
        silent is not None and frames is not None and silent > max(SILENCE_CODES, SILENCE_FACTOR * frames)
    )
    if not (volume or silence):
        return None
    remedy = undone(e, cause.DEAD_CODES) or _revive(e)
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
        "recordings of even level without long pauses. " + remedy.words,
        remedy.changes,
        remedy.rewind_to,
    )


def _healthy(e: Evidence) -> Verdict:
    return Verdict(
        "healthy",
        "Learning",
        lines(*sign.signs(e), e.line("dead_codes"), e.line("pnmi")),
    )


def _harm(e: Evidence) -> tuple[str, ...]:
    # A healthy small run sits at chance for its first hundreds of steps as well.
    guessed = guessing(e, CHANCE_LOSS_SHARE) if e.steps_seen >= PATIENCE_STEPS else ()
    return (*empty_codebooks(e), *low_ranks(e), *guessed)


SUSPICIONS = (
    Suspicion(cause.TOO_FAST, "diverged", "The steps overshoot"),
    Suspicion(
        cause.HARMFUL_TO_CODES,
        "codebook collapse",
        "Speech is squeezed into a handful of codes",
        (cause.NO_ENTROPY,),
    ),
)


RULES: tuple[Rule, ...] = (
    partial(rules.not_a_number, SPEECH),
    partial(rules.warming_up, SPEECH),
    _blown_up,
    _soft_but_not_hard,
    _collapse,
    _stuck_at_chance,
    _shortcut,
    partial(rules.suspected, SUSPICIONS, _harm, _healthy),
    partial(rules.settling, against_health, SETTLING_STEPS, "Codes and context are still being sorted out"),
    _healthy,
)
