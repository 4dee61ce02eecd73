"""The doctor at the bedside: runs made sick on purpose, one a state, and healthy ones on which it is silent."""

import pytest

from ssllab.data.catalogue import load
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SIZE = 16  # pixels: small enough for some hundred steps in seconds


@pytest.fixture(scope="module")
def data():
    return load("shapes", options={"image_size": SIZE})


def diagnosed(data, config, steps, method="simclr"):
    """Train, measure as a session does, and ask."""
    settings = RunSettings(
        method=method, data="shapes", options={"image_size": SIZE}, config={"batch_size": 64, **config}
    )
    trainer = Trainer(settings, data)
    metrics, probes = MetricsLog(), MetricsLog()
    probe = trainer.probe()
    probes.append(0, probe.scalars)
    for _ in range(steps):
        measured = trainer.train_step()
        metrics.append(trainer.step, measured)
        if measured["loss"] != measured["loss"]:
            break
    probe = trainer.probe()
    probes.append(trainer.step, probe.scalars)
    return trainer.method.diagnose(metrics, probes, probe.constants, 0)


NOISE = {"noise": True, "noise_sigma": 1.0, "noise_probability": 1.0}
RUNAWAY = {
    "optimizer": "sgd",
    "learning_rate": 100.0,
    "weight_decay": 1.0,
    "warmup_steps": 0,
    "head": "linear",
}


@pytest.mark.parametrize(
    ("state", "config", "steps", "remedy"),
    [
        # Without batch norm, decay far too strong pulls every weight to nought and every image to one output.
        (
            "complete collapse",
            {"encoder": "vit", "learning_rate": 0.5, "weight_decay": 1.0, "batch_size": 32},
            110,
            {"learning_rate": 0.002, "weight_decay": 1e-4},
        ),
        # All negatives push alike: one direction is enough.
        ("dimensional collapse", {"temperature": 100.0}, 310, {"temperature": 0.1}),
        # Pure noise in both views: there is nothing to recognise.
        ("stuck at chance", NOISE, 110, {"noise": False}),
        # Two crops of an image share their colours.
        ("shortcut", {"jitter": False, "grayscale": False}, 110, {"jitter": True, "grayscale": True}),
        ("diverged", RUNAWAY, 60, {"learning_rate": 0.015, "weight_decay": 1e-4}),
    ],
)
def test_a_run_made_sick_is_named_and_offered_its_cure(data, state, config, steps, remedy):
    verdict = diagnosed(data, config, steps)
    assert verdict.state == state, verdict
    assert verdict.sick
    assert verdict.evidence
    assert verdict.changes == remedy
    assert verdict.rewind_to == 0  # it was so from the start


@pytest.mark.parametrize(
    ("method", "config"),
    [
        ("simclr", {}),
        ("simclr", {"temperature": 0.5, "head": "linear"}),
        ("simclr", {"loss": "info_nce", "dimension": 2}),
        ("moco", {}),
    ],
)
def test_the_doctor_is_silent_on_healthy_runs(data, method, config):
    assert not diagnosed(data, config, 310, method).sick


def test_a_run_that_has_just_begun_is_not_judged(data):
    assert diagnosed(data, {}, 20).state == "warming up"
