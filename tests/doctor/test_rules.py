"""What holds for every family: one reading of "recent", lines as declared, and rules for a method that nobody knows."""

from __future__ import annotations

import inspect
import math
import re
from types import ModuleType

import numpy as np
import pytest

from ssllab.doctor import contrast, ctc, joint, pairs, rules, speech
from ssllab.doctor.evidence import RECENT_STEPS, Evidence
from ssllab.doctor.rules import diagnose
from ssllab.training.metrics import MetricsLog

KNOWN = {
    pairs: {"complete collapse", "dimensional collapse", "shortcut", "healthy"},
    contrast: {"stuck at chance"},
    joint: {"complete collapse", "dimensional collapse", "slow partial collapse", "diverged", "healthy"},
    speech: {"codebook collapse", "soft but not hard", "stuck at chance", "shortcut", "healthy"},
    ctc: {"warming up", "stuck on blank", "overfitting"},
    rules: {"warming up", "healthy", "diverged"},
}


@pytest.mark.parametrize("module", KNOWN, ids=lambda module: module.__name__)
def test_every_state_is_one_that_the_tests_of_its_family_know(module: ModuleType) -> None:
    found = re.findall(r'(?:Verdict\(|verdict\(\s*e,)\s*"([^"]+)"', inspect.getsource(module))
    assert set(found) == KNOWN[module]


@pytest.mark.parametrize("family", [rules, pairs, contrast, speech, ctc], ids=lambda module: module.__name__)
def test_every_family_waits_judges_what_is_not_a_number_and_always_answers(
    family: ModuleType, evidence
) -> None:
    for step, loss, state in (
        (5, 1.0, "warming up"),
        (5000, None, "warming up"),
        (5, math.nan, "diverged"),
        (5000, 1.0, "healthy"),
    ):
        facts = {"step": step, "metrics": {"loss": loss}, "settings": {"learning_rate": 0.1}}
        verdict = diagnose(family.RULES, evidence(facts))
        assert verdict.state == state
        assert bool(verdict.changes) == verdict.sick


def run(loss: np.ndarray, last_change: int = 0) -> Evidence:
    metrics = MetricsLog()
    metrics.extend(np.arange(1, len(loss) + 1), {"loss": loss})
    return Evidence(None, metrics, MetricsLog(), last_change=last_change)


def test_recent_is_not_moved_by_a_jump_of_a_few_steps() -> None:
    loss = np.full(100, 2.0)
    loss[-RECENT_STEPS // 3 :] = 1e6
    assert run(loss).recent("loss") == 2.0
    loss[-5:] = math.nan
    assert run(loss).recent("loss") == 2.0


def test_recent_reads_nothing_of_other_settings_and_a_trend_runs_through_a_change() -> None:
    loss = np.where(np.arange(100) < 90, 5.0, 1.0)
    assert run(loss, last_change=90).recent("loss") == 1.0
    assert run(loss, last_change=100).recent("loss") is None
    assert run(loss, last_change=90).recent_at("loss", 80) == 5.0
    assert run(loss).recent_at("loss", -20) is None


def test_a_line_says_what_is_declared_and_nothing_of_what_is_not_known(evidence) -> None:
    e = evidence({"step": 9, "untrained": {"knn_top1": 0.248}, "probes": {"knn_top1": 0.131}})
    assert e.probe_line("knn_top1") == "kNN accuracy on h 13.1 %; untrained 24.8 %"
    assert e.line("knn_top1", guessing_gives=None) == "kNN accuracy on h 13.1 %"
    assert e.line("linear_top1") is None
    assert e.line("nobody_declared_this", 2.0, at_most=8.0) == "Nobody declared this 2; at most 8"
