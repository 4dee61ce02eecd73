"""The doctor of speech on evidence as it was measured in healthy and sick runs (docs/papers.md)."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.doctor.speech import SpeechState, diagnose_speech
from ssllab.doctor.speech_evidence import speech_evidence
from ssllab.doctor.speech_signs import SpeechEvidence
from ssllab.doctor.speech_thresholds import PATIENCE_STEPS, PLATEAU_STEPS, WARMUP_STEPS
from ssllab.training.metrics import MetricsLog

CHANCE = math.log(101)

HEALTHY = SpeechEvidence(
    step=1500,
    steps_seen=1500,
    contrastive_loss=3.43,
    loss_is_finite=True,
    chance_loss=CHANCE,
    contrastive_top1=0.2,
    code_perplexities=(25.0, 22.0),
    code_perplexities_before=(24.5, 21.8),
    prob_perplexities=(38.0, 37.0),
    codes=40,
    dead_codes=0.1,
    pnmi=0.4,
    pnmi_volume=0.15,
    volume_share=0.3,
    silence_codes=0.1,
    silent_frames=0.15,
    gradient_norm=1.0,
    quantizer="gumbel",
    learning_rate=5e-4,
    diversity_weight=0.1,
    gumbel_temperature=1.5,
    gumbel_floor=0.5,
    gumbel_noise=True,
    freeze_codes=False,
    dead_code_restart=False,
    entropy_weight=0.0,
    feature_gradient=0.1,
    mask_probability=0.65,
)


def seen(**changes: Any) -> SpeechEvidence:
    return replace(HEALTHY, **changes)


# Every negative equals the positive and does not count: the loss looks perfect.
PERFECT = {
    "contrastive_loss": 0.0,
    "contrastive_top1": 1.0,
    "code_perplexities": (1.0, 1.0),
    "code_perplexities_before": (1.0, 1.0),
    "prob_perplexities": (1.1, 1.0),
    "dead_codes": 0.97,
}

SICK: dict[str, SpeechEvidence] = {
    "loss not a number": seen(contrastive_loss=math.nan, loss_is_finite=False),
    "gradient overflows": seen(gradient_norm=math.inf),
    "loss blown up": seen(contrastive_loss=7.0, contrastive_top1=0.01),
    "one code a group": seen(**PERFECT),
    "few codes": seen(
        contrastive_loss=2.57,
        contrastive_top1=0.5,
        code_perplexities=(2.4, 2.8),
        code_perplexities_before=(3.0, 3.1),
        prob_perplexities=(5.0, 5.0),
        dead_codes=0.8,
        diversity_weight=0.0,
    ),
    # Broken in mid-run: the sliding window still remembers other codes.
    "few codes, none dead yet": seen(
        steps_seen=120,
        contrastive_loss=1.36,
        contrastive_top1=0.7,
        code_perplexities=(1.5, 1.5),
        code_perplexities_before=(22.0, 21.0),
        prob_perplexities=(1.6, 1.5),
        dead_codes=0.17,
    ),
    "one group of two": seen(
        code_perplexities=(25.0, 1.1),
        code_perplexities_before=(24.0, 1.1),
        prob_perplexities=(30.0, 1.5),
        dead_codes=0.55,
    ),
    # Soft 602.7 of 640 with hard 23.8.
    "soft but not hard": seen(
        codes=320,
        code_perplexities=(12.0, 11.8),
        code_perplexities_before=(12.0, 11.8),
        prob_perplexities=(301.0, 301.7),
        dead_codes=0.9,
    ),
    "at chance": seen(contrastive_loss=0.999 * CHANCE, contrastive_top1=0.012),
    "at chance by loss alone": seen(contrastive_loss=CHANCE, contrastive_top1=None),
    "units as often as they come": seen(
        contrastive_loss=math.log(50), chance_loss=math.log(100), contrastive_top1=0.08, target_perplexity=50
    ),
    "volume": seen(pnmi=0.14, volume_share=0.9, contrastive_top1=0.6),
    "volume, no phones": seen(pnmi=None, pnmi_volume=None, volume_share=0.9, contrastive_top1=0.6),
    "silence": seen(silence_codes=0.8, silent_frames=0.2, contrastive_top1=0.6),
}

STATES = {
    "loss not a number": "diverged",
    "gradient overflows": "diverged",
    "loss blown up": "diverged",
    "one code a group": "codebook collapse",
    "few codes": "codebook collapse",
    "few codes, none dead yet": "codebook collapse",
    "one group of two": "codebook collapse",
    "soft but not hard": "soft but not hard",
    "at chance": "stuck at chance",
    "at chance by loss alone": "stuck at chance",
    "units as often as they come": "stuck at chance",
    "volume": "shortcut",
    "volume, no phones": "shortcut",
    "silence": "shortcut",
}


@pytest.mark.parametrize("name", SICK)
def test_names_the_sickness_with_evidence_and_a_remedy(name: str) -> None:
    verdict = diagnose_speech(SICK[name])
    assert verdict.state == STATES[name]
    assert verdict.sick
    assert verdict.evidence
    assert verdict.remedy


def test_every_sick_state_has_a_case() -> None:
    assert set(STATES.values()) | {"healthy", "warming up"} == set(get_args(SpeechState))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # The first minutes: still at chance, few codes win, most have not been tried.
        {
            "step": 150,
            "steps_seen": 150,
            "contrastive_loss": CHANCE,
            "contrastive_top1": 0.01,
            "code_perplexities": (1.8, 2.0),
            "code_perplexities_before": (2.0, 2.2),
            "dead_codes": 0.85,
        },
        # The loss already falls while perplexity dips: measured at step 300 of a run that recovers.
        {
            "step": 300,
            "steps_seen": 300,
            "codes": 320,
            "contrastive_loss": 4.07,
            "contrastive_top1": 0.036,
            "code_perplexities": (42.7, 38.1),
            "code_perplexities_before": (49.5, 32.6),
            "prob_perplexities": (265.0, 239.0),
            "dead_codes": 0.33,
        },
        # At chance, and the codes are still being sorted out.
        {
            "contrastive_loss": CHANCE,
            "contrastive_top1": 0.01,
            "code_perplexities": (25.0, 22.0),
            "code_perplexities_before": (15.0, 12.0),
        },
        # Few codes, but more every step.
        {
            "code_perplexities": (2.5, 2.6),
            "code_perplexities_before": (1.5, 1.6),
            "prob_perplexities": (5.0, 5.0),
            "dead_codes": 0.9,
        },
        # A small codebook.
        {
            "codes": 4,
            "code_perplexities": (3.1, 2.9),
            "code_perplexities_before": (3, 3),
            "prob_perplexities": (3.9, 3.8),
            "dead_codes": 0.0,
        },
        # Soft above hard, as in every run.
        {"code_perplexities": (14.0, 12.0), "prob_perplexities": (39.0, 39.0)},
        # Recordings of one speaker who pauses a lot.
        {"silent_frames": 0.5, "silence_codes": 0.7, "contrastive_top1": 0.6},
        # No labels, no measures of loudness.
        dict.fromkeys(("pnmi", "pnmi_volume", "volume_share", "silence_codes", "silent_frames")),
        # HuBERT: no groups; loss far under the entropy of the units.
        {
            "code_perplexities": (),
            "prob_perplexities": (),
            "contrastive_loss": 2.5,
            "target_perplexity": 60.0,
            "predicted_perplexity": 40.0,
        },
    ],
)
def test_is_silent_on_healthy_runs(changes: dict[str, Any]) -> None:
    verdict = diagnose_speech(seen(**changes))
    assert verdict.state == "healthy"
    assert not verdict.sick
    assert not verdict.changes


def test_a_perfect_loss_is_healthy_only_with_codes_alive() -> None:
    loss = {"contrastive_loss": 0.05, "contrastive_top1": 0.99}
    assert not diagnose_speech(seen(**loss)).sick
    assert diagnose_speech(seen(**PERFECT)).state == "codebook collapse"


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state != "diverged"])
def test_waits_before_it_judges(name: str) -> None:
    early = replace(SICK[name], step=5000, steps_seen=WARMUP_STEPS - 1)
    assert diagnose_speech(early).state == "warming up"


@pytest.mark.parametrize(
    ("state", "patience"),
    [
        ("shortcut", PATIENCE_STEPS),
        ("soft but not hard", PATIENCE_STEPS),
        ("stuck at chance", PLATEAU_STEPS),
    ],
)
def test_waits_longer_for_what_moves_later(state: str, patience: int) -> None:
    for name in (name for name, named in STATES.items() if named == state):
        assert not diagnose_speech(replace(SICK[name], steps_seen=patience - 1)).sick
        assert diagnose_speech(replace(SICK[name], steps_seen=patience)).state == state


def test_a_solved_task_without_codes_is_collapse_even_while_a_code_comes_back() -> None:
    flicker = seen(**PERFECT | {"code_perplexities": (3.9, 1.9)})
    assert diagnose_speech(flicker).state == "codebook collapse"


def test_two_codes_are_no_shortcut_through_volume() -> None:
    two = seen(**PERFECT | {"contrastive_loss": 2.0, "contrastive_top1": 0.6, "dead_codes": 0.3}, pnmi=0.01)
    assert diagnose_speech(two).state != "shortcut"


def test_an_empty_codebook_with_a_solved_task_is_named_without_further_waiting() -> None:
    assert diagnose_speech(seen(**PERFECT, steps_seen=WARMUP_STEPS)).state == "codebook collapse"


def test_what_is_not_a_number_is_said_at_once() -> None:
    assert diagnose_speech(SpeechEvidence(step=1, contrastive_loss=math.nan)).state == "diverged"


def test_knows_nothing_says_nothing() -> None:
    assert diagnose_speech(SpeechEvidence()).state == "warming up"
    assert diagnose_speech(SpeechEvidence(step=10_000)).state == "warming up"


# What brought dead codebooks back in real runs.
REVIVED = {"dead_code_restart": True, "entropy_weight": 1.0, "feature_gradient": 1.0}


@pytest.mark.parametrize(
    ("case", "settings", "changes"),
    [
        ("one code a group", {"learning_rate": 0.1}, {"learning_rate": 2e-3}),
        ("one code a group", {}, REVIVED),
        ("one code a group", {"freeze_codes": True}, REVIVED | {"freeze_codes": False}),
        ("one code a group", {"diversity_weight": 0.0}, REVIVED | {"diversity_weight": 0.1}),
        ("one code a group", {"gumbel_noise": False}, REVIVED | {"gumbel_noise": True}),
        (
            "one code a group",
            {"gumbel_temperature": 0.05, "gumbel_floor": 0.05},
            REVIVED | {"gumbel_temperature": 2.0, "gumbel_floor": 0.5},
        ),
        (
            "one code a group",
            {"entropy_weight": 1.0, "diversity_weight": 0.0},
            {"diversity_weight": 0.1, "dead_code_restart": True},
        ),
        (
            "one code a group",
            {"entropy_weight": 1.0, "dead_code_restart": True},
            {"learning_rate": 5e-5},
        ),
        ("one code a group", {"quantizer": "fsq", "diversity_weight": 0.0}, {"learning_rate": 5e-5}),
        ("soft but not hard", {"gumbel_noise": False}, REVIVED | {"gumbel_noise": True}),
        ("soft but not hard", {"diversity_weight": 5.0}, REVIVED | {"diversity_weight": 0.1}),
        ("at chance", {"entropy_weight": 1.0}, {"entropy_weight": 0.0}),
        (
            "at chance",
            {"entropy_weight": 1.0, "feature_gradient": 1.0},
            {"entropy_weight": 0.0, "feature_gradient": 0.1},
        ),
        ("at chance", {"learning_rate": 1.0}, {"learning_rate": 2e-3}),
        ("at chance", {"learning_rate": 1e-7}, {"learning_rate": 2e-3}),
        ("at chance", {"freeze_codes": True}, {"freeze_codes": False}),
        ("at chance", {"mask_length": 10, "mask_probability": 0.95}, {"mask_length": 3}),
        ("at chance", {"mask_probability": 0.95}, {"mask_probability": 0.65}),
        ("gradient overflows", {"learning_rate": 0.2}, {"learning_rate": 2e-3}),
    ],
)
def test_the_remedy_fits_the_settings(
    case: str, settings: dict[str, Any], changes: dict[str, object]
) -> None:
    assert diagnose_speech(replace(SICK[case], **settings)).changes == changes


def test_evidence_lines_carry_the_numbers_seen() -> None:
    text = " ".join(diagnose_speech(SICK["one group of two"]).evidence)
    assert "25.0 + 1.1 of 40 + 40" in text
    assert "4.615" in text
    assert "55%" in text


def test_the_evidence_is_the_median_of_the_last_steps_and_the_newest_probe() -> None:
    metrics, probes = MetricsLog(), MetricsLog()
    n = 200
    metrics.extend(
        np.arange(1, n + 1),
        {
            "loss": np.full(n, 3.6),
            "contrastive_loss": np.linspace(4.6, 3.0, n),
            "code_perplexity_1": np.linspace(1, 21, n),
            "code_perplexity_2": np.full(n, 7.0),
            "code_perplexity": np.full(n, 28.0),
        },
    )
    probes.append(0, {"pnmi": 0.1})
    probes.append(n, {"pnmi": 0.3})
    e = speech_evidence(object(), metrics, probes, {"codes": 40.0}, last_change=150)
    assert e.steps_seen == 50
    assert e.contrastive_loss == pytest.approx(3.0, abs=0.1)
    assert e.code_perplexities == pytest.approx((20.0, 7.0), abs=0.1)
    assert e.code_perplexities_before == pytest.approx((10.0, 7.0), abs=0.1)
    assert e.pnmi == pytest.approx(0.3)
    assert e.codes == 40
    assert e.diversity_weight is None  # this config knows none


NAMES = {
    *("freeze_codes", "learning_rate", "diversity_weight", "gumbel_noise", "gumbel_temperature"),
    *(
        "mask_length",
        "gumbel_floor",
        "dead_code_restart",
        "entropy_weight",
        "feature_gradient",
        "mask_probability",
    ),
}
NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)
PERPLEXITIES = st.lists(st.floats(1, 320), max_size=3).map(tuple)
ODD_VALUES = {
    "quantizer": st.sampled_from([None, "gumbel", "fsq"]),
    **dict.fromkeys(
        ("loss_is_finite", "gumbel_noise", "freeze_codes", "dead_code_restart"), st.none() | st.booleans()
    ),
    **dict.fromkeys(("step", "steps_seen", "mask_length"), st.none() | st.integers(0, 10**6)),
    "codes": st.none() | st.integers(1, 320),
    "chance_loss": st.none() | st.floats(0, 12),
    **dict.fromkeys(("code_perplexities", "code_perplexities_before", "prob_perplexities"), PERPLEXITIES),
    **dict.fromkeys(
        ("learning_rate", "diversity_weight", "gumbel_temperature", "entropy_weight", "target_perplexity"),
        st.none() | st.floats(1e-6, 100),
    ),
}


@settings(max_examples=300, deadline=None)
@given(st.builds(SpeechEvidence, **{f.name: ODD_VALUES.get(f.name, NUMBERS) for f in fields(SpeechEvidence)}))
def test_any_evidence_gets_a_verdict_whose_changes_are_controls(evidence: SpeechEvidence) -> None:
    verdict = diagnose_speech(evidence)
    assert verdict.state in get_args(SpeechState)
    assert set(verdict.changes) <= NAMES
    assert bool(verdict.remedy) == verdict.sick
    assert all(isinstance(v, bool) or math.isfinite(float(v)) for v in verdict.changes.values())
