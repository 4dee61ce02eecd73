"""The bench stands between the window and the session: who may know the session, and what is said of loading."""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PIL import Image

import ssllab.ui
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.main_toolbar import MainToolbar
from ssllab.ui.work import LongWork

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
    bench.progress.emit(-1.0, "", False)
    assert not toolbar.progress_shown.isVisible()
    assert not toolbar.cancel_shown.isVisible()


def test_loading_data_says_that_it_can_be_cancelled(bench, qtbot):
    said = []
    bench.progress.connect(lambda fraction, text, cancellable: said.append((text, cancellable)))
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None, timeout=60_000)
    assert said[0] == ("Loading PyTorch", False)
    assert (f"Loading {bench.data_name}", True) in said
    assert said[-1] == ("", False)


def test_a_session_is_told_who_watches_and_gives_copies_until_it_ends(bench, qtbot):
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
    with pytest.raises(RuntimeError, match="ended"):
        bench.copy_model().result(1)
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
