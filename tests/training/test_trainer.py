"""Same seed, same curve; a resumed run goes on bit for bit; what a user may get wrong is one clear line."""

import numpy as np
import pytest
import torch

from ssllab.controls import ControlError
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.sampler import Sampler
from ssllab.training import checkpoint
from ssllab.training.device import autocast, choose_precision
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (80, 3, 16, 16), generator=generator, dtype=torch.uint8)
    labels = torch.arange(80) % 4
    return ImageData(
        "noise",
        "Noise",
        ImageSplit(images[:60], labels[:60]),
        ImageSplit(images[60:], labels[60:]),
        ("a",) * 4,
    )


def _trainer(data, method="simclr", seed=0, **config):
    small = {"batch_size": 16, "dimension": 8, "head_width": 16, "warmup_steps": 2, "schedule_steps": 20}
    if method == "moco":
        small["queue_size"] = 24
    settings = RunSettings(method=method, config={**small, **config}, data="noise", seed=seed)
    return Trainer(settings, data)


def _train(trainer, steps):
    return [trainer.train_step() for _ in range(steps)]


@pytest.mark.parametrize("method", ["simclr", "moco"])
def test_the_same_seed_gives_the_same_curve_bit_for_bit(data, method):
    curve = _train(_trainer(data, method), 5)
    torch.manual_seed(999)  # the global generator must not matter
    assert _train(_trainer(data, method), 5) == curve
    assert _train(_trainer(data, method, seed=1), 5) != curve


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lars"])
@pytest.mark.parametrize("method", ["simclr", "moco"])
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(data, tmp_path, method, optimizer):
    """60 images in batches of 16: the checkpoint lies inside the second epoch, the end in the third."""
    whole = _trainer(data, method, optimizer=optimizer)
    curve = _train(whole, 10)
    interrupted = _trainer(data, method, optimizer=optimizer)
    _train(interrupted, 4)
    checkpoint.save(tmp_path / "c", interrupted.state(), {})
    tree, _ = checkpoint.load(tmp_path / "c")
    resumed = _trainer(data, method, optimizer=optimizer)
    resumed.load(tree)
    assert resumed.step == 4
    assert _train(resumed, 6) == curve[4:]
    for key, value in whole.method.state_dict().items():
        assert torch.equal(value, resumed.method.state_dict()[key]), key


def test_a_changed_control_is_in_the_checkpoint(data):
    trainer = _trainer(data)
    trainer.set("temperature", 0.07)
    other = _trainer(data)
    other.load(trainer.state())
    assert other.config.temperature == 0.07


def test_looking_and_probing_do_not_change_the_curve(data):
    plain, watched = _trainer(data), _trainer(data)
    expected = _train(plain, 4)
    seen = []
    for _ in range(4):
        watched.look()
        seen.append(watched.train_step())
        watched.probe()
    assert seen == expected


def test_a_control_acts_at_the_next_step(data):
    trainer = _trainer(data, warmup_steps=0, schedule="constant", learning_rate=0.001)
    assert trainer.train_step()["learning_rate"] == 0.001
    assert trainer.set("learning_rate", 0.01) == (0.001, 0.01)
    assert trainer.train_step()["learning_rate"] == 0.01


def test_a_learning_rate_of_zero_moves_no_weight(data):
    trainer = _trainer(data, learning_rate=0.0)
    before = [p.detach().clone() for p in trainer.method.parameters()]
    _train(trainer, 2)
    assert all(map(torch.equal, before, trainer.method.parameters()))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("batch_size", 32, "cannot change while training"),
        ("encoder", "vit", "cannot change while training"),
        ("temprature", 0.1, "Did you mean 'temperature'"),
        ("temperature", -1, r"temperature = -1: expected a number from 0.01 to 100"),
        ("temperature", "warm", "expected a number"),
        ("temperature", float("nan"), "expected a number"),
        ("loss", "mse", "nt_xent, info_nce"),
    ],
)
def test_a_bad_change_is_refused_and_changes_nothing(data, key, value, words):
    trainer = _trainer(data)
    before = trainer.config
    with pytest.raises(ControlError, match=words) as refused:
        trainer.set(key, value)
    assert "\n" not in str(refused.value)
    assert trainer.config == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "simclear"}, "simclr"),
        ({"config": {"batch_size": 1}}, "batch_size = 1: expected a whole number from 2"),
        ({"config": {"batch": 64}}, "unknown control 'batch'"),
        ({"device": "tpu"}, "auto, cpu, cuda, mps"),
        ({"precision": "float8"}, "float32, bfloat16"),
    ],
)
def test_bad_settings_are_refused_in_one_line(data, settings, words):
    with pytest.raises(ControlError, match=words) as refused:
        Trainer(RunSettings(**{"method": "simclr", "config": {}, "data": "noise", **settings}), data)
    assert "\n" not in str(refused.value)


def test_an_encoder_that_does_not_fit_the_images_is_refused(data):
    odd = ImageData("n", "N", ImageSplit(torch.zeros(4, 3, 31, 31, dtype=torch.uint8)), data.test)
    with pytest.raises(ControlError, match="multiple of 8"):
        _trainer(odd, encoder="vit")


@pytest.mark.parametrize("other", [{"head": "linear"}, {"dimension": 4}, {"encoder": "resnet18"}])
def test_a_foreign_checkpoint_is_refused_in_one_line(data, other):
    state = _trainer(data).state()
    with pytest.raises(ControlError, match="does not fit") as refused:
        _trainer(data, **other).load(state)
    assert "\n" not in str(refused.value)


def test_half_a_checkpoint_is_refused(data):
    state = _trainer(data).state()
    del state["sampler"]
    with pytest.raises(ControlError, match="does not fit"):
        _trainer(data).load(state)


def test_a_batch_larger_than_the_data_is_the_whole_data(data):
    measured = _trainer(data, batch_size=512).train_step()
    assert measured["chance_loss"] == pytest.approx(torch.tensor(2.0 * 60 - 1).log().item())


def test_bfloat16_trains_on_the_cpu(data):
    settings = RunSettings(method="moco", config={"batch_size": 16}, data="noise", precision="bfloat16")
    trainer = Trainer(settings, data)
    assert all(value == value for row in _train(trainer, 2) for value in row.values())
    assert all(p.dtype == torch.float32 for p in trainer.method.parameters())


@pytest.mark.parametrize("method", ["simclr", "moco"])
@pytest.mark.parametrize("encoder", ["conv", "vit"])
def test_looks_and_probes_measure_in_full_precision_whatever_training_computes_in(data, method, encoder):
    small = {"batch_size": 16, "queue_size": 24} if method == "moco" else {"batch_size": 16}
    half, full = (
        Trainer(
            RunSettings(method=method, config={**small, "encoder": encoder}, data="noise", precision=p), data
        )
        for p in ("bfloat16", "float32")
    )
    _train(half, 1)
    full.method.load_state_dict(half.method.state_dict())
    assert half.probe() == full.probe()
    for seen, expected in zip(half.look().parts, full.look().parts, strict=True):
        for name, value in vars(expected).items():
            assert np.array_equal(getattr(seen, name), value), name


@pytest.mark.parametrize("has", [{"avx512_bf16": True}, {"amx_bf16": True}, {"avx512_f": True}, {}])
def test_the_precision_is_half_where_hardware_and_encoder_gain_from_it(data, monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    cpu, chosen = torch.device("cpu"), "float32" if "avx512_f" in has or not has else "bfloat16"
    assert [choose_precision("auto", cpu, encoder) for encoder in ("conv", "resnet18")] == [chosen] * 2
    assert [choose_precision("auto", cpu, encoder) for encoder in ("vit", None)] == ["float32"] * 2
    assert choose_precision("float32", cpu, "conv") == "float32"
    assert choose_precision("auto", torch.device("mps"), "conv") == "float32"
    settings = RunSettings(method="simclr", config={}, data="noise", precision="auto")
    assert Trainer(settings, data).precision == chosen  # the default encoder is meant where none is named


def test_what_a_loss_is_taken_of_is_in_full_precision(data):
    settings = RunSettings(method="simclr", config={}, data="noise", precision="bfloat16")
    trainer = Trainer(settings, data)
    with autocast(trainer.device, trainer.precision):
        views = torch.cat(trainer.method.views(data.train.images, trainer.generator))
        assert [part.dtype for part in trainer.method.embed(views)] == [torch.float32] * 2
        assert trainer.method.encoder(views).dtype == torch.bfloat16


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_views_are_computed_in_full_precision_whatever_the_model_computes_in(data, precision):
    settings = RunSettings(method="simclr", config={}, data="noise", precision=precision)
    trainer = Trainer(settings, data)
    expected = trainer.method.views(data.train.images, torch.Generator().manual_seed(0))
    with autocast(trainer.device, precision):
        seen = trainer.method.views(data.train.images, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(seen, expected, strict=True))


def test_an_epoch_shows_every_image_once_in_an_order_of_its_own():
    sampler = Sampler(60, seed=4)
    first, second = ([sampler.next(15) for _ in range(4)] for _ in range(2))
    assert sorted(torch.cat(first).tolist()) == sorted(torch.cat(second).tolist()) == list(range(60))
    assert torch.cat(first).tolist() != torch.cat(second).tolist()
