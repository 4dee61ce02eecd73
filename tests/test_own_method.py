"""A person's own method on the command line, and that nobody else's file is ever executed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from ssllab.assets import asset
from ssllab.cli import main
from ssllab.methods import registry
from ssllab.methods.own import OwnMethods

TEMPLATE = asset("templates", "method.py").read_text()
SMALL = ("--data", "digits", "--set", "batch_size=16", "--workspace", "w")


@pytest.fixture
def lab(tmp_path, capsys, monkeypatch):
    """``lab(*words)`` is a new process in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(registry, "_own", OwnMethods())
        capsys.readouterr()
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out, re.sub(r"[^\n]*\r", "", printed.err)

    return run


def trained(lab, *words):
    code, out, err = lab("train", *words, *SMALL, "--steps", 2, "--json")
    assert code == 0, err
    return json.loads(out)


def refused(found):
    code, out, err = found
    assert (code, out) == (2, ""), err
    lines = [line for line in err.splitlines() if line.startswith("ssllab:")]
    assert len(lines) == 1
    assert "Traceback" not in err
    return lines[0]


def test_a_new_method_trains_at_once_and_its_run_notes_the_file(lab, tmp_path) -> None:
    assert lab("new-method", "mine.py")[0] == 0
    assert "already" in refused(lab("new-method", "mine.py"))
    answer = trained(lab, "mine.py", "--set", "spread=2")
    assert answer["method"] == "mine"
    assert {"loss", "closeness", "uniformity"} <= set(answer["metrics"])
    settings = json.loads((Path(answer["run"]) / "run.json").read_text())["settings"]
    assert settings["config"]["spread"] == 2
    assert settings["method_file"]["path"] == str(tmp_path / "mine.py")
    assert len(settings["method_file"]["sha256"]) == 64


def test_the_list_has_it_with_its_origin_and_a_problem_on_standard_error(lab, methods_folder) -> None:
    (methods_folder / "mine.py").write_text(TEMPLATE)
    (methods_folder / "wrong.py").write_text("\n1 / 0\n")
    code, out, err = lab("methods", "--json")
    assert code == 0
    (mine,) = [method for method in json.loads(out)["methods"] if method["name"] == "my_method"]
    assert mine["origin"]["path"] == str(methods_folder / "mine.py")
    assert err == f"ssllab: {methods_folder / 'wrong.py'}, line 2: ZeroDivisionError: division by zero\n"
    code, out, err = lab("methods")
    assert f"of {methods_folder / 'mine.py'}" in out
    assert trained(lab, "my_method")["method"] == "my_method"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("import torch\n", "import torhc\n", "line 6: ModuleNotFoundError: No module named 'torhc'"),
        ("z1, z2 = unit(z).chunk(2)", "z1, z2 = unit(z).chunk(3)", "ValueError|too many values"),
        ("loss = closeness +", "loss = closeness @", "TypeError"),
        ("return StepResult(loss,", "return StepResult(loss / 0 + 1 / 0,", "ZeroDivisionError"),
    ],
)
def test_an_error_in_it_is_one_line_with_file_and_line(old, new, words, lab, tmp_path, monkeypatch) -> None:
    (tmp_path / "mine.py").write_text(TEMPLATE.replace(old, new))
    number = next(i for i, line in enumerate(TEMPLATE.splitlines(), 1) if old.strip() in line)
    line = refused(lab("train", "mine.py", *SMALL, "--steps", 2))
    assert line.startswith(f"ssllab: {tmp_path / 'mine.py'}, line {number}: ")
    assert re.search(words, line)
    monkeypatch.setenv("SSLLAB_TRACEBACK", "1")
    assert "Traceback" in lab("train", "mine.py", *SMALL, "--steps", 2)[2]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return StepResult(loss,", "return (loss,", "expected StepResult"),
        ("return StepResult(loss,", "return StepResult(loss.detach(),", "a gradient"),
        ('measured = {"loss": loss, ', "measured = {", "no metric 'loss'"),
        ('"closeness": closeness,', '"closeness": z1,', "'closeness', which is not one number"),
        ('"closeness": closeness,', '"other": closeness,', "'other', which its series do not declare"),
    ],
)
def test_what_step_gives_is_checked_and_named_by_its_place(old, new, words, lab, tmp_path) -> None:
    assert old in TEMPLATE
    (tmp_path / "mine.py").write_text(TEMPLATE.replace(old, new))
    number = next(i for i, line in enumerate(TEMPLATE.splitlines(), 1) if "def step" in line)
    line = refused(lab("train", "mine.py", *SMALL, "--steps", 2))
    assert (
        line.startswith(f"ssllab: {tmp_path / 'mine.py'}, line {number}: MyMethod.step() gave")
        or "returned" in line
    )
    assert words in line


def test_plain_numbers_are_metrics_too(lab, tmp_path) -> None:
    text = TEMPLATE.replace("value.detach()", "value.item()")
    assert text != TEMPLATE
    (tmp_path / "mine.py").write_text(text)
    assert trained(lab, "mine.py")["steps"]


def test_a_setting_that_does_not_fit_names_no_line_of_it(lab, tmp_path) -> None:
    (tmp_path / "mine.py").write_text(TEMPLATE)
    assert "spread = 11" in refused(lab("train", "mine.py", *SMALL, "--set", "spread=11"))
    assert "no such file" in refused(lab("train", "nope.py"))
    assert "expected a Python file" in refused(lab("train", "simclr", "--method", "nope.txt"))


def test_resume_says_that_the_file_is_missing_or_has_changed(lab, tmp_path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(TEMPLATE)
    run = Path(trained(lab, "mine.py")["run"]).name
    line = refused(lab("resume", run, "--steps", 3, "--workspace", "w"))
    assert f"came from {file}, which is used only when it is named" in line
    assert "--method FILE.py" in line
    for words in (("resume", run, "--steps", 3), ("fork", run, "--at", 1, "--steps", 3)):
        code, _, err = lab(*words, "--workspace", "w", "--method", file)
        assert (code, "changed" in err) == (0, False), err
    assert lab("--method", file, "resume", run, "--steps", 4, "--workspace", "w")[0] == 0
    file.write_text(TEMPLATE.replace("mul(-2)", "mul(-3)"))
    code, out, err = lab("resume", run, "--steps", 5, "--workspace", "w", "--method", file, "--json")
    assert (code, json.loads(out)["steps"]) == (0, 5)
    assert "has changed since" in err
    events = json.loads(lab("runs", "show", run, "--workspace", "w", "--json")[1])["events"]
    assert any(event["kind"] == "note" and "has changed since" in event["text"] for event in events)
    file.write_text(TEMPLATE.replace("spread", "weight"))
    line = refused(lab("resume", run, "--steps", 6, "--workspace", "w", "--method", file))
    assert "spread" in line
    assert lab("resume", run, "--steps", 6, "--workspace", "w", "--method", file.with_name("gone.py"))[0] == 2


def test_a_run_whose_method_is_not_there_is_listed_shown_compared_and_exported(lab, tmp_path) -> None:
    (tmp_path / "mine.py").write_text(TEMPLATE)
    run = Path(trained(lab, "mine.py")["run"]).name
    other = Path(trained(lab, "simclr")["run"]).name
    assert run in lab("runs", "list", "--workspace", "w")[1]
    assert "my_method" in lab("runs", "show", run, "--workspace", "w")[1]
    code, out, _ = lab("runs", "compare", run, other, "--workspace", "w", "--json")
    assert code == 0
    assert str(tmp_path / "mine.py") in json.loads(out)["settings"]["method_file"][0]
    files = ("--csv", "m.csv", "--png", "m.png", "--weights", "w.safetensors", "--script", "again.py")
    code, _, err = lab("runs", "export", run, "--workspace", "w", *files)
    assert code == 0, err
    assert Path("m.csv").read_text().startswith("step,loss")
    assert f"# Repeats the run {run}" in Path("again.py").read_text()
    assert str(tmp_path / "mine.py") in Path("again.py").read_text()


def test_nothing_that_lies_in_or_is_named_by_a_run_workspace_or_data_is_executed(
    lab, tmp_path, pictures
) -> None:
    """Each planted file would write a marker when it is imported."""
    marker = tmp_path / "marker"
    evil = f"open({str(marker)!r}, 'w').close()\n{TEMPLATE.replace('my_method', 'evil')}"
    run = Path(trained(lab, "simclr")["run"])
    workspace = tmp_path / "w"
    for folder in (tmp_path, workspace, workspace / "runs", run, run / "checkpoints", pictures):
        (folder / "methods").mkdir(exist_ok=True)
        for place in (folder / "methods", folder):
            (place / "evil.py").write_text(evil)
            (place / "__init__.py").write_text(evil)
    (workspace / "ssllab.ini").write_text(f"[methods]\nfolder={workspace / 'methods'}\n")
    (workspace / "window.ini").write_text(
        f"[contrast]\nmethod={workspace / 'methods' / 'evil.py'}\ndata=digits\n"
    )
    document = json.loads((run / "run.json").read_text())
    names = ["evil", "evil.py", str(run / "methods" / "evil.py"), "methods.evil", "methods.evil:MyMethod"]
    for number, name in enumerate(names):
        forged = run.with_name(f"{run.name[:-6]}{number:06d}")
        shutil.copytree(run, forged)
        settings = {**document["settings"], "method": name}
        settings["method_file"] = {"path": str(run / "methods" / "evil.py"), "sha256": "0" * 64}
        (forged / "run.json").write_text(json.dumps({**document, "id": forged.name, "settings": settings}))
        for words in (
            ("runs", "show", forged.name),
            ("runs", "compare", forged.name, run.name),
            ("runs", "export", forged.name, "--csv", "e.csv", "--png", "e.png"),
        ):
            assert lab(*words, "--workspace", "w")[0] == 0, words
        for words in (
            ("resume", forged.name, "--steps", 3),
            ("resume", forged, "--steps", 3),
            ("fork", forged.name, "--at", 1),
            ("quantize", asset("speech") / "nothing.wav", "--model", forged),
        ):
            refused(lab(*words, "--workspace", "w"))
        if name != "evil":
            assert "no method's name" in refused(
                lab("runs", "export", forged.name, "--script", "e-again.py", "--workspace", "w")
            )
    assert lab("runs", "list", "--workspace", "w")[0] == 0
    code, out, err = lab("methods")
    assert (code, "evil" in out, err) == (0, False, "")
    assert lab("train", "simclr", "--data", pictures, "--size", 16, "--steps", 1, "--workspace", "w")[0] == 0
    assert lab("resume", run.name, "--steps", 3, "--workspace", "w")[0] == 0
    assert not marker.exists()
    assert lab("train", "evil.py", *SMALL, "--steps", 1)[0] == 0  # named by the person: the trap works
    assert marker.exists()


@pytest.fixture
def pictures(tmp_path):
    import numpy as np
    from PIL import Image

    for name in ("first", "second"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


def test_the_window_refuses_a_wrong_method_before_it_opens(lab, tmp_path) -> None:
    (tmp_path / "mine.py").write_text(TEMPLATE)
    assert "unknown method 'nope'" in refused(lab("--method", "nope"))
    assert "no such file" in refused(lab("--method", "nope.py"))
    assert "--lab speech has no method 'my_method'" in refused(lab("--method", "mine.py", "--lab", "speech"))
    (tmp_path / "mine.py").write_text("\n\nx = (\n")
    assert "mine.py, line 3: SyntaxError" in refused(lab("--method", "mine.py"))
