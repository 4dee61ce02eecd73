"""The unit of a text follows the data, as a part of the gesture that chose it, and says so."""

from __future__ import annotations

import numpy as np
import pytest

from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.controls_panel import ControlsPanel
from ssllab.ui.history import History
from ssllab.ui.work import LongWork


@pytest.fixture
def bench(qtbot, tmp_path):
    made = Bench(Workspace(tmp_path), "language", LongWork(), device="cpu")
    made.said, made.history = [], History(made)
    made.message.connect(lambda level, text, detail: made.said.append(text))
    made.begin()
    qtbot.waitUntil(lambda: made.state == "ready", timeout=60_000)
    yield made
    made.close()


def choose(qtbot, bench: Bench, data: str) -> None:
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.set_data(data)


def test_choosing_dna_takes_bases_in_one_gesture_that_can_be_taken_back(qtbot, bench) -> None:
    choose(qtbot, bench, "dna")
    assert bench.config.unit == "char"
    assert any("Characters" in line and "DNA" in line for line in bench.said)
    assert bench.history.count() == 1
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.history.undo()
    assert (bench.data_name, bench.config.unit) == ("everyday", "word")
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.history.redo()
    assert (bench.data_name, bench.config.unit) == ("dna", "char")


def test_back_at_prose_the_usual_is_taken_and_what_a_person_chose_stays(qtbot, bench) -> None:
    choose(qtbot, bench, "dna")
    choose(qtbot, bench, "everyday")
    assert bench.config.unit == "word"
    bench.set("unit", "char")
    choose(qtbot, bench, "python_docs")
    assert bench.config.unit == "char"


def test_words_are_refused_on_dna_in_a_line_and_the_row_shows_what_is_so(qtbot, bench) -> None:
    choose(qtbot, bench, "dna")
    told = []
    bench.config_changed.connect(lambda key, old, new: told.append((key, new)))
    bench.set("unit", "word")
    assert bench.config.unit == "char"
    assert ("unit", "char") in told
    assert bench.history.count() == 1


def test_the_defaults_and_another_method_fit_the_data(qtbot, bench) -> None:
    choose(qtbot, bench, "dna")
    bench.set_method("ngram")
    assert bench.config.unit == "char"
    bench.set("unit", "kmer")
    bench.set_defaults()
    assert bench.config.unit == "char"


def test_a_window_that_opens_with_dna_has_bases_at_once(qtbot, tmp_path) -> None:
    made = Bench(Workspace(tmp_path), "language", LongWork(), data="dna", device="cpu")
    made.begin()
    qtbot.waitUntil(lambda: made.state == "ready", timeout=60_000)
    assert made.config.unit == "char"
    made.close()


def test_the_world_of_filmed_video_is_as_it_is_and_its_controls_are_grey(
    qtbot, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    np.save(tmp_path / "film.npy", np.random.default_rng(0).integers(0, 255, (40, 16, 16), np.uint8))
    made = Bench(Workspace(tmp_path), "energy", LongWork(), device="cpu")
    made.begin()
    qtbot.waitUntil(lambda: made.state == "ready", timeout=60_000)
    panel = ControlsPanel(made)
    qtbot.addWidget(panel)
    world = ("background", "objects", "shapes", "wall", "collisions")
    assert all(panel.rows[name].isEnabled() for name in world)
    made.set("background", "flicker")
    choose(qtbot, made, str(tmp_path / "film.npy"))
    assert made.config.background == "off"
    assert not any(panel.rows[name].isEnabled() for name in world)
    assert panel.rows["batch_size"].isEnabled()
    choose(qtbot, made, "bouncing")
    assert all(panel.rows[name].isEnabled() for name in world)
    made.close()
