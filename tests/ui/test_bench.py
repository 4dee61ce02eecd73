"""The bench stands between the window and the session: who may know the session, and what is said of loading."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PIL import Image

import ssllab.ui
from ssllab.training import run_writer
from ssllab.training.run_record import Change, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.main_toolbar import MainToolbar
from ssllab.ui.work import LongWork, trace_of

HOLDERS = {"bench.py", "loading.py", "loader.py"}


@pytest.fixture
def bench(tmp_path, qtbot):
    made = Bench(Workspace(tmp_path), "contrast", LongWork())
    yield made
    made.close()


def test_panels_read_scene_and_bench_and_no_session():
    folder = Path(ssllab.ui.__file__).parent
    knowing = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"\.session\b(?! import)|training\.session\b|training\.protocol\b", path.read_text())
    }
    assert knowing - {"live_run.py"} <= HOLDERS  # which takes the values of one moment from it


def test_what_is_loaded_can_be_cancelled_whatever_its_words_and_nothing_else(bench, qtbot):
    toolbar = MainToolbar(bench)
    qtbot.addWidget(toolbar)
    for text, cancellable in (
        ("CIFAR-10: reading", True),
        ("Looking for recordings", True),
        ("Loading PyTorch", False),
        ("Opening the run", False),
    ):
        bench.progress.emit(0.5, text, cancellable)
        assert toolbar.progress_shown.isVisible()
        assert toolbar.cancel_shown.isVisible() == cancellable
        assert toolbar.state_label.text() == text
    toolbar.show_state("paused")  # the run that is there while other data is on its way
    assert toolbar.state_label.text() == "Opening the run"
    bench.progress.emit(-1.0, "", False)
    assert not toolbar.progress_shown.isVisible()
    assert not toolbar.cancel_shown.isVisible()


def test_loading_data_says_that_it_can_be_cancelled(bench, qtbot):
    said = []
    bench.progress.connect(lambda fraction, text, cancellable: said.append((text, cancellable)))
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None, timeout=60_000)
    assert said[0] == ("Loading PyTorch", False)
    assert ("Preparing Shapes …", True) in said
    assert said[-1] == ("", False)


def test_a_session_is_told_who_watches_and_gives_copies_also_after_its_end(bench, qtbot):
    assert bench.live_run is None
    assert bench.copy_model() is None
    assert bench.keep_checkpoint() is None
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None, timeout=60_000)
    bench.step()
    qtbot.waitUntil(lambda: bench.live_run.step == 1, timeout=60_000)
    live = bench.live_run
    assert (live.number, live.problem, live.stored.path.parent) == (1, None, bench.workspace.runs_path)
    assert live.speed > 0
    assert bench.session.watched
    bench.watched = False
    assert not bench.session.watched
    assert bench.copy_model().result(30).step == 1
    bench.keep_checkpoint().result(30)
    bench.session.stop()
    assert bench.copy_model().result(1).step == 1
    with pytest.raises(RuntimeError, match="ended"):
        bench.keep_checkpoint().result(1)
    bench.step()
    qtbot.waitUntil(lambda: bench.live_run.step == 1, timeout=60_000)
    assert bench.live_run.number == 2
    assert not bench.session.watched


def test_files_that_were_not_used_are_counted_with_their_reasons_and_safe_names(tmp_path, qtbot):
    pictures = tmp_path / os.fsdecode(b"caf\xe9")
    pictures.mkdir()
    for number in range(20):
        Image.new("RGB", (16, 16), (number, 0, 0)).save(pictures / f"{number:02}.png")
    Image.new("RGB", (4, 4)).save(pictures / "a\n\x1b[31m.png")
    Image.new("RGB", (4, 4)).save(pictures / "b.png")
    (pictures / "IMG_1.HEIC").write_bytes(b"x")
    bench = Bench(Workspace(tmp_path / "w"), "contrast", LongWork(), data=str(pictures))
    said = []
    bench.message.connect(lambda *words: said.append(words))
    bench.begin()
    qtbot.waitUntil(lambda: bool(said), timeout=120_000)
    bench.close()
    ((level, text, detail),) = said
    assert level == "warning"
    assert text == (
        r"3 files were skipped. a\n\x1b[31m.png and 1 more: smaller than 8 pixels; "
        "IMG_1.HEIC: HEIC is not read: convert it to JPEG or PNG."
    )
    assert detail.count("\n") == 2
    assert bench.data.title == r"caf\xe9"
    assert bench.data_name == str(pictures)


@pytest.fixture
def finished(tmp_path):
    """The id of a run of two steps that has come to its end, on a folder of pictures that has moved since."""
    from ssllab.data.catalogue import load
    from ssllab.training.session import Session

    rows = np.random.default_rng(0).integers(0, 255, (40, 16, 16, 3), dtype=np.uint8)
    (tmp_path / "pictures").mkdir()
    for number, pixels in enumerate(rows):
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")
    config = {"batch_size": 8, "head_width": 16, "dimension": 8}
    data = load(str(tmp_path / "pictures"), kinds=("images",), options={"image_size": 16})
    settings = RunSettings(
        method="simclr",
        config=config,
        data=str(tmp_path / "pictures"),
        options=data.options,
        steps=2,
        plan=(Change(1, "temperature", 0.5), Change(1, "crop", False)),
    )
    session = Session(settings, data, Workspace(tmp_path).create(settings))
    session.start()
    assert session.wait(60)
    (tmp_path / "pictures").rename(tmp_path / "moved")
    return session.run.id


def opened(bench, qtbot):
    qtbot.waitUntil(lambda: bench.session is not None, timeout=60_000)
    return bench.session


def test_a_finished_run_that_is_resumed_goes_on_and_its_moved_data_is_named(bench, qtbot, tmp_path, finished):
    said = []
    bench.message.connect(lambda level, text, detail: said.append((level, text)))
    bench.resume(finished)
    qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    assert str(tmp_path / "pictures") in said[0][1]  # one line; the window lives on
    bench.resume(finished, str(tmp_path / "moved"))
    session = opened(bench, qtbot)
    qtbot.waitUntil(lambda: session.step >= 4, timeout=60_000)
    bench.pause()
    qtbot.waitUntil(lambda: session.state == "paused", timeout=60_000)
    bench.start()
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    assert bench.session is session  # no new run was begun
    assert [text for level, text in said[1:] if "not that of the run" in text] == []
    bench.close()
    info = bench.workspace.open(finished).info
    assert (info.state, info.settings.data, info.settings.steps) == ("stopped", str(tmp_path / "moved"), None)


def test_a_fork_from_the_window_is_from_the_moment_that_was_chosen(bench, qtbot, tmp_path, finished):
    bench.fork(finished, 1, known=None, place=str(tmp_path / "moved"))
    session = opened(bench, qtbot)
    qtbot.waitUntil(lambda: session.step >= 1, timeout=60_000)
    assert (session.config.temperature, session.config.crop) == (0.1, True)


def test_a_run_that_is_put_aside_while_the_disk_refuses_is_said_to_be_missing(bench, qtbot, monkeypatch):
    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_writer, "CLOSE_SECONDS", 0.3)
    monkeypatch.setattr(run_writer, "append_rows", refuse)
    bench.data_name = "digits"
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None, timeout=60_000)
    said = []
    bench.message.connect(lambda level, text, detail: said.append((level, text)))
    for leave in (bench.reset, bench.close):
        bench.step()
        qtbot.waitUntil(lambda: bench.live_run is not None and bench.live_run.step == 1, timeout=60_000)
        leave()
    qtbot.waitUntil(lambda: any("not whole on disk" in text for _, text in said), timeout=60_000)
    assert "disk is full" in bench.missing


def test_a_run_keeps_the_precision_it_is_computed_in_and_what_it_could_not_measure_is_said(bench, qtbot):
    """A run kept as "auto" would go on in another precision on another machine, or with another version."""
    said = []
    bench.message.connect(lambda level, text, detail: said.append((level, text)))
    bench.begin()
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)
    assert bench.run_settings().precision in ("float32", "bfloat16")
    bench.set("batch_size", 8)
    bench.step()
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step == 1, timeout=60_000)
    bench.session.warning = "A look at the model failed, training goes on: TypeError."
    for _ in range(2):
        bench.poll()
    assert said.count(("warning", bench.session.warning)) == 1


def test_bad_input_shows_its_line_and_no_trace_of_the_program(bench, qtbot, tmp_path):
    said = []
    bench.message.connect(lambda level, text, detail: said.append((level, detail)))
    bench.begin()
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)
    bench.set_data(str(tmp_path / "no such folder"))
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert said == [("error", "")]
    assert "ZeroDivisionError" in trace_of(ZeroDivisionError())


def test_leaving_while_something_is_loaded_is_no_crash():
    """A thread that the interpreter ends inside torch's C++ takes the whole process down: "terminate called"."""
    leave = """
import time
import torch
from PySide6.QtCore import QCoreApplication
from ssllab.ui.work import Background

def work():
    end = time.monotonic() + 2
    while time.monotonic() < end:
        torch.randn(300, 300) @ torch.randn(300, 300)
    return lambda: None

app = QCoreApplication([])
background = Background()
background.run(work, print)
time.sleep(0.3)
"""
    done = subprocess.run([sys.executable, "-c", leave], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
