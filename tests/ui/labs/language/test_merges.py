"""Merges are replayed on the sentence of the board, from its bytes to the parts that the model reads."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt

from ssllab.text.units import learn
from ssllab.ui.labs.language.merges import NOT_FOR, MergesPanel

from .conftest import SENTENCES, Counted, answer_with, settle


@pytest.fixture
def panel(qtbot, desk):
    made = MergesPanel(desk)
    qtbot.addWidget(made)
    made.resize(500, 260)
    made.show()
    return made


def answered(qtbot, panel):
    settle(qtbot, panel.desk)
    qtbot.waitUntil(lambda: not panel.asking, timeout=20_000)


def test_the_slider_goes_from_bytes_to_what_the_model_reads(qtbot, desk, panel):
    units = learn("bpe", SENTENCES, size=300)
    text = "The calico cät"
    desk.sheet.write(text)
    answer_with(desk, Counted(units))
    answered(qtbot, panel)
    last = len(units.replay(text)) - 1
    assert panel.slider.maximum() == panel.slider.value() == last > 5
    assert f"{len(units.encode(text))} parts of {len(text.encode())} bytes" in panel.line.text()
    panel.slider.setFocus()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Home)
    assert panel.line.text().startswith("Bytes, before any merge")
    assert "⟨C3⟩" in panel.pieces.text()
    assert "\ufffd" not in panel.pieces.text()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Right)
    first, second, joined = units.merges[units.replay(text)[1].rank]
    assert (
        f"“{units.shown(first)}” + “{units.shown(second)}” become “{units.shown(joined)}”"
        in panel.line.text()
    )


def test_it_plays_to_the_end(qtbot, desk, panel):
    desk.sheet.write("The cat")
    answer_with(desk, Counted(learn("bpe", SENTENCES, size=300)))
    answered(qtbot, panel)
    panel._timer.setInterval(1)
    qtbot.mouseClick(panel.play_button, Qt.MouseButton.LeftButton)
    assert panel.slider.value() == 0
    assert panel.play_button.text() == "Pause"
    qtbot.waitUntil(lambda: panel.play_button.text() == "Play", timeout=20_000)
    assert panel.slider.value() == panel.slider.maximum()


def test_words_are_not_merged_and_a_late_change_of_unit_empties_the_panel(qtbot, desk, panel, words):
    answer_with(desk, Counted(learn("bpe", SENTENCES, size=300)))
    answered(qtbot, panel)
    assert panel.slider.isEnabled()  # of an empty board a sentence of ours
    answer_with(desk, Counted(words), step=2)
    answered(qtbot, panel)
    assert panel.line.text() == NOT_FOR
    assert not panel.slider.isEnabled()
    assert panel.pieces.text() == ""
