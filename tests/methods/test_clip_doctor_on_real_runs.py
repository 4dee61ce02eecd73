"""The doctor of clips at the bedside: runs made sick on purpose, one a state, and healthy ones on which it is silent."""

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.stored import parted
from ssllab.data.video.types import VideoData
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SMALL = {"batch_size": 48, "width": 8, "dimension": 16, "predictor_width": 64, "warmup_steps": 10}


@pytest.fixture(scope="module")
def data():
    return load("bouncing", kinds=("video",), options={"frame_size": 16})


def diagnosed(data, config, steps, method="jepa", probes_at=()):
    """Train, measure as a session does, and ask."""
    settings = RunSettings(
        method=method, data="bouncing", options={"frame_size": 16}, config={**SMALL, **config}
    )
    trainer = Trainer(settings, data)
    metrics, probes = MetricsLog(), MetricsLog()
    probes.append(0, trainer.probe().scalars)
    for step in range(1, steps + 1):
        measured = trainer.train_step()
        metrics.append(trainer.step, measured)
        if step in probes_at:
            probes.append(step, trainer.probe().scalars)
        if measured["loss"] != measured["loss"]:
            break
    probe = trainer.probe()
    probes.append(trainer.step, probe.scalars)
    return trainer.method.diagnose(metrics, probes, probe.constants, 0)


@pytest.mark.parametrize(
    ("state", "config", "steps", "remedy"),
    [
        ("complete collapse", {"remedy": "none"}, 160, {"remedy": "vicreg"}),
        ("complete collapse", {"variance_weight": 0.0}, 160, {"variance_weight": 25.0}),
        ("complete collapse", {"remedy": "sigreg", "sigreg_weight": 0.0}, 160, {"sigreg_weight": 0.1}),
        ("complete collapse", {"remedy": "none", "dimension": 2}, 160, {"remedy": "vicreg"}),
        ("dimensional collapse", {"covariance_weight": 0.0}, 160, {"covariance_weight": 1.0}),
        ("slow feature", {"background": "fixed"}, 160, {"background": "off"}),
        ("predictor shortcut", {"predictor": False}, 160, {"predictor": True}),
        ("diverged", {"optimizer": "sgd", "learning_rate": 10.0}, 80, {"learning_rate": 0.001}),
    ],
)
def test_a_run_made_sick_is_named_and_offered_its_cure(data, state, config, steps, remedy):
    verdict = diagnosed(data, config, steps)
    assert verdict.state == state, verdict
    assert verdict.sick
    assert verdict.evidence
    assert verdict.changes == remedy
    assert verdict.rewind_to == 0  # it was so from the start


def test_a_spread_that_falls_and_falls_is_named_before_it_has_arrived(data):
    slow = {"remedy": "none", "learning_rate": 1e-4}
    assert diagnosed(data, slow, 200, probes_at=range(20, 200, 20)).state == "slow partial collapse"


def test_negatives_of_other_clips_are_told_apart_by_what_stands_still(data):
    config = {"background": "fixed", "negatives_from": "other"}
    assert diagnosed(data, config, 160, "cpc").state == "slow feature"


@pytest.mark.parametrize(
    ("method", "config"),
    [
        ("jepa", {}),
        ("jepa", {"remedy": "stop_gradient"}),
        ("jepa", {"remedy": "ema"}),
        ("jepa", {"remedy": "contrastive"}),
        ("jepa", {"remedy": "sigreg"}),
        ("jepa", {"dimension": 2}),
        ("jepa", {"wall": True}),
        ("jepa", {"remedy": "contrastive", "background": "flicker", "background_strength": 0.3}),
        ("pixel_predictor", {}),
        ("cpc", {}),
    ],
)
def test_the_doctor_is_silent_on_healthy_runs(data, method, config):
    verdict = diagnosed(data, config, 160, method, probes_at=range(20, 160, 20))
    assert verdict.state == "healthy", verdict


CLIPS, LENGTH = 2000, 16


def filmed(data, background, every=1):
    """The same world as if somebody had filmed it: frames on a disk, of which nothing is known. ``every``: so many
    frames show each place of the ball, as where little moves."""
    drawn = data.train.clips(
        CLIPS, LENGTH // every, WorldSettings(background=background), torch.Generator().manual_seed(7)
    )
    frames = drawn.frames.repeat_interleave(every, 1).flatten(0, 1).mul(255).byte().permute(0, 2, 3, 1)
    return VideoData("film", "A film", *parted(frames, torch.arange(CLIPS + 1) * LENGTH), data.size)


def test_of_filmed_clips_it_says_what_was_measured_and_no_more(data):
    verdict = diagnosed(filmed(data, "off"), {}, 160)
    assert (verdict.state, verdict.title) == ("healthy", "Learning")
    assert "does not" in diagnosed(data, {}, 160).title


def test_of_filmed_clips_a_slow_feature_is_a_guess_and_slow_clips_are_not_sick(data):
    still = diagnosed(filmed(data, "fixed"), {}, 500)
    assert still.title == "Possibly a slow feature"
    assert not still.sick
    assert not diagnosed(filmed(data, "off", every=8), {}, 300).sick
