"""The doctor of two views without negatives, on evidence as it was measured: shapes of 16 pixels, 300 steps, D = 128."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ssllab.doctor import joint
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import Rule, diagnose

Make = Callable[..., Evidence]

OPTIMIZER = {"learning_rate": 0.05, "optimizer": "sgd", "batch_size": 256, "weight_decay": 1e-4}
SIMSIAM: dict[str, Any] = {
    "step": 300,
    "steps_seen": 300,
    "earlier": {},
    "metrics": {"loss": -0.89, "positive_similarity": 0.77, "spread": 1.0, "gradient_norm": 0.1},
    "untrained": {"std_h": 0.6, "std_z": 1.0, "knn_top1": 0.25, "linear_top1": 0.23},
    "probes": {
        "std_h": 0.52,
        "std_h_normalized": 0.72,
        "std_z": 0.88,
        "std_z_normalized": 0.97,
        "effective_rank_h": 3.4,
        "effective_rank_z": 1.45,  # one direction outweighs many that are alive
        "rankme_h": 54.0,
        "rankme_z": 18.6,
        "knn_top1": 0.35,
        "linear_top1": 0.44,
    },
    "constants": {"dimension_h": 256.0, "dimension_z": 128.0, "chance_top1": 0.1},
    "settings": {**OPTIMIZER, "stop_gradient": True, "predictor": True, "output_batch_norm": True},
}
VICREG: dict[str, Any] = {
    **SIMSIAM,
    "metrics": {"loss": 18.9, "positive_similarity": 0.8, "spread": 0.35, "gradient_norm": 4.5},
    "untrained": SIMSIAM["untrained"] | {"std_z": 0.35},
    "probes": SIMSIAM["probes"] | {"std_z": 0.43, "effective_rank_z": 4.5, "rankme_z": 13.5},
    "settings": {
        **OPTIMIZER,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "invariance_weight": 25.0,
        "variance_weight": 25.0,
        "covariance_weight": 1.0,
    },
}
A, L = joint.ANGLES, joint.LENGTHS


@pytest.mark.parametrize(
    ("rules", "facts", "changes", "state", "remedy"),
    [
        (A, SIMSIAM, {}, "healthy", {}),
        (L, VICREG, {}, "healthy", {}),
        # A loss of -1 with vectors that are long and all alike.
        (A, SIMSIAM, {"loss": -0.998, "std_z_normalized": 0.03, "std_z": 0.52, "stop_gradient": False},
         "complete collapse", {"stop_gradient": True}),
        (A, SIMSIAM, {"std_z_normalized": 0.05, "predictor": False}, "complete collapse", {"predictor": True}),
        # Nobody set anything: the steps are to blame.
        (A, SIMSIAM, {"std_z_normalized": 0.05}, "complete collapse", {"learning_rate": 5e-3}),
        # Batch norm at the output: the spread is 1, the ranks are not what they were.
        (A, SIMSIAM, {"effective_rank_z": 1.8, "rankme_z": 4.3, "stop_gradient": False},
         "dimensional collapse", {"stop_gradient": True}),
        # Variance off: what is left is noise of a high rank, and directions that differ.
        (L, VICREG, {"std_z": 0.007, "effective_rank_z": 37.5, "rankme_z": 57.8, "std_z_normalized": 0.39,
                     "loss": 0.002, "variance_weight": 0.0},
         "complete collapse", {"variance_weight": 25.0}),
        (L, VICREG, {"std_z": 1.08, "effective_rank_z": 1.0, "rankme_z": 1.9, "covariance_weight": 0.0},
         "dimensional collapse", {"covariance_weight": 1.0}),
        # Directions alike by a mean far from nought harm no method that compares lengths.
        (L, VICREG, {"std_z_normalized": 0.05}, "healthy", {}),
        (L, VICREG, {"loss": 400.0, "earlier_loss": 20.0}, "diverged", {"learning_rate": 2e-4}),
        (L, VICREG, {"rankme_z": (98.0, 35.0, 30.0, 22.0, 14.0), "step": 400, "steps_seen": 200},
         "slow partial collapse", {"learning_rate": 2e-4}),
        (L, VICREG, {"rankme_z": (98.0, 35.0, 30.0, 28.0, 25.0), "step": 400, "steps_seen": 200}, "healthy", {}),
        (L, VICREG, {"steps_seen": 50, "std_z": 0.007}, "warming up", {}),
    ],
)  # fmt: skip
def test_each_state_is_told_by_its_own_number(
    rules: tuple[Rule, ...],
    facts: dict[str, Any],
    changes: dict[str, Any],
    state: str,
    remedy: dict[str, Any],
    evidence: Make,
) -> None:
    verdict = diagnose(rules, evidence(facts, **changes))
    assert verdict.state == state, verdict
    assert verdict.changes == remedy


@pytest.mark.parametrize(
    ("name", "wrong", "before", "sick", "rewinds"),
    [
        ("stop_gradient", False, True, {"std_z_normalized": 0.03}, True),
        ("predictor", False, True, {"std_z_normalized": 0.03}, True),
        ("variance_weight", 0.0, 25.0, {"std_z": 0.007}, False),
        ("covariance_weight", 0.0, 1.0, {"effective_rank_z": 1.0, "rankme_z": 1.9}, True),
    ],
)
def test_a_click_goes_back_only_where_setting_it_back_wakes_nobody(
    name: str, wrong: Any, before: Any, sick: dict[str, float], rewinds: bool, evidence: Make
) -> None:
    rules, facts = (A, SIMSIAM) if name in SIMSIAM["settings"] else (L, VICREG)
    change = SimpleNamespace(step=120, key=name, old=before)
    verdict = diagnose(
        rules, evidence(facts, made_live=(change,), **{name: wrong, "steps_seen": 180}, **sick)
    )
    assert (verdict.changes, verdict.rewind_to) == ({name: before}, 120 if rewinds else None)


def test_a_target_that_never_moves_is_a_doubt(evidence: Make) -> None:
    facts = {**SIMSIAM, "settings": {**SIMSIAM["settings"], "target_momentum": 0.99}}
    assert diagnose(A, evidence(facts)).state == "healthy"
    change = SimpleNamespace(step=120, key="target_momentum", old=0.99)
    verdict = diagnose(A, evidence(facts, made_live=(change,), target_momentum=1.0, steps_seen=180))
    assert (verdict.state, verdict.changes, verdict.rewind_to) == (
        "not sure",
        {"target_momentum": 0.99},
        None,
    )
