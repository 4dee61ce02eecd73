"""A person's own methods: found in three places, executed from nowhere else, and what is wrong is a line."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssllab.assets import asset
from ssllab.controls import ControlError
from ssllab.methods import places, registry
from ssllab.methods.own import MethodError
from ssllab.methods.template import write_template

TEMPLATE = asset("templates", "method.py").read_text()
LINES = TEMPLATE.splitlines()
FIELD = next(number for number, line in enumerate(LINES, 1) if "spread: Annotated" in line)
CLASS = next(number for number, line in enumerate(LINES, 1) if line.startswith("class MyMethod("))


def write(path: Path, text: str = TEMPLATE, name: str = "my_method") -> Path:
    path.write_text(text.replace("my_method", name))
    return path


def test_the_template_has_40_lines() -> None:
    assert len(TEMPLATE.splitlines()) == 40


def test_a_file_in_the_folder_is_a_method_after_ours(methods_folder) -> None:
    path = write(methods_folder / "first.py")
    assert list(registry.methods()) == [*registry.ours(), "my_method"]
    assert registry.problems() == []
    origin = registry.origin("my_method")
    assert (origin.path, origin.sha256) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    assert registry.origin("simclr") is None
    assert not (methods_folder / "__pycache__").exists()


def test_a_method_of_ours_is_got_without_executing_anything_of_the_person(methods_folder) -> None:
    marker = methods_folder / "marker"
    write(methods_folder / "first.py", f"open({str(marker)!r}, 'w')\n{TEMPLATE}")
    registry.method_class("moco")
    assert not marker.exists()
    registry.method_class("my_method")
    assert marker.exists()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\ny = (\n", 2, "SyntaxError"),
        ("import nothing_of_that_name\n", 1, "ModuleNotFoundError"),
        ("\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("def deep():\n    raise KeyError('k')\n\ndeep()\n", 2, "KeyError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
        ("x = 1\n", 0, "defines no method"),
        ("from ssllab.methods.simclr import SimCLR\n", 0, "defines no method"),
        ("x = '\0'\n", 0, "Error"),
        (TEMPLATE.replace("    name, title, paper = ", "    name, _t, paper = "), CLASS, "no title"),
        (TEMPLATE.replace("    Config = MyMethodConfig\n", ""), CLASS, "no Config"),
        (TEMPLATE.replace('    spread: Annotated[float, Control("Weight', '    spread: Annotated[float, Control(low_="W'),
         FIELD, "TypeError"),
        (TEMPLATE.replace("group=\"Loss\")] = 1.0", "group=\"Loss\")]"), CLASS, "spread needs a default"),
        (TEMPLATE.replace("def step(", "def stepp("), CLASS, "no step"),
        (TEMPLATE.replace("    series = {", "    series = 3\n    _x = {"), CLASS, "no series"),
        (TEMPLATE.replace('"my_method"', '"../evil"'), CLASS, "name = '../evil'"),
        (TEMPLATE.replace('"my_method"', '"simclr"'), CLASS, "the name 'simclr' is taken by ssllab"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_line_with_its_place_and_disturbs_no_other(
    text, line, words, methods_folder
) -> None:
    bad = write(methods_folder / "a_bad_one.py", text)
    write(methods_folder / "good.py", name="good")
    assert "good" in registry.methods()
    (problem,) = registry.problems()
    assert (problem.path, problem.line) == (str(bad), line)
    assert words in problem.message
    assert "\n" not in str(problem)
    assert registry.method_class("simclr").__module__ == "ssllab.methods.simclr"
    with pytest.raises(MethodError, match=r"a_bad_one\.py"):
        registry.add_file(bad)


def test_the_first_to_have_a_name_keeps_it(methods_folder, tmp_path) -> None:
    write(methods_folder / "a.py")
    with pytest.raises(
        MethodError, match=rf"other\.py, line {CLASS}: the name 'my_method' is taken by .*a\.py"
    ):
        registry.named(str(write(tmp_path / "other.py")))
    assert registry.origin("my_method").path.endswith("a.py")


def test_a_named_file_counts_in_this_process_and_one_of_the_folder_is_the_same(
    methods_folder, tmp_path
) -> None:
    path = write(tmp_path / "mine.py")
    assert registry.named(str(path)) == "my_method"
    assert "my_method" in registry.methods()
    assert registry.named(str(write(methods_folder / "b.py", name="b"))) == "b"
    with pytest.raises(MethodError, match=r"nope\.py: no such file"):
        registry.named("nope.py")
    with pytest.raises(ControlError, match="unknown method 'nope'"):
        registry.named("nope")


def test_a_file_of_two_methods_is_trained_by_name(tmp_path) -> None:
    second = TEMPLATE.split("class MyMethod(")[1].replace("my_method", "second")
    path = write(tmp_path / "two.py", f"{TEMPLATE}\n\nclass Second({second}")
    with pytest.raises(ControlError, match="my_method or second"):
        registry.named(str(path))
    assert {"my_method", "second"} <= set(registry.methods())


def test_a_module_beside_it_is_not_importable(methods_folder) -> None:
    (methods_folder / "_beside.py").write_text("x = 1\n")
    write(methods_folder / "mine.py", f"import _beside\n{TEMPLATE}")
    before = list(sys.path)
    assert "my_method" not in registry.methods()
    assert "No module named '_beside'" in registry.problems()[0].message
    assert sys.path == before


def test_what_is_saved_anew_is_read_at_refresh_and_an_error_keeps_the_last_good_one(methods_folder) -> None:
    path = write(methods_folder / "mine.py")
    first = registry.method_class("my_method")
    good = registry.origin("my_method")
    assert not registry.stale()
    write(path, TEMPLATE.replace("My method", "Other"))
    assert registry.stale()
    assert registry.method_class("my_method") is first  # until it is read
    registry.refresh()
    second = registry.method_class("my_method")
    assert second.title.startswith("Other")
    assert registry.origin("my_method").sha256 != good.sha256
    write(path, f"{TEMPLATE}\n1 / 0\n")
    registry.refresh()
    assert registry.method_class("my_method") is second
    assert "ZeroDivisionError" in registry.problems()[0].traceback
    assert registry.problems()[0].line == 42
    path.unlink()
    registry.refresh()
    assert registry.method_class("my_method") is second
    assert "gone" in registry.problems()[0].message
    write(path)
    registry.refresh()
    assert registry.problems() == []
    assert registry.method_class("my_method").title == first.title


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package of one module: ``package(entry, text)``."""

    def install(entry: str, text: str = TEMPLATE) -> None:
        info = tmp_path / "site" / "my_package-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[ssllab.methods]\nmine = {entry}\n")
        (tmp_path / "site" / "my_package_ssllab.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / "site")

    yield install
    sys.modules.pop("my_package_ssllab", None)


@pytest.mark.parametrize("entry", ["my_package_ssllab:MyMethod", "my_package_ssllab"])
def test_a_package_brings_methods(entry, package) -> None:
    package(entry)
    assert "my_method" in registry.methods()
    assert registry.origin("my_method").path == f"the package my-package 1.2 ({entry})"
    assert len(registry.origin("my_method").sha256) == 64


@pytest.mark.parametrize(
    ("entry", "text", "words"),
    [
        ("my_package_ssllab", "1 / 0", "ZeroDivisionError"),
        ("my_package_ssllab:Nothing", TEMPLATE, "has no attribute 'Nothing'"),
        ("my_package_ssllab", TEMPLATE.replace('"my_method"', '"moco"'), "the name 'moco' is taken"),
    ],
)
def test_a_package_with_an_error_is_a_line(entry, text, words, package) -> None:
    package(entry, text)
    assert set(registry.methods()) == set(registry.ours())
    assert words in str(registry.problems()[0])


def test_a_template_is_never_written_over_a_file_nor_without_a_name(tmp_path) -> None:
    assert write_template(tmp_path / "Two words.py", ()) == "two_words"
    assert registry.named(str(tmp_path / "Two words.py")) == "two_words"
    assert registry.methods()["two_words"].title == "Two words"
    (tmp_path / "x.py").write_text("mine")
    for path, words in (
        (tmp_path / "x.py", "already"),
        (tmp_path / "x.txt", "ends in .py"),
        (tmp_path / "1.py", "names the method"),
        (tmp_path / "_hidden.py", "names the method"),
        (tmp_path / "simclr.py", "there is a method 'simclr'"),
        (tmp_path / "no" / "x.py", "no folder"),
    ):
        with pytest.raises(MethodError, match=words):
            write_template(path, registry.ours())
    assert (tmp_path / "x.py").read_text() == "mine"


def test_the_folder_is_in_no_workspace(monkeypatch) -> None:
    from ssllab.training.run_store import Workspace

    monkeypatch.undo()
    for shared in (False, True):  # as on macOS and Windows
        if shared:
            monkeypatch.setattr(places, "user_config_path", lambda *_, **__: Workspace.default_path())
        folder = places.methods_folder()
        assert folder.name == "methods"
        assert Workspace.default_path() not in folder.parents


def test_the_current_folder_is_no_fourth_place(tmp_path) -> None:
    """With "python -m" it is on the import path, and a package unpacked into a workspace would be installed."""
    info = tmp_path / "evil-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ssllab.methods]\nevil = evil_ssllab\n")
    for name in ("evil_ssllab", "torchvision"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n")
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [sys.executable, "-m", "ssllab", "methods"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (done.stderr, "simclr" in done.stdout) == ("", True)
    assert not (tmp_path / "marker").exists()
