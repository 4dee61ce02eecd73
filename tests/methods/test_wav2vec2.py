"""wav2vec 2.0 and HuBERT in the engine: they repeat, resume, start from one another, and learn."""

import numpy as np
import pytest
import torch

from ssllab.audio.quantize import StreamingQuantizer
from ssllab.controls import ControlError
from ssllab.data.speech.types import SAMPLE_RATE, Span, SpeechData, SpeechSplit
from ssllab.looks import CodeUsage, PhoneTable
from ssllab.methods.registry import methods
from ssllab.methods.stored import StoredModel
from ssllab.nn.wav2vec2 import files
from ssllab.training import checkpoint
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_models import inspector_of
from ssllab.training.trainer import Trainer

TONES = (220.0, 500.0, 1100.0, 2300.0)
NAMES = ("a", "b", "c", "d")


def _split(clips, seed):
    """Clips of tones of 120 ms, one of four: a language whose phones are known."""
    generator = np.random.default_rng(seed)
    samples, starts, phones = [], [0], []
    for _ in range(clips):
        spans, parts = [], []
        for i, tone in enumerate(generator.integers(0, 4, generator.integers(9, 14)).tolist()):
            time = np.arange(int(0.12 * SAMPLE_RATE)) / SAMPLE_RATE
            parts.append(np.sin(2 * np.pi * TONES[tone] * time + generator.uniform(0, 6)))
            spans.append(Span(0.12 * i, 0.12 * (i + 1), NAMES[tone]))
        clip = 0.3 * np.concatenate(parts) + 0.003 * generator.standard_normal(sum(map(len, parts)))
        samples.append((clip * 32767).astype(np.int16))
        starts.append(starts[-1] + len(clip))
        phones.append(tuple(spans))
    return SpeechSplit(
        torch.from_numpy(np.concatenate(samples)), torch.tensor(starts), tuple(f"clip {i}" for i in range(clips)),
        (None,) * clips, tuple("xy"[i % 2] for i in range(clips)), None, ((),) * clips, tuple(phones),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return SpeechData("tones", "Tones", _split(24, 0), _split(8, 1))


SMALL = {
    "wav2vec2": {"codebook_size": 16, "distractors": 20},
    "hubert": {"units": 12},
}


def _trainer(data, method="wav2vec2", seed=0, **config):
    small = {"batch_seconds": 4.0, "crop_seconds": 1.5, "warmup_steps": 4, **SMALL[method]}
    return Trainer(RunSettings(method=method, config={**small, **config}, data="tones", seed=seed), data)


def _train(trainer, steps):
    return [trainer.train_step() for _ in range(steps)]


@pytest.mark.parametrize("method", SMALL)
def test_the_same_seed_gives_the_same_curve_bit_for_bit(data, method):
    config = {"dropout": 0.1, "layerdrop": 0.2}
    curve = _train(_trainer(data, method, **config), 3)
    torch.manual_seed(999)  # the global generator must not matter
    assert _train(_trainer(data, method, **config), 3) == curve
    assert _train(_trainer(data, method, seed=1, **config), 3) != curve


@pytest.mark.parametrize("method", SMALL)
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(data, tmp_path, method):
    """Windows of usage, the place in the data and HuBERT's units are part of a checkpoint."""
    config = {"dropout": 0.1}
    if method == "hubert":
        config["recluster_every"] = 3
    whole = _train(_trainer(data, method, **config), 7)
    interrupted = _trainer(data, method, **config)
    _train(interrupted, 4)
    checkpoint.save(tmp_path / "c", interrupted.state(), {})
    tree, _ = checkpoint.load(tmp_path / "c")
    resumed = _trainer(data, method, **config)
    resumed.load(tree)
    assert _train(resumed, 3) == whole[4:]


def test_hubert_makes_new_units_of_its_own_middle_layer(data):
    trainer = _trainer(data, "hubert", recluster_every=2)
    iterations = [step["iteration"] for step in _train(trainer, 5)]
    assert iterations == [0, 0, 1, 1, 2]
    assert len(trainer.method.units_of(*_one_batch(trainer)).unique()) > 3


def _one_batch(trainer):
    batch = trainer.batches.next(trainer.config)
    return batch.samples, batch.lengths


@pytest.mark.parametrize("method", SMALL)
def test_metrics_probes_and_look_are_all_there(data, method):
    trainer = _trainer(data, method)
    measured = _train(trainer, 2)[-1]
    assert all(np.isfinite(value) for value in measured.values())
    probe = trainer.probe()
    for name in (
        "pnmi",
        "purity",
        "phone_top1",
        "speaker_top1",
        "heldout_top1",
        "rankme_context",
        "volume_share",
        "chance_pnmi",
        "chance_purity",
        "chance_silence_codes",
        "labelled_frames",
    ):
        assert np.isfinite(probe.scalars[name]), name
    assert probe.constants["chance_phone"] < 0.5
    assert (
        1 / 21 <= probe.constants["chance_heldout_top1"] < 0.5
    )  # more than 1/(1 + K): few codes, few candidates
    assert probe.scalars["chance_pnmi"] == pytest.approx(0, abs=0.05)
    look = trainer.look()
    usage, table = look.part(CodeUsage), look.part(PhoneTable)
    assert usage.hard.shape == usage.soft.shape == ((2, 16) if method == "wav2vec2" else (1, 12))
    assert usage.hard.sum(1) == pytest.approx(1.0, abs=1e-5)
    assert table.table.shape == (4, len(table.code_names))
    assert trainer.method.diagnose(_Log(), _Log(), {}, 0).state == "warming up"


class _Log:
    last_step = 2

    def column(self, name):
        return np.zeros(0), np.zeros(0)

    def last(self, name):
        return None


def test_probing_and_inspecting_leave_training_alone(data):
    curve = _train(_trainer(data), 4)
    watched = _trainer(data)
    seen = []
    for _ in range(4):
        seen += _train(watched, 1)
        watched.probe()
        watched.look()
        inspector_of(watched.copy_model()).inspect_audio(data.test.samples(0))
    assert seen == curve


def test_a_fresh_model_learns_the_tones(data):
    """The codes of an untrained smooth start tell tones apart; a hundred steps teach the context to foresee them."""
    trainer = _trainer(data, kappa=0.2)
    before = trainer.probe().scalars
    curve = _train(trainer, 100)
    after = trainer.probe().scalars
    assert before["pnmi"] > 0.5
    assert after["heldout_contrastive_loss"] < before["heldout_contrastive_loss"] - 0.3
    assert curve[-1]["code_perplexity"] > 6  # of 32: four tones, their seams, and silence in none


def test_codes_of_a_stream_are_those_of_the_whole_recording(data):
    """Layer-norm models: a frame depends on its own 25 ms, however the sound is cut into pieces."""
    model = _trainer(data).method.model.eval()
    samples = data.test.samples(0)
    whole = model.codes(samples[None])
    stream = StreamingQuantizer(model)
    cuts = np.cumsum(np.random.default_rng(0).integers(1, 1500, 60))
    parts = [stream.push(part) for part in np.split(samples.numpy(), cuts[cuts < len(samples)])]
    codes = np.concatenate([part[0] for part in parts if part is not None])
    assert np.array_equal(codes, whole.codes[0].numpy())


def test_an_inspection_shows_every_frame(data):
    trainer = _trainer(data, distractors=7)
    method, inspector = trainer.method, inspector_of(trainer.copy_model())
    samples = torch.cat([data.test.samples(i) for i in range(8)] * 2)  # longer than one window
    shown = inspector.inspect_audio(samples, seed=1)
    frames = method.model.config.frames(len(samples))
    assert shown.codes.shape == (frames, 2)
    assert np.array_equal(shown.codes, method.model.codes(samples[None]).codes[0].numpy())
    assert np.array_equal(np.isnan(shown.similarity_true), ~shown.masked)
    assert shown.similarity_distractors.shape == (frames, 7)
    assert np.abs(shown.similarity_distractors[shown.masked]).max() <= 1.0001
    assert inspector.inspect_audio(samples, mask=False).masked is None
    assert len(inspector.inspect_audio(samples[:100]).codes) == 0


def test_frozen_codes_stay_while_the_rest_learns(data):
    trainer = _trainer(data, freeze_codes=True)
    before = {name: p.detach().clone() for name, p in trainer.method.named_parameters()}
    _train(trainer, 2)
    changed = {name for name, p in trainer.method.named_parameters() if not torch.equal(p, before[name])}
    assert not any("quantizer" in name for name in changed)
    assert any("encoder" in name for name in changed)
    trainer.set("freeze_codes", False)
    _train(trainer, 1)
    assert not torch.equal(trainer.method.model.quantizer.codevectors, before["model.quantizer.codevectors"])


@pytest.mark.parametrize(
    "config",
    [
        {"quantizer": "fsq", "codebook_size": 40},
        {"cosine_codes": True},
        {"entropy_weight": 0.1},
        {"dead_code_restart": True, "kmeans_init": False},
        {"gumbel_noise": False},
        {"groups": 4},
        {"groups": 1},
        {"feature_gradient": 0.0},
    ],
    ids=str,
)
def test_every_switch_trains(data, config):
    assert all(np.isfinite(step["loss"]) for step in _train(_trainer(data, **config), 3))


def test_what_was_trained_before_is_where_another_begins(data, tmp_path):
    """HuBERT's encoder under wav2vec 2.0's codes; and a folder as transformers writes it."""
    first = _trainer(data, "hubert")
    _train(first, 1)
    body = type(first.method).stored(first.config, first.state()["model"]).model
    files.write(body, tmp_path / "body")
    second = _trainer(data, start_from=str(tmp_path / "body"))
    name = "encoder.layers.0.attention.q_proj.weight"
    assert torch.equal(second.method.model.wav2vec2.state_dict()[name], first.method.model.state_dict()[name])
    stored = type(second.method).stored(second.config, second.state()["model"])
    assert isinstance(stored, StoredModel)
    assert torch.equal(stored.model.codes(data.test.samples(0)[None]).codes,
                       second.method.model.codes(data.test.samples(0)[None]).codes)  # fmt: skip


def test_trained_codes_are_kept_unless_they_do_not_fit(data, tmp_path):
    """The k-means start is for fresh codes only; another quantizer takes over all but the codes."""
    first = _trainer(data)
    _train(first, 2)
    files.write(first.method.model, tmp_path / "first")
    samples = data.test.samples(0)[None]
    second = _trainer(data, start_from=str(tmp_path / "first"))
    assert torch.equal(second.method.model.codes(samples).codes, first.method.model.codes(samples).codes)
    rounded = _trainer(data, start_from=str(tmp_path / "first"), quantizer="fsq", codebook_size=40)
    name = "wav2vec2.encoder.layers.0.attention.q_proj.weight"
    assert torch.equal(rounded.method.model.state_dict()[name], first.method.model.state_dict()[name])


def test_settings_that_do_not_fit_are_one_line(data):
    with pytest.raises(ControlError, match="expected one of"):
        _trainer(data, quantizer="fsq", codebook_size=17)
    with pytest.raises(ControlError, match="divisor"):
        _trainer(data, groups=7)
    short = SpeechData("x", "X", _short(), _short())
    with pytest.raises(ControlError, match="long"):
        Trainer(RunSettings(method="wav2vec2", config={}, data="x"), short)


def _short():
    return SpeechSplit(
        torch.zeros(800, dtype=torch.int16), torch.tensor([0, 800]), ("tiny",), (None,), (None,)
    )


def test_the_gumbel_temperature_falls_to_its_floor_with_the_steps(data):
    method = _trainer(data, gumbel_decay=0.999995).method
    method.updates = 277_000
    assert method.temperature == pytest.approx(0.5, abs=0.001)  # the paper's floor, after 277,000 steps
    method.updates = 0
    assert method.temperature == 2.0
    assert {"wav2vec2", "hubert", "ctc"} <= set(methods())
