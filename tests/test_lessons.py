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
