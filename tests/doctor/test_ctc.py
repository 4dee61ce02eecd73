"""The verdicts of fine-tuning on evidence of each state."""

from __future__ import annotations

import pytest

from ssllab.doctor.ctc import RULES
from ssllab.doctor.rules import diagnose

LEARNING = {
    "step": 400,
    "steps_seen": None,
    "metrics": {"loss": 0.8, "chance_loss": 2.7, "blank_share": 0.7, "gradient_norm": 1.0},
    "earlier": {"loss": 0.8},
    "probes": {"wer": (1.0, 0.9, 0.6, 0.4, 0.38, 0.37), "cer": 0.12},
    "constants": {"labelled_minutes": 10.0},
    "settings": {"learning_rate": 1e-3, "freeze_encoder": False, "mask_probability": 0.3},
}


@pytest.mark.parametrize(
    ("changes", "state", "remedy"),
    [
        ({}, "healthy", {}),
        ({"step": 5}, "warming up", {}),
        ({"steps_seen": 3}, "warming up", {}),
        ({"loss": float("nan")}, "diverged", {"learning_rate": 1e-4}),
        ({"gradient_norm": float("inf")}, "diverged", {"learning_rate": 1e-4}),
        ({"loss": 9.0}, "diverged", {"learning_rate": 1e-4}),
        ({"blank_share": 1.0, "loss": 2.7, "step": 60}, "warming up", {}),
        ({"blank_share": 1.0, "loss": 2.7}, "stuck on blank", {"learning_rate": 3.3e-4}),
        (
            {"blank_share": 1.0, "loss": 2.7, "freeze_encoder": True},
            "stuck on blank",
            {"freeze_encoder": False},
        ),
        ({"blank_share": 1.0, "loss": 1.5}, "healthy", {}),  # it hears, and will soon write
        ({"wer": (0.9, 0.4, 0.5, 0.5, 0.5), "loss": 0.05}, "overfitting", {"mask_probability": 0.65}),
        ({"wer": (0.9, 0.4, 0.5, 0.5, 0.5), "loss": 0.9}, "healthy", {}),  # both get worse: not by heart
        ({"wer": (0.9, 0.4, 0.5, 0.41, 0.5), "loss": 0.05}, "healthy", {}),  # noise
    ],
)
def test_states(changes: dict, state: str, remedy: dict, evidence) -> None:
    verdict = diagnose(RULES, evidence(LEARNING, **changes))
    assert verdict.state == state
    assert verdict.changes == pytest.approx(remedy)
    assert verdict.evidence
    assert verdict.sick == bool(verdict.changes)


def test_says_nothing_without_evidence(evidence) -> None:
    assert diagnose(RULES, evidence({})).state == "warming up"
