"""Kinds of data are found in folders: a toy kind beside ours works everywhere without a line changed."""

import json
import subprocess
import sys

import pytest
import torch

from ssllab import cli
from ssllab.data import catalogue
from ssllab.data.kind import amount, kinds
from ssllab.storage import search_path
from ssllab.storage.errors import DataError

KIND = """
from ssllab.data.kind import Kind, Option, SourceInfo


def _load(name, request):
    from .dice import Dice

    return Dice(name, request.options["sides"], request.seed)


KIND = Kind(
    name="dice",
    title="Dice",
    item="throws",
    own="dice",
    default="fair",
    load=_load,
    options=(Option("sides", "number of sides", "--sides", 2, 20, 6, "sides", "of {} sides"),),
    sources=(
        SourceInfo("fair", "Fair dice", "Thrown anew.", "Ours."),
        SourceInfo("d20", "D20", "Many.", "Ours.", options={"sides": 20}),
    ),
)
"""
READER = """
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Dice:
    name: str
    sides: int
    seed: int
    kind = "dice"
    title = "Fair dice"
    skipped = ()

    @property
    def options(self):
        return {"sides": self.sides}

    @property
    def train(self):
        return torch.randint(self.sides, (100,), generator=torch.Generator().manual_seed(self.seed))

    @property
    def test(self):
        return self.train[:10]
"""


@pytest.fixture
def dice(tmp_path, monkeypatch):
    """A kind of data in a folder of its own, with the file that reads it beside its declaration."""
    folder = tmp_path / "kinds" / "dice"
    folder.mkdir(parents=True)
    (folder / "kind.py").write_text(KIND)
    (folder / "dice.py").write_text(READER)
    monkeypatch.setattr(search_path, "KINDS", [*search_path.KINDS, folder.parent])


def test_a_kind_in_a_folder_is_listed_and_loaded(dice, capsys):
    assert list(kinds()) == ["images", "speech", "text", "video", "dice"]
    assert cli.main(["data"]) == 0
    printed = capsys.readouterr().out
    assert "fair: Fair dice, dice of 6 sides, offline. Thrown anew." in printed
    assert "d20: D20, dice of 20 sides, offline. Many." in printed
    assert "None" not in printed
    assert cli.main(["data", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"dice", "images", "speech", "text", "video"} == {kind["name"] for kind in listed["kinds"]}
    assert next(source for source in listed["data"] if source["name"] == "d20")["options"] == {"sides": 20}
    data = catalogue.load("fair", seed=3)
    assert data.options == {"sides": 6}
    assert torch.equal(data.train, catalogue.load("fair", seed=3, kinds=("dice",)).train)
    assert catalogue.load("d20").sides == 20
    assert catalogue.load("d20", options={"sides": 4}).sides == 4
    assert amount(data) == "Fair dice: 100 to learn from, 10 held out"
    assert kinds()["dice"].speed(3.14) == "3.1 throws/s"


def test_options_of_another_kind_are_refused_in_one_line(dice, capsys):
    for name, options, line in (
        (
            "fair",
            {"image_size": 32},
            "image size is an option of images only, and 'fair' is dice: leave --size out.",
        ),
        ("shapes", {"sides": 6}, "number of sides is an option of dice only, and 'shapes' is images"),
        (
            "fair",
            {"sides": 21},
            "number of sides 21: expected a whole number of sides from 2 to 20; 6 is usual.",
        ),
        (
            "fair",
            {"colour": 1},
            "unknown option 'colour' of data: expected one of image_size, holdout, strands, frame_size, sides.",
        ),
    ):
        with pytest.raises(DataError) as refused:
            catalogue.load(name, options=options)
        assert line in str(refused.value)
    assert cli.main(["train", "wav2vec2", "--size", "32", "--steps", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert cli.main(["train", "simclr", "--sides", "6", "--steps", "1"]) == 2
    assert "leave --sides out" in capsys.readouterr().err


def test_data_of_another_kind_is_refused_and_an_unknown_kind_is_named(dice):
    with pytest.raises(
        DataError, match="'fair' is dice, but this learns from images or speech: choose one of shapes"
    ):
        catalogue.load("fair", kinds=("images", "speech"))
    with pytest.raises(DataError, match=r"'fair' is dice: only speech can be joined with \+"):
        catalogue.load("fair+d20")
    with pytest.raises(
        DataError, match="unknown kind of data 'coins': expected one of images, speech, text, video, dice"
    ):
        catalogue.load("/nowhere", kinds=("coins",))


def test_of_two_kinds_of_one_name_ours_is_taken(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kind.py").write_text(KIND.replace('name="dice"', 'name="images"'))
    monkeypatch.setattr(search_path, "KINDS", [*search_path.KINDS, tmp_path])
    assert kinds()["images"].default == "shapes"
    assert catalogue.source("fair") is None


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "thing.py").write_text(f"place = {folder!r}")
    first, second = (search_path.load(tmp_path / folder / "thing.py", "ssllab.data") for folder in "ab")
    assert (first.place, second.place) == ("a", "b")
    assert search_path.load(tmp_path / "a" / "thing.py", "ssllab.data") is first
    (tmp_path / "broken.py").write_text("1 / 0")
    for _ in range(2):  # no half-made module stays behind
        with pytest.raises(ZeroDivisionError):
            search_path.load(tmp_path / "broken.py", "ssllab.data")


def test_declarations_are_read_without_torch_numpy_or_qt():
    code = (
        "import sys, ssllab.data.kind as k, ssllab.labs; k.kinds(); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'PySide6', 'PIL')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
