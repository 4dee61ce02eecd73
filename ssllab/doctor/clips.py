"""The doctor of methods that learn from clips: collapse whole, by dimension and slow; a slow feature; a copying predictor.

Spread and rank alone prove nothing here: where the background of a clip stands still they are healthy while nothing that
moves is known. So the change in time is read, and what is known of the world where that can be asked.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ssllab.doctor.against import LEAST_RANK, RANKED_DIMENSION
from ssllab.doctor.causes import LONG_MEMORY, Cause, Remedy, equal, guilty, verdict
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import (
    Family,
    Rule,
    diverged,
    healthy,
    lower_rate,
    not_a_number,
    not_sure,
    warming_up,
)
from ssllab.doctor.verdict import NOT_SURE, Verdict, lines

WARMUP_STEPS = 60
SETTLING_STEPS = 150  # before so many steps a healthy run may know little yet

# Raw std times sqrt(D), and as a share of the untrained encoder's. Measured without a remedy .05 to .25 and .03 to .12; the
# narrowest healthy run had 1.5 and .7.
COLLAPSED_STD = 0.4
COLLAPSED_SHARE = 0.2

RANK_SHARE = 0.4  # of the untrained encoder's
LEAST_RANK_OF_FEW = 1.05  # where there are fewer than eight dimensions

# A spread that fell to this share of its best and is still falling.
FALLEN = 0.75
FALLING_PROBES = 4

# Change in time where position is known .09 to .43, before a background that stands still .004 to .1.
STILL = 0.15
STILL_UNKNOWN = 0.05  # where nobody can ask what is known
OF_PIXELS = 0.5  # and it is so much stiller than the pixels are
KNOWN = 0.5  # R² of position
PATIENCE_STEPS = 400

COPIES = 0.1  # how far a prediction moves from the last frame, of how far the next one is
DIVERGED_STD_RATIO = 1000.0


def _vicreg(e: Evidence, value: Any) -> bool:
    return e.setting("remedy") == "vicreg"


NO_REMEDY = Cause(
    "remedy",
    equal("none"),
    "Nothing keeps embeddings apart, and one vector for all is the easiest to predict. VICReg, SIGReg and contrast revive a "
    "collapsed model within a hundred steps or so; EMA and stop-gradient hardly do in three hundred.",
    lambda e: "vicreg",
)
NO_VARIANCE = Cause(
    "variance_weight",
    lambda e, weight: _vicreg(e, weight) and weight < 1,
    "Without its variance term VICReg lets every dimension shrink.",
)
NO_COVARIANCE = Cause(
    "covariance_weight",
    lambda e, weight: _vicreg(e, weight) and weight == 0,
    "Without its covariance term VICReg lets all dimensions say the same.",
)
NO_STATISTIC = Cause(
    "sigreg_weight",
    lambda e, weight: e.setting("remedy") == "sigreg" and weight < 0.005,
    "SIGReg at this weight holds nothing.",
)
NO_PREDICTOR = Cause(
    "predictor",
    equal(False),
    "Without a predictor the last frame's embedding is the prediction.",
)
HIGH_RATE = Cause(
    "learning_rate",
    lambda e, rate: rate > 0.02,
    "The learning rate is far above what usually works.",
    lambda e: 1e-3,
)
STILL_BACKGROUND = Cause(
    "background",
    equal("fixed"),
    "The background stands still in each clip, and is the easiest thing to predict: a run that begins before it learns it. "
    "Weaken it until the object is worth more, and begin anew; or let Pixel predictor, which must tell every pixel, learn.",
    lambda e: "off",
)
TO_BLAME = (NO_REMEDY, NO_VARIANCE, NO_COVARIANCE, NO_STATISTIC, NO_PREDICTOR)


def _dimension(e: Evidence) -> float:
    return e.constant("dimension") or e.setting("dimension") or 32.0


def _spread(e: Evidence) -> float | None:
    """The raw std of a latent's dimension: of the last steps, or of the last probe."""
    return e.recent("spread") if e.recent("spread") is not None else e.now("std")


def signs(e: Evidence) -> tuple[str, ...]:
    """How it goes: what is known, then whether it is alive, and the loss last."""
    return lines(
        e.probe_line("position_r2"),
        e.line("std", e.now("std"), evenly_spread=1 / math.sqrt(_dimension(e))),
        e.line("effective_rank", e.now("effective_rank"), at_most=_dimension(e)),
        e.line("temporal_variance_share", e.now("temporal_variance_share")),
        e.probe_line("valley_error"),
        e.line("loss"),
    )


def _calm(e: Evidence) -> dict[str, float | bool | str]:
    return lower_rate(e, 1e-3)


FAMILY = Family(WARMUP_STEPS, signs, _calm, (HIGH_RATE, LONG_MEMORY))


def wide(e: Evidence) -> Verdict | None:
    """Latents a thousand times as wide as they were: the weights ran away."""
    spread, untrained = _spread(e), e.untrained("std")
    if spread is None or not untrained or spread < DIVERGED_STD_RATIO * untrained:
        return None
    return diverged(FAMILY, e, e.line("std", spread, untrained=untrained))


def complete_collapse(e: Evidence) -> Verdict | None:
    """Every frame is given the same latent."""
    spread, untrained = _spread(e), e.untrained("std")
    if spread is None or not untrained or e.steps_seen < FAMILY.warmup_steps:
        return None
    even = 1 / math.sqrt(_dimension(e))
    if spread > COLLAPSED_STD * even or spread > COLLAPSED_SHARE * untrained:
        return None
    said = lines(
        e.line("std", spread, evenly_spread=even, untrained=untrained),
        e.line("depth", e.now("depth")),
        e.line("mean_cosine", e.now("mean_cosine")),
        e.probe_line("position_r2"),
        e.line("loss"),
        "Probes rescale latents first, and may read from what little is left",
    )
    return verdict(
        e,
        "complete collapse",
        "Every frame has become one vector",
        said,
        TO_BLAME,
        Remedy(
            "Choose what holds embeddings apart, from before they fell together.", {"remedy": "vicreg"}, 0
        ),
    )


def dimensional_collapse(e: Evidence) -> Verdict | None:
    """The spread is alive along one direction only."""
    rank, dimension, untrained = e.now("effective_rank"), _dimension(e), e.untrained("effective_rank")
    few = dimension < RANKED_DIMENSION
    # Frames of real video may differ along hardly more than one direction, whoever looks at them.
    least = LEAST_RANK_OF_FEW if few else min(LEAST_RANK, RANK_SHARE * (untrained or dimension))
    if rank is None or rank >= least or e.steps_seen < FAMILY.warmup_steps:
        return None
    said = lines(
        e.line("effective_rank", rank, at_most=dimension, untrained=untrained),
        e.line("std", e.now("std")),
        e.probe_line("position_r2"),
    )
    return verdict(
        e,
        "dimensional collapse",
        "All dimensions say the same",
        said,
        (NO_COVARIANCE, NO_STATISTIC, NO_REMEDY, NO_PREDICTOR),
        Remedy("Give what keeps dimensions apart more weight.", {"remedy": "vicreg"}, None),
    )


def _falling(e: Evidence, name: str) -> float | None:
    """The best that a scalar was since the last change, where it has fallen from it and in each of the last probes."""
    steps, values = e.probes.column(name)
    values = values[(steps >= e.last_change) & np.isfinite(values)]
    if len(values) <= FALLING_PROBES or not (np.diff(values[-FALLING_PROBES:]) < 0).all():
        return None
    return float(values.max()) if values[-1] < FALLEN * values.max() else None


def slow_partial_collapse(e: Evidence) -> Verdict | None:
    """The spread goes down and down, and has not arrived yet."""
    best, spread, untrained = _falling(e, "std"), e.now("std"), e.untrained("std")
    # VICReg and SIGReg hold a spread of 1: a young run overshoots it and comes down to it, nobody being to blame.
    if best is None or not (guilty(e, TO_BLAME) or (spread or 0) < (untrained or 0)):
        return None
    said = lines(
        e.line("std", e.now("std"), best=best), e.probe_line("position_r2"), e.line("loss"),
    )  # fmt: skip
    return verdict(
        e,
        "slow partial collapse",
        "Embeddings draw together, slowly",
        said,
        TO_BLAME,
        Remedy(
            "Choose what holds embeddings apart.",
            {} if e.setting("remedy") == "vicreg" else {"remedy": "vicreg"},
        ),
    )


def slow_feature(e: Evidence) -> Verdict | None:
    """Spread and rank are healthy, but neighbouring frames hardly differ, and what moves is not known."""
    share, position = e.now("temporal_variance_share"), e.now("position_r2")
    if share is None or e.steps_seen < SETTLING_STEPS:
        return None
    said = lines(
        e.line("temporal_variance_share", share, of_raw_pixels=e.constant("pixel_variance_share")),
        e.probe_line("position_r2"),
        e.line("background_accuracy", e.now("background_accuracy")),
        e.line("std", e.now("std")),
        e.line("effective_rank", e.now("effective_rank"), at_most=_dimension(e)),
    )
    remedy = Remedy("Weaken what stands still, or let something that must tell every pixel learn.", {})
    if position is not None:
        if share >= STILL or position >= KNOWN:
            return None
        title = "It has learnt what stands still, not what moves"
        return verdict(e, "slow feature", title, said, (STILL_BACKGROUND, NO_PREDICTOR), remedy)
    pixels = e.constant("pixel_variance_share")
    if share < STILL_UNKNOWN and pixels is not None and share < OF_PIXELS * pixels:
        return Verdict(NOT_SURE, "Possibly a slow feature", said, remedy.words)
    return None


def predictor_shortcut(e: Evidence) -> Verdict | None:
    """The prediction is the last frame over again."""
    moved = e.now("predicted_change")
    if moved is None or moved >= COPIES or e.steps_seen < SETTLING_STEPS:
        return None
    return verdict(
        e,
        "predictor shortcut",
        "The prediction copies the last frame",
        lines(e.line("predicted_change", moved), e.probe_line("velocity_r2"), e.probe_line("valley_error")),
        (NO_PREDICTOR,),
        Remedy("Let the predictor learn: a longer context, a wider predictor.", {}),
    )


def knows_nothing(e: Evidence) -> Verdict | None:
    """Alive, and yet what moves is not known, or no better than by the untrained encoder."""
    position, untrained = e.now("position_r2"), e.untrained("position_r2")
    if position is None or (position >= KNOWN and position >= (untrained or 0)):
        return None
    if e.steps_seen < PATIENCE_STEPS:
        return Verdict("warming up", "Alive, but what moves is not known yet", signs(e))
    return not_sure(lines(e.probe_line("position_r2"), e.probe_line("valley_error")), signs(e))


def well(e: Evidence) -> Verdict:
    """Nothing is wrong. What does not fit is measured only where something can be put elsewhere."""
    fits = ": what comes next fits, and what does not, does not" if e.now("depth") is not None else ""
    return healthy(FAMILY, e, f"Learning{fits}")


RULES: tuple[Rule, ...] = (
    partial(not_a_number, FAMILY),
    wide,
    complete_collapse,
    dimensional_collapse,
    partial(warming_up, FAMILY),
    slow_partial_collapse,
    slow_feature,
    predictor_shortcut,
    knows_nothing,
    well,
)
