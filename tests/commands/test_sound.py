"""Units of sound without a window: a folder of recordings, a run on it, what it knows, and what it babbles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ssllab.audio import files
from ssllab.cli import main
from ssllab.training.run_store import Workspace
from tests.conftest import tones

SMALL = (
    "unit=code",
    "clusters=50",
    "context=16",
    "width=16",
    "layers=1",
    "heads=2",
    "batch_size=8",
    "warmup_steps=0",
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("language", "evaluate", "train"):
        monkeypatch.setattr(
            f"ssllab.commands.{module}.use_sensible_threads", lambda window: torch.set_num_threads(1)
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of three tones in ``spoken``, and ``run``, which learned from them."""
    folder, noise = tmp_path_factory.mktemp("sound"), np.random.default_rng(0)
    (folder / "spoken").mkdir()
    for number in range(20):
        sound = tones("".join(noise.choice(list("abc"), 6)), noise)
        files.write(folder / "spoken" / f"{number:02}.wav", sound / np.float32(32768))
    words = [
        "train",
        "causal_lm",
        "--data",
        folder / "spoken",
        "--steps",
        20,
        "--run",
        folder / "run",
        "--json",
    ]
    assert main([*map(str, [*words, "--workspace", folder / "ws"]), "--set", *SMALL]) == 0
    return folder


@pytest.fixture
def ssllab(capsys: pytest.CaptureFixture):
    """``ssllab(*words)``: exit code, the JSON on standard output, the lines on standard error."""

    def call(*words: object) -> tuple[int, dict, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out.strip().startswith("{") else {}, err

    return call


def test_a_run_on_recordings_is_evaluated_by_its_symbols_and_not_by_bytes(ssllab, folder):
    code, held_out, err = ssllab("evaluate", folder / "run", "--json")
    assert code == 0
    assert "bits_per_byte" not in held_out
    assert "no bits per byte" in err
    assert held_out["unknown"] == 0
    code, whole, _ = ssllab("evaluate", folder / "run", "--data", folder / "spoken", "--json")
    assert code == 0
    assert whole["symbols"] > 3 * held_out["symbols"]
    assert 0 < whole["nats_per_symbol"] < np.log(52) + 0.5


def test_what_it_babbles_is_written_as_sound(ssllab, folder, tmp_path):
    asked = ("complete", "c1 c2", "--model", folder / "run", "--json")
    code, found, err = ssllab(*asked, "--generate", 60, "--out", tmp_path / "babble.wav")
    assert code == 0
    assert [symbol["symbol"] for symbol in found["symbols"]] == ["c1", "c2"]
    assert found["out"] == str(tmp_path / "babble.wav")
    assert "choppy by nature" in err
    sound, rate = soundfile.read(tmp_path / "babble.wav", dtype="int16")
    assert rate == 16_000
    assert len(sound) / rate == pytest.approx(found["seconds"], abs=0.01)
    assert np.abs(sound).max() > 1000
    again = ssllab(*asked, "--generate", 60, "--out", tmp_path / "again.flac")[1]
    assert again["generated"] == found["generated"]  # the same dice
    assert np.array_equal(soundfile.read(tmp_path / "again.flac", dtype="int16")[0], sound)
    code, _, _ = ssllab(*asked, "--out", tmp_path / "two.wav")
    assert code == 0
    assert len(soundfile.read(tmp_path / "two.wav")[0]) < len(sound)


def test_a_run_goes_on_and_is_forked_as_if_it_had_never_stopped(ssllab, folder, tmp_path):
    train = ("train", "lstm_lm", "--data", folder / "spoken", "--workspace", tmp_path, "--json")
    settings = ("--set", *(word for word in SMALL if "heads" not in word), "dropout=0.1")

    def losses(run):
        store = Workspace(tmp_path)
        return store.open(str(run)).metrics().column("loss")[1].tolist()

    ssllab(*train, "--steps", 12, "--run", tmp_path / "whole", *settings)
    ssllab(*train, "--steps", 6, "--run", tmp_path / "half", *settings)
    assert ssllab("resume", tmp_path / "half", "--steps", 12, "--workspace", tmp_path, "--json")[0] == 0
    assert losses(tmp_path / "half") == losses(tmp_path / "whole")
    code, forked, _ = ssllab(
        "fork", tmp_path / "half", "--at", 8, "--steps", 12, "--workspace", tmp_path, "--json"
    )
    assert code == 0
    assert losses(forked["run"]) == losses(tmp_path / "whole")


def test_data_lists_sound_units(ssllab):
    assert '"sound_units"' in json.dumps(ssllab("data", "--json")[1])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "ngram", "--data", "python_docs", "--set", "unit=code"], "has no units of sound: choose unit=word"),
        (["train", "ngram", "--data", "{folder}/spoken", "--set", "unit=word"], "has no words: choose unit=code"),
        (["train", "ngram", "--data", "{folder}/spoken", "--set", "unit=code", "clusters=20"], "from 50 to 500"),
        (["train", "ngram", "--data", "{folder}/spoken", "--set", "unit=code", "speech_model=x"], "no model in x"),
        (["train", "ngram", "--data", "{folder}/spoken", "--strands", "2", "--set", "unit=code"], "no second strand"),
        (["evaluate", "{folder}/run", "--data", "python_docs"], "units of sound, and Python's documentation is text"),
        (["complete", "c1", "--model", "{folder}/run", "--out", "{folder}/x.txt"], "sound cannot be written as '.txt'"),
        (["complete", "hello", "--model", "{folder}/run", "--out", "{folder}/x.wav"], "there is nothing to hear"),
        (["complete", "The cat", "--out", "{folder}/x.wav"], "'everyday-causal' writes no sound"),
        (["complete", "The ___ sits", "--out", "{folder}/x.wav"], "--out writes what codes sound like"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(ssllab, folder, tmp_path, words, said):
    more = [] if words[0] == "complete" else ["--workspace", tmp_path]
    code, _, err = ssllab(*(word.format(folder=folder) for word in words), *more)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert not (folder / "x.wav").exists()
