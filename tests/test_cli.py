"""The command line as a person or a script uses it: good and bad input, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ssllab.cli import main

QUICK = ["--data", "digits", "--set", "batch_size=32"]


def run(*words, **extra):
    return subprocess.run(
        [sys.executable, "-m", "ssllab.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=200,
        **extra,
    )


def train(workspace, *words):
    done = run("train", "simclr", *QUICK, "--workspace", workspace, "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_train_prints_exactly_one_json_object(tmp_path):
    result = train(tmp_path, "--steps", 4)
    assert set(result) == {
        "run",
        "method",
        "steps",
        "seconds",
        "items_per_second",
        "metrics",
        "probes",
        "verdict",
    }
    assert result["steps"] == 4
    assert 0 <= result["probes"]["knn_top1"] <= 1
    assert set(result["verdict"]) == {"state", "evidence", "remedy"}


def test_a_resumed_run_and_a_fork_equal_the_uninterrupted_one(tmp_path):
    at = ["--at", 3, "temperature=0.2"]
    whole = train(tmp_path, "--steps", 8, *at)
    part = train(tmp_path, "--steps", 5, *at)
    resumed = run("resume", part["run"], "--steps", 8, "--workspace", tmp_path, "--json")
    assert json.loads(resumed.stdout)["metrics"]["loss"] == whole["metrics"]["loss"]
    forked = run("fork", whole["run"], "--at", 6, "--workspace", tmp_path, "--json")
    assert json.loads(forked.stdout)["metrics"]["loss"] == whole["metrics"]["loss"]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a Unix signal")
def test_kill_9_loses_at_most_a_second_and_the_run_resumes(tmp_path):
    words = ["train", "simclr", *QUICK, "--steps", "100000", "--workspace", str(tmp_path)]
    process = subprocess.Popen([sys.executable, "-m", "ssllab.cli", *words], stderr=subprocess.DEVNULL)
    from ssllab.training.run_store import Workspace

    store = Workspace(tmp_path)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (store.runs() and store.runs()[0].steps > 20):
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    info = store.runs()[0]
    assert info.state == "interrupted"
    assert info.steps > 20
    steps, _ = store.open(info.id).metrics().column("loss")
    assert steps.tolist() == list(range(1, info.steps + 1))
    more = info.steps + 3
    resumed = run("resume", info.id, "--steps", more, "--workspace", tmp_path, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["steps"] == more
    assert store.open(info.id).metrics().column("loss")[0].tolist() == list(range(1, more + 1))


def test_runs_are_listed_shown_compared_exported_and_deleted(tmp_path, capsys):
    first = train(tmp_path, "--steps", 2)
    train(tmp_path, "--steps", 2, "--seed", 1)
    assert main(["runs", "list", "--json", "--workspace", str(tmp_path)]) == 0
    ids = [info["id"] for info in json.loads(capsys.readouterr().out)["runs"]]
    assert len(ids) == 2
    assert main(["runs", "compare", *ids, "--json", "--workspace", str(tmp_path)]) == 0
    assert set(json.loads(capsys.readouterr().out)["settings"]) == {"seed"}
    out = tmp_path / "out"
    out.mkdir()
    done = run(
        *("runs", "export", ids[0], "--workspace", tmp_path, "--csv", out / "a.csv", "--png", out / "a.png"),
        *("--svg", out / "a.svg", "--weights", out / "a.safetensors", "--script", out / "a.py"),
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    assert (out / "a.csv").read_text().splitlines()[0].startswith("step,loss")
    assert (out / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "a.svg").read_text()[:600]
    from safetensors import safe_open

    with safe_open(out / "a.safetensors", "pt") as weights:
        assert any(name.startswith("encoder.") for name in weights.keys())  # noqa: SIM118
    assert "simclr" in (out / "a.py").read_text()
    assert main(["runs", "delete", ids[0], "--workspace", str(tmp_path)]) == 0
    assert main(["runs", "show", ids[0], "--workspace", str(tmp_path)]) == 2
    assert first["run"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "nosuch"], "simclr"),
        (["train", "simclr", "--set", "temperature=0"], "0.01"),
        (["train", "simclr", "--set", "temprature=1"], "temperature"),
        (["train", "simclr", "--set", "temperature"], "KEY=VALUE"),
        (["train", "simclr", "--data", "nosuch"], "shapes"),
        (["train", "simclr", "--steps", "0"], "at least 1"),
        (["train", "simclr", "--at", "x", "y"], "STEP KEY=VALUE"),
        (["train", "simclr", "--at", "5", "encoder=vit"], "--set"),
        (["train", "simclr", "--device", "toaster"], "cpu"),
        (["train", "simclr", "--precision", "half"], "float32"),
        (["resume", "nosuch"], "runs list"),
        (["fork", "nosuch", "--at", "3"], "runs list"),
        (["runs", "show", "../../etc"], "runs list"),
        (["runs"], "VERB"),
        (["nosuch"], "train"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(words, expected, tmp_path, capsys):
    command = words if words in (["runs"], ["nosuch"]) else [*words, "--workspace", str(tmp_path)]
    assert main(command) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert expected in said.err


def test_methods_and_data_list_every_control_and_source(capsys):
    assert main(["methods", "--json"]) == 0
    methods = {method["name"]: method for method in json.loads(capsys.readouterr().out)["methods"]}
    assert {"simclr", "moco"} <= set(methods)
    controls = {control["name"]: control for control in methods["simclr"]["controls"]}
    assert controls["temperature"]["live"] is True
    assert controls["encoder"]["live"] is False
    assert all(control["help"] for control in controls.values())
    assert main(["data", "--json"]) == 0
    assert {"shapes", "digits", "photos"} <= {
        info["name"] for info in json.loads(capsys.readouterr().out)["data"]
    }


def test_without_a_display_the_tour_photographs_every_lab(tmp_path):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = run("tour", "--seconds", 8, "--out", tmp_path / "pictures", env=environment)
    assert done.returncode == 0, done.stderr
    for name in ("contrast", "contrast-dark", "runs"):
        assert (tmp_path / "pictures" / f"{name}.png").stat().st_size > 20_000
