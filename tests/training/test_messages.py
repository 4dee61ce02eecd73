"""What goes between a session and those who steer it is data: it could be sent through a pipe."""

from __future__ import annotations

import dataclasses
import json
import typing

import numpy as np
import pytest
import torch

from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.training import checkpoint, messages
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_models import inspector_of
from ssllab.training.trainer import Trainer

MESSAGES = [
    messages.Start(),
    messages.Pause(),
    messages.PauseAt(7),
    messages.StepOnce(),
    messages.Stop(),
    messages.Watch(True),
    messages.Set("temperature", 0.1),
    messages.Checkpoint("manual"),
    messages.ProbeNow(),
    messages.CopyModel(),
]


@pytest.fixture(scope="module")
def trained(tone_data, tiny_speech_model):
    """A trainer of each kind of method after two steps, by name."""
    small = {"batch_seconds": 2.0}
    start = {**small, "start_from": str(tiny_speech_model)}
    configs = {
        "simclr": {"batch_size": 8, "dimension": 8, "head_width": 16},
        "wav2vec2": {**start, "groups": 2, "codebook_size": 8, "distractors": 5},
        "hubert": {**start, "units": 6},
        "ctc": {**small, "pretrained": str(tiny_speech_model), "freeze_steps": 0},
    }
    images = torch.randint(0, 256, (20, 3, 16, 16), dtype=torch.uint8)
    noise = ImageData("noise", "Noise", ImageSplit(images), ImageSplit(images))
    made = {}
    for name, config in configs.items():
        settings = RunSettings(method=name, config=config, data="any", device="cpu")
        made[name] = Trainer(settings, noise if name == "simclr" else tone_data)
        for _ in range(2):
            made[name].train_step()
    return made


def sent(copy, folder):
    """A copy of a model as it comes out of files of JSON and tensors."""
    checkpoint.save(folder / "copy", copy.state, {})
    plain = json.loads(
        json.dumps({"settings": copy.settings.model_dump(), "config": copy.config, "step": copy.step})
    )
    return messages.ModelCopy(
        RunSettings.model_validate(plain["settings"]),
        plain["config"],
        plain["step"],
        checkpoint.load(folder / "copy")[0],
    )


def test_every_message_is_frozen_and_survives_json():
    assert {type(message) for message in MESSAGES} == set(typing.get_args(messages.Message))
    for message in MESSAGES:
        assert type(message).__dataclass_params__.frozen
        assert type(message)(**json.loads(json.dumps(dataclasses.asdict(message)))) == message
    failure = messages.Failure("line", "trace", bad_input=True)
    assert messages.Failure(**json.loads(json.dumps(dataclasses.asdict(failure)))) == failure


@pytest.mark.parametrize("name", ["simclr", "wav2vec2", "hubert", "ctc"])
def test_a_copied_model_survives_files_and_is_what_a_checkpoint_holds(trained, name, tmp_path):
    copy = trained[name].copy_model()
    came = sent(copy, tmp_path)
    assert dataclasses.replace(came, state={}) == dataclasses.replace(copy, state={})
    held = trained[name].state()["model"]
    assert came.state.keys() == held.keys()
    for key, value in held.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(came.state[key], value)
            assert copy.state[key].device.type == "cpu"
            assert copy.state[key].data_ptr() != value.data_ptr()


@pytest.mark.parametrize("name", ["wav2vec2", "hubert", "ctc"])
def test_a_model_built_from_a_copy_hears_what_the_trained_one_hears(trained, name, tone_data, tmp_path):
    trainer = trained[name]
    live = {"wav2vec2": "mask_probability", "hubert": "mask_probability", "ctc": "language_weight"}[name]
    trainer.set(live, 0.7)  # the settings in force, not those of the beginning
    random = torch.random.get_rng_state()
    inspector = inspector_of(sent(trainer.copy_model(), tmp_path))
    assert torch.equal(torch.random.get_rng_state(), random)  # a session that begins meanwhile draws the same
    samples, method = tone_data.test.samples(0), trainer.method
    found = inspector.inspect_audio(samples, seed=1)
    if name == "wav2vec2":
        assert np.array_equal(found.codes, method.model.codes(samples[None]).codes[0].numpy())
        assert found.similarity_distractors.shape[1] == 5
        lengths = [
            inspector_of(trainer.copy_model()).inspect_audio(samples, seed=s).masked.mean() for s in range(20)
        ]
        assert np.mean(lengths) > 0.4
    elif name == "hubert":
        assert np.array_equal(found.latents, method.inspect_audio(samples).latents)
        assert np.array_equal(found.codes, method.inspect_audio(samples).codes)
    else:
        assert np.array_equal(found.log_probs, method.recogniser.log_probs(samples[None])[0])
        assert inspector.search.alpha == 0.7
        assert inspector.search.language is method.search().language
        assert inspector.transcribe(samples) == method.recogniser.transcribe(samples, method.search())


def test_a_model_of_images_hears_nothing(trained):
    with pytest.raises(ValueError, match="SimCLR hears no recordings"):
        inspector_of(trained["simclr"].copy_model())
