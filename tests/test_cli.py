"""The command line: what it prints, what it keeps, and one clear line for every mistake of a user."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from ssllab.cli import main
from ssllab.methods.simclr import SimCLR
from ssllab.training.run_store import Workspace

SMALL = ["--size", "16", "--set", "batch_size=8", "head_width=16", "dimension=8"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of two classes of 20 noise images each."""
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(0)
    for name in ("first", "second"):
        (folder / name).mkdir()
        for number in range(20):
            pixels = noise.integers(0, 255, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def lab(tmp_path, pictures, capsys, monkeypatch):
    """``lab(*arguments)`` runs a command in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    def train(*more):
        found = run("train", "simclr", "--data", pictures, *SMALL, "--workspace", "w", "--json", *more)
        assert found[0] == 0, found[2]
        return strict_json(found[1])

    run.train = train
    return run


def strict_json(text):
    """The one JSON document that ``text`` is, without NaN or infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def refused(found):
    """Assert exit code 2, nothing on standard output and one line on standard error; that line."""
    code, out, err = found
    line = re.sub(r"^.*\r", "", err.strip("\n"))
    assert (code, out) == (2, ""), err
    assert "Traceback" not in err
    assert "\n" not in line
    assert line.startswith("ssllab")
    return line


def test_help_comes_before_any_library_is_loaded():
    script = (
        "import sys; from ssllab.cli import main; code = main(['--help']); "
        "heavy = {'torch', 'PySide6', 'numpy', 'pydantic'} & set(sys.modules); sys.exit(code or len(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in ("train", "resume", "fork", "runs", "methods", "data", "tour"):
        assert command in done.stdout


def test_train_prints_exactly_one_json_object(lab):
    found = lab.train("--steps", 5)
    keys = [
        "run",
        "missing",
        "method",
        "steps",
        "seconds",
        "items_per_second",
        "metrics",
        "probes",
        "verdict",
    ]
    assert list(found) == keys
    assert (found["method"], found["steps"]) == ("simclr", 5)
    assert {"loss", "contrastive_top1", "learning_rate"} <= set(found["metrics"])
    assert {"knn_top1", "linear_top1", "rankme_h"} <= set(found["probes"])
    assert set(found["verdict"]) == {"state", "evidence", "remedy"}
    assert found["items_per_second"] > 0
    assert os.path.isfile(os.path.join(found["run"], "run.json"))


def test_training_without_json_is_a_few_lines_for_a_person(lab, pictures):
    code, out, err = lab(
        "train", "moco", "--data", pictures, *SMALL, "queue_size=16", "--steps", 3, "--run", "here"
    )
    assert code == 0
    assert "moco: 3 steps" in out
    assert "Loss: " in out
    assert " nats\n" in out
    assert "kNN accuracy on h (k = 10): " in out
    assert "3/3" in err
    assert os.path.isfile("here/run.json")


def test_the_seed_decides_the_curve(lab):
    first, again, other = (lab.train("--steps", 4, "--seed", seed)["metrics"]["loss"] for seed in (1, 1, 2))
    assert first == again != other


def test_a_change_at_a_step_is_made_there_and_recorded(lab):
    found = lab.train("--steps", 6, "--at", 2, "temperature=0.4", "flip=false", "--at", 4, "temperature=0.3")
    _, out, _ = lab("runs", "show", found["run"], "--json")
    events = [event for event in strict_json(out)["events"] if event["kind"] == "set"]
    assert [(event["step"], event["key"], event["new"]) for event in events] == [
        (2, "temperature", 0.4),
        (2, "flip", False),
        (4, "temperature", 0.3),
    ]


def test_resume_goes_on_to_the_uninterrupted_result(lab):
    whole = lab.train("--steps", 8)
    run = lab.train("--steps", 5)["run"]
    code, out, _ = lab("resume", run, "--steps", 8, "--workspace", "w", "--json")
    resumed = strict_json(out)
    assert (code, resumed["steps"], resumed["run"]) == (0, 8, run)
    assert resumed["metrics"]["loss"] == whole["metrics"]["loss"]
    assert "--steps" in refused(lab("resume", run, "--workspace", "w"))


def test_fork_begins_where_it_is_told_and_leaves_the_old_run_alone(lab):
    old = lab.train("--steps", 6, "--at", 4, "temperature=0.4")
    name = os.path.basename(old["run"])
    _, out, _ = lab("fork", name, "--at", 5, "--workspace", "w", "--json")
    assert strict_json(out)["metrics"]["loss"] == old["metrics"]["loss"]
    code, out, _ = lab("fork", name, "--at", 3, "--set", "temperature=2", "--workspace", "w", "--json")
    fork = strict_json(out)
    assert (code, fork["steps"]) == (0, 6)
    assert fork["run"] != old["run"]
    assert fork["metrics"]["loss"] != old["metrics"]["loss"]
    shown = strict_json(lab("runs", "show", fork["run"], "--json")[1])
    assert shown["parent"] == [name, 3]


def test_a_diverged_run_is_a_result_not_an_error(lab, monkeypatch):
    whole = SimCLR.step

    def diverging(self, images, generator):
        result = whole(self, images, generator)
        result.metrics["loss"] = result.metrics["loss"] * float("nan")
        return result

    monkeypatch.setattr(SimCLR, "step", diverging)
    found = lab.train("--steps", 9)
    assert found["verdict"]["state"] == "diverged"
    assert found["metrics"]["loss"] is None
    shown = strict_json(lab("runs", "show", found["run"], "--workspace", "w", "--json")[1])
    assert shown["verdicts"]["last"]["state"] == shown["verdicts"]["worst"]["state"] == "diverged"
    for question in (["list"], ["show", found["run"]], ["compare", found["run"], found["run"]]):
        strict_json(lab("runs", *question, "--workspace", "w", "--json")[1])


def test_a_failure_of_ours_exits_with_1_and_one_line(lab, pictures, monkeypatch):
    def broken(self, images, generator):
        raise RuntimeError("the cable is out")

    monkeypatch.setattr(SimCLR, "step", broken)
    code, out, err = lab(
        "train", "simclr", "--data", pictures, *SMALL, "--steps", 3, "--workspace", "w", "--json"
    )
    assert (code, out) == (1, "")
    assert "RuntimeError: the cable is out" in err
    assert "Traceback" not in err


def test_runs_are_listed_compared_exported_and_deleted(lab, tmp_path):
    first = os.path.basename(lab.train("--steps", 3, "--seed", 1)["run"])
    second = os.path.basename(lab.train("--steps", 3, "--set", "temperature=0.7")["run"])
    _, out, _ = lab("runs", "list", "--workspace", "w", "--json")
    assert {run["id"] for run in strict_json(out)["runs"]} == {first, second}
    assert first in lab("runs", "list", "--workspace", "w")[1]

    _, out, _ = lab("runs", "compare", first, second, "--workspace", "w", "--json")
    assert strict_json(out)["settings"] == {"temperature": [0.1, 0.7], "seed": [1, 0]}
    rows = [
        line.split() for line in lab("runs", "compare", first, second, "--workspace", "w")[1].splitlines()
    ]
    assert rows[0] == ["run", first, second]
    assert ["temperature", "0.1", "0.7"] in rows
    assert [row[-1] for row in rows if row[0] == "Loss"] == ["nats"]

    files = [
        "--csv",
        "t.csv",
        "--weights",
        "w.safetensors",
        "--script",
        "again.py",
        "--png",
        "p.png",
        "--svg",
        "p.svg",
    ]
    code, out, _ = lab("runs", "export", first, *files, "--workspace", "w", "--json")
    assert code == 0
    written = strict_json(out)["written"]
    assert {"t.csv", "w.safetensors", "again.py", "p.png", "p.svg"} <= set(written)
    assert all(os.path.getsize(path) > 0 for path in written)
    with open("t.csv", encoding="utf-8") as table:
        assert len(table.readlines()) == 1 + 3
    assert any(name.startswith("encoder.") for name in load_file("w.safetensors"))
    with Image.open("p.png") as picture:
        assert picture.width > 300

    same = lab("runs", "compare", first, f"w/runs/{first}", "--workspace", "w")[1].splitlines()
    assert same[0].split() == ["run", first]
    shutil.copytree(f"w/runs/{first}", "copy")
    rows = lab("runs", "compare", first, "copy", "--workspace", "w")[1].splitlines()
    assert rows[0].split() == ["run", f"w/runs/{first}", "copy"]

    export = ["runs", "export", first, "--workspace", "w"]
    assert "give each a file of its own" in refused(lab(*export, "--csv", "t", "--script", "./t"))
    (tmp_path / "folder.png").mkdir()
    assert "folder.png is a folder" in refused(lab(*export, "--png", "folder.png", "--csv", "never.csv"))
    assert "belongs to the run" in refused(lab(*export, "--svg", f"w/runs/{first}/run.json"))
    assert not os.path.exists("never.csv")
    assert lab(*export, "--svg", "picture")[1].split() == ["picture.svg"]
    assert "<svg" in (tmp_path / "picture.svg").read_text()

    assert lab("runs", "delete", first, "--workspace", "w")[0] == 0
    _, out, _ = lab("runs", "list", "--workspace", "w", "--json")
    assert [run["id"] for run in strict_json(out)["runs"]] == [second]


def test_the_exported_script_repeats_the_run(lab, tmp_path):
    found = lab.train("--steps", 5, "--seed", 3, "--at", 2, "temperature=0.9")
    assert lab("runs", "export", found["run"], "--script", "again.py")[0] == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, tmp_path / "again.py"],
        cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [again] = Workspace(tmp_path / "data" / "ssllab").runs()
    assert again.summary["metrics"]["loss"] == found["metrics"]["loss"]


def test_methods_and_data_tell_every_control_and_source(lab):
    methods = {method["name"]: method for method in strict_json(lab("methods", "--json")[1])["methods"]}
    temperature = next(c for c in methods["simclr"]["controls"] if c["name"] == "temperature")
    assert (temperature["low"], temperature["high"], temperature["live"]) == (0.01, 100, True)
    assert temperature["help"]
    wer = next(scalar for scalar in methods["ctc"]["series"] if scalar["name"] == "wer")
    assert (wer["title"], wer["percent"], wer["better"], wer["chart"]) == (
        "Word error rate",
        True,
        "lower",
        "Errors",
    )
    data = {source["name"]: source for source in strict_json(lab("data", "--json")[1])["data"]}
    assert {"shapes", "digits", "photos", "cifar10"} <= set(data)
    assert "temperature" in lab("methods")[1]
    assert "shapes" in lab("data")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train"], "method"),
        (["bogus"], "'bogus'"),
        (["train", "simclear"], "expected one of simclr"),
        (["train", "simclr", "--data", "fotos"], "Did you mean 'photos'"),
        (["train", "simclr", "--data", "~nobody-of-that-name/x"], "no data called"),
        (["train", "simclr", "--data", ""], "no data called"),
        (["--data", "fotos"], "fotos"),
        (["--lab", "kitchen"], "'contrast'"),
        (["--lab", "speech", "--data", "digits"], "'digits' is not for the Speech lab"),
        (["--lab", "contrast", "--data", "fsdd+takes"], "is not for the Contrast lab"),
        (["--lab", "runs", "--data", "digits"], "leave --data out"),
        (["train", "simclr", "--set", "temprature=1"], "Did you mean 'temperature'"),
        (["train", "simclr", "--set", "temperature=warm"], "temperature = warm: expected a number"),
        (["train", "simclr", "--set", "temperature=nan"], "temperature = nan: expected a number"),
        (["train", "simclr", "--set", "temperature=0"], "from 0.01 to 100"),
        (["train", "simclr", "--set", "temperature"], "KEY=VALUE"),
        (["train", "simclr", "--set", "batch_size=2.5"], "expected a whole number"),
        (["train", "simclr", "--set", "crop=perhaps"], "true or false"),
        (["train", "simclr", "--set", "loss=mse"], "nt_xent, info_nce"),
        (["train", "simclr", "--at", "soon", "temperature=1"], "STEP KEY=VALUE"),
        (["train", "simclr", "--at", "3"], "STEP KEY=VALUE"),
        (["train", "simclr", "--at", "3", "temperature=-1"], "temperature = -1"),
        (["train", "simclr", "--at", "3", "batch_size=4"], "cannot change while training"),
        (["train", "simclr", "--at", "99", "temperature=1", "--steps", "50"], "--steps moves it"),
        (["train", "simclr", "--device", "tpu"], "auto, cpu, cuda, mps"),
        (["train", "simclr", "--precision", "int8"], "float32, bfloat16"),
        (["train", "simclr", "--steps", "0"], "at least 1"),
        (["train", "simclr", "--steps", "many"], "'many'"),
        (["train", "simclr", "--seed", "-1"], "at least 0"),
        (["train", "simclr", "--seed", "18446744073709551616"], "from 0 to 2147483647"),
        (["train", "simclr", "--seed", "2147483648"], "from 0 to 2147483647"),
        (["train", "simclr", "--steps", "9" * 30], "from 1 to"),
        (["train", "simclr", "--at", "²", "temperature=1"], "STEP KEY=VALUE"),
        (["train", "simclr", "--at", "9" * 5000, "temperature=1"], "STEP KEY=VALUE"),
        (["--data", "digits", "runs", "list"], "--data: 'ssllab runs' has no such option"),
        (["--lab", "speech", "train", "simclr"], "--lab: 'ssllab train' has no such option"),
        (["--device", "cpu", "methods"], "--device: 'ssllab methods' has no such option"),
        (["--workspace", "w", "tour"], "--workspace: 'ssllab tour' has no such option"),
        (["train", "simclr", "--size", "4"], "from 16 to 256"),
        (["train", "simclr", "--size", "wide"], "'wide': expected a whole number"),
        (["train", "simclr", "--at", "3", "temperature=1", "5", "temperature=2"], "'5': expected KEY=VALUE"),
        (["train", "simclr", "--run", ""], "expected a name or a path, not an empty word"),
        (["--workspace", "", "runs", "list"], "expected a name or a path, not an empty word"),
        (["resume", ""], "expected a name or a path, not an empty word"),
        (["quantize", ""], "expected a name or a path, not an empty word"),
        (["tour", "--out", "/dev/null"], "--out /dev/null: pictures cannot go there"),
        (["tour", "--out", "/dev/null/in"], "--out /dev/null/in: pictures cannot go there"),
        (["runs"], "VERB"),
        (["runs", "show", "20200101-000000-simclr-abcdef"], "ssllab runs list"),
        (["runs", "show", "../../etc"], "no run"),
        (["runs", "delete", "nothing"], "no run 'nothing'"),
        (["runs", "compare", "nothing"], "no run 'nothing'"),
        (["resume", "nothing"], "no run 'nothing'"),
        (["fork", "nothing", "--at", "3"], "no run 'nothing'"),
        (["fork", "nothing"], "--at"),
        (["tour", "--seconds", "-3"], "seconds"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_was_expected(lab, monkeypatch, tmp_path, arguments, words):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert words in refused(lab(*arguments))


def test_a_cuda_that_is_not_there_is_said(lab):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert "not available here" in refused(lab("train", "simclr", "--device", "cuda"))


def test_mistakes_about_a_stored_run_change_nothing(lab, pictures):
    run = lab.train("--steps", 4)["run"]
    again = ["train", "simclr", "--data", pictures, *SMALL, "--steps", 4, "--run", run]
    assert "holds a run already" in refused(lab(*again))
    fork = ["fork", run, "--workspace", "w", "--at"]
    assert "4 steps" in refused(lab(*fork, 99, "--steps", 200))
    assert "before the end" in refused(lab(*fork, 4))
    assert "cannot change" in refused(lab(*fork, 2, "--set", "batch_size=4"))
    assert "temperature = -1" in refused(lab(*fork, 2, "--set", "temperature=-1"))
    assert "--csv" in refused(lab("runs", "export", run))
    for kind in ("--csv", "--png", "--svg", "--weights", "--script"):
        said = refused(lab("runs", "export", run, kind, "/nowhere/at/all"))
        assert "annot write" in said
        assert said.count("Choose another") <= 1
    assert len(strict_json(lab("runs", "list", "--workspace", "w", "--json")[1])["runs"]) == 1


def test_settings_that_do_not_fit_the_images_are_the_users_to_mend(lab, pictures):
    odd = ["train", "simclr", "--data", pictures, "--size", 31, "--set", "encoder=vit", "--workspace", "w"]
    assert "multiple of 8" in refused(lab(*odd, "--steps", 3))


def test_a_damaged_checkpoint_is_said_in_one_line(lab):
    run = lab.train("--steps", 3)["run"]
    for name in os.listdir(os.path.join(run, "checkpoints")):
        if name.endswith(".safetensors"):
            with open(os.path.join(run, "checkpoints", name), "r+b") as file:
                file.truncate(100)
    assert "damaged" in refused(lab("resume", run, "--steps", 6))


def _listen_to_ctrl_c():
    """A shell starts background work with the interrupt ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal on Windows")
def test_ctrl_c_keeps_the_run_and_it_resumes(lab, pictures, tmp_path):
    command = [sys.executable, "-m", "ssllab", "train", "simclr", "--data", str(pictures), *SMALL]
    command += ["--steps", "1000000", "--run", "r", "--json"]
    with open(tmp_path / "err", "wb") as err:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=err, preexec_fn=_listen_to_ctrl_c
        )
    try:
        deadline = time.monotonic() + 100
        while b"loss" not in (tmp_path / "err").read_bytes():
            assert time.monotonic() < deadline
            assert process.poll() is None, (tmp_path / "err").read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, (tmp_path / "err").read_text()
    assert "Traceback" not in (tmp_path / "err").read_text()
    steps = strict_json(out)["steps"]
    assert 0 < steps < 1_000_000
    shown = strict_json(lab("runs", "show", "r", "--json")[1])
    assert shown["steps"] == shown["checkpoints"][-1]["step"] == steps
    code, out, _ = lab("resume", "r", "--steps", steps + 2, "--json")
    resumed = strict_json(out)
    assert (code, resumed["steps"]) == (0, steps + 2)
    assert math.isfinite(resumed["metrics"]["loss"])
