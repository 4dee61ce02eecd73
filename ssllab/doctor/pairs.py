"""The doctor of methods that learn from pairs of views, whatever their loss: collapse, whole and by dimension, shortcut.

A method needs neither a temperature nor negatives for these rules; accuracy and loss of a guess are read where it has
them. :mod:`ssllab.doctor.contrast` adds what only contrastive methods can suffer from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from ssllab.doctor import pair_causes as cause
from ssllab.doctor.against import against_health, guessing, low_ranks, worse_probes
from ssllab.doctor.causes import Cause, Remedy, guilty, verdict
from ssllab.doctor.chance import CHANCE_LOSS_SHARE, at_chance, solved_from
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import (
    Family,
    Rule,
    Suspicion,
    diverged,
    lower_rate,
    not_a_number,
    settling,
    suspected,
    warming_up,
)
from ssllab.doctor.verdict import Changes, Verdict, lines

# Before this many steps under the present settings a healthy run may still sit at chance with little spread.
WARMUP_STEPS = 100

# Rank and probe accuracy move later than the loss: a healthy small conv net starts with a rank of 2 or 3.
PATIENCE_STEPS = 300

# Probes dip below the untrained model's before they rise: a healthy run may stay there for so long.
SETTLING_STEPS = PATIENCE_STEPS

# Probes of a healthy run vary by two or three points from one to the next, and less on their mean.
FALLEN = 0.04
PROBES = ("knn_top1", "linear_top1")

# Features this many times wider than at the start, at chance accuracy: the weights ran away.
DIVERGED_STD_RATIO = 1000.0

# Healthy features are up to twice as wide as at the start; so many times says that the steps are far too large.
WIDE_RATIO = 10.0

# Raw std as a share of the untrained encoder's. Measured with the variance term off: .01 against .46.
COLLAPSED_STD_SHARE = 0.05

# The same, absolute, where the untrained encoder was not measured.
COLLAPSED_STD = 0.01

# Mean channel std of z/||z|| times sqrt(d): collapsed SimSiam .05 - .15, trained above .6, uniform 1.
COLLAPSED_NORMALIZED_STD = 0.15

# Probes that have not climbed this share of the way from the untrained encoder to 100 %, on their mean, have learned
# nothing; the second one where a view is known to give the image away. Measured without colour and without crops: below
# .09 where it harmed, above .4 where the images did not need them.
SHORTCUT_GAIN = 0.05
SUSPECT_GAIN = 0.1
# Beside a loss that is a guess's: a cold temperature has such a loss and may learn all the same, from .08 on.
GUESSING_GAIN = 0.075

# An untrained encoder above 90 % leaves too little room to judge by its share: take a tenth as the room.
LEAST_ROOM = 0.1


def calm(e: Evidence) -> Changes:
    """A lower learning rate."""
    return lower_rate(e, cause.usual_rate(e))


def finds_by_chance(e: Evidence) -> bool | None:
    """Whether the positive is found no more often than by guessing; None if not known."""
    return at_chance(e.recent("contrastive_top1"), e.recent("chance_loss"))


def gains(e: Evidence) -> list[float]:
    """How far each probe climbed, as a share of the room above the untrained encoder (or above guessing)."""
    found = []
    for name in PROBES:
        now, start = e.now(name), e.untrained(name)
        start = e.constant("chance_top1") if start is None else start
        if now is not None and start is not None and not math.isnan(now):
            found.append((now - start) / max(1 - start, LEAST_ROOM))
    return found


def loss_line(e: Evidence) -> str | None:
    """The loss, beside that of a guess where there is one."""
    return e.line("loss", guessing_gives=e.recent("chance_loss"))


def accuracy_line(e: Evidence) -> str | None:
    """How often the positive is found."""
    chance = e.recent("chance_loss")
    return e.line("contrastive_top1", guessing_finds=None if chance is None else math.exp(-chance))


def signs(e: Evidence) -> tuple[str, ...]:
    """How the task goes."""
    return lines(loss_line(e), accuracy_line(e))


def rank_line(e: Evidence, part: str) -> str | None:
    """The effective rank of h or z beside its width."""
    name = f"effective_rank_{part}"
    return e.line(name, e.now(name), at_most=e.constant(f"dimension_{part}"))


def probe_lines(e: Evidence) -> tuple[str, ...]:
    """What h knows, beside the untrained encoder."""
    return lines(e.probe_line("knn_top1"), e.probe_line("linear_top1"))


def _width(e: Evidence, part: str) -> float | None:
    """The raw std of h or z as a share of the untrained encoder's."""
    now, untrained = e.now(f"std_{part}"), e.untrained(f"std_{part}")
    return now / untrained if now is not None and untrained else None


def _narrow(e: Evidence, part: str) -> bool:
    width, std = _width(e, part), e.now(f"std_{part}")
    return width < COLLAPSED_STD_SHARE if width is not None else std is not None and std < COLLAPSED_STD


def complete_collapse(e: Evidence) -> Verdict | None:
    """Every image is given the same embedding."""
    by_chance = finds_by_chance(e)
    alike_h, alike_z = (
        None if spread is None else spread < COLLAPSED_NORMALIZED_STD
        for spread in (e.now("std_h_normalized"), e.now("std_z_normalized"))
    )
    # Weight decay may shrink h without harm: its directions then still differ.
    collapsed_h = _narrow(e, "h") and by_chance is not False and (bool(by_chance) or alike_h is not False)
    # A mean far from nought makes directions alike as well, which harms no method that does not normalise.
    collapsed_z = bool(alike_z) and (bool(by_chance) if by_chance is not None else _narrow(e, "z"))
    if not (collapsed_h or collapsed_z):
        return None
    return verdict(
        e,
        "complete collapse",
        "Every image gets the same embedding",
        lines(
            e.probe_line("std_h"),
            e.line("std_z_normalized", uniform=1.0),
            e.line("positive_similarity"),
            e.line("negative_similarity"),
            accuracy_line(e),
        ),
        (*cause.TOO_FAST, *cause.KEYS, cause.COLD, cause.HOT),
        Remedy(
            "The encoder has stopped telling images apart, and a dead one rarely recovers: begin anew with smaller steps.",
            calm(e),
            0,
        ),
    )


def ran_away(family: Family, e: Evidence) -> Verdict | None:
    """The features have grown beyond all measure, and nothing is found by them."""
    width = _width(e, "h")
    if width is None or width <= DIVERGED_STD_RATIO or finds_by_chance(e) is False:
        return None
    return diverged(family, e, loss_line(e), e.probe_line("std_h"))


def dimensional_collapse(e: Evidence) -> Verdict | None:
    """The embeddings differ along one or two directions only."""
    blamed = (
        *cause.TOO_FAST,
        cause.HOT,
        cause.COLD,
        cause.NO_HEAD,
        *cause.KEYS,
        cause.STRONG_JITTER,
        cause.SMALL_CROPS,
    )
    if e.steps_seen < patience(e, blamed) or not low_ranks(e):
        return None
    return verdict(
        e,
        "dimensional collapse",
        "The embeddings fill almost no dimensions",
        lines(rank_line(e, "z"), rank_line(e, "h"), e.probe_line("std_h"), accuracy_line(e)),
        blamed,
        Remedy("Lower the learning rate, take a larger batch, or use a non-linear head.", calm(e)),
    )


def patience(e: Evidence, causes: Sequence[Cause]) -> int:
    """Steps before ranks and probes are judged: fewer where somebody set what is known to harm them."""
    return WARMUP_STEPS if guilty(e, causes) else PATIENCE_STEPS


def shortcut(e: Evidence) -> Verdict | None:
    """The task is solved and the probes have not moved."""
    found, chance, climbed = e.recent("contrastive_top1"), e.recent("chance_loss"), gains(e)
    if e.steps_seen < patience(e, cause.WEAK_VIEWS) or found is None or not climbed:
        return None
    # A view that is known to give the image away needs less proof than a probe that merely is slow.
    least = SUSPECT_GAIN if guilty(e, cause.WEAK_VIEWS) else SHORTCUT_GAIN
    if (
        found < solved_from(0.0 if chance is None else math.exp(-chance))
        or sum(climbed) / len(climbed) >= least
    ):
        return None
    return verdict(
        e,
        "shortcut",
        "The task is solved without learning what is in the image",
        (*lines(accuracy_line(e)), *probe_lines(e)),
        cause.WEAK_VIEWS,
        Remedy(
            "Some detail that every view keeps gives the image away. Use stronger or other augmentations.", {}
        ),
    )


def healthy(e: Evidence) -> Verdict:
    """Nothing is wrong."""
    return Verdict("healthy", "Learning", (*signs(e), *probe_lines(e), *lines(rank_line(e, "h"))))


def fallen(e: Evidence) -> tuple[str, ...]:
    """Probes that know less than they did earlier in the run, by more than they vary."""
    bests = {name: e.best(name) for name in PROBES}
    known = {
        name: (now, best)
        for name, best in bests.items()
        if best is not None and (now := e.now(name)) is not None
    }
    if not known or sum(best - now for now, best in known.values()) / len(known) < FALLEN:
        return ()
    return lines(*(e.line(name, now, at_its_best=best) for name, (now, best) in known.items()))


def harm(e: Evidence) -> tuple[str, ...]:
    """What speaks against health, in earnest: probes that fell and a loss of a guess count where, on the mean of the
    probes, little was learned."""
    climbed, wide = gains(e), (_width(e, "h") or 0) > WIDE_RATIO
    gained = sum(climbed) / len(climbed) if climbed else 0.0
    worse = worse_probes(e) if gained < SHORTCUT_GAIN or wide else ()
    # Steps that are known to be too large and taught little have overshot, also where the probes crept up.
    crept = bool(climbed) and gained < SUSPECT_GAIN and bool(guilty(e, cause.TOO_FAST))
    return (
        *low_ranks(e),
        *(guessing(e, CHANCE_LOSS_SHARE) if gained < GUESSING_GAIN else ()),
        *(worse or fallen(e) or (probe_lines(e) if crept else ())),
        *lines(e.probe_line("std_h") if wide else None),
    )


SUSPICIONS = (
    Suspicion(cause.TOO_FAST, "diverged", "The steps overshoot"),
    Suspicion(cause.WEAK_VIEWS, "shortcut", "The views give away what they show"),
)
SETTLING = partial(settling, against_health, SETTLING_STEPS, "The probes have not risen yet")

PAIRS = Family(WARMUP_STEPS, signs, calm, cause.TOO_FAST)

RULES: tuple[Rule, ...] = (
    partial(not_a_number, PAIRS),
    partial(warming_up, PAIRS),
    complete_collapse,
    partial(ran_away, PAIRS),
    dimensional_collapse,
    shortcut,
    partial(suspected, SUSPICIONS, harm, healthy),
    SETTLING,
    healthy,
)
