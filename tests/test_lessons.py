"""Each lesson keeps what its text promises, in a short run. Where that takes the defaults' full size and some minutes, the
run is in ``tests/benchmarks/lessons_in_full.py``."""

from __future__ import annotations

import math

import pytest

from ssllab.data.catalogue import load
from ssllab.data.images.shapes import shapes
from ssllab.lessons import lessons
from tests.lesson_runs import run

CONTRAST = {lesson.name: lesson for lesson in lessons("contrast")}
SPEECH = {lesson.name: lesson for lesson in lessons("speech")}
SMALL = {"batch_seconds": 3.0, "crop_seconds": 1.5, "codebook_size": 40}


@pytest.fixture(scope="module")
def images():
    return shapes(train=3000, test=600)


@pytest.fixture(scope="module")
def speech():
    return load("spoken", kinds=("speech",), seed=0)


def test_at_temperature_5_all_push_alike_and_the_loss_lies_close_to_chance(images) -> None:
    seen = run("contrast", CONTRAST["05-temperature-high"], images, 40, small={"batch_size": 64}).after
    assert seen["effective_negatives"] > 0.95 * 126
    assert 0.9 < seen["loss"] / math.log(127) < 1
    middle = run("contrast", CONTRAST["04-temperature-middle"], images, 40, small={"batch_size": 64}).after
    assert 8 < middle["positive_force"] / seen["positive_force"] < 12  # "ten times weaker than at 0.5"
    assert 0.3 * 126 < middle["effective_negatives"] < 0.95 * 126  # "many share the push"


def test_with_five_distractors_the_chance_line_falls_from_ln_101_to_ln_6(speech) -> None:
    seen = run("speech", SPEECH["13-few-distractors"], speech, 20, first=40, small=SMALL)
    assert seen.before["chance_loss"] == pytest.approx(math.log(101))
    assert seen.after["chance_loss"] == pytest.approx(math.log(6))
    assert (
        1 / 6 <= seen.after["contrastive_chance"] < 0.19
    )  # "a guess is right in 17 % of the cases", or a little more
    assert seen.after["contrastive_loss"] < 0.5 * seen.before["contrastive_loss"]  # "cannot be compared"


def test_at_kappa_002_loss_and_gradient_jump(speech) -> None:
    seen = run("speech", SPEECH["15-kappa-small"], speech, 20, first=60, small=SMALL)
    assert seen.soon["gradient_norm"] > 2 * seen.before["gradient_norm"]
    assert seen.soon["contrastive_loss"] > seen.before["contrastive_loss"]
    assert seen.soon["contrastive_loss"] > 0.99 * seen.soon["chance_loss"]


def test_at_temperature_002_only_a_handful_pushes_with_a_force_near_50(images) -> None:
    seen = run("contrast", CONTRAST["03-temperature-low"], images, 60, small={"batch_size": 64})
    assert seen.after["effective_negatives"] < 10  # of 126
    assert 40 < seen.after["positive_force"] <= 50
    assert seen.after["loss"] > 1.5 * seen.after["chance_loss"]


def test_at_temperature_002_and_the_usual_learning_rate_images_gather_in_two_clumps(images) -> None:
    small = {"batch_size": 64, "learning_rate": 0.002}
    seen = run("contrast", CONTRAST["03-temperature-low"], images, 100, small=small, probed=True)
    assert seen.probes_after["effective_rank_z"] < 2
    assert seen.after["effective_negatives"] > 20


def test_at_learning_rate_50_the_loss_leaps_above_chance_and_stays_and_the_probes_know_less(images) -> None:
    seen = run(
        "contrast", CONTRAST["08-learning-rate"], images, 60, first=40, small={"batch_size": 64}, probed=True
    )
    assert seen.soon["loss"] > 1.3 * seen.soon["chance_loss"]
    assert seen.after["loss"] > 1.3 * seen.after["chance_loss"]
    assert seen.probes_after["knn_top1"] < seen.probes_before["knn_top1"]


def test_at_kappa_1_the_loss_stays_on_the_chance_line(speech) -> None:
    seen = run("speech", SPEECH["14-kappa-large"], speech, 30, first=60, small=SMALL)
    assert 0.95 < seen.after["contrastive_loss"] / seen.after["chance_loss"] < 1.01


def test_without_colour_distortion_the_task_is_easy_colour_is_kept_and_shape_is_lost(images) -> None:
    seen = run(
        "contrast", CONTRAST["01-no-colour"], images, 60, first=80, small={"batch_size": 64}, probed=True
    )
    assert seen.soon["contrastive_top1"] > 2 * seen.before["contrastive_top1"]  # "at once"
    assert seen.after["loss"] < 0.5 * seen.before["loss"]
    assert seen.probes_after["factor_colour"] > seen.probes_before["factor_colour"] + 0.05
    assert seen.probes_after["factor_shape"] < seen.probes_before["factor_shape"]
