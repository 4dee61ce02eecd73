"""The doctor of two views without negatives: what nothing pushes apart may become one vector, or one line.

No single number shows it. Methods that compare angles (SimSiam, BYOL) collapse in direction while vectors may grow long;
those that compare lengths (VICReg, LeJEPA) shrink to a point whose residual noise has any direction and a high rank, so that
only the raw spread tells. Batch norm at the output holds the spread at 1 whatever happens: then the ranks tell. A low loss
says nothing.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from ssllab.doctor import pair_causes, pairs
from ssllab.doctor.against import low_ranks
from ssllab.doctor.causes import Cause, Remedy, guilty, undone, verdict
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.joint_causes import FROZEN, PREVENTS_COLLAPSE
from ssllab.doctor.rules import (
    STEPS_BEFORE_A_JUMP,
    Family,
    Rule,
    not_a_number,
    not_sure,
    suspected,
    warming_up,
)
from ssllab.doctor.verdict import Verdict, lines

# Mean channel std of z/||z|| times sqrt(d): without a predictor .02 to .29, trained .7 and more.
ALIKE = 0.3

# Raw std as a share of 1/sqrt(d): collapsed VICReg and LeJEPA .08 to .3 of it from step 50 on, trained 4 and more.
COLLAPSED_SHARE = 0.5

# A rank that fell below this share of what it was once it had settled. Healthy runs: .77 to 1 of it.
PARTIAL_SHARE = 0.5
SETTLED_STEPS = 150  # a rank falls from the untrained encoder's for so long in every run
FALLING_STEPS = 50  # over which it fell: shorter is a jump, whose name is another
SPREADING = ("rankme_z", "std_z")

# A loss this many times what it was at its best, and above the first one: the steps overshoot.
BLOWN_UP = 10.0


def signs(e: Evidence) -> tuple[str, ...]:
    """What there is to see of collapse."""
    return lines(pairs.loss_line(e), e.line("spread"), e.line("positive_similarity"))


def rank_lines(e: Evidence) -> tuple[str, ...]:
    """RankMe and effective rank of the embedding."""
    return lines(
        e.line("rankme_z", e.now("rankme_z"), at_most=e.constant("dimension_z")), pairs.rank_line(e, "z")
    )


def spread_lines(e: Evidence) -> tuple[str, ...]:
    """The raw spread beside that of unit vectors, and the one of directions."""
    d = e.constant("dimension_z")
    return lines(
        e.probe_line("std_z", of_unit_vectors=None if not d else 1 / math.sqrt(d)),
        e.line("std_z_normalized", e.now("std_z_normalized"), uniform=1.0),
    )


def blamed(e: Evidence) -> tuple[Cause, ...]:
    """What prevents collapse and is off; where all of it is on, the steps."""
    return PREVENTS_COLLAPSE if guilty(e, PREVENTS_COLLAPSE) else pair_causes.TOO_FAST


def complete_collapse(angles: bool, e: Evidence) -> Verdict | None:
    """Everything is one vector; ``angles``: whether the method compares directions, so that lengths say nothing."""
    d, std, alike = e.constant("dimension_z"), e.now("std_z"), e.now("std_z_normalized")
    narrow = std is not None and bool(d) and std < COLLAPSED_SHARE / math.sqrt(d or 1)
    if not (alike is not None and alike < ALIKE if angles else narrow):
        return None
    return verdict(
        e,
        "complete collapse",
        "Every image gets the same embedding",
        (*spread_lines(e), *rank_lines(e), *lines(e.line("positive_similarity"), pairs.loss_line(e))),
        blamed(e),
        Remedy("A collapsed model rarely recovers: begin anew with smaller steps.", pairs.calm(e), 0),
    )


def blown_up(e: Evidence) -> Verdict | None:
    """The loss leapt far above its best and above where it began."""
    steps, losses = e.metrics.column("loss")
    known, now = np.isfinite(losses), e.recent("loss")
    if now is None or not known.any():
        return None
    steps, losses = steps[known], np.abs(losses[known])
    limit = BLOWN_UP * max(losses[0], losses.min())
    if now <= limit:
        return None
    sound = int(steps[losses <= limit][-1])
    return verdict(
        e,
        "diverged",
        "Training has diverged",
        lines(
            e.line("loss", at_first=float(losses[0])), e.probe_line("std_h"), e.setting_line("learning_rate")
        ),
        pair_causes.TOO_FAST,
        Remedy(
            "The steps are too large: take smaller ones from before the jump.",
            pairs.calm(e),
            max(0, sound - STEPS_BEFORE_A_JUMP),
        ),
    )


def dimensional_collapse(e: Evidence) -> Verdict | None:
    """The embeddings differ along one or two directions only."""
    causes = blamed(e)
    if e.steps_seen < pairs.patience(e, PREVENTS_COLLAPSE) or not low_ranks(e):
        return None
    return verdict(
        e,
        "dimensional collapse",
        "The embeddings fill almost no dimensions",
        (*rank_lines(e), *lines(pairs.rank_line(e, "h")), *spread_lines(e)),
        causes,
        Remedy("Lower the learning rate, or take a wider head or another optimizer.", pairs.calm(e)),
    )


def slow_partial_collapse(e: Evidence) -> Verdict | None:
    """Rank or spread of the embeddings fell, probe after probe, to less than half of what it had settled at."""
    fallen = [name for name in SPREADING if _fell(e, name)]
    if not fallen:
        return None
    said = lines(*(e.line(name, e.now(name), once=_settled(e, name)) for name in fallen))
    return verdict(
        e,
        "slow partial collapse",
        "The embeddings lose dimensions while the loss goes on",
        (*said, *(line for line in (*rank_lines(e), *spread_lines(e)) if line not in said)),
        blamed(e),
        Remedy("Strengthen what holds the embeddings open, or take smaller steps.", pairs.calm(e)),
    )


def _settled(e: Evidence, name: str) -> float:
    steps, values = e.probes.column(name)
    return float(np.nanmax(values[steps >= SETTLED_STEPS], initial=0.0))


def _fell(e: Evidence, name: str) -> bool:
    steps, values = e.probes.column(name)
    late = steps >= SETTLED_STEPS
    steps, values = steps[late], values[late]
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    top = int(values.argmax())
    lower = values[-1] < PARTIAL_SHARE * values[top]
    return bool(lower and values[-2] < values[top] and steps[-1] - steps[top] >= FALLING_STEPS)


def healthy(e: Evidence) -> Verdict:
    """Nothing is wrong."""
    return Verdict(
        "healthy",
        "Learning",
        (*signs(e), *pairs.probe_lines(e), *rank_lines(e), *lines(pairs.rank_line(e, "h"))),
    )


def frozen_target(e: Evidence) -> Verdict | None:
    """A target that never moves prevents collapse and teaches little: there is a doubt, and no sickness."""
    remedy = undone(e, (FROZEN,))
    if remedy is None:
        return None
    return not_sure(lines(e.setting_line("target_momentum")), healthy(e).evidence, remedy)


JOINT = Family(pairs.WARMUP_STEPS, signs, pairs.calm, pair_causes.TOO_FAST)


def rules(angles: bool) -> tuple[Rule, ...]:
    """Those of methods that compare angles, or lengths."""
    return (
        partial(not_a_number, JOINT),
        partial(warming_up, JOINT),
        partial(pairs.ran_away, JOINT),
        blown_up,
        partial(complete_collapse, angles),
        dimensional_collapse,
        slow_partial_collapse,
        partial(suspected, pairs.SUSPICIONS, pairs.harm, healthy),
        pairs.SETTLING,
        frozen_target,
        healthy,
    )


ANGLES, LENGTHS = rules(angles=True), rules(angles=False)
