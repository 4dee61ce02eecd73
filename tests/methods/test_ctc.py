"""Fine-tuning to text: equal to transformers, learned from tones, frozen where it says so, resumed bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import ssllab._torchvision  # noqa: F401  transformers imports torchvision
from ssllab.audio.parts import part_frames
from ssllab.controls import ControlError
from ssllab.data.speech.batches import collate
from ssllab.data.speech.types import SAMPLE_RATE, SpeechData
from ssllab.looks import Transcripts
from ssllab.methods.ctc import CTC, starting_point
from ssllab.methods.recogniser import Recogniser
from ssllab.methods.stored import StoredModel
from ssllab.methods.transcribed import evenly, first_minutes, minutes_of, padded_classes, utterances
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC
from ssllab.objectives.ctc import ctc_loss
from ssllab.text.alphabet import Alphabet
from ssllab.training import checkpoint
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_models import inspector_of, read_model
from ssllab.training.trainer import Trainer


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Such small tensors gain nothing from two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def shape(tiny_speech_model: Path) -> Wav2Vec2Config:
    return files.read(tiny_speech_model).config


@pytest.fixture
def train(tone_data: SpeechData, tiny_speech_model: Path):
    def build(**config) -> Trainer:
        small = {
            "pretrained": str(tiny_speech_model),
            "batch_seconds": 3.0,
            "schedule_steps": 80,
            "freeze_steps": 0,
        }
        return Trainer(RunSettings(method="ctc", config={**small, **config}, data="tones"), tone_data)

    return build


def test_posteriors_and_loss_are_those_of_transformers(
    tmp_path: Path, tone_data: SpeechData, shape: Wav2Vec2Config
) -> None:
    import transformers

    torch.manual_seed(1)
    ours = Wav2Vec2ForCTC(shape).eval()
    StoredModel(ours, Alphabet()).write(tmp_path)
    theirs, report = transformers.Wav2Vec2ForCTC.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    chosen = utterances(tone_data.train, Alphabet(), shape)[:4]
    clips = torch.tensor([utterance.clip for utterance in chosen])
    batch = collate(
        tone_data.train, clips, torch.zeros_like(clips), torch.tensor([u.samples for u in chosen])
    )
    classes, counts = padded_classes(chosen)
    attention = torch.arange(batch.samples.shape[1]) < batch.lengths[:, None]
    labels = classes.masked_fill(torch.arange(classes.shape[1]) >= counts[:, None], -100)
    with torch.no_grad():
        logits, found = ours(batch.samples, batch.lengths)
        for reduction in ("mean", "sum"):
            theirs.config.ctc_loss_reduction = reduction
            expected = theirs.eval()(batch.samples, attention_mask=attention.long(), labels=labels)
            loss = ctc_loss(logits, found.counts, classes, counts, reduction=reduction)
            assert loss.item() == pytest.approx(expected.loss.item(), rel=1e-4)
    assert (logits - expected.logits)[found.valid].abs().max() < 1e-4


def test_learns_what_tones_are_called(train) -> None:
    recipe = {
        "learning_rate": 1e-2,
        "schedule": "constant",
        "warmup_steps": 5,
        "mask_probability": 0.0,
        "dropout": 0.0,
    }
    trainer = train(from_scratch=True, **recipe)
    curve = [trainer.train_step() for _ in range(80)]
    share = [step["loss"] / step["chance_loss"] for step in curve]
    # It begins above a guess that hears nothing and ends below it, on clips it never heard, too.
    assert share[0] > 1.5
    assert np.mean(share[-10:]) < 0.85
    scalars = trainer.probe().scalars
    assert scalars["heldout_loss"] < 0.85 * np.mean([step["chance_loss"] for step in curve])
    assert set(scalars) == {"wer", "cer", "wer_beam", "cer_beam", "heldout_loss"}
    heard = trainer.look().part(Transcripts)
    deaf = trainer.probe().constants  # no text misses every word, a frequent one may hit some
    assert 0 < deaf["chance_wer"] <= 1
    assert 0 < deaf["chance_cer"] <= 1
    assert heard.step == 80
    assert heard.references == tuple(text.upper() for text in trainer.data.test.texts)
    assert len(heard.greedy) == len(heard.beam) == 4


@pytest.mark.parametrize(
    ("config", "learns", "rests"),
    [
        ({}, ("encoder", "lm_head"), ("feature_extractor",)),
        ({"freeze_encoder": True}, ("lm_head",), ("feature_extractor", "encoder", "feature_projection")),
        ({"freeze_steps": 5}, ("lm_head",), ("feature_extractor", "encoder", "feature_projection")),
        ({"freeze_feature_encoder": False}, ("feature_extractor", "encoder", "lm_head"), ()),
        ({"from_scratch": True, "freeze_encoder": True}, ("feature_extractor", "encoder", "lm_head"), ()),
    ],
)
def test_what_is_frozen_rests_and_the_rest_learns(train, config: dict, learns: tuple, rests: tuple) -> None:
    trainer = train(learning_rate=1e-2, weight_decay=0.1, **config)
    before = {name: value.clone() for name, value in trainer.method.named_parameters()}
    for _ in range(2):
        trainer.train_step()
    moved = {
        name for name, value in trainer.method.named_parameters() if not torch.equal(value, before[name])
    }
    for part in learns:
        assert any(part in name for name in moved), part
    for part in rests:
        assert not any(part in name for name in moved), part


def test_kept_latents_are_what_the_convolutions_give_and_go_when_those_learn(train) -> None:
    trainer = train()
    method = trainer.method
    batch = trainer.batches.next(method.config)
    fresh, counts = method.model.wav2vec2.encode(batch.samples, batch.lengths)
    for _ in range(2):  # first computed, then remembered
        kept, kept_counts = method._kept_latents(batch)
        assert torch.equal(kept_counts, counts)
        for row, count in enumerate(counts.tolist()):
            torch.testing.assert_close(kept[row, :count], fresh[row, :count], rtol=1e-4, atol=1e-5)
    assert method._latents
    trainer.set("freeze_feature_encoder", False)
    trainer.train_step()
    assert not method._latents


def test_a_resumed_run_goes_on_bit_for_bit_and_its_model_is_read_from_the_checkpoint(
    train, tmp_path: Path
) -> None:
    whole = train(layerdrop=0.3)
    curve = [whole.train_step() for _ in range(6)]
    first = train(layerdrop=0.3)
    for _ in range(3):
        first.train_step()
    checkpoint.save(tmp_path / "c", first.state(), {})
    tree, _ = checkpoint.load(tmp_path / "c")
    second = train(layerdrop=0.3)
    second.load(tree)
    assert [second.train_step() for _ in range(3)] == curve[3:]
    stored = CTC.stored(CTC.Config.make(tree["config"]), tree["model"])
    sound = torch.randn(1, 8000)
    assert stored.alphabet == Alphabet()
    assert torch.equal(stored.model(sound)[0], first.method.model(sound)[0])


def test_fine_tuning_goes_on_with_a_model_that_can_write(tmp_path: Path, shape: Wav2Vec2Config) -> None:
    alphabet = Alphabet(("<pad>", "|", *"abc"))
    known = Wav2Vec2ForCTC(replace(shape, vocab_size=5))
    StoredModel(known, alphabet).write(tmp_path)
    model, found = starting_point(read_model(str(tmp_path)), from_scratch=False)
    assert found == alphabet
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), known.parameters(), strict=True))
    fresh, _ = starting_point(read_model(str(tmp_path)), from_scratch=True)
    assert not torch.equal(fresh.lm_head.weight, known.lm_head.weight)
    assert fresh.config == model.config


def test_long_sound_in_parts_gives_every_frame_once_and_nearly_the_whole_sounds_posteriors(
    shape: Wav2Vec2Config,
) -> None:
    torch.manual_seed(3)
    hop = shape.frame_samples
    part, margin = (frames * hop for frames in part_frames(hop))
    recogniser = Recogniser(Wav2Vec2ForCTC(shape).eval(), Alphabet())
    sound = np.random.default_rng(0).normal(size=2 * part + 5 * hop + 123).astype(np.float32)
    blocks = [sound[:777], sound[777 : part + 9], sound[part + 9 :]]
    found = np.concatenate(list(recogniser.stream(blocks)))
    whole = recogniser.log_probs(torch.from_numpy(sound)[None])[0]
    assert found.shape == whole.shape
    # Attention hears less context in a part; frames are at their places.
    assert np.abs(found - whole).mean() < 0.1 * np.abs(whole - np.roll(whole, 1, 0)).mean()
    short = sound[: part + margin]
    np.testing.assert_array_equal(
        np.concatenate(list(recogniser.stream([short]))),
        recogniser.log_probs(torch.from_numpy(short)[None])[0],
    )
    assert np.concatenate(list(recogniser.stream([sound[:100]]))).shape == (0, 32)


def test_inspection_shows_posteriors_and_no_codes(train) -> None:
    found = inspector_of(train().copy_model()).inspect_audio(torch.randn(SAMPLE_RATE))
    assert found.codes.shape == found.confidence.shape == (49, 0)
    assert np.exp(found.log_probs).sum(1) == pytest.approx(np.ones(49), abs=1e-5)
    assert found.alphabet == Alphabet().symbols
    assert found.latents.shape == (49, 16)


def test_only_transcribed_clips_that_fit_are_used(tone_data: SpeechData, shape: Wav2Vec2Config) -> None:
    found = utterances(tone_data.train, Alphabet(), shape)
    assert [utterance.clip for utterance in found] == list(range(31))  # the last one has no text
    crowded = replace(tone_data.train, texts=("a" * 200, *tone_data.train.texts[1:]))
    assert utterances(crowded, Alphabet(), shape)[0].clip == 1


def test_fewer_minutes_are_part_of_more(tone_data: SpeechData, shape: Wav2Vec2Config) -> None:
    found = utterances(tone_data.train, Alphabet(), shape)
    few, more = (first_minutes(found, minutes, seed=3) for minutes in (0.1, 0.2))
    assert few[: len(few) - 1] == more[: len(few) - 1]
    assert minutes_of(few) <= 0.1
    assert 0.1 < minutes_of(more) <= 0.2
    assert first_minutes(found, 0, 3) == found
    assert len(first_minutes(found, 1e-9, 3)) == 1
    assert few != first_minutes(found, 0.1, seed=4)
    assert evenly(found, 1e9) == found
    assert minutes_of(evenly(found, 6)) <= 0.15


def test_data_without_transcripts_are_refused_in_one_line(
    tone_data: SpeechData, tiny_speech_model: Path
) -> None:
    mute = replace(tone_data, train=replace(tone_data.train, texts=(None,) * len(tone_data.train)))
    settings = RunSettings(method="ctc", config={"pretrained": str(tiny_speech_model)}, data="tones")
    with pytest.raises(ControlError, match=r"^Tones has no clip with a transcript[^\n]*$"):
        Trainer(settings, mute)
    with pytest.raises(ControlError, match="no model in"):
        Trainer(RunSettings(method="ctc", config={"pretrained": "/nowhere"}, data="tones"), tone_data)
