"""The pages for people do what they say: every block of code in them is executed."""

import re
import tomllib
from pathlib import Path

import pytest

from ssllab.cli import main
from ssllab.methods import registry
from ssllab.methods.own import GROUP, OwnMethods

PAGE = (Path(__file__).parents[1] / "docs" / "your-own-method.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_block_of_the_page_of_own_methods_runs(tmp_path, monkeypatch, capsys) -> None:
    """From top to bottom in an empty folder: Python goes to the end of the file, each line of a shell is a process."""
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr("ssllab.ui.app.open_window", lambda *place, **what: opened.append(what) or 0)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    printed = []
    for language, text in BLOCKS:
        if language == "python":
            with Path("vicreg_mine.py").open("a") as file:
                file.write(text)
        elif language == "toml":
            assert list(tomllib.loads(text)["project"]["entry-points"]) == [GROUP]
        else:
            assert language == "sh"
            for line in text.splitlines():
                monkeypatch.setattr(registry, "_own", OwnMethods())
                program, *words = line.split()
                assert program == "ssllab"
                if words[0] == "train":
                    words += ["--workspace", "w"]
                code = main(words)
                printed.append(capsys.readouterr())
                assert code == 0, (line, printed[-1].err)
    assert opened == [{"lab": "contrast", "method": "vicreg_mine", "data": "digits", "device": None}]
    doctored = next(out for out, _ in printed if out.startswith("vicreg_doctored"))
    assert "collapsing: variance term" in doctored


def test_the_file_of_the_page_is_short() -> None:
    first = next(text for language, text in BLOCKS if language == "python")
    assert len(first.splitlines()) <= 60


@pytest.mark.parametrize("words", ["~/.config/ssllab/methods/", "ssllab-config/methods/"])
def test_the_page_names_the_folder(words) -> None:
    assert words in PAGE
