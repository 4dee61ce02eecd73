"""What is set wrong where a run without negatives collapses, and whether setting it back wakes a collapsed model.

Measured on shapes of 16 pixels, small conv net, batch 64: 150 steps without, then 300 with it again.

- Spread of unit vectors, .7 and more in healthy runs: SimSiam's stopped gradient .04 -> .06, its predictor .06 -> .15,
  BYOL's predictor .05 -> .26. None wakes the model.
- Raw spread: VICReg's variance .01 -> .37, SIGReg .01 -> .78, both within 50 steps.
- Barlow Twins' effective rank stays at 1.0 for 100 steps and is 3.0 after 300, as in a healthy run. VICReg's covariance
  brings RankMe from 2 to 6.5, of a healthy run's 13.
"""

from __future__ import annotations

from typing import Any

from ssllab.doctor.causes import Cause, above, below, equal
from ssllab.doctor.evidence import Evidence

SLEEPS = "Setting it back does not wake a collapsed model: go back to before it."
WAKES = "Set back, it opens the embeddings again within fifty steps."
SLOWLY = "Set back, it opens the dimensions again, in some three hundred steps."
HALF = "Set back, it opens half of the dimensions again in three hundred steps: go back to before it."


def _slight(e: Evidence, weight: Any) -> bool:
    return weight < LEAST_VARIANCE * (e.setting("invariance_weight") or 0.0)


LEAST_VARIANCE = 0.04  # of the weight of invariance

STOP = Cause(
    "stop_gradient",
    equal(False),
    f"Without the stopped gradient both views move and meet in one vector. {SLEEPS}",
)
PREDICTOR = Cause(
    "predictor", equal(False), f"Without the predictor the target pulls everything into one vector. {SLEEPS}"
)
COPIED = Cause(
    "target_momentum", below(0.5), f"The target is no slow copy: nearly the network itself. {SLEEPS}"
)
FROZEN = Cause(
    "target_momentum",
    above(0.99999),
    "The target never moves from its random start: nothing collapses, and little is learned from it.",
    harmless=True,
)
VARIANCE = Cause(
    "variance_weight", _slight, f"No term holds the spread of the dimensions open. {WAKES}", harmless=True
)
COVARIANCE = Cause(
    "covariance_weight",
    equal(0.0),
    f"Nothing keeps dimensions from saying the same, so one is enough. {HALF}",
)
REDUNDANCY = Cause(
    "redundancy_weight",
    equal(0.0),
    f"Nothing keeps dimensions from saying the same, so one is enough. {SLOWLY}",
    harmless=True,
)
SIGREG = Cause("sigreg_weight", equal(0.0), f"No statistic holds the embeddings open. {WAKES}", harmless=True)

PREVENTS_COLLAPSE = (STOP, PREDICTOR, COPIED, VARIANCE, COVARIANCE, REDUNDANCY, SIGREG)
