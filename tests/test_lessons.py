"""Each lesson keeps what its text promises, in a short run. Where that takes the defaults' full size and some minutes, the
run is in ``tests/benchmarks/lessons_in_full.py``.

Promises of the speech lessons 01 and 03 are in ``tests/methods/test_speech_doctor_on_real_runs.py``.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.images.shapes import shapes
from ssllab.lessons import lessons
from tests.lesson_runs import run

CONTRAST = {lesson.name: lesson for lesson in lessons("contrast")}
SPEECH = {lesson.name: lesson for lesson in lessons("speech")}
CODES = 80  # in two groups: the ceiling of a perplexity
FIRST = 60  # steps before a change, where nothing else is said: lessons share them


@pytest.fixture(scope="module")
def contrast():
    """A lesson of Contrast on few images: ``contrast(name, steps, **more)``."""
    data, begun = shapes(train=3000, test=600), {}

    def of(name, steps, *, first=FIRST, probed=False, **small):
        more = {"first": first, "probed": probed, "begun": begun}
        return run("contrast", CONTRAST[name], data, steps, small={"batch_size": 64, **small}, **more)

    return of


@pytest.fixture(scope="module")
def speech():
    """A lesson of Speech with short clips and few codes: ``speech(name, steps, **more)``."""
    data, begun = load("spoken", kinds=("speech",), seed=0), {}
    small = {"batch_seconds": 3.0, "crop_seconds": 1.5, "codebook_size": CODES // 2}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads of so small a model wait for each other more than they work

    def of(name, steps, *, first=FIRST):
        return run("speech", SPEECH[name], data, steps, first=first, small=small, begun=begun)

    yield of
    torch.set_num_threads(threads)


def mean(seen, name, begin, end):
    """Of a scalar over the steps from ``begin`` (counted from 1) to ``end``."""
    return float(np.mean([step[name] for step in seen.steps[begin - 1 : end]]))


def test_without_colour_distortion_the_task_is_easy_colour_is_kept_and_shape_is_lost(contrast) -> None:
    seen = contrast("01-no-colour", 60, first=80, probed=True)
    assert seen.soon["contrastive_top1"] > 2 * seen.before["contrastive_top1"]  # "at once"
    assert seen.after["loss"] < 0.5 * seen.before["loss"]
    assert seen.probes_after["factor_colour"] > seen.probes_before["factor_colour"] + 0.05
    assert seen.probes_after["factor_shape"] < seen.probes_before["factor_shape"]


def test_without_the_crop_the_positive_is_found_at_once_and_the_place_is_kept(contrast) -> None:
    seen = contrast("02-no-crop", 60, probed=True)
    assert seen.soon["contrastive_top1"] > 2 * seen.before["contrastive_top1"]
    assert seen.after["contrastive_top1"] > 0.5
    assert seen.after["loss"] < 0.5 * seen.before["loss"]
    assert seen.probes_after["factor_y"] > seen.probes_before["factor_y"] + 0.03


def test_at_temperature_002_only_a_handful_pushes_with_a_force_near_50(contrast) -> None:
    seen = contrast("03-temperature-low", 60)
    assert seen.after["effective_negatives"] < 10  # of 126
    assert 40 < seen.after["positive_force"] <= 50
    assert seen.after["loss"] > 1.5 * seen.after["chance_loss"]


def test_at_temperature_002_and_the_usual_learning_rate_images_gather_in_two_clumps(contrast) -> None:
    seen = contrast("03-temperature-low", 100, learning_rate=0.002, probed=True)
    assert seen.probes_after["effective_rank_z"] < 2
    assert seen.after["effective_negatives"] > 20


def test_at_temperature_5_all_push_alike_and_the_loss_lies_close_to_chance(contrast) -> None:
    seen, middle = (contrast(name, 40).after for name in ("05-temperature-high", "04-temperature-middle"))
    assert seen["effective_negatives"] > 0.95 * 126
    assert 0.9 < seen["loss"] / math.log(127) < 1
    assert 8 < middle["positive_force"] / seen["positive_force"] < 12  # "ten times weaker than at 0.5"
    assert 0.3 * 126 < middle["effective_negatives"] < 0.95 * 126  # "many share the push"


def test_with_a_batch_of_8_the_loss_is_noise_about_ln_15_and_the_positive_is_found_all_the_same(
    contrast,
) -> None:
    seen = contrast("06-batch-of-8", 120, batch_size=8)
    losses = [step["loss"] for step in seen.steps[60:]]
    assert seen.after["chance_loss"] == pytest.approx(math.log(15))
    assert 0.75 < np.mean(losses) / math.log(15) < 1.35
    usual = contrast("04-temperature-middle", 40)
    assert np.std(losses) > 2 * np.std([step["loss"] for step in usual.steps[20:]])
    assert mean(seen, "contrastive_top1", 61, 120) > 3 / 15


def test_at_learning_rate_50_the_loss_leaps_above_chance_and_stays_and_the_probes_know_less(contrast) -> None:
    seen = contrast("08-learning-rate", 60, first=40, probed=True)
    assert seen.soon["loss"] > 1.3 * seen.soon["chance_loss"]
    assert seen.after["loss"] > 1.3 * seen.after["chance_loss"]
    assert seen.probes_after["knn_top1"] < seen.probes_before["knn_top1"]


def test_what_the_paper_has_against_collapse_does_not_heal_one(speech) -> None:
    seen = speech("02-half-a-cure", 40, first=100)
    assert seen.after["code_perplexity"] < 8
    assert seen.after["contrastive_loss"] < 0.5 * seen.after["chance_loss"]


def test_restarted_codes_are_chosen_again(speech) -> None:
    seen = speech("10-restart", 40, first=100)
    assert seen.before["dead_codes"] > 0.8
    assert seen.after["dead_codes"] < 0.5 * seen.before["dead_codes"]


def test_without_noise_all_codes_score_alike_and_ever_fewer_win(speech) -> None:
    seen = speech("04-no-noise", 140)
    assert seen.after["prob_perplexity"] > 0.97 * CODES
    assert seen.after["code_perplexity"] < 0.75 * mean(seen, "code_perplexity", 41, 60)


def test_features_leave_frozen_codes_and_the_loss_stays_at_chance(speech) -> None:
    seen = speech("05-frozen-codes", 120)
    assert seen.after["code_perplexity"] < 0.85 * mean(seen, "code_perplexity", 21, 40)
    assert seen.after["contrastive_loss"] == pytest.approx(seen.after["chance_loss"], rel=0.005)


def test_single_hidden_frames_are_easier_to_guess(speech) -> None:
    seen = speech("11-mask-less", 30, first=100)
    assert seen.after["masked_share"] == pytest.approx(0.2, abs=0.02)
    assert seen.after["contrastive_top1"] > 1.5 * seen.before["contrastive_top1"]
    assert seen.after["contrastive_loss"] < seen.before["contrastive_loss"] - 0.15


def test_spans_of_200_ms_bring_the_loss_back_towards_chance(speech) -> None:
    seen = speech("12-mask-longer", 30, first=100)
    assert 0.44 < seen.after["masked_share"] < 0.56
    assert (
        seen.before["contrastive_loss"] + 0.05
        < seen.after["contrastive_loss"]
        < 1.01 * seen.after["chance_loss"]
    )
    assert seen.after["contrastive_top1"] < seen.before["contrastive_top1"]


def test_with_five_distractors_the_chance_line_falls_from_ln_101_to_ln_6(speech) -> None:
    seen = speech("13-few-distractors", 20, first=40)
    assert seen.before["chance_loss"] == pytest.approx(math.log(101))
    assert seen.after["chance_loss"] == pytest.approx(math.log(6))
    # "a guess is right in 17 % of the cases", or a little more
    assert 1 / 6 <= seen.after["contrastive_chance"] < 0.19
    assert seen.after["contrastive_loss"] < 0.5 * seen.before["contrastive_loss"]  # "cannot be compared"


def test_at_kappa_1_the_loss_stays_on_the_chance_line(speech) -> None:
    seen = speech("14-kappa-large", 30)
    assert 0.95 < seen.after["contrastive_loss"] / seen.after["chance_loss"] < 1.01


def test_at_kappa_002_loss_and_gradient_jump(speech) -> None:
    seen = speech("15-kappa-small", 20)
    assert seen.soon["gradient_norm"] > 2 * seen.before["gradient_norm"]
    assert seen.soon["contrastive_loss"] > seen.before["contrastive_loss"]
    assert seen.soon["contrastive_loss"] > 0.99 * seen.soon["chance_loss"]
