"""``ssllab quantize``, ``ssllab transcribe`` and the export of a speech run, from files to files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ssllab.assets import asset
from ssllab.audio.files import write
from ssllab.cli import main
from ssllab.data.catalogue import load
from ssllab.methods.stored import RECOGNISER, SHIPPED_MODELS, StoredModel
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining
from ssllab.text.alphabet import Alphabet
from ssllab.text.word_error import error_rates
from ssllab.training import hub

SHAPE = replace(
    PRESETS["tiny"],
    conv_dim=(16,) * 7,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
    num_codevectors_per_group=8,
)
SECONDS = 2.5


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``pre``: a pre-training model, ``ctc``: one that writes."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    StoredModel(Wav2Vec2ForPreTraining(SHAPE)).write(folder / "pre")
    StoredModel(Wav2Vec2ForCTC(SHAPE), Alphabet()).write(folder / "ctc")
    return folder


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "speech.wav"
    write(path, 0.1 * np.random.default_rng(0).normal(size=int(SECONDS * 44_100)).astype(np.float32), 44_100)
    return path


@pytest.fixture
def ssllab(capsys: pytest.CaptureFixture):
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_codes_are_those_of_the_model(ssllab, models: Path, recording: Path) -> None:
    code, out, _ = ssllab("quantize", recording, "--model", models / "pre", "--json")
    assert code == 0
    found = json.loads(out)
    codes = np.array(found["codes"])
    from ssllab.audio.files import read

    sound = torch.from_numpy(read(recording))[None]
    np.testing.assert_array_equal(codes, files.read(models / "pre").codes(sound).codes[0].numpy())
    assert found["frame_seconds"] == 0.02
    assert len(codes) == pytest.approx(SECONDS / 0.02, abs=2)
    assert found["used_by_group"] == [len(set(codes[:, group])) for group in range(2)]
    assert found["used"] == sum(found["used_by_group"])
    shares = [np.bincount(codes[:, group]) / len(codes) for group in range(2)]
    expected = [np.exp(-sum(p * np.log(p) for p in share if p)) for share in shares]
    assert found["perplexities"] == pytest.approx(expected, rel=1e-4)
    assert found["perplexity"] == pytest.approx(sum(expected), rel=1e-4)


def test_people_get_a_line_a_second(ssllab, models: Path, recording: Path) -> None:
    code, out, _ = ssllab("quantize", recording, "--model", models / "pre")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 3 + 1
    assert len(lines[0].split()) == 2 + 50


def test_a_text_comes_from_a_fine_tuned_model(ssllab, models: Path, recording: Path) -> None:
    code, out, _ = ssllab("transcribe", recording, "--model", models / "ctc", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["seconds"] == pytest.approx(SECONDS, abs=0.05)
    assert set(found["greedy"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ' ")
    assert ssllab("transcribe", recording, "--model", models / "ctc")[1].strip() == found["text"].strip()


@pytest.mark.parametrize(
    ("command", "audio", "model", "said"),
    [
        ("transcribe", "speech.wav", "pre", "not fine-tuned to text: make one with 'ssllab train ctc'"),
        ("quantize", "speech.wav", "ctc", "has no quantizer"),
        ("quantize", "absent.wav", "pre", "absent.wav"),
        ("transcribe", "speech.wav", "neither-run-nor-folder", "neither-run-nor-folder"),
        ("quantize", "text.wav", "pre", "text.wav"),
    ],
)
def test_mistakes_are_one_line(
    ssllab, models: Path, recording: Path, tmp_path: Path, command: str, audio: str, model: str, said: str
) -> None:
    (tmp_path / "text.wav").write_text("this is no sound")
    (tmp_path / "speech.wav").write_bytes(recording.read_bytes())
    place = models / model if (models / model).exists() else model
    code, out, err = ssllab(
        command, tmp_path / audio, "--model", place, "--workspace", tmp_path / "w", "--json"
    )
    assert code == 2
    assert not out
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_model_of_the_hub_is_fetched_by_its_name(ssllab, hub_server, models: Path, recording: Path) -> None:
    hub_server.publish(models / "ctc", "some-lab/writer")
    by_name = ssllab("transcribe", recording, "--model", "some-lab/writer")
    requests = len(hub_server.asked)
    assert by_name == ssllab("transcribe", recording, "--model", models / "ctc")
    assert by_name == ssllab("transcribe", recording, "--model", "some-lab/writer")
    assert len(hub_server.asked) == requests
    code, out, err = ssllab("quantize", recording, "--model", "some-lab/absent")
    assert (code, out) == (2, "")
    assert "no config.json of 'some-lab/absent'" in err
    assert len(err.splitlines()) == 1


def test_a_run_is_exported_as_transformers_reads_it_and_transcribes_by_its_id(
    ssllab, models: Path, spoken: Path, recording: Path, tmp_path: Path
) -> None:
    config = [
        "--set",
        f"pretrained={models / 'pre'}",
        "batch_seconds=4",
        "schedule_steps=3",
        "freeze_steps=0",
    ]
    store = ["--workspace", tmp_path / "w"]
    code, out, err = ssllab("train", "ctc", "--data", spoken, "--steps", 3, *config, *store, "--json")
    assert code == 0, err
    trained = json.loads(out)
    assert {"wer", "cer", "wer_beam", "cer_beam"} <= set(trained["probes"])
    run = Path(trained["run"])
    assert ssllab("runs", "export", run.name, "--weights", tmp_path / "hf", *store)[0] == 0
    assert {path.name for path in (tmp_path / "hf").iterdir()} == {
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "vocab.json",
    }
    by_folder = ssllab("transcribe", recording, "--model", tmp_path / "hf")
    by_id = ssllab("transcribe", recording, "--model", run.name, *store)
    assert by_id == by_folder
    assert by_id[0] == 0
    # Every tensor under its name in the program, where one file is asked for.
    assert ssllab("runs", "export", run.name, "--weights", tmp_path / "w.safetensors", *store)[0] == 0
    inside, outside = load_file(tmp_path / "w.safetensors"), load_file(tmp_path / "hf" / "model.safetensors")
    assert {name.removeprefix("model.") for name in inside} == set(outside)
    assert torch.equal(inside["model.lm_head.weight"], outside["lm_head.weight"])
    # Fine-tuning may begin with a run.
    again = ["--set", f"pretrained={run}", "batch_seconds=4", "schedule_steps=1"]
    assert ssllab("train", "ctc", "--data", spoken, "--steps", 1, *again, *store, "--json")[0] == 0


def test_training_begins_with_a_model_of_the_hub(
    ssllab, hub_server, models: Path, spoken: Path, tmp_path: Path
) -> None:
    hub_server.publish(models / "pre", "some-lab/heard")
    store = ["--workspace", tmp_path / "w"]
    config = ["--set", "pretrained=some-lab/heard", "batch_seconds=4"]
    code, out, err = ssllab("train", "ctc", "--data", spoken, "--steps", 1, *config, *store, "--json")
    assert code == 0, err
    run = Path(json.loads(out)["run"]).name
    # A run goes on where the cache was emptied.
    hub.find("some-lab/heard").folder.rename(tmp_path / "gone")
    assert ssllab("resume", run, "--steps", 2, *store, "--json")[0] == 0


def test_the_shipped_recogniser_reads_held_out_clips_as_its_card_claims(ssllab, tmp_path: Path) -> None:
    card = (Path(str(asset("models", SHIPPED_MODELS[RECOGNISER]))) / "README.md").read_text("utf-8")
    claimed = float(re.search(r"word error \*\*([\d.]+) %\*\*", card).group(1))
    held_out = load("spoken", kinds=("speech",)).test
    said, written = [], []
    for clip in range(0, len(held_out), 6):
        start, end = held_out.starts[clip : clip + 2].tolist()
        write(tmp_path / "clip.wav", held_out.audio[start:end].numpy() / np.float32(32768), 16_000)
        code, out, err = ssllab("transcribe", tmp_path / "clip.wav")
        assert code == 0
        assert "a small model of twenty minutes" in err
        said.append(Alphabet().normalise(held_out.texts[clip]).text)
        written.append(out.strip())
    # A sixth of the clips is heard here: their rate scatters around that of all, which is claimed.
    assert 100 * error_rates(said, written).wer < 2 * claimed < 30
