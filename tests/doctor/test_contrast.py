"""The doctor on evidence as it was measured in healthy and sick runs (docs/papers.md)."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.doctor.contrast import ContrastEvidence, State, diagnose
from ssllab.doctor.contrast_thresholds import PATIENCE_STEPS, WARMUP_STEPS

CHANCE = math.log(511)

# Crop and colour on a small conv net, batch 256: loss 3.23, linear probe 43.2 %.
HEALTHY = ContrastEvidence(
    step=800,
    steps_seen=800,
    loss=3.23,
    loss_is_finite=True,
    chance_loss=CHANCE,
    contrastive_top1=0.55,
    contrastive_chance=1 / 511,
    raw_std_h=0.4,
    raw_std_h_initial=0.1,
    normalized_std_h=0.6,
    normalized_std_z=0.9,
    effective_rank_h=12,
    effective_rank_z=18,
    dimension_h=256,
    dimension_z=128,
    rankme_h=30,
    knn_top1=0.60,
    knn_top1_initial=0.25,
    linear_top1=0.62,
    linear_top1_initial=0.30,
    chance_top1=0.1,
    positive_similarity=0.85,
    negative_similarity=0.05,
    gradient_norm=1.0,
    learning_rate=2e-3,
    weight_decay=1e-4,
    temperature=0.2,
    batch_size=256,
    optimizer="adamw",
    jitter=True,
    jitter_strength=1.0,
    crop=True,
    crop_min_area=0.08,
    grayscale=True,
)


def seen(**changes: Any) -> ContrastEvidence:
    return replace(HEALTHY, **changes)


SICK: dict[str, ContrastEvidence] = {
    "loss not a number": seen(loss=math.nan, loss_is_finite=False),
    "gradient overflows": seen(gradient_norm=math.inf),
    "loss blown up": seen(loss=14.0, contrastive_top1=0.002),
    # The variance term off: raw std .01 against .46 while the centred rank still reads 26 to 34.
    "collapsed h": seen(
        loss=CHANCE,
        contrastive_top1=1 / 511,
        raw_std_h=0.01,
        raw_std_h_initial=0.46,
        normalized_std_h=0.02,
        effective_rank_h=30,
        effective_rank_z=30,
    ),
    "collapsed z": seen(
        loss=CHANCE,
        contrastive_top1=0.002,
        normalized_std_z=0.05,
        positive_similarity=1,
        negative_similarity=1,
    ),
    "dead units": seen(loss=CHANCE, contrastive_top1=1 / 511, raw_std_h=0.0, normalized_std_h=0.0),
    # Barlow Twins with lambda 0: std 1.5, effective rank 1.0.
    "one direction": seen(raw_std_h=1.5, raw_std_h_initial=0.5, effective_rank_z=1.0, contrastive_top1=0.1),
    "one direction in h": seen(effective_rank_h=1.1, effective_rank_z=3.0),
    "at chance": seen(loss=0.999 * CHANCE, contrastive_top1=0.003),
    "at chance by accuracy alone": seen(loss=None, contrastive_top1=0.003),
    # Crops alone: the loss falls lower, 1.50, and the probe is at 11.5 %.
    "colour shortcut": seen(
        loss=1.5, contrastive_top1=0.9, linear_top1=0.115, knn_top1=0.12, jitter=False, grayscale=False
    ),
    "probe does not move": seen(contrastive_top1=0.9, linear_top1=0.31, knn_top1=0.26),
}

STATES = {
    "loss not a number": "diverged",
    "gradient overflows": "diverged",
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
def test_names_the_sickness_with_evidence_and_a_remedy(name: str) -> None:
    verdict = diagnose(SICK[name])
    assert verdict.state == STATES[name]
    assert verdict.sick
    assert verdict.evidence
    assert verdict.remedy


def test_every_sick_state_has_a_case() -> None:
    assert set(STATES.values()) | {"healthy", "warming up"} == set(get_args(State))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # 100 to 300 steps: positives alike, rank of a small conv net still low, probe not yet up.
        {"step": 120, "steps_seen": 120, "effective_rank_h": 1.9, "effective_rank_z": 1.8, "knn_top1": 0.24},
        # Weight decay shrinks h, whose directions still differ.
        {"raw_std_h": 0.004},
        # At temperature 5 no embedding gets far below chance.
        {"temperature": 5.0, "loss": CHANCE - 0.1, "contrastive_top1": 0.4},
        # A batch of 8: 15 candidates.
        {"loss": 0.9, "chance_loss": math.log(15), "contrastive_chance": 1 / 15, "contrastive_top1": 0.7},
        # A circle has two directions.
        {"dimension_z": 2, "effective_rank_z": 1.9, "effective_rank_h": 1.9},
        # Digits: the untrained encoder is nearly right, and training adds little.
        {"knn_top1_initial": 0.93, "knn_top1": 0.96, "linear_top1_initial": 0.95, "linear_top1": 0.96},
        # No labels: no probe to judge by.
        {"knn_top1": None, "linear_top1": None, "contrastive_top1": 0.95},
        # SimSiam's .069 over 1/sqrt(128).
        {"normalized_std_z": 0.78},
    ],
)
def test_is_silent_on_healthy_runs(changes: dict[str, Any]) -> None:
    verdict = diagnose(seen(**changes))
    assert verdict.state == "healthy"
    assert not verdict.sick
    assert not verdict.changes


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state != "diverged"])
def test_waits_before_it_judges(name: str) -> None:
    early = replace(SICK[name], step=5000, steps_seen=WARMUP_STEPS - 1)
    assert diagnose(early).state == "warming up"


@pytest.mark.parametrize("name", [n for n, s in STATES.items() if s in ("dimensional collapse", "shortcut")])
def test_waits_longer_for_rank_and_probes(name: str) -> None:
    assert not diagnose(replace(SICK[name], steps_seen=PATIENCE_STEPS - 1)).sick


def test_what_is_not_a_number_is_said_at_once() -> None:
    assert diagnose(ContrastEvidence(step=1, loss=math.nan)).state == "diverged"


def test_knows_nothing_says_nothing() -> None:
    assert diagnose(ContrastEvidence()).state == "warming up"
    assert diagnose(ContrastEvidence(step=10_000)).state == "warming up"


@pytest.mark.parametrize(
    ("evidence", "changes"),
    [
        (SICK["colour shortcut"], {"jitter": True}),
        (replace(SICK["probe does not move"], crop=False), {"crop": True}),
        (replace(SICK["probe does not move"], grayscale=False), {"grayscale": True}),
        (replace(SICK["probe does not move"], crop_min_area=0.8), {"crop_min_area": 0.08}),
        (replace(SICK["probe does not move"], jitter_strength=0.2), {"jitter_strength": 1.0}),
        (replace(SICK["at chance"], learning_rate=1.0), {"learning_rate": 2e-3}),
        (replace(SICK["at chance"], learning_rate=1e-6), {"learning_rate": 2e-3}),
        (replace(SICK["at chance"], temperature=50.0), {"temperature": 0.5}),
        (replace(SICK["at chance"], temperature=0.01), {"temperature": 0.5}),
        (
            replace(SICK["at chance"], optimizer="sgd", learning_rate=30.0, batch_size=512),
            {"learning_rate": 0.12},
        ),
        (replace(SICK["collapsed h"], weight_decay=0.5), {"learning_rate": 2e-4, "weight_decay": 1e-4}),
        (replace(SICK["one direction"], temperature=50.0), {"temperature": 0.2}),
        (
            replace(SICK["loss not a number"], temperature=0.01, learning_rate=5.0),
            {"learning_rate": 2e-3, "temperature": 0.1},
        ),
    ],
)
def test_the_remedy_fits_the_settings(evidence: ContrastEvidence, changes: dict[str, Any]) -> None:
    assert diagnose(evidence).changes == changes


def test_evidence_lines_carry_the_numbers_seen() -> None:
    text = " ".join(diagnose(SICK["colour shortcut"]).evidence)
    assert "90.0%" in text
    assert "11.5%" in text
    assert "30.0%" in text


NAMES = {
    *("rotate", "cutout", "noise", "sobel"),
    "temperature",
    "learning_rate",
    "jitter",
    "jitter_strength",
    "crop",
    "crop_min_area",
    "grayscale",
    "weight_decay",
}
NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)
ODD_VALUES = {
    "extra_augmentations": st.sampled_from([(), ("noise",), ("rotate", "cutout", "sobel")]),
    "optimizer": st.sampled_from([None, "sgd", "adamw", "lars", "another"]),
    **dict.fromkeys(("jitter", "crop", "grayscale", "loss_is_finite"), st.none() | st.booleans()),
    **dict.fromkeys(("step", "steps_seen", "dimension_h", "dimension_z"), st.none() | st.integers(0, 10**6)),
    "batch_size": st.none() | st.integers(2, 8192),
    **dict.fromkeys(("learning_rate", "weight_decay", "temperature"), st.none() | st.floats(1e-6, 100)),
}


@settings(max_examples=300, deadline=None)
@given(
    st.builds(ContrastEvidence, **{f.name: ODD_VALUES.get(f.name, NUMBERS) for f in fields(ContrastEvidence)})
)
def test_any_evidence_gets_a_verdict_whose_changes_are_controls(evidence: ContrastEvidence) -> None:
    verdict = diagnose(evidence)
    assert verdict.state in get_args(State)
    assert set(verdict.changes) <= NAMES
    assert bool(verdict.remedy) == verdict.sick
    assert all(isinstance(v, bool) or math.isfinite(float(v)) for v in verdict.changes.values())
