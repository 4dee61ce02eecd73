"""The doctor of speech on evidence as it was measured in healthy and sick runs (docs/papers.md)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssllab.doctor import speech_signs
from ssllab.doctor.against import against_health
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import diagnose
from ssllab.doctor.speech import RULES
from ssllab.doctor.speech_thresholds import PATIENCE_STEPS, PLATEAU_STEPS, TREND_STEPS, WARMUP_STEPS
from ssllab.training.metrics import MetricsLog

CHANCE = math.log(101)
Make = Callable[..., Evidence]


def groups(
    hard: tuple[float, ...], before: tuple[float, ...], soft: tuple[float, ...] = ()
) -> dict[str, Any]:
    """Perplexities of two groups by their names; with nothing given, those of a method without groups."""
    found = {}
    for name, values in (("code", hard), ("earlier_code", before), ("prob", soft)):
        if values or name != "prob":
            found |= {f"{name}_perplexity_{i + 1}": values[i] if values else None for i in range(2)}
    return found


HEALTHY: dict[str, Any] = {
    "step": 1500,
    "steps_seen": 1500,
    "metrics": {
        "loss": 3.6,
        "contrastive_loss": 3.43,
        "chance_loss": CHANCE,
        "contrastive_top1": 0.2,
        "code_perplexity_1": 25.0,
        "code_perplexity_2": 22.0,
        "prob_perplexity_1": 38.0,
        "prob_perplexity_2": 37.0,
        "dead_codes": 0.1,
        "target_perplexity": None,
        "code_perplexity": None,
        "gradient_norm": 1.0,
        "gumbel_temperature": 1.5,
    },
    "earlier": {"code_perplexity_1": 24.5, "code_perplexity_2": 21.8},
    "probes": {
        "pnmi": 0.4,
        "pnmi_volume": 0.15,
        "volume_share": 0.3,
        "silence_codes": 0.1,
        "silent_frames": 0.15,
        "rankme_context": 20.0,
    },
    "constants": {"codes": 40.0},
    "settings": {
        "quantizer": "gumbel",
        "learning_rate": 5e-4,
        "diversity_weight": 0.1,
        "gumbel_floor": 0.5,
        "gumbel_noise": True,
        "freeze_codes": False,
        "dead_code_restart": False,
        "entropy_weight": 0.1,
        "feature_gradient": 0.1,
        "mask_probability": 0.65,
        "mask_length": None,
    },
}

# Every negative equals the positive and does not count: the loss looks perfect.
PERFECT = {
    "contrastive_loss": 0.0,
    "contrastive_top1": 1.0,
    **groups((1.0, 1.0), (1.0, 1.0), (1.1, 1.0)),
    "dead_codes": 0.97,
}

SICK: dict[str, dict[str, Any]] = {
    "loss not a number": {"loss": math.nan, "contrastive_loss": math.nan},
    "gradient overflows": {"gradient_norm": math.inf},
    "loss blown up": {"contrastive_loss": 7.0, "contrastive_top1": 0.01},
    "one code a group": PERFECT,
    "few codes": {
        "contrastive_loss": 2.57,
        "contrastive_top1": 0.5,
        **groups((2.4, 2.8), (3.0, 3.1), (5.0, 5.0)),
        "dead_codes": 0.8,
        "diversity_weight": 0.0,
    },
    # Broken in mid-run: the sliding window still remembers other codes.
    "few codes, none dead yet": {
        "steps_seen": 120,
        "contrastive_loss": 1.36,
        "contrastive_top1": 0.7,
        **groups((1.5, 1.5), (22.0, 21.0), (1.6, 1.5)),
        "dead_codes": 0.17,
    },
    "one group of two": {**groups((25.0, 1.1), (24.0, 1.1), (30.0, 1.5)), "dead_codes": 0.55},
    # Soft 602.7 of 640 with hard 23.8.
    "soft but not hard": {
        "codes": 320,
        **groups((12.0, 11.8), (12.0, 11.8), (301.0, 301.7)),
        "dead_codes": 0.9,
    },
    "at chance": {"contrastive_loss": 0.999 * CHANCE, "contrastive_top1": 0.012},
    "at chance by loss alone": {"contrastive_loss": CHANCE, "contrastive_top1": None},
    "units as often as they come": {
        "contrastive_loss": math.log(50),
        "chance_loss": math.log(100),
        "contrastive_top1": 0.08,
        "target_perplexity": 50,
    },
    "volume": {"pnmi": 0.14, "volume_share": 0.9, "contrastive_top1": 0.6},
    "volume, no phones": {"pnmi": None, "pnmi_volume": None, "volume_share": 0.9, "contrastive_top1": 0.6},
    "silence": {"silence_codes": 0.8, "silent_frames": 0.2, "contrastive_top1": 0.6},
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
def test_names_the_sickness_with_evidence_and_a_remedy(name: str, evidence: Make) -> None:
    verdict = diagnose(RULES, evidence(HEALTHY, **SICK[name]))
    assert verdict.state == STATES[name]
    assert verdict.sick
    assert verdict.evidence
    assert verdict.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # The loss already falls while perplexity dips: measured at step 300 of a run that recovers.
        {
            "step": 300,
            "steps_seen": 300,
            "codes": 320,
            "contrastive_loss": 4.07,
            "contrastive_top1": 0.036,
            **groups((42.7, 38.1), (49.5, 32.6), (265.0, 239.0)),
            "dead_codes": 0.33,
        },
        # Few codes, but more every step.
        {
            **groups((2.5, 2.6), (1.5, 1.6), (5.0, 5.0)),
            "dead_codes": 0.9,
        },
        # A small codebook.
        {
            "codes": 4,
            **groups((3.1, 2.9), (3, 3), (3.9, 3.8)),
            "dead_codes": 0.0,
        },
        # Soft above hard, as in every run.
        groups((14.0, 12.0), (24.5, 21.8), (39.0, 39.0)),
        # Recordings of one speaker who pauses a lot.
        {"silent_frames": 0.5, "silence_codes": 0.7, "contrastive_top1": 0.6},
        # No labels, no measures of loudness.
        dict.fromkeys(("pnmi", "pnmi_volume", "volume_share", "silence_codes", "silent_frames")),
        # HuBERT: no groups; loss far under the entropy of the units.
        {
            **dict.fromkeys(f"{kind}_perplexity_{group}" for kind in ("code", "prob") for group in (1, 2)),
            "contrastive_loss": None,
            "loss": 2.5,
            "target_perplexity": 60.0,
            "code_perplexity": 40.0,
        },
    ],
)
def test_is_silent_on_healthy_runs(changes: dict[str, Any], evidence: Make) -> None:
    verdict = diagnose(RULES, evidence(HEALTHY, **changes))
    assert verdict.state == "healthy"
    assert not verdict.sick
    assert not verdict.changes


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        # The first minutes: still at chance, few codes win, most have not been tried.
        (
            "warming up",
            {
                "step": 150,
                "steps_seen": 150,
                "contrastive_loss": CHANCE,
                "contrastive_top1": 0.01,
                **groups((1.8, 2.0), (2.0, 2.2)),
                "dead_codes": 0.85,
            },
        ),
        # At chance, and the codes are still being sorted out.
        (
            "not sure",
            {
                "contrastive_loss": CHANCE,
                "contrastive_top1": 0.01,
                **groups((25.0, 22.0), (15.0, 12.0)),
            },
        ),
        # Hard perplexity of 7.8 + 7.5 of 320, and more with every step.
        ("not sure", {"codes": 320, **groups((7.8, 7.5), (4.0, 4.0), (60.0, 60.0))}),
        # A loss of 4.58 where a guess has 4.62, though the true code is found now and then.
        ("not sure", {"contrastive_loss": 4.58, "contrastive_top1": 0.2}),
        ("not sure", {"rankme_context": 1.5}),
    ],
)
def test_is_neither_alarmed_nor_content_where_a_run_may_still_find_its_way(
    state: str, changes: dict[str, Any], evidence: Make
) -> None:
    verdict = diagnose(RULES, evidence(HEALTHY, **changes))
    assert verdict.state == state
    assert not verdict.sick


def test_a_perfect_loss_is_healthy_only_with_codes_alive(evidence: Make) -> None:
    loss = {"contrastive_loss": 0.05, "contrastive_top1": 0.99}
    assert not diagnose(RULES, evidence(HEALTHY, **loss)).sick
    assert diagnose(RULES, evidence(HEALTHY, **PERFECT)).state == "codebook collapse"


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state != "diverged"])
def test_waits_before_it_judges(name: str, evidence: Make) -> None:
    early = evidence(HEALTHY, **SICK[name] | {"step": 5000, "steps_seen": WARMUP_STEPS - 1})
    assert diagnose(RULES, early).state == "warming up"


@pytest.mark.parametrize(
    ("state", "patience"),
    [
        ("shortcut", PATIENCE_STEPS),
        ("soft but not hard", PATIENCE_STEPS),
        ("stuck at chance", PLATEAU_STEPS),
    ],
)
def test_waits_longer_for_what_moves_later(state: str, patience: int, evidence: Make) -> None:
    for name in (name for name, named in STATES.items() if named == state):
        assert not diagnose(RULES, evidence(HEALTHY, **SICK[name], steps_seen=patience - 1)).sick
        assert diagnose(RULES, evidence(HEALTHY, **SICK[name], steps_seen=patience)).state == state


def test_a_solved_task_without_codes_is_collapse_even_while_a_code_comes_back(evidence: Make) -> None:
    flicker = evidence(HEALTHY, **PERFECT | {"code_perplexity_1": 3.9, "code_perplexity_2": 1.9})
    assert diagnose(RULES, flicker).state == "codebook collapse"


def test_two_codes_are_no_shortcut_through_volume(evidence: Make) -> None:
    few = {"contrastive_loss": 2.0, "contrastive_top1": 0.6, "dead_codes": 0.3, "pnmi": 0.01}
    assert diagnose(RULES, evidence(HEALTHY, **PERFECT | few)).state != "shortcut"


def test_an_empty_codebook_with_a_solved_task_is_named_without_further_waiting(evidence: Make) -> None:
    assert diagnose(RULES, evidence(HEALTHY, **PERFECT, steps_seen=WARMUP_STEPS)).state == "codebook collapse"


def test_what_is_not_a_number_is_said_at_once(evidence: Make) -> None:
    assert diagnose(RULES, evidence({"step": 1, "metrics": {"loss": math.nan}})).state == "diverged"


def test_knows_nothing_says_nothing(evidence: Make) -> None:
    assert diagnose(RULES, evidence({})).state == "warming up"
    assert diagnose(RULES, evidence({"step": 10_000})).state == "warming up"


# What brought dead codebooks back in real runs.
REVIVED = {"dead_code_restart": True, "entropy_weight": 1.0, "feature_gradient": 1.0}


@pytest.mark.parametrize(
    ("case", "settings", "changes"),
    [
        ("one code a group", {"learning_rate": 0.1}, {"learning_rate": 3e-3}),
        ("one code a group", {}, REVIVED),
        ("one code a group", {"freeze_codes": True}, {"freeze_codes": False}),
        ("one code a group", {"diversity_weight": 0.0}, {"diversity_weight": 0.1}),
        ("one code a group", {"entropy_weight": 0.0}, {"entropy_weight": 0.1}),
        ("one code a group", {"gumbel_noise": False}, {"gumbel_noise": True}),
        ("one code a group", {"gumbel_temperature": 0.05, "gumbel_floor": 0.05}, {"gumbel_floor": 0.5}),
        (
            "one code a group",
            {"diversity_weight": 0.0, "gumbel_noise": False, "entropy_weight": 0.0},
            {"diversity_weight": 0.1, "gumbel_noise": True, "entropy_weight": 0.1},
        ),
        ("one code a group", {"entropy_weight": 1.0, "dead_code_restart": True}, {"learning_rate": 5e-5}),
        ("one code a group", {"quantizer": "fsq", "diversity_weight": 0.0}, {"learning_rate": 5e-5}),
        ("soft but not hard", {"gumbel_noise": False}, {"gumbel_noise": True}),
        ("soft but not hard", {"diversity_weight": 5.0}, {"diversity_weight": 0.1}),
        ("at chance", {"entropy_weight": 1.0}, {"entropy_weight": 0.1}),
        (
            "at chance",
            {"entropy_weight": 1.0, "feature_gradient": 1.0},
            {"entropy_weight": 0.1, "feature_gradient": 0.1},
        ),
        ("at chance", {"learning_rate": 1.0}, {"learning_rate": 3e-3}),
        ("at chance", {"learning_rate": 1e-7}, {"learning_rate": 3e-3}),
        ("at chance", {"freeze_codes": True}, {"freeze_codes": False}),
        (
            "at chance",
            {"mask_length": 10, "mask_probability": 0.95},
            {"mask_length": 3, "mask_probability": 0.65},
        ),
        ("at chance", {"mask_probability": 0.95}, {"mask_probability": 0.65}),
        ("gradient overflows", {"learning_rate": 0.2}, {"learning_rate": 3e-3}),
    ],
)
def test_the_remedy_fits_the_settings(
    case: str, settings: dict[str, Any], changes: dict[str, object], evidence: Make
) -> None:
    assert diagnose(RULES, evidence(HEALTHY, **SICK[case] | settings)).changes == changes


def test_evidence_lines_carry_the_numbers_seen(evidence: Make) -> None:
    text = " ".join(diagnose(RULES, evidence(HEALTHY, **SICK["one group of two"])).evidence)
    assert "Hard code perplexity 25 + 1.1 of 40 + 40" in text
    assert "guessing gives 4.615 nats" in text
    assert "55.0 %" in text


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
    e = Evidence(object(), metrics, probes, {"codes": 40.0}, last_change=150)
    assert e.steps_seen == 50
    assert speech_signs.loss(e) == pytest.approx(3.0, abs=0.1)
    assert speech_signs.hard(e) == pytest.approx((20.0, 7.0), abs=0.1)
    assert speech_signs.hard(e, n - TREND_STEPS) == pytest.approx((10.0, 7.0), abs=0.1)
    assert e.now("pnmi") == pytest.approx(0.3)
    assert e.untrained("pnmi") == pytest.approx(0.1)
    assert e.constant("codes") == 40
    assert e.setting("diversity_weight") is None  # this config knows none


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
NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True, width=32) | st.floats(0, 1)
PERPLEXITIES = st.none() | st.floats(1, 320)
ODD_VALUES = {
    "quantizer": st.sampled_from([None, "gumbel", "fsq"]),
    **dict.fromkeys(("gumbel_noise", "freeze_codes", "dead_code_restart"), st.none() | st.booleans()),
    **dict.fromkeys(("step", "steps_seen"), st.integers(0, 10**6)),
    "mask_length": st.none() | st.integers(0, 10**6),
    "codes": st.none() | st.integers(1, 320),
    "chance_loss": st.none() | st.floats(0, 12),
    **{
        f"{name}_perplexity_{group}": PERPLEXITIES
        for name in ("code", "earlier_code", "prob")
        for group in (1, 2)
    },
    **dict.fromkeys(
        ("learning_rate", "diversity_weight", "gumbel_temperature", "entropy_weight", "target_perplexity"),
        st.none() | st.floats(1e-6, 100),
    ),
}
FACTS = {n: NUMBERS for p in ("metrics", "probes", "constants", "settings") for n in HEALTHY[p]}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries(FACTS | ODD_VALUES))
def test_any_evidence_gets_a_verdict_whose_changes_are_controls(
    evidence: Make, facts: dict[str, Any]
) -> None:
    verdict = diagnose(RULES, evidence(HEALTHY, **facts))
    assert verdict.state in {*STATES.values(), "healthy", "warming up", "not sure"}
    assert verdict.state != "healthy" or not against_health(evidence(HEALTHY, **facts))
    assert set(verdict.changes) <= NAMES
    assert bool(verdict.remedy) == (verdict.sick or bool(verdict.changes))
    assert all(isinstance(v, bool) or math.isfinite(float(v)) for v in verdict.changes.values())
