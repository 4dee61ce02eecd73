"""How the data is loaded can be changed in the window: what is held out, both strands of DNA."""

from __future__ import annotations

import pytest

from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.data_options import DataOptionsButton
from ssllab.ui.history import History
from ssllab.ui.work import LongWork


@pytest.fixture
def bench(qtbot, tmp_path):
    made = Bench(Workspace(tmp_path), "language", LongWork(), data="dna", device="cpu")
    made.history = History(made)
    made.begin()
    qtbot.waitUntil(lambda: made.state == "ready", timeout=60_000)
    yield made
    made.close()


def test_both_strands_are_a_gesture_that_can_be_taken_back(qtbot, bench) -> None:
    button = DataOptionsButton(bench)
    qtbot.addWidget(button)
    button.build()
    assert set(button.boxes) == {"holdout", "strands"}
    one = bench.data.train.size
    button.boxes["strands"].setValue(2)
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        button.boxes["strands"].editingFinished.emit()
    assert bench.data.train.size == 2 * one
    assert bench.run_settings().options["strands"] == 2
    assert bench.history.undoText() == "strands 1 → 2"
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.history.undo()
    assert bench.data.train.size == one


def test_prose_has_no_second_strand_and_other_data_is_loaded_as_usual(qtbot, bench) -> None:
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.set_options({"strands": 2})
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.set_data("python_docs")
    assert bench.options == {}
    assert [option.name for option in DataOptionsButton(bench).options] == ["holdout"]


def test_nothing_is_held_out_where_a_person_wants_it_so(qtbot, bench) -> None:
    with qtbot.waitSignal(bench.data_loaded, timeout=60_000):
        bench.set_options({"holdout": 0})
    assert bench.data.test.size == 0
    bench.set_options({"holdout": 0})  # as it is: nothing is loaded
    assert bench.state == "ready"


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        ('{"strands": 2}', {"strands": 2}),
        ('{"strands": 9, "size": 3}', {}),
        ('{"strands": "x"}', {}),
        ("[", {}),
    ],
)
def test_options_come_back_with_the_window_as_far_as_they_fit(
    tmp_path, qapp, stored: str, options: dict
) -> None:
    from ssllab.ui.window_state import Remembered, bring_back_bench

    settings = Remembered(tmp_path / "window.ini")
    settings.setValue("language/data", "dna")
    settings.setValue("language/options", stored)
    made = bring_back_bench(
        "language", Workspace(tmp_path), LongWork(), settings, method=None, data=None, device="cpu"
    )
    assert made.options == options
