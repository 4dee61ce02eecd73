"""Methods of two views without negatives: every part that prevents collapse is switched while they train, and no switch is
forgotten by a run that goes on."""

from __future__ import annotations

import pytest
import torch

from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.methods.joint import JointMethod
from ssllab.methods.registry import method_class, methods
from ssllab.training import checkpoint
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

JOINT = [name for name, method in methods().items() if issubclass(method, JointMethod)]
SMALL = {"batch_size": 16, "dimension": 8, "head_width": 16, "warmup_steps": 2}
# What prevents collapse, switched off.
OFF = {
    "simsiam": {"stop_gradient": False, "predictor": False, "output_batch_norm": False},
    "byol": {"target_momentum": 0.0, "predictor": False, "output_batch_norm": True},
    "vicreg": {"variance_weight": 0.0, "covariance_weight": 0.0, "output_batch_norm": True},
    "barlow_twins": {"redundancy_weight": 0.0, "output_batch_norm": True},
    "sigreg": {"sigreg_weight": 0.0, "slices": 16, "output_batch_norm": True},
}


@pytest.fixture(scope="module")
def data() -> ImageData:
    images = torch.randint(
        0, 256, (80, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    return ImageData("noise", "Noise", ImageSplit(images[:60]), ImageSplit(images[60:]))


def trainer(data: ImageData, method: str, **config: object) -> Trainer:
    small = {name: value for name, value in SMALL.items() if name in method_class(method).Config.model_fields}
    return Trainer(
        RunSettings(method=method, config={**small, **config}, data="noise", seed=0, device="cpu"), data
    )


def test_every_method_without_negatives_is_asked_here() -> None:
    assert set(JOINT) >= set(OFF)


@pytest.mark.parametrize("name", OFF)
def test_what_prevents_collapse_is_live(name: str) -> None:
    controls = method_class(name).Config.controls()
    assert all(spec.live for spec in controls.values() if spec.control.group == "Collapse")
    assert set(OFF[name]) | {"head_batch_norm"} <= {key for key, spec in controls.items() if spec.live}


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lars"])
@pytest.mark.parametrize("name", OFF)
def test_a_run_cut_after_a_switch_goes_on_bit_for_bit_and_a_rewound_one_as_if_nothing_was_switched(
    data: ImageData, tmp_path, name: str, optimizer: str
) -> None:
    whole = trainer(data, name, optimizer=optimizer)
    begun = [whole.train_step() for _ in range(2)]
    checkpoint.save(tmp_path / "before", whole.state(), {})
    healthy = [whole.train_step() for _ in range(2)]
    for key, value in {**OFF[name], "head_batch_norm": False}.items():
        whole.set(key, value)
    sick = [whole.train_step() for _ in range(2)]
    checkpoint.save(tmp_path / "after", whole.state(), {})
    for key in OFF[name]:
        whole.set(key, whole.config.controls()[key].default)
    rest = [whole.train_step() for _ in range(3)]
    assert begun
    assert sick != healthy

    resumed = trainer(data, name, optimizer=optimizer)
    resumed.load(checkpoint.load(tmp_path / "after")[0])
    assert not resumed.config.head_batch_norm
    for key in OFF[name]:
        resumed.set(key, resumed.config.controls()[key].default)
    assert [resumed.train_step() for _ in range(3)] == rest
    for key, tensor in whole.method.state_dict().items():
        assert torch.equal(tensor, resumed.method.state_dict()[key]), key

    resumed.load(checkpoint.load(tmp_path / "before")[0])
    assert resumed.config.head_batch_norm
    assert [resumed.train_step() for _ in range(2)] == healthy


@pytest.mark.parametrize("name", OFF)
def test_without_batch_norm_in_the_head_an_embedding_knows_nothing_of_its_batch(
    data: ImageData, name: str
) -> None:
    method = trainer(data, name, encoder="vit").method  # an encoder without batch norm
    images = data.train.images[:16].float() / 255
    known = set(dict(method.named_parameters()))

    def changes(**config: bool) -> bool:
        method.config = method.config.changed(config)
        z, few = method.embed(images)[1], method.embed(images[:4])[1]
        return not torch.allclose(z[:4], few, atol=1e-5)

    assert changes(head_batch_norm=True, output_batch_norm=False)
    assert changes(head_batch_norm=False, output_batch_norm=True)
    assert not changes(head_batch_norm=False, output_batch_norm=False)
    assert changes(head_batch_norm=True, output_batch_norm=True)
    assert set(dict(method.named_parameters())) == known


@pytest.mark.parametrize("name", OFF)
def test_batch_norm_at_the_output_holds_the_spread_at_one_where_it_is_on(data: ImageData, name: str) -> None:
    method = trainer(data, name, output_batch_norm=True).method
    images = data.train.images[:16].float() / 255
    assert method.embed(images)[1].std(0, correction=0).mean().item() == pytest.approx(1, abs=0.01)
    method.config = method.config.changed({"output_batch_norm": False})
    assert method.embed(images)[1].std(0, correction=0).mean().item() < 0.9


def test_byols_target_starts_as_a_copy_and_follows_by_equation_1(data: ImageData) -> None:
    bench = trainer(data, "byol", target_momentum=0.75)
    method = bench.method
    pairs = [
        *zip(method.target_encoder.parameters(), method.encoder.parameters(), strict=True),
        *zip(method.target_head.parameters(), method.head.parameters(), strict=True),
    ]
    assert all(torch.equal(target, online) for target, online in pairs)
    bench.train_step()
    old = [(target.clone(), online.detach().clone()) for target, online in pairs]
    bench.train_step()
    for (target, _), (before, online) in zip(pairs, old, strict=True):
        torch.testing.assert_close(target, 0.75 * before + 0.25 * online)
    for momentum, stays in ((1.0, True), (0.0, False)):
        bench.set("target_momentum", momentum)
        old = [(target.clone(), online.detach().clone()) for target, online in pairs]
        bench.train_step()
        for (target, _), (before, online) in zip(pairs, old, strict=True):
            assert torch.equal(target, before if stays else online)
    assert not any(target.requires_grad for target, _ in pairs)
