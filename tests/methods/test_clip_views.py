"""What a model that learns from clips expects over time: a healthy run knows when something cannot be, a collapsed one does
not, and looking changes nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from ssllab.data.video.bouncing import bouncing
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.surprises import TITLES, offered
from ssllab.data.video.types import Clips, VideoData
from ssllab.methods.clip_views import (
    STEPS,
    adjacent,
    adjacent_energies,
    background_share,
    energies_over_time,
    energy_over_time,
    horizon,
    prediction_cost,
    step_seconds,
)
from ssllab.methods.latent_decoder import LatentDecoder, predicted_frames
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_clips import of_copy, untrained
from ssllab.training.stored_models import drawing
from ssllab.training.trainer import Trainer

DATA = bouncing(16)
CLIPS = range(0, 24, 3)


def trained(method: str, steps: int, **config) -> Trainer:
    """A run of so many steps of 32 small clips."""
    settings = RunSettings(
        method=method, config={"batch_size": 32, "dimension": 32} | config, data="bouncing"
    )
    trainer = Trainer(settings, DATA)
    for _ in range(steps):
        trainer.train_step()
    return trainer


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Such small tensors gain nothing from two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def healthy():
    """JEPA with VICReg, as it is after some seconds."""
    return of_copy(trained("jepa", 150).copy_model(), DATA)


@pytest.fixture(scope="module")
def collapsed():
    """JEPA with nothing against collapse."""
    return of_copy(trained("jepa", 150, remedy="none").copy_model(), DATA)


def test_a_healthy_run_is_surprised_by_a_ball_that_teleports_and_a_collapsed_one_is_not(
    healthy, collapsed
) -> None:
    for model, surprised in ((healthy, True), (collapsed, False)):
        found = [energy_over_time(model, DATA, "teleport", number) for number in CLIPS]
        assert [clip.peaks for clip in found] == [surprised] * len(found)
        assert all((clip.peak > clip.untrained / 20) == surprised for clip in found)
        assert sum(clip.peak > clip.threshold for clip in found) >= surprised * len(found)
        assert all(
            np.isnan(clip.energies[:3]).all() and np.isfinite(clip.energies[3:]).all() for clip in found
        )
        for clip in found:  # until then nothing is different
            np.testing.assert_allclose(
                clip.energies[3 : clip.at], clip.usual[3 : clip.at], rtol=1e-4, atol=1e-6
            )


def test_where_nothing_happens_no_moment_is_marked(healthy) -> None:
    found = energy_over_time(healthy, DATA, "nothing", 0)
    assert found.at is None
    assert not found.peaks
    np.testing.assert_array_equal(found.energies, found.usual)


def test_a_world_offers_the_surprises_that_it_has_room_for() -> None:
    assert set(offered(WorldSettings(wall=True), made_here=True)) == set(TITLES)
    assert set(TITLES) - set(offered(WorldSettings(), made_here=True)) == {"in_front", "never_out"}
    assert offered(WorldSettings(wall=True), made_here=False) == ("nothing", "cut")


@pytest.mark.parametrize("what", [what for what in TITLES if what != "nothing"])
def test_a_surprise_changes_the_pictures_from_its_moment_on_and_none_before(healthy, what: str) -> None:
    walled = copy.deepcopy(healthy)
    walled.config = walled.config.changed({"wall": True})
    found = energy_over_time(walled, DATA, what, 0)
    assert found.at is not None
    assert found.at >= len(found.frames) // 4
    differs = np.flatnonzero(found.energies[3:] != found.usual[3:]) + 3
    assert len(differs)
    # A ball in front of the wall is seen to be so from where it touches it, before it ought to be hidden.
    assert differs[0] >= found.at - (10 if what == "in_front" else 0)


def test_a_ball_in_front_of_the_wall_is_seen_where_it_should_be_hidden(healthy) -> None:
    walled = copy.deepcopy(healthy)
    walled.config = walled.config.changed({"wall": True})
    found = energy_over_time(walled, DATA, "in_front", 0)

    def ball(frame) -> bool:
        return bool((frame.min(-1) > 180).any())  # the wall is darker

    assert ball(found.frames[found.at])
    out = energy_over_time(walled, DATA, "never_out", 0)
    assert not any(ball(frame) for frame in out.frames[out.at :])


def test_energies_rise_with_the_distance_of_frames_in_a_healthy_run_and_are_lowest_for_the_next(
    healthy,
) -> None:
    energies = adjacent_energies(healthy, DATA, 0).energies
    means = np.nanmean(energies, axis=1)
    assert np.argmin(means) == 1
    assert (np.diff(means[1:8]) > 0).all()


def test_the_row_of_the_next_frame_is_the_energy_over_time(healthy) -> None:
    frames = healthy.held_out(DATA, 1, 12).frames[0]
    over_time, matrix = energies_over_time(healthy, frames), adjacent(healthy, frames, 4)
    np.testing.assert_allclose(matrix[1, 2:-1], over_time[3:], rtol=1e-4, atol=1e-6)
    assert np.isnan(matrix[:, :2]).all()  # no context
    assert np.isnan(matrix[3, -3:]).all()  # no such frame


def test_in_a_still_clip_all_distances_are_alike(healthy) -> None:
    still = healthy.held_out(DATA, 1, 1).frames[0].expand(10, -1, -1, -1)
    energies = adjacent(healthy, still, 4)
    known = energies[np.isfinite(energies)]
    np.testing.assert_allclose(known, known[0], rtol=1e-4)


@pytest.mark.parametrize("method", ["jepa", "pixel_predictor", "cpc"])
def test_one_frame_ahead_the_horizon_is_the_valley_error(method: str) -> None:
    trainer = trained(method, 3)
    found = horizon(of_copy(trainer.copy_model(), DATA), DATA)
    assert found.errors[0] == pytest.approx(trainer.probe().scalars["valley_error"], rel=1e-5)
    assert tuple(found.steps) == (STEPS if method != "cpc" else (1, 2, 3, 4))
    assert (np.diff(found.still) > 0).all()


def test_the_valley_of_a_healthy_run_leaves_the_ball_the_further_ahead_it_is_sought(
    healthy, collapsed
) -> None:
    good, bad = horizon(healthy, DATA), horizon(collapsed, DATA)
    assert good.errors[0] < good.errors[-1]
    assert good.errors[0] < bad.errors[0] / 2


def test_what_is_expected_of_several_frames_begins_with_what_is_expected_of_one(healthy) -> None:
    frames = healthy.held_out(DATA, 2, 3).frames
    with healthy.evaluating():
        torch.testing.assert_close(healthy.foreseen(frames, 4)[:, :1], healthy.foreseen(frames, 1))


def test_a_decoder_that_watches_leaves_the_curve_as_it_is_bit_for_bit() -> None:
    def curve(watched: bool) -> tuple[list[float], dict]:
        trainer = trained("jepa", 0)
        losses, decoder = [], None
        for step in range(6):
            losses.append(trainer.train_step()["loss"])
            if watched and step % 2:
                model = of_copy(trainer.copy_model(), DATA)
                if decoder is None:
                    with drawing(seed=0):
                        decoder = LatentDecoder(model, DATA)
                decoder.learn(model, DATA, 3)
                predicted_frames(model, DATA, 0, decoder)
        return losses, trainer.state()

    alone, state = curve(watched=False)
    watched, watched_state = curve(watched=True)
    assert watched == alone
    assert watched_state["model"].keys() == state["model"].keys()
    assert all(torch.equal(value, watched_state["model"][name]) for name, value in state["model"].items())
    assert torch.equal(watched_state["generator"], state["generator"])


def test_a_decoder_sees_the_ball_in_the_latents_of_a_healthy_run_and_nothing_in_those_of_a_collapsed_one(
    healthy, collapsed
) -> None:
    explained = []
    for model in (healthy, collapsed):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        with drawing(seed=0):
            decoder = LatentDecoder(model, DATA)
        decoder.learn(model, DATA, 150)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
        found = predicted_frames(model, DATA, 0, decoder)
        assert found.learnt == 150
        assert found.predicted.shape == found.known.shape == found.came.shape == found.nearest[:, 0].shape
        explained.append(found.explained)
    assert explained[0] > 0.4
    assert explained[1] < explained[0] / 2


@pytest.mark.parametrize(("method", "drawn"), [("pixel_predictor", True), ("cpc", False)])
def test_a_model_of_frames_paints_itself_and_scores_are_not_drawn(method: str, drawn: bool) -> None:
    model = untrained(method, {"dimension": 8}, DATA)
    decoder = LatentDecoder(model, DATA) if method == "cpc" else None
    found = predicted_frames(model.eval(), DATA, 0, decoder)
    assert (found.predicted is not None) == drawn
    assert (found.known is not None) != drawn
    assert found.nearest.shape[0] == len(found.came)


@pytest.mark.parametrize("world", [{}, {"background": "flicker", "objects": 3, "wall": True}])
def test_the_shares_of_background_and_objects_are_all_of_the_error(world: dict) -> None:
    torch.manual_seed(0)
    scene = untrained("pixel_predictor", world, DATA).held_out(DATA, 16, 4).scene
    covered = scene.covered()[:, -2:].any(1)
    error = torch.rand(16, 3, 16, 16)
    share = background_share(error, covered)
    assert 0 < share < 1
    assert share == pytest.approx(1 - background_share(error, ~covered), abs=1e-5)
    assert background_share(error * covered[:, None], covered) == 0
    assert background_share(torch.zeros_like(error), covered) == 0


def test_what_covers_a_pixel_is_what_is_drawn_there() -> None:
    scene = untrained("jepa", {"wall": True, "objects": 2}, DATA).held_out(DATA, 8, 4).scene
    from dataclasses import replace

    empty = replace(scene, centre=scene.centre + 1000).draw()
    drawn = (scene.draw() - empty).abs().amax(2) > 1e-3
    assert (drawn <= scene.covered()).all()
    assert scene.covered().float().mean() < drawn.float().mean() + 0.05


def test_latents_are_fewer_than_pixels_and_only_pixels_are_spent_on_the_background() -> None:
    jepa = prediction_cost(untrained("jepa", {"batch_size": 4}, DATA), DATA, True, 0.1)
    noisy = untrained("pixel_predictor", {"batch_size": 4, "background": "flicker"}, DATA)
    pixel = prediction_cost(noisy, DATA, True, 0.2)
    assert jepa.background is None
    assert jepa.covered is None
    assert jepa.predicted == 32
    assert pixel.predicted == 3 * 16 * 16
    assert pixel.parameters > jepa.parameters
    assert all(seconds > 0 for seconds in step_seconds([noisy, noisy], DATA))
    assert 0.5 < pixel.background < 1
    assert prediction_cost(noisy, DATA, False, 0.2).background is None


class Filmed:
    """A source of clips of which nothing is known."""

    longest = 20

    def clips(self, count, length, settings, generator) -> Clips:
        return Clips(DATA.test.clips(count, length, settings, generator).frames)


FILM = VideoData("film", "A film", Filmed(), Filmed(), 16)


def test_of_what_was_filmed_all_is_shown_that_needs_no_truth(healthy) -> None:
    assert energy_over_time(healthy, FILM, "cut", 0).at == 10
    assert adjacent_energies(healthy, FILM, 0).energies.shape == (17, 20)
    assert prediction_cost(healthy, FILM, True, 0.1).covered is None
    with drawing(seed=0):
        decoder = LatentDecoder(healthy, FILM)
    assert len(predicted_frames(healthy, FILM, 0, decoder).came) == 5
    with pytest.raises(ValueError, match="not known of what was filmed"):
        horizon(healthy, FILM)
    with pytest.raises(ValueError, match="cannot be drawn otherwise"):
        energy_over_time(healthy, FILM, "teleport", 0)
