"""Methods that learn from clips: remedies are switched while they train, and nothing else moves the model."""

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.methods.cpc import found
from ssllab.methods.landscape import candidates, grid_of, places, valley_errors
from ssllab.methods.registry import method_class
from ssllab.training import checkpoint
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SMALL = {"batch_size": 12, "width": 4, "dimension": 8, "predictor_width": 16, "warmup_steps": 2}
REMEDIES = ("none", "stop_gradient", "ema", "contrastive", "vicreg", "sigreg")
METHODS = ("jepa", "pixel_predictor", "cpc")


@pytest.fixture(scope="module")
def data():
    return load("bouncing", kinds=("video",), options={"frame_size": 16})


def trainer(data, method="jepa", **config):
    settings = RunSettings(method=method, config={**SMALL, **config}, data="bouncing", seed=0, device="cpu")
    return Trainer(settings, data)


def weights(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def test_what_prevents_collapse_is_live():
    for name in METHODS:
        controls = method_class(name).Config.controls()
        assert all(spec.live for spec in controls.values() if spec.control.group in ("Collapse", "World"))
    assert method_class("jepa").Config.controls()["remedy"].choices == REMEDIES


@pytest.mark.parametrize("first", REMEDIES)
def test_a_run_cut_after_any_switch_of_remedy_goes_on_bit_for_bit(data, tmp_path, first):
    whole = trainer(data, remedy=first)
    for _ in range(2):
        whole.train_step()
    checkpoint.save(tmp_path / "before", whole.state(), {})
    after = {}
    for second in REMEDIES:
        switched = trainer(data, remedy=first)
        switched.load(checkpoint.load(tmp_path / "before")[0])
        switched.set("remedy", second)
        switched.train_step()
        checkpoint.save(tmp_path / second, switched.state(), {})
        after[second] = [switched.train_step() for _ in range(2)]
        resumed = trainer(data, remedy=first)
        resumed.load(checkpoint.load(tmp_path / second)[0])
        assert resumed.config.remedy == second
        assert [resumed.train_step() for _ in range(2)] == after[second]
        for key, value in switched.method.state_dict().items():
            assert torch.equal(value, resumed.method.state_dict()[key]), (second, key)
    back = trainer(data, remedy=first)
    back.load(checkpoint.load(tmp_path / "before")[0])
    assert [whole.train_step() for _ in range(3)][1:] == after[first], (
        "a rewound run is as if nothing was switched"
    )


def test_switching_ema_on_starts_the_target_as_a_copy_and_then_it_follows_slowly(data):
    run = trainer(data, remedy="vicreg", target_momentum=0.9)
    for _ in range(3):
        run.train_step()
    assert not torch.equal(run.method.target.output.weight, run.method.encoder.output.weight)
    run.set("remedy", "ema")
    before = weights(run.method.encoder)
    run.train_step()
    for key, value in run.method.target.named_parameters():
        assert torch.equal(value, before[key]), key
    target, online = weights(run.method.target), weights(run.method.encoder)
    run.train_step()
    for key, value in run.method.target.named_parameters():
        assert torch.allclose(value, torch.lerp(online[key], target[key], 0.9), atol=1e-6), key
    assert run.method.reader is run.method.target
    run.set("remedy", "none")
    assert run.method.reader is run.method.encoder


def test_no_gradient_flows_into_the_frame_that_is_to_be_predicted_where_the_remedy_says_so(data):
    clips = data.train.clips(8, 4, trainer(data).config, torch.Generator().manual_seed(0)).frames
    for remedy in ("none", "stop_gradient", "ema"):
        method = trainer(data, remedy=remedy).method
        frames = clips.clone().requires_grad_()
        method.eval()  # batch norm would mix the frames of a batch
        method.step(frames, torch.Generator().manual_seed(0)).loss.backward()
        flows = frames.grad[:, -1].abs().max() > 0
        assert bool(flows) is (remedy == "none")
        assert frames.grad[:, 0].abs().max() > 0


@pytest.mark.parametrize("name", METHODS)
def test_looks_and_probes_leave_the_next_steps_as_they_are(data, name):
    watched, alone = trainer(data, name, background="fixed"), trainer(data, name, background="fixed")
    for _ in range(2):
        watched.look()
        watched.probe()
        assert watched.train_step() == alone.train_step()


@pytest.mark.parametrize("name", METHODS)
def test_the_world_changes_while_it_trains(data, name):
    run = trainer(data, name)
    run.train_step()
    for key, value in {
        "background": "flicker",
        "objects": 3,
        "shapes": 4,
        "wall": True,
        "collisions": True,
    }.items():
        run.set(key, value)
        assert run.train_step()["loss"] < float("inf")
    assert "hidden_accuracy" in run.probe().scalars


def test_the_landscape_is_lowest_where_a_model_that_knows_puts_the_ball(data):
    scene = data.test.scene(3, 4, trainer(data).config, torch.Generator().manual_seed(0))
    truth = scene.draw()[:, -1]

    def knows(context, candidate):
        """The energy of somebody who saw the frame that comes."""
        mine = next(i for i in range(3) if torch.equal(context[0], scene.draw()[i, :-1]))
        return (candidate - truth[mine]).square().flatten(2).mean(-1)

    errors = torch.cat([valley_errors(knows, scene.clips(slice(i, i + 1)), 32) for i in range(3)])
    assert errors.max() < (places(scene, 32)[1] - places(scene, 32)[0]), "within a place of the grid"


def test_a_valley_that_is_sought_place_by_place_is_that_of_the_whole_grid(data):
    config = trainer(data, wall=True).config
    scene = data.test.scene(6, 4, config, torch.Generator().manual_seed(0))
    there = torch.tensor([5.0, 9.0])

    def bowl(context, candidate):
        """Lowest where the ball, the only white thing, is nearest to one place."""
        light = (candidate[:, :, 0] > 0.9).float() + 1e-6
        at = torch.arange(16) + 0.5
        x = (light.sum(2) * at).sum(2) / light.sum((2, 3))
        y = (light.sum(3) * at).sum(2) / light.sum((2, 3))
        return (torch.stack((x, y), -1) - there).norm(dim=-1)

    every = grid_of(places(scene, 32))
    whole = torch.stack(
        [every[bowl(None, candidates(scene.clips(slice(i, i + 1)), every))[0].argmin()] for i in range(6)]
    )
    expected = (whole - scene.centre[:, -1, 0]).norm(dim=1)
    assert (valley_errors(bowl, scene, 32) - expected).abs().max() < 1.5 * (16 - 2 * 1.76) / 31


def test_clips_that_are_too_short_for_the_context_are_refused_in_a_line(data):
    from dataclasses import replace

    short = replace(data, train=replace(data.train, longest=3))
    with pytest.raises(ValueError, match=r"3 frames to learn from and 256 held out; a context of 3 needs 4"):
        method_class("jepa").build(method_class("jepa").Config.make({}), short)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_to_measure_a_loss_moves_nothing(data, remedy):
    run = trainer(data, remedy=remedy)
    for _ in range(2):
        run.train_step()
    run.method.eval()
    before, batch = weights(run.method), run.batches.next(run.config)
    losses = {float(run.method.step(batch, torch.Generator().manual_seed(0)).loss) for _ in range(3)}
    assert len(losses) == 1
    assert all(torch.equal(value, before[key]) for key, value in run.method.state_dict().items())


def test_a_tie_is_no_frame_found():
    same = torch.zeros(5, 4)
    assert found(same).tolist() == [0.25] * 5
    assert found(torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])).tolist() == [1.0, 0.0, 0.5]
