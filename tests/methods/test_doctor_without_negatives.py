"""The doctor of methods without negatives on real runs: one made sick on purpose for each way, and healthy ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.images.types import ImageData
from ssllab.doctor.verdict import Verdict
from ssllab.methods.base import Probe
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SIZE = 16
RATE = {"simsiam": 0.04, "byol": 0.04}  # for batches of 64
OPEN = {"output_batch_norm": False}


@pytest.fixture(scope="module")
def data():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    known = load("shapes", options={"image_size": SIZE})
    # Only the label is asked for: the probes of seven factors take longer than the training.
    yield replace(known, **{part: replace(getattr(known, part), factors=()) for part in ("train", "test")})
    torch.set_num_threads(threads)


def diagnosed(
    data: ImageData,
    method: str,
    config: Mapping[str, Any],
    steps: int,
    at: Mapping[int, Mapping[str, Any]] | None = None,
    probed: tuple[int, ...] = (),
) -> Verdict:
    """Train, with changes ``at`` steps, probe at the beginning, at ``probed`` and at the end, and ask."""
    small = {"batch_size": 64, **({"learning_rate": RATE[method]} if method in RATE else {}), **config}
    trainer = Trainer(RunSettings(method=method, data="shapes", config=small, device="cpu"), data)
    metrics, probes, changes = MetricsLog(), MetricsLog(), []

    def probe() -> Probe:
        return trainer.method.probe(data, bank=500, queries=500)  # type: ignore[operator]

    probes.append(0, probe().scalars)
    for step in range(1, steps + 1):
        for key, value in (at or {}).get(step - 1, {}).items():
            old, _ = trainer.set(key, value)
            changes.append(SimpleNamespace(step=step - 1, key=key, old=old))
        measured = trainer.train_step()
        metrics.append(step, measured)
        if measured["loss"] != measured["loss"]:
            break
        if step in probed:
            probes.append(step, probe().scalars)
    last = probe()
    probes.append(trainer.step, last.scalars)
    trainer.method.changes = changes
    return trainer.method.diagnose(metrics, probes, last.constants, changes[-1].step if changes else 0)


@pytest.mark.parametrize(
    ("state", "method", "config", "steps", "remedy", "rewind_to"),
    [
        ("complete collapse", "simsiam", {"stop_gradient": False, **OPEN}, 120, {"stop_gradient": True}, 0),
        ("complete collapse", "simsiam", {"predictor": False, **OPEN}, 120, {"predictor": True}, 0),
        # Batch norm at the output holds the spread at 1: only the ranks tell.
        ("dimensional collapse", "simsiam", {"stop_gradient": False}, 250, {"stop_gradient": True}, 0),
        ("complete collapse", "byol", {"predictor": False}, 120, {"predictor": True}, 0),
        ("complete collapse", "vicreg", {"variance_weight": 0.0}, 120, {"variance_weight": 25.0}, None),
        ("dimensional collapse", "vicreg", {"covariance_weight": 0.0}, 120, {"covariance_weight": 1.0}, 0),
        ("dimensional collapse", "barlow_twins", {"redundancy_weight": 0.0}, 150, {"redundancy_weight": 0.0051}, None),
        ("complete collapse", "sigreg", {"sigreg_weight": 0.0}, 120, {"sigreg_weight": 0.05}, None),
    ],
)  # fmt: skip
def test_a_run_without_what_prevents_collapse_is_named_and_offered_it(
    data: ImageData,
    state: str,
    method: str,
    config: dict[str, Any],
    steps: int,
    remedy: dict[str, Any],
    rewind_to: int | None,
) -> None:
    verdict = diagnosed(data, method, config, steps)
    assert verdict.state == state, verdict
    assert verdict.changes == remedy
    assert verdict.rewind_to == rewind_to
    assert any("RankMe" in line for line in verdict.evidence)


def test_what_was_switched_off_in_mid_run_is_switched_on_again_where_the_run_is(data: ImageData) -> None:
    verdict = diagnosed(data, "vicreg", {}, 170, at={60: {"variance_weight": 0.0}})
    assert verdict.state == "complete collapse", verdict
    assert (verdict.changes, verdict.rewind_to) == ({"variance_weight": 25.0}, None)


def test_a_rank_that_falls_probe_after_probe_is_a_slow_partial_collapse(data: ImageData) -> None:
    weak = {"sigreg_weight": 0.001}
    verdict = diagnosed(data, "sigreg", {}, 400, at={200: weak}, probed=(150, 200, 250, 300, 350))
    assert verdict.state == "slow partial collapse", verdict


@pytest.mark.parametrize("method", ["simsiam", "vicreg"])  # one of those that compare angles, one of lengths
def test_steps_far_too_large_are_called_diverged(data: ImageData, method: str) -> None:
    runaway = {"optimizer": "sgd", "learning_rate": 100.0, "weight_decay": 1.0, "warmup_steps": 0}
    verdict = diagnosed(data, method, {**runaway, "head": "linear"}, 110)
    assert verdict.state == "diverged", verdict
    assert verdict.changes == {"learning_rate": 0.015, "weight_decay": 1e-4}


def test_a_target_that_never_moves_is_a_doubt_that_a_click_ends(data: ImageData) -> None:
    verdict = diagnosed(data, "byol", {"target_momentum": 1.0}, 310)
    assert verdict.state == "not sure", verdict
    assert (verdict.changes, verdict.rewind_to) == ({"target_momentum": 0.99}, None)


@pytest.mark.parametrize("method", ["simsiam", "byol", "vicreg", "barlow_twins", "sigreg"])
def test_the_doctor_is_silent_on_healthy_runs(data: ImageData, method: str) -> None:
    verdict = diagnosed(data, method, {}, 310, probed=(150, 200))
    assert not verdict.sick, verdict
