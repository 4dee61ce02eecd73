"""SimCLR: what a step returns, what it must not touch, and that it learns on real photographs."""

import copy
import math

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.looks import Embedding
from ssllab.methods.registry import methods
from ssllab.methods.simclr import SimCLR, SimCLRConfig
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer


def _images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), generator=generator, dtype=torch.uint8)


def _data(count=48):
    labels = torch.arange(count) % 3
    split = ImageSplit(_images(count), labels)
    return ImageData("noise", "Noise", split, ImageSplit(_images(count, 1), labels), ("a", "b", "c"))


def _simclr(**values):
    torch.manual_seed(0)
    return SimCLR(SimCLRConfig.make({"dimension": 8, "head_width": 16, **values}), 16).train()


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("loss", "candidates"), [("nt_xent", 2 * 12 - 1), ("info_nce", 12)])
def test_the_chance_line_counts_the_candidates(loss, candidates):
    result = _simclr(loss=loss).step(_images(12), _generator())
    assert result.metrics["chance_loss"].item() == pytest.approx(math.log(candidates))


@pytest.mark.parametrize("loss", ["nt_xent", "info_nce"])
def test_identical_images_without_augmentation_cannot_be_told_apart(loss):
    """Every embedding is the same, so the loss is exactly that of a guess."""
    off = {name: False for name, spec in SimCLRConfig.controls().items() if spec.kind == "bool"}
    method = _simclr(**off, loss=loss, head="none")
    same = _images(1).expand(8, 3, 16, 16)
    result = method.step(same, _generator())
    assert result.loss.item() == pytest.approx(result.metrics["chance_loss"].item(), rel=1e-4)


@pytest.mark.parametrize(
    "values", [{"temperature": 0.01}, {"temperature": 100.0}, {"head": "none"}, {"head": "linear"}]
)
@pytest.mark.parametrize("batch", [2, 9])
def test_extremes_stay_finite(values, batch):
    method = _simclr(**values)
    result = method.step(_images(batch), _generator())
    result.loss.backward()
    assert all(value.isfinite() for value in result.metrics.values())
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)


def test_metrics_have_no_gradient_and_a_declared_meaning():
    result = _simclr().step(_images(8), _generator())
    assert all(not value.requires_grad and value.ndim == 0 for value in result.metrics.values())
    assert set(result.metrics) <= set(SimCLR.series)


def test_all_chance_of_a_step_comes_from_the_generator():
    method = _simclr().eval()
    torch.manual_seed(1)
    first = method.step(_images(8), _generator(5)).loss.item()
    torch.manual_seed(2)
    assert method.step(_images(8), _generator(5)).loss.item() == first
    assert method.step(_images(8), _generator(6)).loss.item() != first


def test_looking_and_probing_leave_the_model_as_it_was():
    method, data = _simclr(), _data()
    before = {key: value.clone() for key, value in method.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    method.look(data, 0)
    method.probe(data)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(value, before[key]) for key, value in method.state_dict().items())
    assert method.training


def test_the_look_is_on_the_sphere_and_repeats():
    method, data = _simclr(dimension=3), _data()
    look, again = (method.look(data, 7).part(Embedding) for _ in range(2))
    assert look.kind == "sphere"
    assert look.points.shape == (96, 3)
    assert (look.z == again.z).all()
    assert abs((look.z**2).sum(1) - 1).max() < 1e-5


def test_probes_work_without_labels():
    data = _data()
    bare = ImageData("b", "B", ImageSplit(data.train.images), ImageSplit(data.test.images))
    scalars = _simclr().probe(bare).scalars
    assert "knn_top1" not in scalars
    assert math.isfinite(scalars["rankme_h"])


def test_every_method_is_found_by_its_file():
    assert next(iter(methods())) == "simclr"
    assert "moco" in methods()
    assert all(method.name == name and method.title and method.paper for name, method in methods().items())


def test_some_training_teaches_the_shape_without_a_label():
    """After 80 steps a line through h tells the shapes apart ten points better than through the untrained h."""
    settings = RunSettings(method="simclr", config={"batch_size": 128}, data="shapes", steps=80)
    trainer = Trainer(settings, load("shapes"))
    before = trainer.probe().scalars
    losses = [trainer.train_step()["loss"] for _ in range(80)]
    after = trainer.probe().scalars
    assert after["linear_top1"] > before["linear_top1"] + 0.10
    assert sum(losses[-10:]) < sum(losses[:10])


@pytest.mark.parametrize("name", ["simclr", "moco"])
def test_batch_norm_starts_from_real_images_and_training_does_not_notice(name):
    """Untrained, evaluation mode must see what training mode sees; running averages alone may differ."""
    torch.manual_seed(0)
    data = load("photos")
    method = methods()[name](methods()[name].Config.make({}), 32).train()
    bare = copy.deepcopy(method)
    method.prepare(data)
    h, _ = method.encode(data.train.images[128:384])
    bare_h, _ = bare.encode(data.train.images[128:384])
    assert h.std(0).mean() > 10 * bare_h.std(0).mean()
    first, second = (m.step(data.train.images[:32], _generator()).loss for m in (method, bare))
    assert torch.equal(first, second)
