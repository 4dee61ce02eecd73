"""The doctor on evidence as it was measured in healthy and sick runs (docs/papers.md)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssllab.doctor import contrast, pairs
from ssllab.doctor.against import against_health
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.pair_causes import EXTRA_AUGMENTATIONS
from ssllab.doctor.pairs import PATIENCE_STEPS, WARMUP_STEPS
from ssllab.doctor.rules import diagnose

CHANCE = math.log(511)
Make = Callable[..., Evidence]

# Crop and colour on a small conv net, batch 256: loss 3.23, linear probe 43.2 %.
HEALTHY: dict[str, Any] = {
    "step": 800,
    "steps_seen": 800,
    "metrics": {
        "loss": 3.23,
        "chance_loss": CHANCE,
        "contrastive_top1": 0.55,
        "positive_similarity": 0.85,
        "negative_similarity": 0.05,
        "gradient_norm": 1.0,
    },
    "untrained": {"std_h": 0.1, "knn_top1": 0.25, "linear_top1": 0.30},
    "probes": {
        "std_h": 0.4,
        "std_h_normalized": 0.6,
        "std_z_normalized": 0.9,
        "effective_rank_h": 12.0,
        "effective_rank_z": 18.0,
        "knn_top1": 0.60,
        "linear_top1": 0.62,
    },
    "constants": {"dimension_h": 256.0, "dimension_z": 128.0, "chance_top1": 0.1},
    "settings": {
        "learning_rate": 2e-3,
        "weight_decay": 1e-4,
        "temperature": 0.2,
        "batch_size": 256,
        "optimizer": "adamw",
        "jitter": True,
        "jitter_strength": 1.0,
        "crop": True,
        "crop_min_area": 0.08,
        "grayscale": True,
        **dict.fromkeys(EXTRA_AUGMENTATIONS, False),
    },
}

SICK: dict[str, dict[str, Any]] = {
    "loss not a number": {"loss": math.nan},
    "gradient overflows": {"gradient_norm": math.inf},
    "features not finite": {"std_h": math.inf},
    "loss blown up": {"loss": 14.0, "contrastive_top1": 0.002},
    # The variance term off: raw std .01 against .46 while the centred rank still reads 26 to 34.
    "collapsed h": {
        "loss": CHANCE,
        "contrastive_top1": 1 / 511,
        "std_h": 0.01,
        "untrained_std_h": 0.46,
        "std_h_normalized": 0.02,
        "effective_rank_h": 30,
        "effective_rank_z": 30,
    },
    "collapsed z": {
        "loss": CHANCE,
        "contrastive_top1": 0.002,
        "std_z_normalized": 0.05,
        "positive_similarity": 1,
        "negative_similarity": 1,
    },
    "dead units": {"loss": CHANCE, "contrastive_top1": 1 / 511, "std_h": 0.0, "std_h_normalized": 0.0},
    # Barlow Twins with lambda 0: std 1.5, effective rank 1.0.
    "one direction": {"std_h": 1.5, "untrained_std_h": 0.5, "effective_rank_z": 1.0, "contrastive_top1": 0.1},
    "one direction in h": {"effective_rank_h": 1.1, "effective_rank_z": 3.0},
    "at chance": {"loss": 0.999 * CHANCE, "contrastive_top1": 0.003},
    "at chance by accuracy alone": {"loss": None, "contrastive_top1": 0.003},
    # Crops alone: the loss falls lower, 1.50, and the probe is at 11.5 %.
    "colour shortcut": {
        "loss": 1.5,
        "contrastive_top1": 0.9,
        "linear_top1": 0.115,
        "knn_top1": 0.12,
        "jitter": False,
        "grayscale": False,
    },
    "probe does not move": {"contrastive_top1": 0.9, "linear_top1": 0.31, "knn_top1": 0.26},
}

STATES = {
    "loss not a number": "diverged",
    "gradient overflows": "diverged",
    "features not finite": "diverged",
    "loss blown up": "diverged",
    "collapsed h": "complete collapse",
    "collapsed z": "complete collapse",
    "dead units": "complete collapse",
    "one direction": "dimensional collapse",
    "one direction in h": "dimensional collapse",
    "at chance": "stuck at chance",
    "at chance by accuracy alone": "stuck at chance",
    "colour shortcut": "shortcut",
    "probe does not move": "shortcut",
}


@pytest.mark.parametrize("name", SICK)
def test_names_the_sickness_with_evidence_and_a_remedy(name: str, evidence: Make) -> None:
    verdict = diagnose(contrast.RULES, evidence(HEALTHY, **SICK[name]))
    assert verdict.state == STATES[name]
    assert verdict.sick
    assert verdict.evidence
    assert verdict.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # 100 to 300 steps: positives alike, rank of a small conv net still low, probe hardly up.
        {"step": 120, "steps_seen": 120, "effective_rank_h": 2.9, "effective_rank_z": 2.4, "knn_top1": 0.26},
        # Weight decay shrinks h, whose directions still differ.
        {"std_h": 0.004},
        # A batch of 8: 15 candidates.
        {"loss": 0.9, "chance_loss": math.log(15), "contrastive_top1": 0.7},
        # A circle has two directions.
        {"dimension_z": 2, "effective_rank_z": 1.9, "effective_rank_h": 1.9},
        # Digits: the untrained encoder is nearly right, and training adds little.
        {
            "untrained_knn_top1": 0.93,
            "knn_top1": 0.96,
            "untrained_linear_top1": 0.95,
            "linear_top1": 0.96,
        },
        # No labels: no probe to judge by.
        {"knn_top1": None, "linear_top1": None, "contrastive_top1": 0.95},
        # SimSiam's .069 over 1/sqrt(128).
        {"std_z_normalized": 0.78},
    ],
)
def test_is_silent_on_healthy_runs(changes: dict[str, Any], evidence: Make) -> None:
    verdict = diagnose(contrast.RULES, evidence(HEALTHY, **changes))
    assert verdict.state == "healthy"
    assert not verdict.sick
    assert not verdict.changes


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state != "diverged"])
def test_waits_before_it_judges(name: str, evidence: Make) -> None:
    early = evidence(HEALTHY, **SICK[name], step=5000, steps_seen=WARMUP_STEPS - 1)
    assert diagnose(contrast.RULES, early).state == "warming up"


@pytest.mark.parametrize("name", ["one direction", "one direction in h", "probe does not move"])
def test_waits_longer_for_rank_and_probes_unless_their_cause_was_set(name: str, evidence: Make) -> None:
    early = SICK[name] | {"steps_seen": PATIENCE_STEPS - 1}
    assert not diagnose(contrast.RULES, evidence(HEALTHY, **early)).sick
    blamed = {"jitter": False} if name == "probe does not move" else {"temperature": 50.0}
    assert diagnose(contrast.RULES, evidence(HEALTHY, **early | blamed)).state == STATES[name]


def test_doubt_about_what_somebody_set_comes_with_a_remedy(evidence: Make) -> None:
    # At temperature 5 no embedding gets far below chance.
    hot = {"temperature": 5.0, "loss": CHANCE - 0.1, "contrastive_top1": 0.4}
    verdict = diagnose(contrast.RULES, evidence(HEALTHY, **hot))
    assert (verdict.state, verdict.changes) == ("not sure", {"temperature": 0.1})


AGAINST: dict[str, dict[str, Any]] = {
    "a probe under the untrained one": {"knn_top1": 0.24},
    "the other probe": {"linear_top1": 0.29},
    "a loss of a guess": {"loss": 0.995 * CHANCE, "contrastive_top1": 0.2},
    "a loss above a guess": {"loss": CHANCE + 0.5, "contrastive_top1": 0.2},
}


def test_a_rank_under_two_is_never_health(evidence: Make) -> None:
    for steps in range(WARMUP_STEPS, 2 * PATIENCE_STEPS, 20):
        young = evidence(HEALTHY, step=steps, steps_seen=steps, effective_rank_h=1.5)
        assert diagnose(contrast.RULES, young).state == (
            "warming up" if steps < PATIENCE_STEPS else "dimensional collapse"
        )


@pytest.mark.parametrize("name", AGAINST)
def test_what_speaks_against_health_is_said_beside_what_speaks_for_it(name: str, evidence: Make) -> None:
    verdict = diagnose(contrast.RULES, evidence(HEALTHY, **AGAINST[name]))
    assert verdict.state == "not sure"
    assert not verdict.sick
    assert {line.split(":")[0] for line in verdict.evidence} == {"Against", "Beside"}


def test_what_is_not_a_number_is_said_at_once(evidence: Make) -> None:
    assert diagnose(contrast.RULES, evidence({"step": 1, "metrics": {"loss": math.nan}})).state == "diverged"


def test_knows_nothing_says_nothing(evidence: Make) -> None:
    assert diagnose(contrast.RULES, evidence({})).state == "warming up"
    assert diagnose(contrast.RULES, evidence({"step": 10_000})).state == "warming up"


@pytest.mark.parametrize(
    ("name", "settings", "changes"),
    [
        ("colour shortcut", {}, {"jitter": True, "grayscale": True}),
        ("probe does not move", {"crop": False}, {"crop": True}),
        ("probe does not move", {"grayscale": False}, {"grayscale": True}),
        ("probe does not move", {"crop_min_area": 0.8}, {"crop_min_area": 0.08}),
        ("probe does not move", {"jitter_strength": 0.2}, {"jitter_strength": 1.0}),
        (
            "at chance",
            {"temperature": 0.01, "learning_rate": 50.0},
            {"temperature": 0.1, "learning_rate": 2e-3},
        ),
        ("at chance", {"learning_rate": 1.0}, {"learning_rate": 2e-3}),
        ("at chance", {"learning_rate": 1e-6}, {"learning_rate": 2e-3}),
        ("at chance", {"temperature": 50.0}, {"temperature": 0.1}),
        ("at chance", {"temperature": 0.01}, {"temperature": 0.1}),
        ("at chance", {"noise": True, "sobel": True}, {"noise": False, "sobel": False}),
        (
            "at chance",
            {"optimizer": "sgd", "learning_rate": 30.0, "batch_size": 512},
            {"learning_rate": 0.12},
        ),
        ("collapsed h", {"weight_decay": 0.5}, {"weight_decay": 1e-4}),
        ("one direction", {"temperature": 50.0}, {"temperature": 0.1}),
        (
            "loss not a number",
            {"temperature": 0.01, "learning_rate": 5.0},
            {"learning_rate": 2e-3, "temperature": 0.1},
        ),
    ],
)
def test_the_remedy_fits_the_settings(
    name: str, settings: dict[str, Any], changes: dict[str, Any], evidence: Make
) -> None:
    assert diagnose(contrast.RULES, evidence(HEALTHY, **SICK[name] | settings)).changes == changes


def test_evidence_lines_carry_the_numbers_seen(evidence: Make) -> None:
    text = " ".join(diagnose(contrast.RULES, evidence(HEALTHY, **SICK["colour shortcut"])).evidence)
    assert "90.0 %" in text
    assert "Linear probe on h 11.5 %; untrained 30.0 %" in text


# A method of pairs that somebody wrote: no negatives, so nothing is guessed, and no temperature.
OTHER: dict[str, Any] = {
    **HEALTHY,
    "metrics": {"loss": 25.0, "invariance": 0.2, "gradient_norm": 1.0},
    "untrained": HEALTHY["untrained"] | {"std_z": 0.3},
    "probes": HEALTHY["probes"] | {"std_z": 1.0},
    "settings": {"learning_rate": 2e-3, "optimizer": "adamw"},
}


@pytest.mark.parametrize(
    ("changes", "state", "remedy"),
    [
        ({}, "healthy", {}),
        ({"steps_seen": WARMUP_STEPS - 1}, "warming up", {}),
        ({"loss": math.nan}, "diverged", {"learning_rate": 2e-4}),
        ({"std_h": 2000.0}, "diverged", {"learning_rate": 2e-4}),
        ({"std_h": 1e-4, "std_h_normalized": 0.02}, "complete collapse", {"learning_rate": 2e-4}),
        ({"std_z": 1e-4, "std_z_normalized": 0.02}, "complete collapse", {"learning_rate": 2e-4}),
        # A mean far from nought makes directions alike; the width says that nothing has collapsed.
        ({"std_z_normalized": 0.05}, "healthy", {}),
        ({"effective_rank_z": 1.1}, "dimensional collapse", {"learning_rate": 2e-4}),
        ({"effective_rank_z": 1.1, "learning_rate": 1.0}, "dimensional collapse", {"learning_rate": 2e-3}),
        ({"knn_top1": 0.25, "linear_top1": 0.3}, "healthy", {}),
    ],
)
def test_a_method_without_negatives_and_temperature_is_judged_by_the_rules_of_pairs(
    changes: dict[str, Any], state: str, remedy: dict[str, Any], evidence: Make
) -> None:
    for rules in (pairs.RULES, contrast.RULES):
        verdict = diagnose(rules, evidence(OTHER, **changes))
        assert (verdict.state, verdict.changes) == (state, remedy)


NAMES = {
    *EXTRA_AUGMENTATIONS,
    "temperature",
    "learning_rate",
    "jitter",
    "jitter_strength",
    "crop",
    "crop_min_area",
    "grayscale",
    "weight_decay",
    "batch_size",
}
MEASURED = st.floats(allow_nan=True, allow_infinity=True, width=32) | st.floats(0, 1)
NUMBERS = st.none() | MEASURED
ODD_VALUES = {
    "optimizer": st.sampled_from([None, "sgd", "adamw", "lars", "another"]),
    **dict.fromkeys(("jitter", "crop", "grayscale", *EXTRA_AUGMENTATIONS), st.none() | st.booleans()),
    **dict.fromkeys(("step", "steps_seen"), st.integers(0, 10**6)),
    **dict.fromkeys(("dimension_h", "dimension_z"), st.none() | st.integers(0, 10**6)),
    "chance_loss": st.none() | st.floats(0, 12),
    "batch_size": st.none() | st.integers(2, 8192),
    **dict.fromkeys(("learning_rate", "weight_decay", "temperature"), st.none() | st.floats(1e-6, 100)),
}
FACTS = {
    **{n: NUMBERS for p in ("metrics", "probes", "constants", "settings") for n in HEALTHY[p]},
    **{f"untrained_{n}": MEASURED for n in HEALTHY["untrained"]},
}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries(FACTS | ODD_VALUES))
def test_any_evidence_gets_a_verdict_whose_changes_are_controls(
    evidence: Make, facts: dict[str, Any]
) -> None:
    verdict = diagnose(contrast.RULES, evidence(HEALTHY, **facts))
    assert verdict.state in {*STATES.values(), "healthy", "warming up", "not sure", "weak contrast"}
    assert verdict.state != "healthy" or not against_health(evidence(HEALTHY, **facts))
    assert set(verdict.changes) <= NAMES
    assert bool(verdict.remedy) == (verdict.sick or bool(verdict.changes))
    assert all(isinstance(v, bool) or math.isfinite(float(v)) for v in verdict.changes.values())
