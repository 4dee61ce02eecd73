"""The verdicts on models of sequences on evidence of each state."""

from __future__ import annotations

import pytest

from ssllab.doctor.language import COUNTING_RULES, RULES
from ssllab.doctor.rules import diagnose

LEARNING = {
    "step": 1000,
    "steps_seen": None,
    "metrics": {"loss": 1.8, "gradient_norm": 1.0},
    "earlier": {"loss": 2.4},
    "probes": {"held_out_loss": (6.5, 3.0, 2.2, 1.9), "copied_span": 9.0, "looped": 0.0},
    "constants": {
        "uniform_loss": 6.5, "unigram_loss": 4.9, "bigram_loss": 2.1, "kn5_loss": 1.5, "held_out_span": 10.0,
        "held_out_looped": 0.0,
    },
    "settings": {
        "learning_rate": 1e-3, "dropout": 0.0, "schedule": "cosine", "schedule_steps": 2000, "batch_size": 32, "seen": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state", "remedy"),
    [
        ({}, "healthy", {}),
        ({"step": 40}, "warming up", {}),
        ({"steps_seen": 40}, "warming up", {}),
        ({"loss": float("nan")}, "diverged", {"learning_rate": 1e-4}),
        ({"loss": 8.0}, "diverged", {"learning_rate": 1e-4}),
        ({"loss": 1.0, "held_out_loss": (6.5, 2.0, 2.2, 2.4)}, "overfitting", {"dropout": 0.2}),
        (
            {"loss": 1.0, "held_out_loss": (6.5, 2.0, 2.2, 2.4), "dropout": 0.2},
            "overfitting",
            {"dropout": 0.4},
        ),
        ({"loss": 2.5, "held_out_loss": (6.5, 2.0, 2.2, 2.4)}, "under-trained", {}),  # both get worse
        ({"held_out_loss": (6.5, 1.90, 1.92, 1.91)}, "healthy", {}),  # noise
        ({"loss": 1.0, "held_out_loss": (6.5, 2.0, 2.4, 2.0)}, "healthy", {}),  # it came back
        ({"copied_span": 60.0}, "memorising", {"dropout": 0.2}),
        ({"copied_span": 18.0}, "healthy", {}),
        ({"looped": 0.8}, "repetition loop", {}),
        ({"looped": 0.8, "held_out_looped": 0.7}, "healthy", {}),  # the text does
        ({"loss": 4.85, "held_out_loss": 4.88}, "unigram only", {"learning_rate": 1e-4}),
        (
            {"loss": 4.85, "held_out_loss": 4.88, "learning_rate": 0.1, "earlier_loss": 5},
            "unigram only",
            {"learning_rate": 1e-3},
        ),
        ({"loss": 4.85, "held_out_loss": 4.88, "step": 200}, "warming up", {}),  # frequencies come first
        (
            {"loss": 6.0, "held_out_loss": 6.0, "learning_rate": 1e-6},
            "under-trained",
            {"learning_rate": 1e-3},
        ),
        ({"loss": 2.6, "held_out_loss": 2.6}, "under-trained", {}),  # worse than one symbol of context
        (
            {"step": 2000},
            "under-trained",
            {"schedule_steps": 6000},
        ),  # the loss falls, and the rate is at its end
        ({"step": 2000, "earlier_loss": 1.81}, "healthy", {}),
    ],
)
def test_states(changes: dict, state: str, remedy: dict, evidence) -> None:
    if changes.get("step") == 2000 and "earlier_loss" not in changes:
        changes = {**changes, "earlier_loss": 2.0}
    verdict = diagnose(RULES, evidence(LEARNING, **changes))
    assert verdict.state == state, verdict
    assert verdict.changes == pytest.approx(remedy)
    assert verdict.evidence


def test_says_nothing_without_evidence(evidence) -> None:
    assert diagnose(RULES, evidence({})).state == "warming up"
    assert diagnose(COUNTING_RULES, evidence({})).state == "warming up"
