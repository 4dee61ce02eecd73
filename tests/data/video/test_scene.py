"""Clips that are made: what moves moves as a body would, what is known of it is what is drawn."""

import pytest
import torch

from ssllab.data.batches import Batches
from ssllab.data.catalogue import load
from ssllab.data.video.batches import ClipBatches
from ssllab.data.video.bouncing import bouncing
from ssllab.data.video.motion import roll
from ssllab.data.video.settings import WorldSettings


def clips(count=16, length=12, size=32, seed=0, **settings):
    generator = torch.Generator().manual_seed(seed)
    return bouncing(size).train.clips(count, length, WorldSettings(**settings), generator)


def centre_of_mass(frames):
    """``(N, T, 3, H, W)`` -> ``(N, T, 2)`` in pixels."""
    grey = frames.sum(2)
    at = torch.arange(frames.shape[-1]) + 0.5
    whole = grey.sum((2, 3))
    return torch.stack(((grey.sum(2) * at).sum(2) / whole, (grey.sum(3) * at).sum(2) / whole), -1)


@pytest.mark.parametrize("data", ["bouncing", "moving_digits"])
def test_clips_are_pictures_of_the_size_asked_for(data):
    source = load(data, kinds=("video",), options={"frame_size": 24})
    made = source.test.clips(5, 4, WorldSettings(), torch.Generator().manual_seed(1))
    assert made.frames.shape == (5, 4, 3, 24, 24)
    assert made.frames.dtype == torch.float32
    assert made.frames.min() >= 0
    assert made.frames.max() <= 1


def test_the_ball_is_drawn_where_it_is_said_to_be():
    made = clips()
    assert (centre_of_mass(made.frames) - made.truth.position).abs().max() < 0.2


def test_a_ball_goes_straight_on_until_it_meets_a_side_and_keeps_its_speed():
    made = clips(64, 40)
    position, velocity = made.truth.position, made.truth.velocity
    assert torch.allclose(velocity.norm(dim=-1), velocity[:, :1].norm(dim=-1).expand(-1, 40), rtol=1e-4)
    radius = made.scene.radius[0, 0]
    assert position.min() >= radius - 1e-3
    assert position.max() <= 32 - radius + 1e-3
    free = (velocity[:, 1:] == velocity[:, :-1]).all(-1)
    moved = position[:, 1:] - position[:, :-1]
    assert torch.allclose(moved[free], velocity[:, 1:][free], atol=1e-4)
    assert 0 < (~free).float().mean() < 0.3


def test_two_balls_that_meet_head_on_exchange_their_velocities_and_keep_momentum_and_energy():
    centre = torch.tensor([[[8.0, 16.0], [20.0, 16.0]]])
    velocity = torch.tensor([[[2.0, 0.0], [-1.0, 0.0]]])
    radius = torch.full((1, 2), 3.0)
    _, through = roll(centre, velocity, radius, 32, 6, collide=False)
    _, after = roll(centre, velocity, radius, 32, 6, collide=True)
    assert torch.equal(through[0, -1], velocity[0])
    assert torch.allclose(after[0, -1], velocity[0].flip(0), atol=1e-5)


def test_many_collisions_keep_the_energy():
    generator = torch.Generator().manual_seed(3)
    made = bouncing(32).train.scene(32, 60, WorldSettings(objects=4, collisions=True), generator)
    energy = made.velocity.square().sum((2, 3))
    assert torch.allclose(energy, energy[:, :1].expand_as(energy), rtol=1e-3)


def test_flicker_is_new_in_every_frame_and_fixed_is_not_and_drift_is_the_same_pattern_elsewhere():
    corner = {"background_strength": 0.5}
    for background, same in (("flicker", False), ("fixed", True)):
        made = clips(8, 3, background=background, **corner)
        behind = made.scene.background.expand(-1, 3, -1, -1, -1)
        assert torch.equal(behind[:, 0], behind[:, 1]) is same
        assert not torch.equal(behind[0, 0], behind[1, 0])
        assert behind.max() <= 0.5
    drift = clips(8, 3, background="drift", **corner).scene.background
    assert not torch.equal(drift[:, 0], drift[:, 1])
    assert torch.equal(drift[:, 0].flatten(1).sort(1).values, drift[:, 1].flatten(1).sort(1).values)


def test_what_is_behind_the_wall_cannot_be_seen():
    made = clips(64, 30, wall=True)
    hidden = made.truth.hidden
    assert 0.02 < hidden.float().mean() < 0.5
    empty = made.frames[hidden]
    assert (empty.max(1).values - empty.min(1).values).abs().max() < 1e-5, "nothing but grey"


def test_a_scene_is_drawn_again_with_the_ball_elsewhere_and_nothing_else_changed():
    scene = clips(4, 3, background="fixed").scene
    there = torch.full((4, 3, 2), 20.0)
    moved = scene.at(there).made()
    assert torch.equal(moved.truth.position, there)
    again = scene.at(scene.centre[:, :, 0]).draw()
    assert torch.equal(again, scene.draw())


def test_digits_that_are_held_out_are_never_trained_on():
    data = load("moving_digits", kinds=("video",))
    train = {tuple(one.flatten().tolist()) for one in data.train.sprites}
    held = {tuple(one.flatten().tolist()) for one in data.test.sprites}
    assert len(data.test.sprites) > 300
    assert len(train & held) <= 5  # a few digits are the same to the pixel in the data set


def test_batches_go_on_from_their_state_and_depend_on_the_seed():
    def batches(seed) -> Batches:
        return ClipBatches(bouncing(16).train, 4, torch.device("cpu"), seed)

    class Settings(WorldSettings):
        batch_size: int = 6

    config = Settings()
    first = batches(1)
    first.next(config)
    state = first.state()
    expected = first.next(config)
    other = batches(1)
    other.load(state)
    assert torch.equal(other.next(config), expected)
    assert not torch.equal(batches(2).next(config), batches(1).next(config))


def test_the_shape_of_a_moving_digit_is_the_digit():
    from sklearn.datasets import load_digits

    data = load("moving_digits", kinds=("video",))
    made = data.test.clips(20, 2, WorldSettings(), torch.Generator().manual_seed(0))
    known = {
        tuple(one.flatten().tolist()): digit for one, digit in zip(*load_digits(return_X_y=True), strict=True)
    }
    for clip in range(20):
        sprite = made.scene.sprites[made.scene.shape[clip, 0, 0]] * 16
        assert int(made.truth.shape[clip, 0]) == known[tuple(sprite.flatten().tolist())]
