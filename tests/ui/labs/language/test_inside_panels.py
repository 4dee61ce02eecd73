"""The panels that look inside the board's first model, with real widgets and a real small Transformer."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
import torch
from PySide6.QtCore import QRectF, Qt

from ssllab.data.text.types import TextData, split_of
from ssllab.methods.causal_lm import CausalLM, CausalLMConfig
from ssllab.methods.masked_lm import MaskedLM, MaskedLMConfig
from ssllab.text.sampling import Sampling
from ssllab.ui import theme
from ssllab.ui.embedding.names import with_room
from ssllab.ui.labs.language.attention import AttentionPanel
from ssllab.ui.labs.language.context import ContextPanel
from ssllab.ui.labs.language.layers import LayersPanel
from ssllab.ui.labs.language.nearest import NearestPanel
from ssllab.ui.labs.language.widgets import desk as desk_module
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.labs.language.widgets.ranking import likeliest, rank
from ssllab.ui.labs.language.word_map import WordMapPanel
from ssllab.ui.scene import Scene

from .conftest import SENTENCES, Counted, answer_with, settle

Key = Qt.Key
PANELS = (LayersPanel, AttentionPanel, NearestPanel, WordMapPanel, ContextPanel)


def transformer(units, kind=CausalLM, config=CausalLMConfig, seed=0, **settings):
    torch.manual_seed(seed)
    small = {"layers": 2, "heads": 2, "width": 16, "context": 12}
    made = kind(config.make(small | settings), units)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return made.eval().asked()


@pytest.fixture
def text(bench):
    """Data of a few sentences, already loaded."""
    bench.data = TextData(
        "everyday", "Sentences", split_of(SENTENCES * 20), split_of(SENTENCES * 4), whole=True
    )
    return bench.data


@pytest.fixture
def show(qtbot, desk):
    def make(kind):
        panel = kind(desk)
        qtbot.addWidget(panel)
        panel.resize(560, 320)
        panel.show()
        return panel

    return make


def answered(qtbot, panel):
    settle(qtbot, panel.desk)
    qtbot.waitUntil(lambda: not panel.asking, timeout=20_000)


def test_each_layer_has_its_bits_and_likeliest_words_and_the_last_one_is_the_board(qtbot, desk, show, words):
    panel, model = show(LayersPanel), transformer(words)
    desk.sheet.write("The calico cat")
    answer_with(desk, model)
    answered(qtbot, panel)
    rows = panel.table.list.layers
    assert [row.name for row in rows] == ["input", "layer 1", "layer 2"]
    board = desk.answer()
    assert rows[-1].bits == pytest.approx(board.bits, abs=1e-4)
    assert rows[-1].first[0].id == int(board.logs.argmax())
    assert rows[-1].first[0].p == pytest.approx(float(np.exp(board.logs.max())), abs=1e-5)
    assert "“cat”" in panel.note.text()
    assert "layer 2 answers" in panel.note.text()
    index = panel.table.list.index(1, 2)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).startswith(f"layer 1: {rows[1].first[0].shown} ")
    assert rows[0].said in panel.table.accessibleDescription()
    panel.table.setFocus()
    panel.table.setCurrentIndex(panel.table.list.index(0, 2))
    qtbot.keyClick(panel.table, Key.Key_Down)
    assert panel.table.currentIndex().row() == 1
    answer_with(desk, transformer(words, seed=1), step=2)  # a newer copy of the model that trains
    answered(qtbot, panel)
    assert panel.table.list.layers[-1].bits == pytest.approx(desk.answer().bits, abs=1e-4)
    assert panel.table.currentIndex().row() == 1


def test_a_masked_model_is_read_at_the_blank_and_a_causal_one_not_behind_it(qtbot, desk, show, words):
    panel = show(LayersPanel)
    masked = transformer(words, MaskedLM, MaskedLMConfig)
    desk.sheet.write("The calico ___ sits")
    answer_with(desk, masked)
    answered(qtbot, panel)
    assert panel.table.list.layers[-1].bits == pytest.approx(desk.answer().bits, abs=1e-4)
    answer_with(desk, transformer(words), step=2)
    desk.sheet.change(asked=3)
    answered(qtbot, panel)
    assert panel.note.text() == "A model that only looks back reads over no blank: fill it first."
    assert not panel.table.list.layers


def test_the_map_of_attention_has_the_symbols_on_both_axes_and_is_gone_through_by_keys(
    qtbot, desk, show, words, tmp_path
):
    panel, model = show(AttentionPanel), transformer(words)
    desk.sheet.write("The calico cat sits")
    answer_with(desk, model)
    answered(qtbot, panel)
    assert panel.map.names == ["<end>", "The", "calico", "cat", "sits"]
    ids = np.append(0, words.encode("The calico cat sits")).astype(np.int32)
    weights = model.attention(ids).weights
    assert panel.map.weights == pytest.approx(weights[0].mean(0), abs=1e-6)
    panel.layers.setCurrentIndex(1)
    panel.layers.activated.emit(1)
    panel.heads.setCurrentIndex(2)
    panel.heads.activated.emit(2)
    assert panel.map.weights == pytest.approx(weights[1, 1], abs=1e-6)
    assert np.isnan(panel.map._levels[0, 1])  # nothing later is looked at
    assert panel.map._levels[0, 0] == pytest.approx(1.0)  # the scale ends at 100 %, whatever the head
    assert panel.map.scale._ends == ("0 %", "100 %")
    for key in (Key.Key_Up, Key.Key_Left, Key.Key_Up):
        qtbot.keyClick(panel.map, key)
    assert panel.map.accessibleDescription().startswith("cat (4) looks at cat (4): ")
    assert panel.note.text() == panel.map.accessibleDescription()
    saved = panel.map.tools.save(tmp_path / "attention.svg")
    drawing = saved.read_text("utf-8")
    assert "<svg" in drawing
    assert "calico" in drawing
    assert panel.view_state() == {"layer": 1, "head": 1}
    again = show(AttentionPanel)
    again.restore_view(panel.view_state())
    answered(qtbot, again)
    assert again.map.weights == pytest.approx(weights[1, 1], abs=1e-6)


def test_a_long_text_is_cut_to_what_is_shown_and_that_is_said(qtbot, desk, show, words):
    panel = show(AttentionPanel)
    desk.sheet.write(" ".join(SENTENCES))
    answer_with(desk, transformer(words))
    answered(qtbot, panel)
    many = len(words.encode(" ".join(SENTENCES))) + 1
    assert panel.note.text() == f"step 1: the last 12 of {many} symbols"
    assert len(panel.map.names) == 12


def test_the_nearest_symbols_are_those_of_the_largest_cosine_and_one_goes_on_from_them(
    qtbot, desk, show, words, text
):
    panel, model = show(NearestPanel), transformer(words)
    desk.sheet.write("The calico cat")
    answer_with(desk, model)
    answered(qtbot, panel)
    rows = model.vectors().vectors.astype(np.float64)
    z = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cat = int(words.encode("cat")[0])
    cosines = z @ z[cat]
    cosines[cat] = -2
    best = int(cosines.argmax())
    first = panel.list.topLevelItem(0)
    assert (first.text(0), first.text(1)) == (words.shown(best), f"{cosines[best]:.2f}")
    assert panel.list.topLevelItemCount() == min(20, len(words) - 1)
    assert "nearest to cat, 6.9 % of the text" in panel.note.text()  # 2 of 29 words and ends
    panel.list.setCurrentItem(first)
    panel.list.itemActivated.emit(first, 0)
    answered(qtbot, panel)
    assert f"nearest to {words.shown(best)}" in panel.note.text()
    panel.box.clear()
    answered(qtbot, panel)
    kept = panel.list.topLevelItem(2).text(0)
    panel.list.setCurrentItem(panel.list.topLevelItem(2))
    answer_with(desk, transformer(words, seed=1), step=2)  # the model has learned meanwhile
    answered(qtbot, panel)
    assert panel.list.currentItem().text(0) == kept
    panel.box.setText("sits")
    answered(qtbot, panel)
    assert "nearest to sits" in panel.note.text()
    panel.box.setText("elephant")
    answered(qtbot, panel)
    assert panel.note.text() == "“elephant” is not in the vocabulary of this model."
    panel.box.clear()
    desk.sheet.write("The old dog")
    answered(qtbot, panel)
    assert "nearest to dog" in panel.note.text()


def test_the_map_colours_words_by_part_of_speech_and_a_click_puts_one_on_the_board(
    qtbot, desk, show, words, text, monkeypatch
):
    tags = {"cat": ("NOUN", "animal"), "dog": ("NOUN", "animal"), "sits": ("VERB", ""), "on": ("ADP?", "")}
    monkeypatch.setattr(desk_module, "tags_of", lambda units, language: tags)
    panel = show(WordMapPanel)
    desk.sheet.write("The calico")
    answer_with(desk, transformer(words))
    answered(qtbot, panel)
    qtbot.waitUntil(lambda: panel.map.colouring.currentText() == "part of speech")
    assert panel.map.legend.names == ("nouns", "verbs", "prepositions?", "others")
    canvas = panel.map.canvas
    names = panel._named.names
    assert canvas.embedding.views is None
    assert canvas.embedding.items == len(names) == len(words)
    assert names[canvas.anchor] == "calico"  # the symbol that stands on the board
    cat = names.index("cat")
    panel.map._hover(cat)
    assert "<b>cat</b>" in panel.map.card.text.text()
    assert "nouns" in panel.map.card.text.text()
    assert panel.map.card.neighbours[0][0].text() in names
    assert not panel.map.show_pairs.isVisible()
    assert not panel.map.forces_menu.menuAction().isVisible()
    canvas.picked.emit(cat)
    assert desk.sheet.state.text == "The calico cat"
    desk.sheet.undo()
    assert desk.sheet.state.text == "The calico"
    panel.map.colouring.setCurrentText("frequency")
    answer_with(desk, transformer(words, seed=1), step=2)
    answered(qtbot, panel)
    assert panel.map.colouring.currentText() == "frequency"  # as chosen, whatever comes
    assert panel.view_state()["colour by"] == "frequency"


def test_the_blurred_context_is_measured_when_asked_and_the_one_before_stays(qtbot, desk, show, words, text):
    panel = show(ContextPanel)
    answer_with(desk, transformer(words))
    answered(qtbot, panel)
    assert not panel.chart.uses  # nobody asked
    for step in (1, 2):
        answer_with(desk, transformer(words, seed=step), step=step)
        panel.button.click()
        answered(qtbot, panel)
    assert [name for name, _ in panel.chart.uses] == ["step 1", "step 2"]
    use = panel.chart.uses[-1][1]
    assert set(panel.chart.columns()) == {
        "symbols that stay", "shuffled", "shuffled error", "hidden", "hidden error", "as it is"
    }  # fmt: skip
    assert f"{use.whole:.2f} nats" in panel.accessibleDescription()
    assert panel.note.text() == f"step 2: {use.places} held-out places, 12 symbols before each"
    assert panel.button.text() == "Measure"


def test_a_blurred_context_of_other_units_or_data_goes_and_no_waiting_is_told_for_good(
    qtbot, desk, show, words, chars, text, bench
):
    panel = show(ContextPanel)
    panel.ask()
    assert panel.note.text() == desk.models.why["first"] != ""
    answer_with(desk, transformer(words))
    answered(qtbot, panel)
    assert panel.note.text() == ""
    for other in ("units", "data"):
        answer_with(desk, transformer(words))
        panel.button.click()
        answered(qtbot, panel)
        assert len(panel.chart.uses) == 1
        panel.draw(bench.scene())
        assert len(panel.chart.uses) == 1
        if other == "units":
            answer_with(desk, transformer(chars))
        else:
            bench.data = replace(bench.data)
        panel.draw(bench.scene())
        assert (panel.chart.uses, panel.note.text()) == ([], "")


def test_measuring_can_be_stopped_and_begun_again(qtbot, desk, show, words, text):
    began, goes_on = threading.Event(), threading.Event()

    class Slow(Counted):
        def told(self, many, places):
            began.set()
            goes_on.wait(20)
            return super().told(many, places)

    panel = show(ContextPanel)
    answer_with(desk, Slow(words))
    settle(qtbot, desk)
    panel.button.click()
    assert panel.button.text() == "Stop"
    assert began.wait(20)
    panel.button.click()
    assert not panel.asking
    assert (panel.button.text(), panel.note.text()) == ("Measure", "Given up.")
    goes_on.set()
    panel.button.click()
    answered(qtbot, panel)
    assert len(panel.chart.uses) == 1  # what was given up is not drawn


def test_without_data_or_text_the_panels_say_what_lacks(qtbot, desk, show, words, bench):
    context, nearest = show(ContextPanel), show(NearestPanel)
    bench.data = None
    answer_with(desk, transformer(words))
    context.button.click()
    answered(qtbot, context)
    answered(qtbot, nearest)
    assert context.note.text() == "The text is still being loaded: measure again in a moment."
    assert nearest.note.text() == "Type a symbol here, or a text on the board."
    assert context.button.text() == "Measure"


@pytest.mark.parametrize("kind", [LayersPanel, AttentionPanel, NearestPanel, WordMapPanel])
def test_a_model_that_has_no_such_thing_is_said_to_have_none(qtbot, desk, show, words, kind):
    panel = show(kind)
    desk.sheet.write("The cat")
    answer_with(desk, Counted(words))
    answered(qtbot, panel)
    shown = panel.nothing if kind is WordMapPanel else panel.note
    assert shown.text().startswith("Not for this model: ")
    answer_with(desk, transformer(words), step=2)
    answered(qtbot, panel)
    assert not shown.isVisible() or not shown.text().startswith("Not for this model")


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_that_is_not_seen_asks_nothing_and_one_that_is_slow_only_the_last(
    qtbot, desk, words, text, kind
):
    asked = []

    class Slow(Counted):
        def by_layer(self, ids, place):
            asked.append(len(ids))
            return transformer(words).by_layer(ids, place)

    panel = kind(desk)
    qtbot.addWidget(panel)
    desk.sheet.write("The cat")
    answer_with(desk, Slow(words))
    settle(qtbot, desk)
    assert not panel.asking
    assert not asked
    if kind is LayersPanel:
        panel.show()
        for text_ in ("The", "The cat", "The cat sits", "The cat sits on"):
            desk.sheet.write(text_)
        answered(qtbot, panel)
        assert asked[-1] == 5
        assert len(asked) <= 3


@pytest.mark.parametrize("kind", PANELS)
def test_panels_are_drawn_in_both_themes_and_tell_how_to_be_read(qtbot, desk, show, words, text, kind):
    panel = show(kind)
    desk.sheet.write("The calico cat")
    answer_with(desk, transformer(words))
    if kind is ContextPanel:
        panel.button.click()
    answered(qtbot, panel)
    grounds = []
    try:
        for chosen in ("light", "dark"):
            theme.apply(chosen)
            panel.restyle()
            panel.draw(Scene("running"))
            picture = panel.grab().toImage()
            grounds.append(picture.pixelColor(picture.width() // 2, picture.height() - 3).lightness())
    finally:
        theme.apply("light")
    assert grounds[0] > 150 > 100 > grounds[1]
    assert "How to read it" in panel.help


def test_closing_the_desk_ends_the_panels_too(qtbot, bench, words, monkeypatch):
    monkeypatch.setattr("ssllab.ui.labs.language.widgets.models._is_shipped", lambda name: False)
    desk = desk_module.Desk(bench)
    panel = LayersPanel(desk)
    qtbot.addWidget(panel)
    panel.show()
    desk.close()
    desk.models.first = Chosen(Counted(words), ("run", 1, 1), "step 1")
    desk.models.changed.emit()
    assert not panel.asking


def test_names_stand_beside_the_dots_where_they_have_room_and_the_first_ones_first(
    qtbot, desk, show, words, text
):
    panel = show(WordMapPanel)
    answer_with(desk, transformer(words))
    answered(qtbot, panel)
    canvas = panel.map.canvas
    panel._draw()
    canvas.grab()
    assert canvas._named[0] == 0  # the most frequent one
    assert canvas._names == panel._named.names
    boxes = [QRectF(10, 10, 40, 12), QRectF(20, 14, 40, 12), QRectF(60, 10, 30, 12), QRectF(190, 10, 30, 12)]
    frame = QRectF(0, 0, 200, 100)
    assert with_room(boxes, np.ones(4, bool), frame) == [0, 2]
    assert with_room(boxes, np.array([False, True, True, True]), frame) == [1]
    assert panel.map.show_images.text() == "Names"
    panel.map.show_images.trigger()
    assert panel.view_state()["shown"]["Names"] is False


def test_the_likeliest_are_those_that_the_board_ranks_first(words):
    dice = np.random.default_rng(0)
    for _ in range(20):
        logs = dice.normal(size=len(words)).astype(np.float32)
        logs[dice.integers(len(words), size=3)] = -np.inf
        logs -= np.logaddexp.reduce(logs)
        quick = likeliest(logs, words, {"cat": ("NOUN", "animal")}, 4)
        board = rank(logs, words, {"cat": ("NOUN", "animal")}, Sampling(), top=4)
        assert list(quick) == [replace(candidate, left=candidate.p) for candidate in board]
    assert len(likeliest(logs, words, {}, 1000)) == np.isfinite(logs).sum()
