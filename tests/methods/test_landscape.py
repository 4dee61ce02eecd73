"""Energies of a next frame at every place, velocity and shape: known of a model whose energies are known."""

import math

import numpy as np
import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.video.bouncing import bouncing
from ssllab.data.video.settings import WorldSettings
from ssllab.methods.landscape import (
    arriving,
    at_hand,
    landscape,
    places,
    shape_energies,
    velocity_landscape,
)


def scene_of(number=0, **settings):
    source = bouncing(32).test
    generator = torch.Generator().manual_seed(number)
    return source.clips(1, 4, WorldSettings(**settings), generator).scene


def straight_on(context, candidates):
    """Energies of one who knows how a ball flies: it goes on as it came. Centres of mass of the red channel."""

    def centre(frames):
        mass = frames[..., 0, :, :]
        pixel = torch.arange(mass.shape[-1]) + 0.5
        total = mass.sum((-2, -1))
        return torch.stack(
            ((mass.sum(-2) * pixel).sum(-1) / total, (mass.sum(-1) * pixel).sum(-1) / total), -1
        )

    seen = centre(context)
    expected = 2 * seen[:, -1] - seen[:, -2]
    return (expected[:, None] - centre(candidates)).square().sum(-1)


def flying_free(scene):
    """Whether nothing bounces in the clip."""
    velocity = scene.velocity[0, :, 0]
    return bool((velocity == velocity[0]).all())


@pytest.fixture(scope="module")
def free():
    return next(scene for n in range(50) if flying_free(scene := scene_of(n)))


def test_the_valley_of_one_who_knows_the_motion_is_at_the_truth(free):
    found = landscape(straight_on, free, 32, 0.0, 1.0)
    step = float(found.places[1] - found.places[0])
    assert found.to_truth <= step
    assert found.energies.shape == (32, 32)
    row, column = np.unravel_index(found.energies.argmin(), found.energies.shape)
    assert found.valley == (found.places[column], found.places[row])


def test_the_valley_of_one_who_expects_the_last_frame_again_is_at_the_last_place(free):
    copies = lambda context, candidates: straight_on(context[:, -1:].repeat(1, 2, 1, 1, 1), candidates)  # noqa: E731
    found = landscape(copies, free, 32, 0.0, 1.0)
    assert found.to_last <= 1.0 < math.dist(found.truth, found.last)


def test_energies_in_parts_are_those_at_once(free):
    fine = landscape(straight_on, free, 31, 0.0, 1.0)  # more places than one part has
    coarse = landscape(straight_on, free, 16, 0.0, 1.0)
    np.testing.assert_allclose(fine.energies[::2, ::2], coarse.energies, rtol=1e-4, atol=1e-4)


def test_the_velocity_valley_of_one_who_knows_the_motion_is_the_true_velocity(free):
    found = velocity_landscape(straight_on, free, 33, 0.0, 1.0)
    assert found.over == "velocity"
    assert found.last == (0.0, 0.0)
    assert found.truth == pytest.approx(free.velocity[0, -2, 0].tolist())
    assert found.to_truth < 0.5


def test_one_who_sees_only_the_last_frame_has_no_velocity_valley(free):
    copies = lambda context, candidates: straight_on(context[:, -1:].repeat(1, 2, 1, 1, 1), candidates)  # noqa: E731
    found = velocity_landscape(copies, free, 16, 0.0, 1.0)
    assert found.relief < 1e-3


@pytest.mark.parametrize("number", range(20))
def test_the_context_of_the_true_velocity_is_the_true_context(number):
    scene = scene_of(number)
    again = arriving(scene, scene.velocity[:, -2, 0])
    torch.testing.assert_close(again.draw(), scene.draw()[:, :-1], atol=1e-3, rtol=0)


def test_other_objects_and_the_background_stay_where_only_a_velocity_is_changed():
    scene = scene_of(3, objects=3, background="flicker")
    many = arriving(scene, torch.zeros(5, 2))
    assert many.draw().shape == (5, 3, 3, 32, 32)
    assert torch.equal(many.centre[0, :, 1:], scene.centre[0, :-1, 1:])
    assert torch.equal(many.background[4], scene.background[0, :-1])


def test_every_shape_has_an_energy_and_the_own_one_is_told():
    scene = scene_of(1, shapes=4)
    frames = scene.draw()
    pixels = lambda context, candidates: (candidates - frames[:, -1:]).square().mean((-3, -2, -1))  # noqa: E731
    found = shape_energies(pixels, scene, ("ball", "square", "triangle", "ring"), 0.0, 1.0)
    assert found.names == ("ball", "square", "triangle", "ring")
    assert found.truth == int(scene.shape[0, -1, 0]) == int(found.energies.argmin())
    assert found.energies[found.truth] == 0


def test_of_many_sprites_one_of_each_kind_is_asked_and_the_own_one_is_itself():
    digits = load("moving_digits", kinds=("video",))
    scene = digits.test.scene(1, 3, WorldSettings(), torch.Generator().manual_seed(1))
    frames = scene.draw()
    pixels = lambda context, candidates: (candidates - frames[:, -1:]).square().mean((-3, -2, -1))  # noqa: E731
    found = shape_energies(pixels, scene, digits.shape_names, 0.0, 1.0)
    assert found.names == tuple("0123456789")
    assert found.truth == int(scene.truth().shape[0, -1]) == int(found.energies.argmin())
    assert found.energies[found.truth] == 0


def test_the_energy_at_hand_is_that_of_the_frame_with_the_object_there(free):
    there = at_hand(straight_on, free, (10.0, 21.0))
    expected = 2 * free.centre[0, -2, 0] - free.centre[0, -3, 0]
    assert there.energy == pytest.approx(
        float((expected - torch.tensor([10.0, 21.0])).square().sum()), rel=0.05
    )
    grid = landscape(straight_on, free, 16, 0.0, 1.0)
    spot = float(places(free, 16)[5]), float(places(free, 16)[9])
    assert at_hand(straight_on, free, spot).energy == pytest.approx(float(grid.energies[9, 5]), rel=1e-4)
    rows, columns = np.nonzero(there.frame[..., 0] > 128)
    assert columns.mean() + 0.5 == pytest.approx(10.0, abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx(21.0, abs=0.3)
