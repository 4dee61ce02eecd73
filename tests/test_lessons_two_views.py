"""The lessons on two views in the Energy lab keep what they promise, in short runs of small images."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ssllab.data.images.shapes import shapes
from ssllab.lessons import lessons
from tests.lesson_runs import Seen, run

LESSONS = {lesson.name: lesson for lesson in lessons("energy")}
FIRST = 60


@pytest.fixture(scope="module")
def seen():
    """A lesson with small images and batches: ``seen(name, steps)``."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    known, begun = shapes(train=1500, test=300, size=16), {}
    # Only the label is asked for: the probes of seven factors take longer than the training.
    data = replace(known, **{part: replace(getattr(known, part), factors=()) for part in ("train", "test")})

    def of(name: str, steps: int) -> Seen:
        more = {"first": FIRST, "probed": True, "begun": begun}
        return run("energy", LESSONS[name], data, steps, small={"batch_size": 64}, **more)

    yield of
    torch.set_num_threads(threads)


def test_without_the_stopped_gradient_everything_becomes_one_vector_at_a_perfect_loss(seen) -> None:
    found = seen("11-no-stop-gradient", 90)
    assert found.after["loss"] < -0.98
    assert found.probes_after["std_z_normalized"] < 0.3


def test_batch_norm_holds_the_spread_at_one_while_the_rank_falls(seen) -> None:
    found = seen("12-output-batch-norm", 100)
    assert found.after["spread"] == pytest.approx(1, abs=0.02)
    assert found.probes_after["rankme_z"] < 0.5 * found.probes_before["rankme_z"]


def test_without_its_predictor_byol_points_one_way(seen) -> None:
    found = seen("13-no-predictor", 100)
    assert found.after["loss"] < 0.2  # of 4: two views that share nothing
    assert found.probes_after["std_z_normalized"] < 0.4


def test_at_momentum_0_nothing_breaks_down_at_once(seen) -> None:
    found = seen("14-momentum-0", 60)
    assert found.probes_after["std_z_normalized"] > 0.6
    assert found.probes_after["rankme_z"] < found.probes_before["rankme_z"]


def test_at_momentum_1_the_loss_stays_high_and_dimensions_alive(seen) -> None:
    found = seen("15-momentum-1", 150)
    assert found.before["loss"] > found.after["loss"] > 1.5  # of 4: two views that share nothing
    assert found.probes_after["rankme_z"] > 15


def test_without_variance_the_spread_falls_nearly_to_nought_and_the_rank_does_not(seen) -> None:
    found = seen("16-no-variance", 100)
    assert found.before["loss"] > 15
    assert found.after["loss"] < 0.5
    assert found.probes_after["std_z"] < 0.1 * found.probes_before["std_z"]
    assert found.probes_after["effective_rank_z"] > found.probes_before["effective_rank_z"]


def test_without_covariance_the_spread_is_one_and_one_direction_is_left(seen) -> None:
    found = seen("17-no-covariance", 100)
    assert found.probes_after["std_z"] > 0.9
    assert found.probes_after["effective_rank_z"] < 1.2
    assert found.after["loss"] < 0.6 * found.before["loss"]


def test_with_lambda_0_the_spread_stays_and_one_direction_is_left(seen) -> None:
    found = seen("18-no-redundancy", 100)
    assert found.after["loss"] < 0.3 * found.before["loss"]
    assert found.probes_after["std_z"] > 0.5
    assert found.probes_after["effective_rank_z"] < 1.2
