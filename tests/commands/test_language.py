"""``ssllab complete``, ``score`` and ``evaluate``, from files and runs to numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch

from ssllab.assets import SEQUENCE_MODELS, asset
from ssllab.cli import main
from ssllab.methods.minimal_pairs import wilson
from ssllab.training import stored_predictors
from ssllab.training.run_store import Workspace

TEXT = "The cat sits on the mat. The dogs sit on the log. The cat sees the dogs. The dogs see the cat.\n" * 40
SMALL = (
    "context=16",
    "width=16",
    "layers=1",
    "heads=2",
    "batch_size=8",
    "warmup_steps=0",
    "learning_rate=0.01",
)
BLIMP = (Path(__file__).parents[2] / "../shared/data/text_blimp/blimp.zip").resolve()


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("language", "evaluate", "train"):
        monkeypatch.setattr(
            f"ssllab.commands.{module}.use_sensible_threads", lambda window: torch.set_num_threads(1)
        )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, and runs on it that are named after their methods; ``chars`` is one of characters."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "text.txt").write_text(TEXT)
    for name, method, unit, settings in (
        ("causal_lm", "causal_lm", "word", SMALL),
        ("chars", "causal_lm", "char", SMALL),
        ("masked_lm", "masked_lm", "word", SMALL),
        ("lstm_lm", "lstm_lm", "word", [word for word in SMALL if "heads" not in word]),
        ("ngram", "ngram", "word", ("order=3",)),
    ):
        arguments = ("train", method, "--data", folder / "text.txt", "--steps", 30, "--run", folder / name)
        words = [str(word) for word in (*arguments, "--workspace", folder / "ws", "--json", "--set")]
        assert main([*words, f"unit={unit}", *settings]) == 0
    return folder


@pytest.fixture
def ssllab(capsys: pytest.CaptureFixture):
    """Runs a command; its exit code, its JSON (None where it failed) and the lines of standard error."""

    def run(*arguments: object) -> tuple[int, dict, list[str]]:
        capsys.readouterr()
        code = main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return code, json.loads(printed.out) if code == 0 else None, printed.err.splitlines()

    return run


def pairs(*sentences: tuple[str, str], **more: str) -> str:
    lines = [{"sentence_good": good, "sentence_bad": bad, **more} for good, bad in sentences]
    return "\n".join(map(json.dumps, lines)) + "\n"


# complete


def test_dna_is_cut_into_bases_where_no_unit_is_named_and_into_words_never(ssllab, tmp_path: Path) -> None:
    arguments = (
        "train",
        "causal_lm",
        "--data",
        "dna",
        "--steps",
        1,
        "--workspace",
        tmp_path / "w",
        "--set",
        *SMALL,
    )
    code, found, said = ssllab(*arguments)
    assert code == 0, said
    assert "unit=char, as DNA has it." in said
    assert Workspace(tmp_path / "w").open(found["run"]).info.settings.config["unit"] == "char"
    code, _, said = ssllab(*arguments, "unit=word")
    assert code == 2
    assert [line for line in said if "no words" in line] == said[-1:]


@pytest.mark.parametrize("name", ["causal_lm", "lstm_lm", "ngram", "chars"])
def test_a_text_is_told_what_it_cost_and_what_may_come(runs: Path, ssllab, name: str) -> None:
    code, found, _ = ssllab("complete", "The cat sits on", "--model", runs / name, "--top", 5)
    assert code == 0
    model = stored_predictors.of_run(Workspace(runs).open(str(runs / name)))
    assert "".join(s["symbol"] for s in found["symbols"]).replace("␣", "") == "Thecatsitson"
    assert len(found["candidates"]) == 5
    chances = [candidate["probability"] for candidate in found["candidates"]]
    assert chances == sorted(chances, reverse=True)
    ids = np.concatenate([[0], model.units.encode("The cat sits on")]).astype(np.int32)
    p = np.exp(model.next(ids).astype(np.float64))
    assert chances[0] == pytest.approx(p.max(), rel=1e-4)
    assert found["entropy_bits"] == pytest.approx(-(p * np.log2(p)).sum(), rel=1e-3)
    first = -model.next(ids[:1])[ids[1]] / math.log(2)
    assert found["symbols"][0]["surprisal_bits"] == pytest.approx(first, rel=1e-4)
    assert found["model"] == str(runs / name)


def test_nothing_typed_asks_what_a_text_begins_with(runs: Path, ssllab) -> None:
    code, found, _ = ssllab("complete", "", "--model", runs / "causal_lm")
    assert code == 0
    assert (found["symbols"], len(found["candidates"])) == ([], 10)


def test_what_is_written_repeats_with_its_seed(runs: Path, ssllab) -> None:
    def written(seed: int, *more: object) -> str:
        arguments = ("complete", "The", "--model", runs / "chars", "--generate", 30, "--seed", seed)
        return ssllab(*arguments, *more)[1]["generated"]

    assert written(1) == written(1) != written(2)
    assert len(written(1)) == 30
    assert written(1, "--temperature", 0) == written(2, "--temperature", 0)


def test_a_word_that_is_not_in_the_vocabulary_is_said(runs: Path, ssllab) -> None:
    code, found, said = ssllab("complete", "The zebra sits", "--model", runs / "causal_lm")
    assert code == 0
    assert found["unknown"] == ["zebra"]
    assert [line for line in said if "'zebra' is not in the vocabulary" in line]
    assert ssllab("complete", "The cat sits", "--model", runs / "causal_lm")[1]["unknown"] == []


def test_a_blank_asks_a_masked_model_what_stands_there(runs: Path, ssllab) -> None:
    code, found, _ = ssllab("complete", "The ___ sits on the mat.", "--model", runs / "masked_lm")
    assert code == 0
    assert [symbol["symbol"] for symbol in found["symbols"]] == ["The", "sits", "on", "the", "mat", "."]
    assert sum(c["probability"] for c in found["candidates"]) <= 1 + 1e-6
    assert "___" not in found["unknown"]
    for blank in ("everyday-causal", runs / "causal_lm", runs / "ngram"):
        code, _, said = ssllab("complete", "The ___ sits.", "--model", blank)
        assert (code, len(said)) == (2, 1)
        assert "masked" in said[0]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("A ___ is ___",), "several blanks"),
        (("A ___", "--generate", 3), "leave ___ out"),
        (("The", "--top", 0), "at least 1"),
        (("The", "--generate", -1), "at least 0"),
        (("The", "--temperature", "hot"), "0 to 100"),
        (("The", "--temperature", -1), "0 to 100"),
        (("The", "--seed", "x"), "whole number"),
        (("The", "--model", "no-such-run"), "no-such-run"),
        (("The", "--model", ""), "empty word"),
    ],
)
def test_a_wrong_word_is_one_line(ssllab, tmp_path: Path, words: tuple, hint: str) -> None:
    code, _, said = ssllab("complete", *words, "--workspace", tmp_path)
    assert (code, len(said)) == (2, 1)
    assert hint in said[0]


# what ships


@pytest.mark.parametrize("name", SEQUENCE_MODELS)
def test_a_shipped_model_has_a_card_with_its_command(name: str) -> None:
    card = asset("models", name, "README.md").read_text()
    for word in ("ssllab train", "tools/ship_language_model.py", "nats", "icence"):
        assert word in card
    assert stored_predictors.shipped(name).next(np.zeros(1, np.int32)).shape


def test_the_shipped_models_are_small() -> None:
    sizes = [
        file.stat().st_size for name in SEQUENCE_MODELS for file in Path(str(asset("models", name))).iterdir()
    ]
    assert sum(sizes) < 15e6


def test_the_lecture_sentence_has_sensible_next_words(ssllab) -> None:
    code, found, said = ssllab("complete", "The calico cat")
    assert (code, said) == (0, [])
    assert found["model"] == "everyday-causal"
    model = stored_predictors.shipped("everyday-causal")
    from ssllab.data.text.tags import tags_of

    tags = tags_of(model.units, "everyday")
    verbs = sum(c["probability"] for c in found["candidates"] if tags[c["symbol"]][0] in ("VERB", "AUX"))
    assert verbs > 0.5
    assert ssllab("complete", "The calico cat sits on the")[1]["entropy_bits"] > 3
    assert ssllab("complete", "The ___ cat sits on the sunny ledge.")[1]["model"] == "everyday-masked"


# score


def test_pairs_are_counted_with_coverage_ties_and_wilson(runs: Path, ssllab, tmp_path: Path) -> None:
    same = ("The cat sits.", "The cat sits.")
    right = ("The cat sits on the mat.", "mat mat mat the on.")
    unknown = ("The cat sits.", "The zebra sits.")
    (tmp_path / "a.jsonl").write_text(pairs(right, same, unknown, linguistics_term="order"))
    code, found, _ = ssllab("score", tmp_path / "a.jsonl", "--model", runs / "causal_lm")
    assert code == 0
    assert (found["pairs"], found["covered"], found["ties"], found["accuracy"]) == (3, 2, 1, 0.75)
    assert found["interval"] == pytest.approx(wilson(1.5, 2))
    (one,) = found["files"]
    assert (one["name"], one["phenomenon"], one["pairs"]) == ("a", "order", 3)


def test_of_a_zip_only_the_files_of_pairs_are_read(runs: Path, ssllab, tmp_path: Path) -> None:
    content = pairs(("The cat sits.", "cat The sits."))
    with ZipFile(tmp_path / "pairs.zip", "w") as archive:
        archive.writestr("pairs/README.md", "about")
        for name in ("b.jsonl", "a.jsonl", "__MACOSX/._a.jsonl", ".hidden.jsonl"):
            archive.writestr(f"pairs/{name}", content if "MACOSX" not in name else "\0\0")
        archive.writestr("__MACOSX/pairs/._a.jsonl", "\0\0")
    for model in ("causal_lm", "masked_lm", "lstm_lm", "ngram", "chars"):
        code, found, _ = ssllab("score", tmp_path / "pairs.zip", "--model", runs / model)
        assert (code, found["pairs"]) == (0, 2)
        assert [one["name"] for one in found["files"]] == ["a", "b"]
    with ZipFile(tmp_path / "pairs.zip") as archive:
        archive.extractall(tmp_path / "folder")
    assert ssllab("score", tmp_path / "folder", "--model", runs / "causal_lm")[1]["pairs"] == 2


def test_nothing_covered_and_no_pairs_are_one_line(runs: Path, ssllab, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text(pairs(("Zebras run.", "Zebras runs.")))
    (tmp_path / "bad.jsonl").write_text('{"sentence_good": 1}\n')
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    for name in ("none.jsonl", "bad.jsonl", "empty", "broken.zip", "missing"):
        code, _, said = ssllab("score", tmp_path / name, "--model", runs / "causal_lm")
        assert (code, len(said)) == (2, 1), name


def test_all_of_blimp_is_covered_by_parts_of_words(ssllab, tmp_path: Path) -> None:
    if not BLIMP.exists():
        pytest.skip("no ../shared/data/text_blimp")
    with ZipFile(BLIMP) as archive:
        name = sorted(name for name in archive.namelist() if name.endswith(".jsonl"))[0]
        (tmp_path / "some.jsonl").write_bytes(b"\n".join(archive.read(name).splitlines()[:50]))
    code, found, _ = ssllab("score", tmp_path / "some.jsonl")
    assert (code, found["model"]) == (0, "books-bpe")
    assert found["covered"] == found["pairs"] == 50
    assert found["files"][0]["phenomenon"] != "some"


# evaluate


@pytest.mark.parametrize("name", ["causal_lm", "lstm_lm", "ngram", "chars"])
def test_every_symbol_after_the_first_is_read_once(runs: Path, ssllab, tmp_path: Path, name: str) -> None:
    text = TEXT[:500]
    (tmp_path / "other.txt").write_text(text)
    code, found, _ = ssllab("evaluate", runs / name, "--data", tmp_path / "other.txt")
    assert code == 0
    units = stored_predictors.of_run(Workspace(runs).open(str(runs / name))).units
    assert found["symbols"] == len(units.encode(text)) - 1
    assert found["loss"] == found["nats_per_symbol"]
    bits = found["nats_per_symbol"] * found["symbols"] / math.log(2) / len(text)
    assert found["bits_per_byte"] == pytest.approx(bits)
    assert found["unknown"] == 0
    assert found["stride"] == (1 if name == "ngram" else 8)
    own = ssllab("evaluate", runs / name)[1]
    assert own["symbols"] == len(units.encode(TEXT[len(TEXT) * 9 // 10 :])) - 1


def test_the_stride_is_a_choice(runs: Path, ssllab) -> None:
    found = {stride: ssllab("evaluate", runs / "chars", "--stride", stride)[1] for stride in (1, 16)}
    assert found[1]["symbols"] == found[16]["symbols"]
    assert found[1]["loss"] != found[16]["loss"]
    for run, stride in (("chars", 17), ("chars", 0), ("masked_lm", 4)):
        code, _, said = ssllab("evaluate", runs / run, "--stride", stride)
        assert code == 2
        assert len([line for line in said if line.startswith("ssllab") and "--stride" in line]) == 1


def test_unknown_symbols_cost_what_they_stand_for_and_are_said(runs: Path, ssllab, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("The zebra sits on the mat. " * 5)
    _, found, said = ssllab("evaluate", runs / "causal_lm", "--data", tmp_path / "other.txt")
    assert found["unknown"] == 5
    assert [line for line in said if "unknown" in line]


def test_a_masked_model_is_asked_what_is_hidden(runs: Path, ssllab) -> None:
    code, found, _ = ssllab("evaluate", runs / "masked_lm")
    assert code == 0
    assert 0 < found["loss"] < 6
    assert 0 < found["hidden"] < found["symbols"]
    assert "bits_per_byte" not in found


def test_other_labs_give_their_loss_and_their_probes(ssllab, tmp_path: Path) -> None:
    words = [
        "train",
        "simclr",
        "--data",
        "digits",
        "--steps",
        "2",
        "--json",
        "--set",
        "batch_size=64",
        "--workspace",
    ]
    assert main([*words, str(tmp_path), "--run", str(tmp_path / "run")]) == 0
    code, found, _ = ssllab("evaluate", tmp_path / "run", "--workspace", tmp_path)
    assert code == 0
    assert 0 < found["loss"] < 2 * math.log(2 * 64)
    assert 0 <= found["knn_top1"] <= 1


def test_a_text_with_no_room_to_score_is_one_line(runs: Path, ssllab, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The")
    for data in (tmp_path / "one.txt", tmp_path / "missing.txt", "digits"):
        code, _, said = ssllab("evaluate", runs / "causal_lm", "--data", data)
        assert code == 2
        assert len([line for line in said if line.startswith("ssllab")]) == 1


def test_what_is_no_whole_symbol_at_the_end_is_said_and_not_gone_on_behind(ssllab, tmp_path: Path) -> None:
    small = ["layers=1", "heads=2", "width=16", "context=16", "batch_size=4", "unit=kmer", "kmer=3"]
    run = tmp_path / "run"
    ssllab("train", "causal_lm", "--data", "dna", "--steps", "2", "--run", run, "--set", *small)
    code, found, said = ssllab("complete", "ACGTAC" + "GT", "--model", run, "--generate", "5")
    assert code == 0
    assert found["text"] == "ACGTAC"
    assert len(found["symbols"]) == 2
    assert any("'GT' at the end is no whole symbol" in line for line in said)
    assert "N" not in found["generated"]  # what is unknown cannot be written


def test_a_longer_blank_is_one_blank(ssllab) -> None:
    _, short, _ = ssllab("complete", "The ___ cat sits on the sunny ledge.")
    _, long, _ = ssllab("complete", "The ______ cat sits on the sunny ledge.")
    assert short["candidates"] == long["candidates"]
    assert not long["unknown"]


def test_sentences_line_by_line_are_read_as_sentences(ssllab, tmp_path: Path) -> None:
    sentences = ["The old dog sits on the rug.", "The calico cat sleeps.", "It rains in Paris."]
    (tmp_path / "lines.txt").write_text("\n".join(sentences) + "\n")
    ssllab("train", "ngram", "--data", "everyday", "--steps", "1", "--run", tmp_path / "run")
    _, found, _ = ssllab("evaluate", tmp_path / "run", "--data", tmp_path / "lines.txt")
    words = sum(len(line.replace(".", " .").split()) for line in sentences)
    assert found["symbols"] == words + len(sentences)  # each sentence has its end
