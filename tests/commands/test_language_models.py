"""Language models of Hugging Face's format at the command line: out of a run, and in from a folder or the hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ssllab.cli import main

TEXT = "The cat sits on the mat. The dogs sit on the log. The cat sees the dogs. The dogs see the cat.\n" * 40
SMALL = ("context=16", "width=16", "layers=1", "heads=2", "batch_size=8", "learning_rate=0.01")
PAIR = {"sentence_good": "The cat sits on the mat.", "sentence_bad": "The cat sit on the mat."}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("language", "train"):
        monkeypatch.setattr(
            f"ssllab.commands.{module}.use_sensible_threads", lambda window: torch.set_num_threads(1)
        )


@pytest.fixture
def ssllab(capsys: pytest.CaptureFixture):
    """Runs a command; its exit code, its JSON (None where it failed) and the lines of standard error."""

    def run(*arguments: object) -> tuple[int, dict, list[str]]:
        capsys.readouterr()
        code = main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return code, json.loads(printed.out) if code == 0 else None, printed.err.splitlines()

    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs on a text."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "text.txt").write_text(TEXT)
    for name, method, settings in (
        ("causal", "causal_lm", SMALL),
        ("rotary", "causal_lm", (*SMALL, "positions=rotary", "unit=byte")),
        ("masked", "masked_lm", SMALL),
        ("masked_rotary", "masked_lm", (*SMALL, "positions=rotary")),
        ("ngram", "ngram", ("order=3",)),
    ):
        arguments = ("train", method, "--data", folder / "text.txt", "--steps", 20, "--run", folder / name)
        words = [str(word) for word in (*arguments, "--workspace", folder / "ws", "--json", "--set")]
        assert main([*words, *settings]) == 0
    return folder


def exported(ssllab, runs: Path, name: str, folder: Path) -> Path:
    code, told, _ = ssllab("runs", "export", runs / name, "--weights", folder, "--workspace", runs / "ws")
    assert code == 0
    assert told["written"] == [str(folder)]
    return folder


@pytest.mark.parametrize(
    ("name", "text"), [("causal", "The cat sits"), ("rotary", "The cat s"), ("masked", "The ___ sits.")]
)
def test_a_run_that_was_exported_says_what_the_run_says(ssllab, runs, tmp_path, name, text):
    folder = exported(ssllab, runs, name, tmp_path / "model")
    more = () if "___" in text else ("--generate", 5, "--temperature", 0)
    _, before, _ = ssllab("complete", text, "--model", runs / name, *more)
    code, after, lines = ssllab("complete", text, "--model", folder, *more)
    assert (code, lines) == (0, [])
    assert after["model"] == str(folder)
    assert after.get("generated") == before.get("generated")
    for kind in ("symbols", "candidates"):
        assert [one["symbol"] for one in after[kind]] == [one["symbol"] for one in before[kind]]
        for old, new in zip(before[kind], after[kind], strict=True):
            assert all(new[key] == pytest.approx(old[key], abs=1e-4) for key in old if key != "symbol")


@pytest.mark.parametrize("name", ["causal", "masked"])
def test_pairs_are_scored_by_a_folder_as_by_its_run(ssllab, runs, tmp_path, name):
    folder = exported(ssllab, runs, name, tmp_path / "model")
    (tmp_path / "pairs.jsonl").write_text(json.dumps(PAIR))
    scores = [
        ssllab("score", tmp_path / "pairs.jsonl", "--model", where)[1] for where in (runs / name, folder)
    ]
    assert scores[0]["covered"] == 1
    assert {**scores[0], "model": ""} == {**scores[1], "model": ""}


def test_a_file_of_weights_is_written_as_for_any_run(ssllab, runs, tmp_path):
    path = exported(ssllab, runs, "causal", tmp_path / "model.safetensors")
    assert path.is_file()


@pytest.mark.parametrize(
    ("name", "words"), [("masked_rotary", "rotary positions"), ("ngram", "no such model")]
)
def test_what_cannot_be_exported_is_refused_in_a_line(ssllab, runs, tmp_path, name, words):
    code, _, lines = ssllab("runs", "export", runs / name, "--weights", tmp_path / "model")
    assert code == 2
    assert len(lines) == 1
    assert words in lines[0]
    assert "FILE.safetensors" in lines[0]
    assert not (tmp_path / "model").exists()


def test_a_name_on_the_hub_is_fetched_and_from_then_on_needs_no_network(ssllab, runs, tmp_path, hub_server):
    hub_server.publish(exported(ssllab, runs, "causal", tmp_path / "model"), "some-lab/words")
    before = ssllab("complete", "The cat", "--model", "some-lab/words")[1]
    hub_server.failing = True
    assert ssllab("complete", "The cat", "--model", "some-lab/words")[1] == before


@pytest.mark.parametrize("place", ["nothing", "."])
def test_what_is_no_model_is_said_in_a_line(ssllab, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, lines = ssllab("complete", "The cat", "--model", place)
    assert code == 2
    assert len(lines) == 1
    assert f"no model in {place}: expected everyday-causal" in lines[0]
    assert "openai-community/gpt2" in lines[0]
