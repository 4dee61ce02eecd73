"""The command line in a process of its own: killed and resumed; without a display."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

QUICK = ["--data", "digits", "--set", "batch_size=32"]


def run(*words, **extra):
    return subprocess.run(
        [sys.executable, "-m", "ssllab.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=200,
        **extra,
    )


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


def test_without_a_display_the_tour_photographs_every_lab(tmp_path):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = run("tour", "--seconds", 8, "--out", tmp_path / "pictures", env=environment)
    assert done.returncode == 0, done.stderr
    for name in ("contrast", "contrast-dark", "runs"):
        assert (tmp_path / "pictures" / f"{name}.png").stat().st_size > 20_000
