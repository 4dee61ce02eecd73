"""The picture of how much text: two lines over bytes, in nats or bits, and as a table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ssllab.experiments.text_amount import Cell, Outcome, to_plain
from ssllab.methods.registry import methods
from ssllab.ui.labs.language.text_amount import TEXT_AMOUNT
from ssllab.ui.panels.sweep import SweepPanel

RESULTS = {
    Cell(0.1, "ngram"): Outcome(1_000, 2.5, 3.6),
    Cell(0.1, "causal_lm"): Outcome(1_000, 3.0, 4.3),
    Cell(1.0, "ngram"): Outcome(10_000, 2.0, 2.9),
}


@pytest.fixture
def panel(bench, qtbot) -> SweepPanel:
    made = SweepPanel(bench, TEXT_AMOUNT)
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    made.picture.show_results(RESULTS)
    return made


def test_both_lines_are_drawn_and_read(panel) -> None:
    assert panel.picture.values() == {"ngram": "2.000 nats", "causal_lm": "3.000 nats"}
    _, text, values, dots = panel.picture.readout(np.log10(1_100))
    assert text.endswith("bytes")
    assert values == {"ngram": "2.500 nats", "causal_lm": "3.000 nats"}
    assert len(dots) == 2
    panel.picture.choice.setCurrentIndex(1)
    assert panel.picture.values()["ngram"] == "2.900 bits"


def test_the_table_has_a_row_an_amount_and_a_column_a_line_and_measure(panel) -> None:
    table = panel.picture.columns()
    assert table["bytes"].tolist() == [1_000, 10_000]
    assert table["ngram held_out_loss"].tolist() == [2.5, 2.0]
    assert np.isnan(table["causal_lm bits_per_byte"][1])


def test_the_curve_is_offered_where_a_method_has_units_of_text(panel) -> None:
    offered = {name for name, method in methods().items() if panel.suits(method)}
    assert offered == {"causal_lm", "masked_lm", "lstm_lm", "ngram"}


def test_a_curve_of_other_data_or_units_is_pale_and_says_what_it_is_of(bench, qtbot, tmp_path) -> None:
    (tmp_path / "experiments").mkdir()
    for name in ("mine", "other"):
        (tmp_path / f"{name}.txt").write_text("The calico cat sits on the sunny ledge.\n" * 50)
    bench.begin()
    bench.set_data(str(tmp_path / "mine.txt"))
    qtbot.waitUntil(lambda: bench.data is not None and bench.data.title.startswith("mine"), timeout=60_000)
    about = f"3 of 4 runs, unit word, 300 steps on {bench.data.title}, 2026-01-01 10:00"
    kept = {"about": about, "results": to_plain(RESULTS)}
    (tmp_path / "experiments" / "amount.json").write_text(json.dumps(kept))
    panel = SweepPanel(bench, TEXT_AMOUNT)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: about in panel.note.text(), timeout=20_000)
    assert not panel.picture.graphicsEffect().isEnabled()
    bench.set("unit", "char")
    assert panel.picture.graphicsEffect().isEnabled()
    assert panel.note.text() == f"Not of what is chosen now: {about}"
    bench.set("unit", "word")
    assert not panel.picture.graphicsEffect().isEnabled()
    bench.set_data(str(tmp_path / "other.txt"))
    qtbot.waitUntil(lambda: bench.data.title.startswith("other"), timeout=60_000)
    assert panel.picture.graphicsEffect().isEnabled()
