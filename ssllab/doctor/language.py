"""The doctor of models of sequences: from losses, lines of simpler models and what it writes to a state in words.

All losses are in nats per symbol. The lines (uniform, unigram, bigram, KN-5) are of the held-out symbols that a probe reads.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np

from ssllab.doctor import language_causes as cause
from ssllab.doctor.against import against_health
from ssllab.doctor.causes import Remedy, guilty, verdict
from ssllab.doctor.evidence import RECENT_STEPS, Evidence
from ssllab.doctor.rules import (
    DIVERGED_LOSS_MARGIN,
    STEPS_BEFORE_A_JUMP,
    SUSPECT_STEPS,
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

# The rate grows for a hundred steps; frequencies are learnt in them, and little else.
WARMUP_STEPS = 100

# A healthy run may stay at the frequencies for so long; a masked one learns from an eighth of the symbols, and stays longer.
PATIENCE_STEPS = 400
MASKED_PATIENCE_STEPS = 1500

# From the unigram line a sixth of the way to the bigram line, or five percent where there is none (a masked model), say that
# little but frequencies was learnt; above it by three percent, that not even they were.
SHARE_OF_THE_WAY = 0.15
UNIGRAM_SHARE = 0.95
ABOVE_UNIGRAM = 1.03

# Counting has learned from the first chunk.
COUNTING_STEPS = 1

# The held-out symbols are the same in every probe, so that a rise of a hundredth is no noise; smaller ones mend themselves.
WORSE_SHARE = 0.02
WORSE_PROBES = 2

# A copy so many times as long as any of held-out text, and so many symbols longer, is no chance.
COPIED_FACTOR = 3.0
COPIED_MARGIN = 10

# Loops in more than half of what is written, and in far less of held-out text.
LOOPED = 0.5
LOOPED_MARGIN = 0.3

# A loss that lies so far above the best it was has lost what it had learned.
LOST_NATS = 1.0

# With the rate at its end and the loss still falling by so much over the last fifth of the steps, it stopped too early.
STILL_FALLING_SHARE = 0.02
LEAST_STEPS_OF_A_TREND = 200


def level(e: Evidence) -> float | None:
    """What it knows now: the held-out loss, or that of the last steps where it is lower or none was measured under the
    present settings. Dropout makes the one too high, and learning by heart the other too low."""
    steps, losses = e.probes.column("held_out_loss")
    fresh = len(steps) > 0 and int(steps[-1]) > e.last_change and math.isfinite(float(losses[-1]))
    known = [value for value in (e.recent("loss"), float(losses[-1]) if fresh else None) if value is not None]
    return min(known, default=None)


def _frequencies(e: Evidence) -> float | None:
    """A loss that is not below this one says that little but frequencies was learnt."""
    unigram, bigram = e.constant("unigram_loss"), e.constant("bigram_loss")
    if unigram is None:
        return None
    return UNIGRAM_SHARE * unigram if bigram is None else unigram - SHARE_OF_THE_WAY * (unigram - bigram)


def _signs(e: Evidence) -> tuple[str, ...]:
    lines_of_others = {
        words: e.constant(name)
        for words, name in (
            ("unigram", "unigram_loss"), ("bigram", "bigram_loss"), ("KN-5", "kn5_loss"), ("the_truth", "true_entropy")
        )
    }  # fmt: skip
    return lines(
        e.line("loss", e.recent("loss")), e.line("held_out_loss", e.now("held_out_loss"), **lines_of_others)
    )


def _calm(e: Evidence) -> Changes:
    return lower_rate(e, cause.USUAL_RATE)


LANGUAGE = Family(WARMUP_STEPS, _signs, _calm, cause.TOO_FAST)
COUNTING = Family(COUNTING_STEPS, _signs, lambda e: {})


def _best_before(e: Evidence) -> tuple[int, float] | None:
    """The step at which the loss, as a median of some steps, was lowest in the whole run, and that loss."""
    steps, losses = e.metrics.column("loss")
    blocks = len(losses) // RECENT_STEPS
    if not blocks:
        return None
    medians = np.median(losses[: blocks * RECENT_STEPS].reshape(blocks, -1), 1)
    if not np.isfinite(medians).any():
        return None
    best = int(np.nanargmin(medians))
    return int(steps[(best + 1) * RECENT_STEPS - 1]), float(medians[best])


def _blown_up(e: Evidence) -> Verdict | None:
    loss, uniform, best = e.recent("loss"), e.constant("uniform_loss"), _best_before(e)
    if loss is None or e.steps_seen < RECENT_STEPS:
        return None
    # The first steps of a run lie at the uniform line, whatever it is set to.
    above = uniform is not None and loss > uniform + DIVERGED_LOSS_MARGIN
    lost = best is not None and loss > best[1] + LOST_NATS and bool(guilty(e, cause.TOO_FAST))
    if not (above or lost):
        return None
    said = diverged(
        LANGUAGE, e, e.line("loss", loss, at_its_best=best[1] if best else None, all_symbols_alike=uniform)
    )
    if said.rewind_to is None or guilty(e, cause.TOO_FAST) or best is None:
        return said
    return replace(said, rewind_to=max(0, best[0] - STEPS_BEFORE_A_JUMP))


def _patience(e: Evidence) -> int:
    """Steps until something beyond frequencies is learnt; fewer where somebody set what is known to prevent it."""
    if guilty(e, cause.NO_CONTEXT):
        return SUSPECT_STEPS
    return PATIENCE_STEPS if e.setting("mask_rate") is None else MASKED_PATIENCE_STEPS


def _unigram_only(e: Evidence) -> Verdict | None:
    now, unigram, least = level(e), e.constant("unigram_loss"), _frequencies(e)
    if now is None or unigram is None or least is None or e.steps_seen < _patience(e):
        return None
    if not least <= now <= ABOVE_UNIGRAM * unigram:
        return None
    return verdict(
        e,
        "unigram only",
        "It has learnt how frequent each symbol is, and no context",
        (*_signs(e), *lines(e.setting_line("learning_rate"))),
        cause.NO_CONTEXT,
        Remedy(
            "It says the same whatever came before. Try another learning rate, or a text that has more of an order.",
            _calm(e),
        ),
    )


def _under_trained(e: Evidence) -> Verdict | None:
    """Worse than one symbol of context after all this time, or stopped while it was still getting better."""
    now, least = level(e), _frequencies(e)
    if now is None or least is None or e.steps_seen < _patience(e):
        return None
    bigram = e.constant("bigram_loss")
    behind = now > (least if bigram is None else bigram)
    early = _stopped_early(e)
    if not behind and early is None:
        return None
    rate = e.setting("learning_rate")
    more = (e.setting("schedule_steps") or 0) * 3 if e.setting("schedule") not in (None, "constant") else 0
    if early is not None and more:
        remedy = Remedy(
            "The rate has fallen to its lowest and the loss still falls: train longer.",
            {"schedule_steps": more},
        )
    else:
        remedy = Remedy(
            "Train longer.", {"learning_rate": tidy(rate * 3)} if rate and rate < cause.USUAL_RATE else {}
        )
    found = verdict(
        e,
        "under-trained",
        "It could know more than it does",
        (
            *_signs(e),
            *lines(
                None
                if early is None
                else f"The loss fell by {early:.2g} nats over the last fifth of the steps",
                e.setting_line("learning_rate"),
            ),
        ),
        cause.SLOW,
        remedy,
    )
    return found if behind or found.changes else None


def _stopped_early(e: Evidence) -> float | None:
    """By how much the loss fell over the last fifth of a schedule that is over; None where it goes on, or nothing fell."""
    end = e.setting("schedule_steps")
    if (
        e.setting("schedule") in (None, "constant")
        or end is None
        or e.step < max(end, LEAST_STEPS_OF_A_TREND)
    ):
        return None
    now, before = e.recent("loss"), e.recent_at("loss", end * 4 // 5)
    fell = before - now if now is not None and before is not None else 0.0
    return fell if now and fell > STILL_FALLING_SHARE * now else None


def _rise(e: Evidence) -> tuple[int, float, float] | None:
    """The step at which the held-out loss was best, that loss, and the present one, where training went on to get better
    while the held-out loss rose; None else."""
    steps, losses = e.probes.column("held_out_loss")
    known = np.isfinite(losses)
    steps, losses = steps[known], losses[known]
    learned = _frequencies(e)
    if len(losses) <= WORSE_PROBES or (learned is not None and losses.min() > learned):
        return None
    best = int(losses.argmin())
    if steps[best] == 0:
        return None  # held-out text was never better known than before: what is learnt is of another kind
    rest = losses[max(best + 1, len(losses) - WORSE_PROBES) :]
    if len(rest) < WORSE_PROBES or not (rest > losses[best] * (1 + WORSE_SHARE)).all():
        return None
    loss, at_best = e.recent("loss"), e.recent_at("loss", int(steps[best]))
    if loss is None or (at_best is not None and loss >= at_best):
        return None
    return int(steps[best]), float(losses[best]), float(losses[-1])


def _rise_lines(e: Evidence) -> tuple[str, ...]:
    rise = _rise(e)
    if rise is None:
        return ()
    began, best, now = rise
    return lines(
        f"It began at step {began:,}",
        e.line("held_out_loss", now, at_its_best=best),
        e.line("loss", e.recent("loss"), then=e.recent_at("loss", began)),
    )


def _less_by_heart(e: Evidence) -> tuple[str, Changes]:
    """What keeps a model from learning by heart: dropout, counts of fewer symbols, or more text."""
    dropout, order = e.setting("dropout"), e.setting("order")
    if order is not None and order > 3:
        return "Count fewer symbols together, or give it more text.", {"order": 3}
    if dropout is not None and dropout < cause.STRONG_DROPOUT:
        raised = cause.USUAL_DROPOUT if dropout < cause.USUAL_DROPOUT else cause.STRONG_DROPOUT
        return "Go back, let it drop more, and stop earlier; best of all is more text.", {"dropout": raised}
    return "Give it more text, or take a smaller model and fewer steps.", {}


def _memorising(e: Evidence) -> Verdict | None:
    copied, chance = e.now("copied_span"), e.constant("held_out_span")
    if copied is None or chance is None or copied < max(COPIED_FACTOR * chance, chance + COPIED_MARGIN):
        return None
    words, changes = _less_by_heart(e)
    rise, quote = _rise(e), e.quotes.get("copied")
    return Verdict(
        "memorising",
        "It says its text by heart",
        (
            *lines(
                e.line("copied_span", copied, by_chance=chance),
                f"Copied: “{quote}”" if quote else None,
            ),
            *(_rise_lines(e) or _signs(e)),
        ),
        words,
        changes,
        rise[0] if rise else None,
    )


def _overfitting(e: Evidence) -> Verdict | None:
    rise = _rise(e)
    if rise is None:
        return None
    words, changes = _less_by_heart(e)
    return Verdict(
        "overfitting",
        f"It learns its text by heart since step {rise[0]:,}",
        _rise_lines(e),
        f"The training loss falls while held-out text gets worse. {words}",
        changes,
        rise[0],
    )


def _repetition_loop(e: Evidence) -> Verdict | None:
    share, chance = e.now("looped"), e.constant("held_out_looped")
    if share is None or chance is None or e.steps_seen < WARMUP_STEPS:
        return None
    if share < max(LOOPED, chance + LOOPED_MARGIN):
        return None
    quote = e.quotes.get("written")
    return verdict(
        e,
        "repetition loop",
        "It says the same over and over",
        (
            *lines(
                e.line("looped", share, in_held_out_text=chance), f"It wrote: “{quote}”" if quote else None
            ),
            *_signs(e),
        ),
        cause.NO_CONTEXT,
        Remedy(
            "One round makes the next likelier. See whether the training text repeats itself, and take out what does; a "
            "higher temperature helps while it writes.",
            {},
        ),
    )


def _no_order(e: Evidence) -> Verdict | None:
    """Counts of single symbols: what somebody chose, or what is left where contexts say nothing."""
    if e.setting("order") != 1:
        return None
    return Verdict(
        "unigram only",
        "It counts single symbols, and looks at no context",
        _signs(e),
        "Count more symbols together.",
        {"order": 5},
    )


RULES: tuple[Rule, ...] = (
    partial(not_a_number, LANGUAGE),
    _blown_up,
    partial(warming_up, LANGUAGE),
    _repetition_loop,
    _memorising,
    _overfitting,
    _unigram_only,
    _under_trained,
    partial(settling, against_health, MASKED_PATIENCE_STEPS, "Frequencies first: no context yet"),
    partial(healthy, LANGUAGE),
)
COUNTING_RULES: tuple[Rule, ...] = (
    partial(not_a_number, COUNTING),
    partial(warming_up, COUNTING),
    _no_order,
    _memorising,
    partial(healthy, COUNTING, title="Counting"),
)
