"""The race, and the sweep over backgrounds: who takes part, what is measured, that turns change nothing."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from ssllab.data.images.digits import digits
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.video.bouncing import bouncing
from ssllab.experiments import background, race
from ssllab.experiments.background import STRENGTHS, Background, Cell
from ssllab.experiments.contenders import Contender, contenders
from ssllab.experiments.race import Course, Race
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings

SMALL = {"batch_size": 4, "width": 4, "dimension": 8, "predictor_width": 8, "warmup_steps": 0}
JEPA = RunSettings(method="jepa", config=SMALL, data="bouncing", options={"frame_size": 16})


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def few_clips(monkeypatch):
    monkeypatch.setattr("ssllab.methods.clips.EVALUATED", 32)


@pytest.fixture(scope="module")
def clips():
    return bouncing(16)


def test_a_method_with_remedies_takes_part_once_with_each_and_another_once():
    methods = [method_class(name) for name in ("jepa", "pixel_predictor", "simsiam")]
    found = contenders(methods, "video")
    assert [one.remedy for one in found] == [
        "none", "stop_gradient", "ema", "contrastive", "vicreg", "sigreg", "",
    ]  # fmt: skip
    assert [one.title for one in found][:3] == ["No remedy", "Stop-gradient", "EMA target"]
    assert contenders(methods, "images") == [Contender("simsiam")]


def test_contenders_share_the_settings_that_they_have():
    own = JEPA.model_copy(update={"config": {**SMALL, "remedy": "vicreg", "variance_weight": 7.0}})
    ema = Contender("jepa", "ema").settings(own)
    assert ema.config == {**SMALL, "remedy": "ema", "variance_weight": 7.0}
    pixels = Contender("pixel_predictor").settings(own, {"background": "fixed"})
    assert pixels.method == "pixel_predictor"
    assert pixels.config == {**SMALL, "background": "fixed"}
    assert pixels.seed == own.seed


def test_side_by_side_and_one_after_the_other_give_the_same_curves(clips, monkeypatch):
    monkeypatch.setattr(race, "_SHARE", 0.0)  # how busy the machine is decides nothing here
    chosen = [Contender("jepa", "none"), Contender("jepa", "sigreg")]
    found = []
    for together in (True, False):
        runs = Race(JEPA, clips, 4, chosen, together)
        assert runs.wait(120)
        assert runs.failure is None, runs.failure
        assert runs.progress == 1
        found.append(runs.results)
    assert list(found[0]) == chosen
    # Compared as JSON, in which what is no number is equal to itself.
    assert json.dumps(race.to_plain(found[0])) == json.dumps(race.to_plain(found[1]))


def test_a_course_begins_untrained_ends_at_the_last_step_and_is_there_before_the_end(clips):
    runs = Race(JEPA, clips, 41, [Contender("jepa", "vicreg")], True)
    assert runs.wait(120)
    course = runs.results[Contender("jepa", "vicreg")]
    assert course.steps[0] == 0
    assert course.steps[-1] == 41
    assert len(course.steps) <= race.POINTS + 2
    assert {"position_r2", "std", "rankme", "loss", "variance"} <= course.values.keys()
    assert "valley_error" not in course.values  # too dear for so many points
    assert all(len(values) == len(course.steps) for values in course.values.values())
    assert math.isnan(course.values["loss"][0])
    assert all(math.isfinite(value) for value in course.values["loss"][1:])
    assert runs.under_way == runs.results == runs.known


@pytest.mark.parametrize("share", [0.0, math.inf])
def test_all_are_probed_at_the_same_points_and_at_few_where_that_takes_too_long(clips, monkeypatch, share):
    monkeypatch.setattr(race, "_SHARE", share)
    runs = Race(JEPA, clips, 21, [Contender("jepa", "none"), Contender("jepa", "vicreg")], False)
    assert runs.wait(120)
    known = []
    for course in runs.results.values():
        probed = [
            step for step, r2 in zip(course.steps, course.values["position_r2"], strict=True) if r2 == r2
        ]
        assert len(course.steps) == 22
        assert np.isfinite(course.values["loss"][1:]).all()
        known.append(probed)
    assert known[0] == known[1]
    assert known[0] == ([0, 4, 8, 12, 16, 20, 21] if not share else list(range(22)))


def test_a_point_of_the_loss_is_the_mean_of_the_steps_since_the_last():
    course = Course().further(0, {"std": 1.0}).further(5, {"loss": 2.0, "std": 0.5})
    assert course.steps == (0, 5)
    assert course.values["std"] == (1.0, 0.5)
    assert math.isnan(course.values["loss"][0])
    assert course.values["loss"][1] == 2.0


def test_methods_of_two_views_race_on_images():
    whole = digits(size=16)
    few = [ImageSplit(part.images[:n], part.labels[:n]) for part, n in ((whole.train, 100), (whole.test, 40))]
    images = ImageData(whole.name, whole.title, *few, class_names=whole.class_names)
    settings = RunSettings(
        method="simclr", config={"batch_size": 16, "head_width": 16, "dimension": 8}, data="digits"
    )
    runs = Race(settings, images, 1, [Contender("simclr"), Contender("vicreg")], True)
    assert runs.wait(120)
    assert runs.failure is None, runs.failure
    for course in runs.results.values():
        assert {"knn_top1", "linear_top1", "rankme_z", "std_z", "loss"} <= course.values.keys()


def test_kept_curves_come_back_as_they_were(clips):
    kept = {Contender("jepa", "ema"): Course((0, 5), {"loss": (math.nan, 0.25), "std": (1.0, 0.5)})}
    back = race.from_plain(json.loads(json.dumps(race.to_plain(kept), allow_nan=False)))
    course = back[Contender("jepa", "ema")]
    assert course.steps == (0, 5)
    assert course.values["std"] == (1.0, 0.5)
    assert math.isnan(course.values["loss"][0])
    with pytest.raises(ValueError, match="other steps"):
        race.from_plain([[["jepa", "ema"], [0, 5], {"loss": [1.0]}]])


def test_the_sweep_over_backgrounds_trains_everyone_before_each_strength(clips):
    chosen = [Contender("jepa", "ema"), Contender("pixel_predictor")]
    runs = Background(JEPA, clips, 1, chosen, "fixed")
    assert runs.wait(120)
    assert runs.failure is None, runs.failure
    assert set(runs.results) == {Cell(one, "fixed", strength) for one in chosen for strength in STRENGTHS}
    assert [cell.strength for cell in runs.cells] == sorted(cell.strength for cell in runs.cells)
    assert all(r2 <= 1 for r2 in runs.results.values())
    assert background.from_plain(json.loads(json.dumps(background.to_plain(runs.results)))) == runs.results
    settings = runs.settings_of(Cell(chosen[0], "fixed", 0.25))
    assert (
        settings.config | {"remedy": "ema", "background": "fixed", "background_strength": 0.25}
        == settings.config
    )


def test_where_the_object_is_is_known_of_what_was_made_here(clips):
    assert background.positions_known(clips)
