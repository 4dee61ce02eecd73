"""Folders of models as people have them: in several files, half downloaded, edited by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ssllab.nn.model_files import ModelFileError
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining
from ssllab.storage.errors import DataError

SHAPE = replace(
    PRESETS["tiny"],
    conv_dim=(16,) * 7,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
    num_codevectors_per_group=8,
)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 360\n"


@pytest.fixture
def model(tmp_path: Path) -> Wav2Vec2ForPreTraining:
    torch.manual_seed(0)
    made = Wav2Vec2ForPreTraining(SHAPE)
    files.write(made, tmp_path)
    return made


def change(path: Path, **settings: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def line(folder: Path) -> str:
    with pytest.raises(DataError) as error:
        files.read(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("hidden_size", "64", "a whole number above 0"),
        ("num_attention_heads", 0, "a whole number above 0"),
        ("num_hidden_layers", None, "a whole number above 0"),
        ("conv_stride", [5, "2", 2, 2, 2, 2, 2], "a list of whole numbers above 0"),
        ("conv_kernel", 3, "a list of whole numbers above 0"),
        ("layer_norm_eps", "tiny", "a number"),
        ("conv_bias", "no", "true or false"),
        ("feat_extract_norm", "batch", '"group" or "layer"'),
        ("codevector_dim", -1, "a whole number above 0"),
    ],
)
def test_a_setting_of_another_kind_is_named_with_its_value(model, tmp_path, key, value, expected) -> None:
    change(tmp_path / "config.json", **{key: value})
    said = line(tmp_path)
    assert f"config.json: it has {key} = {json.dumps(value)}: expected {expected}" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mask_feature_prob", 0.25),
        ("mask_time_prob", "0.05"),
        ("layerdrop", None),
        ("num_negatives", 0),
        ("ctc_loss_reduction", "none"),
        ("vocab_size", None),  # of another head
    ],
)
def test_what_only_training_reads_never_blocks(model, tmp_path, key, value) -> None:
    change(tmp_path / "config.json", **{key: value})
    waveform = torch.randn(1, 4000)
    assert torch.equal(files.read(tmp_path).codes(waveform).codes, model.eval().codes(waveform).codes)


def test_a_recogniser_needs_no_codebooks(tmp_path) -> None:
    files.write(Wav2Vec2ForCTC(SHAPE), tmp_path)
    change(tmp_path / "config.json", codevector_dim=7, num_codevector_groups=2)
    assert isinstance(files.read(tmp_path), Wav2Vec2ForCTC)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_git_lfs_pointer_is_called_so(model, tmp_path, name) -> None:
    (tmp_path / name).write_text(POINTER)
    assert f"{name} is a Git LFS pointer, not the file itself: run 'git lfs pull'" in line(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sampling_rate": 8000}, "sampling_rate = 8000: expected 16000"),
        ({"do_normalize": "yes"}, 'do_normalize = "yes": expected true or false'),
        ({"feature_size": 80}, "feature_size = 80: expected 1"),
    ],
)
def test_sound_that_cannot_be_given_is_refused(model, tmp_path, settings, said) -> None:
    change(tmp_path / "preprocessor_config.json", **settings)
    assert said in line(tmp_path)


def test_the_model_hears_what_its_preprocessor_would_hand_over(model, tmp_path) -> None:
    import ssllab._torchvision  # noqa: F401  transformers imports torchvision

    import transformers  # isort: skip

    assert not files.read(tmp_path).config.do_normalize
    change(tmp_path / "preprocessor_config.json", do_normalize=True)
    normal = files.read(tmp_path)
    assert normal.config.do_normalize
    extractor = transformers.AutoFeatureExtractor.from_pretrained(tmp_path)
    waveform = 0.01 * torch.randn(5000) + 0.3
    heard = extractor(waveform.numpy(), sampling_rate=16_000, return_tensors="pt").input_values
    assert torch.equal(normal.codes(waveform[None]).codes, model.eval().codes(heard).codes)
    files.write(normal, tmp_path / "again")
    assert files.read(tmp_path / "again").config.do_normalize


def test_what_transformers_5_saves_of_a_processor_is_read(model, tmp_path) -> None:
    (tmp_path / "preprocessor_config.json").unlink()
    assert not files.read(tmp_path).config.do_normalize
    (tmp_path / "processor_config.json").write_text('{"processor_class": "Wav2Vec2Processor"}')
    assert not files.read(tmp_path).config.do_normalize
    nested = {"feature_extractor": {"do_normalize": True, "sampling_rate": 16000}}
    (tmp_path / "processor_config.json").write_text(json.dumps(nested))
    assert files.read(tmp_path).config.do_normalize


def shard(folder: Path, **renamed: str) -> None:
    """Weights in two files with their index; ``renamed``: what the index calls the first or the second."""
    tensors = load_file(folder / "model.safetensors")
    names = {"first": "model-00001-of-00002.safetensors", "second": "model-00002-of-00002.safetensors"}
    parts = dict(zip(names, (sorted(tensors)[::2], sorted(tensors)[1::2]), strict=True))
    for part, inside in parts.items():
        save_file({name: tensors[name] for name in inside}, folder / names[part])
    called = names | renamed
    places = {name: called[part] for part, inside in parts.items() for name in inside}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    (folder / "model.safetensors").unlink()


def test_weights_in_several_files_are_read_by_their_index(model, tmp_path) -> None:
    shard(tmp_path)
    again = files.read(tmp_path).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in model.state_dict().items())
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    assert "model-00002-of-00002.safetensors cannot be read" in line(tmp_path)


@pytest.mark.parametrize(
    "name", ["../elsewhere/model.safetensors", "/model.safetensors", "..\\model.safetensors", "model.bin", ""]
)
def test_an_index_leads_nowhere_else(model, tmp_path, name) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "model"
    files.write(model, folder)
    shard(folder, second=name)
    assert "index.json: expected a weight_map of tensors to files in the same folder" in line(folder)


def test_a_config_without_a_model_is_a_line(tmp_path) -> None:
    (tmp_path / "config.json").write_text("[1, 2]")
    assert "expected a JSON object" in line(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": "HubertForCTC"}')
    with pytest.raises(ModelFileError, match="is of a HubertForCTC"):
        files.read(tmp_path)
