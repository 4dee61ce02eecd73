"""The typing board with real widgets: typed, clicked, by keyboard alone, and taken back."""

from __future__ import annotations

import json
import math
import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QFileDialog, QStyleOptionViewItem

from ssllab.data.text.types import TextData, split_of
from ssllab.text.sampling import Sampling
from ssllab.text.units import learn
from ssllab.ui.labs.language.board import BoardPanel
from ssllab.ui.labs.language.pins import PinsPanel
from ssllab.ui.labs.language.texts import TEXT, TextsPanel
from ssllab.ui.labs.language.widgets import desk as desk_module
from ssllab.ui.labs.language.widgets.models import PRESS_START
from ssllab.ui.labs.language.widgets.pin_cards import Card, PinCards
from ssllab.ui.labs.language.widgets.ranking import Candidate, Heading, rank, share_words
from ssllab.ui.labs.language.widgets.reading import read

from .conftest import Counted, Hidden, answer_with, settle

Key = Qt.Key


@pytest.fixture
def board(qtbot, desk):
    panel = BoardPanel(desk)
    qtbot.addWidget(panel)
    panel.resize(620, 460)
    panel.show()
    return panel


@pytest.fixture
def tagged(monkeypatch):
    """As if a grammar told what the words are."""
    tags = {"cat": ("NOUN", "animal"), "sits": ("VERB", "rest"), "dog": ("NOUN", "animal")}
    monkeypatch.setattr(desk_module, "tags_of", lambda units, language: tags)


def say(qtbot, board, text):
    qtbot.keyClicks(board.editor, text)
    settle(qtbot, board.desk)


def shown(board, which="first"):
    return [candidate.shown for candidate in board.bars[which].candidates()]


def test_before_a_model_is_there_the_board_says_what_to_do(qtbot, board, bench):
    assert board.heads["first"].text() in (PRESS_START, "Loading. Then press Start.")
    say(qtbot, board, "The cat")
    assert board.sheet.state.text == "The cat"
    qtbot.keyClick(board.editor, Key.Key_Backspace)
    assert board.sheet.state.text == "The ca"  # nobody says what a symbol is


def test_a_typed_text_has_its_next_words_below_with_entropy_surprise_and_rank(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The calico cat")
    assert shown(board)[0] == "sits"
    assert "step 1" in board.heads["first"].text()
    logs = Counted(words).next(words.encode("cat"))
    bits = -float((np.exp(logs) * logs).sum()) / math.log(2)
    assert f"{bits:.2f} of" in board.heads["first"].text()
    cells = board.strip.list.rows
    assert [cell.shown for cell in cells] == ["The", "calico", "cat"]
    assert [cell.rank for cell in cells] == [1, 1, 1]
    for at, cell in enumerate(cells):
        ids = np.append(0, words.encode("The calico cat"))
        assert cell.bits == pytest.approx(-Counted(words).logs[ids[at], ids[at + 1]] / math.log(2), rel=1e-5)
    assert "cat: " in board.line.text()
    assert len(board.editor.extraSelections()) == 3


def test_by_keyboard_alone_a_sentence_is_chosen_taken_and_taken_back(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The")
    first = shown(board)[0]
    qtbot.keyClick(board.editor, Key.Key_Down)
    assert board.bars["first"].chosen().shown == shown(board)[1]
    qtbot.keyClick(board.editor, Key.Key_Up)
    qtbot.keyClick(board.editor, Key.Key_Return)
    assert board.sheet.state.text == f"The {first}"
    settle(qtbot, board.desk)
    qtbot.keyClick(board.editor, Key.Key_Right)
    settle(qtbot, board.desk)
    assert len(board.sheet.state.text.split()) == 3
    qtbot.keyClick(board.editor, Key.Key_Backspace)
    qtbot.keyClick(board.editor, Key.Key_Backspace)
    assert board.sheet.state.text == "The"
    qtbot.keyClick(board.editor, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert board.sheet.state.text == f"The {first}"
    assert board.editor.toPlainText() == f"The {first}"


def test_in_the_list_itself_keys_take_go_back_and_go_on_typing(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The")
    bars = board.bars["first"]
    bars.setFocus()
    qtbot.keyClick(bars, Key.Key_Return)
    settle(qtbot, board.desk)
    taken = board.sheet.state.text
    assert taken != "The"
    qtbot.keyClick(bars, Key.Key_Backspace)
    settle(qtbot, board.desk)
    assert board.sheet.state.text == "The"
    qtbot.keyClick(bars, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)  # the board's undo, not the lab's
    assert board.sheet.state.text == taken
    qtbot.keyClicks(bars, " d")
    assert board.sheet.state.text == f"{taken} d"


def test_a_click_takes_a_word_with_its_blank_and_a_mark_without(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    board.sheet.write("The old dog sits on the rug ")
    settle(qtbot, board.desk)
    board._take("first", words.symbols.index("."))
    assert board.sheet.state.text == "The old dog sits on the rug."
    board.sheet.write("The calico ")
    settle(qtbot, board.desk)
    board._take("first", words.symbols.index("cat"))
    assert board.sheet.state.text == "The calico cat"
    settle(qtbot, board.desk)
    board._take("first", 0)
    assert board.sheet.state.text == "The calico cat\n"
    settle(qtbot, board.desk)
    assert [cell.shown for cell in board.strip.list.rows][-1] == "<end>"


def test_the_beginning_of_a_word_leaves_those_that_begin_so(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The ca")
    assert set(shown(board)) == {"calico", "cat"}
    qtbot.keyClick(board.editor, Key.Key_Return)
    assert board.sheet.state.text == "The calico"
    board.sheet.write("The zebr")
    settle(qtbot, board.desk)
    assert "“zebr”" in board.heads["first"].text()
    assert not shown(board)
    board.sheet.write("The zebra ")
    settle(qtbot, board.desk)
    assert [cell.shown for cell in board.strip.list.rows] == ["The", "<unknown>"]


def test_a_blank_and_a_clicked_symbol_ask_a_model_of_hidden_symbols(qtbot, board, words):
    answer_with(board.desk, Hidden(words))
    say(qtbot, board, "The ___ cat sits")
    assert shown(board)[0] == "calico"
    assert "stands there" in board.heads["first"].text()
    board._take("first", words.symbols.index("calico"))
    assert board.sheet.state.text == "The calico cat sits"
    settle(qtbot, board.desk)
    board.strip.clicked.emit(board.strip.list.index(2))
    settle(qtbot, board.desk)
    assert board.sheet.state.asked == 2
    assert shown(board)[0] == "cat"
    board._take("first", words.symbols.index("dog"))
    assert board.sheet.state.text == "The calico dog sits"
    assert board.sheet.state.asked is None


def test_a_model_that_only_looks_back_compares_whole_texts_in_the_middle(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The ___ cat sits")
    assert "whole texts compared" in board.heads["first"].text()
    answer = board.desk.answer()
    model = Counted(words)
    ids = np.append(0, words.encode("The calico cat sits"))
    scores = []
    for candidate in range(len(words)):
        ids[2] = candidate
        scores.append(float(model.window(ids).sum()))
    expected = np.array(scores) - np.logaddexp.reduce(scores)
    listed = np.isfinite(answer.logs)
    np.testing.assert_allclose(answer.logs[listed], expected[listed], atol=1e-5)
    assert listed.sum() == len(words)
    assert shown(board)[0] == "calico"


def test_what_fits_only_with_what_comes_after_is_found_and_else_the_head_says_how_many_were_compared(
    qtbot, board, monkeypatch
):
    """Sixty words likelier than the right one by what stands before it, and it alone goes with what stands after it."""
    many = learn("word", [f"The w{n} w{n} end" for n in range(60)] + ["The calico cat"], size=200)
    model = Counted(many)
    the, calico, cat = (many.symbols.index(word) for word in ("The", "calico", "cat"))
    weights = np.full((len(many), len(many)), 1.0)
    weights[the, [many.symbols.index(f"w{n}") for n in range(60)]] = 10
    weights[calico, cat] = 1e4
    model.logs = np.log(weights / weights.sum(1, keepdims=True)).astype(np.float32)
    answer_with(board.desk, model)
    say(qtbot, board, "The ___ cat")
    assert shown(board)[0] == "calico"
    assert "whole texts compared;" in board.heads["first"].text()
    monkeypatch.setattr("ssllab.ui.labs.language.widgets.answer.COMPARED", 0)
    say(qtbot, board, " cat")
    assert "calico" not in shown(board)
    assert "of the 40 likeliest by what stands before;" in board.heads["first"].text()


def test_a_blank_covers_the_space_before_it_where_parts_bring_their_own():
    parts = learn("bpe", ["The calico cat sits on the sunny ledge. " * 20], size=300)
    reading = read("The ___ cat", parts)
    assert [parts.symbols[i] for i in reading.ids[1 : reading.place]] == [
        parts.symbols[i] for i in parts.encode("The")
    ]
    (calico,) = parts.encode(" calico")
    assert reading.with_symbol(int(calico)) == ("The calico cat", 10)
    assert read("___ cat", parts).gap == (0, 3)


def test_the_first_symbol_is_chosen_until_the_person_chooses_another(qtbot, board, words):
    answer_with(board.desk, Counted(words, sharpness=0.0), step=0)
    say(qtbot, board, "The calico")
    answer_with(board.desk, Counted(words), step=1)
    settle(qtbot, board.desk)
    assert board.bars["first"].chosen().shown == "cat"
    qtbot.keyClick(board.editor, Key.Key_Down)
    mine = board.bars["first"].chosen().shown
    answer_with(board.desk, Counted(words, sharpness=5.0), step=2)
    settle(qtbot, board.desk)
    assert board.bars["first"].chosen().shown == mine


def test_what_is_typed_while_the_model_thinks_is_answered_in_the_end(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    qtbot.keyClicks(board.editor, "The calico cat sits on the")  # no pause between the keys
    qtbot.waitUntil(lambda: board.desk.answer() is not None, timeout=10_000)
    assert shown(board)[0] in ("sunny", "warm", "rug")


def test_a_newer_copy_of_the_model_answers_by_itself_and_names_its_step(qtbot, board, words):
    answer_with(board.desk, Counted(words, sharpness=0.0), step=0)
    say(qtbot, board, "The calico")
    assert board.desk.answer().bits == pytest.approx(math.log2(len(words)))
    answer_with(board.desk, Counted(words), step=1200)
    settle(qtbot, board.desk)
    assert "step 1,200" in board.heads["first"].text()
    assert shown(board)[0] == "cat"
    assert board.desk.answer().bits < math.log2(len(words)) - 1


def test_sampling_shows_what_it_leaves_in_its_order(qtbot, board, words):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The")
    bar = board.sampling_bar
    bar.top_k.setValue(2)
    left = [candidate.left for candidate in board.bars["first"].candidates()]
    assert sum(share > 0 for share in left) == 2
    bar.temperature.setValue(0.0)
    left = [candidate.left for candidate in board.bars["first"].candidates()]
    assert sorted(left)[-1] == 1.0
    assert sum(left) == 1.0
    board.sheet.undo()
    board.sheet.undo()
    assert (board.sheet.state.temperature, board.sheet.state.top_k) == (1.0, 0)
    assert (bar.temperature.value(), bar.top_k.value()) == (1.0, 0)


def test_write_on_goes_on_to_an_end_and_is_one_step_back(qtbot, board, words):
    answer_with(board.desk, Counted(words, sharpness=1e6))
    say(qtbot, board, "The old")
    qtbot.mouseClick(board.sampling_bar.write_button, Qt.MouseButton.LeftButton)
    assert board.sampling_bar.write_button.text() == "Stop"
    qtbot.waitUntil(lambda: not board.desk.writing, timeout=20_000)
    assert board.sheet.state.text.startswith("The old dog sits on the")
    assert board.sheet.state.text.endswith(".\n")
    board.sheet.undo()
    assert board.sheet.state.text == "The old"


def test_escape_and_typing_stop_what_writes_on(qtbot, board, words):
    answer_with(board.desk, Counted(words, sharpness=0.0))
    say(qtbot, board, "The")
    board.desk.write_on()
    qtbot.keyClick(board.editor, Key.Key_Escape)
    assert not board.desk.writing
    board.desk.write_on()
    qtbot.keyClicks(board.editor, " d")
    assert not board.desk.writing


def test_a_second_model_has_its_bars_beside_the_first_ones(qtbot, board, words, chars):
    assert not board.sides["second"].isVisible()
    answer_with(board.desk, Counted(words))
    answer_with(board.desk, Counted(chars), which="second")
    say(qtbot, board, "The cat")
    assert board.sides["second"].isVisible()
    assert shown(board)[0] == "sits"
    assert "␣" in shown(board, "second")
    board._take("second", chars.symbols.index("s"))  # it has units of its own
    assert board.sheet.state.text == "The cats"


def test_characters_are_taken_as_they_are(qtbot, board, chars):
    answer_with(board.desk, Counted(chars))
    say(qtbot, board, "Th")
    assert shown(board)[0] == "e"
    qtbot.keyClick(board.editor, Key.Key_Return)
    settle(qtbot, board.desk)
    board._take("first", chars.symbols.index(" "))
    assert board.sheet.state.text == "The "
    settle(qtbot, board.desk)
    qtbot.keyClick(board.editor, Key.Key_Backspace)
    assert board.sheet.state.text == "The"


@pytest.mark.parametrize("unit", ["byte", "bpe"])
def test_half_a_character_is_taken_as_its_bytes_and_its_other_half_makes_it_whole(qtbot, board, unit):
    units = learn(unit, ["é“"], size=300)
    answer_with(board.desk, Counted(units))
    board.sheet.write("caf")
    for byte, text, last in ((b"\xc3", "caf⟨C3⟩", "⟨C3⟩"), (b"\xa9", "café", "⟨A9⟩")):
        settle(qtbot, board.desk)
        board.bars["first"].taken.emit(next(i for i in range(1, len(units)) if units.raw(i) == byte))
        assert board.sheet.state.text == board.editor.toPlainText() == text
        settle(qtbot, board.desk)
        assert board.strip.list.rows[-1].shown == last
        assert board.desk.answer().reading.ids.tolist()[-1] == next(
            i for i in range(1, len(units)) if units.raw(i) == byte
        )
    board.sheet.undo()
    assert board.sheet.state.text == "caf⟨C3⟩"
    board.desk.one_less()
    assert board.sheet.state.text == "caf"


@pytest.mark.parametrize("text", ["👩‍👩‍👧 cat", "é̂ cat", "שלום cat", "cat\u202e", "\x00cat", "a" * 3000])
def test_strange_text_is_read_by_words_and_characters(qtbot, board, words, chars, text):
    for units in (words, chars):
        answer_with(board.desk, Counted(units), step=len(units))
        board.sheet.write(text)
        settle(qtbot, board.desk)
        answer = board.desk.answer()
        assert answer is not None
        assert len(answer.surprisal) == len(answer.reading.spans)
        board.desk.one_less()
        assert len(board.sheet.state.text) < len(text)


def test_the_texts_are_a_tree_that_one_can_go_back_in(qtbot, board, words):
    texts = TextsPanel(board.desk)
    qtbot.addWidget(texts)
    texts.show()
    assert texts.nothing.isVisible()
    answer_with(board.desk, Counted(words))
    for text in ("The calico cat", "The calico", "The calico dog", "The old dog"):
        board.sheet.write(text)
        settle(qtbot, board.desk)
    top = texts.tree.topLevelItem(0)
    assert top.text(0) == "The"
    assert [top.child(i).text(0) for i in range(top.childCount())] == ["calico", "old dog"]
    leaf = top.child(0).child(0)
    assert leaf.data(0, TEXT) == "The calico cat"
    texts.tree.itemClicked.emit(leaf, 0)
    assert board.sheet.state.text == "The calico cat"
    board.sheet.undo()
    assert board.sheet.state.text == "The old dog"


def test_pins_show_the_likeliest_words_and_how_the_entropy_fell(qtbot, board, words):
    pins = PinsPanel(board.desk)
    qtbot.addWidget(pins)
    pins.resize(600, 260)
    pins.show()
    assert [card.pin for card in pins.cards.list.rows][:3] == ["The", "The calico", "The calico cat"]
    answer_with(board.desk, Counted(words, sharpness=0.0), step=0)
    settle(qtbot, board.desk)
    answer_with(board.desk, Counted(words), step=500)
    settle(qtbot, board.desk)
    card = pins.cards.list.rows[2]
    assert card.rows[0].shown == "sits"
    assert [step for step, _ in card.grown] == [0, 500]
    assert card.grown[0][1] > card.grown[1][1] == card.bits
    assert not card.before  # many steps lie between
    answer_with(board.desk, Counted(words, sharpness=50.0), step=501)
    settle(qtbot, board.desk)
    stepped = pins.cards.list.rows[2]
    assert stepped.before[0] == pytest.approx(card.rows[0].p)
    assert f"(was {share_words(card.rows[0].p)})" in stepped.said
    assert len(card.words) == 3
    board.sheet.write("The old dog")
    pins.pin_button.click()
    settle(qtbot, board.desk)
    assert pins.cards.list.rows[-1].rows[0].shown == "sits"
    pins.cards.setCurrentIndex(pins.cards.list.index(0))
    qtbot.keyClick(pins.cards, Key.Key_Delete)
    assert "The" not in board.desk.pins
    board.sheet.undo()
    assert board.desk.pins[0] == "The"
    answer_with(board.desk, Counted(words), step=20)  # a new run
    settle(qtbot, board.desk)
    assert [step for step, _ in pins.cards.list.rows[2].grown] == [20]
    pins.cards.opened.emit("The calico")
    assert board.sheet.state.text == "The calico"


def test_text_pins_tree_and_choices_come_back_with_the_window(qtbot, board, words, bench):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The calico cat")
    board.sheet.change(pins=("The old",), top_k=7, grouping="group")
    state = json.loads(json.dumps(board.view_state()))
    from ssllab.ui.labs.language.widgets.desk import Desk

    other = BoardPanel(Desk(bench))
    qtbot.addWidget(other)
    other.restore_view(state)
    assert other.editor.toPlainText() == "The calico cat"
    assert other.desk.pins == ("The old",)
    assert other.sampling_bar.top_k.value() == 7
    assert other.sheet.texts == ["The calico cat"]
    other.restore_view({"text": 5, "pins": "x", "top_k": "many", "grouping": "colour", "texts": [1, "a"]})
    assert other.editor.toPlainText() == ""
    assert other.sheet.texts == ["a"]
    other.desk.close()


def test_a_card_of_pinned_prompts_paints_nothing_outside_itself(qtbot):
    cards = PinCards()
    qtbot.addWidget(cards)
    answers = {"bits": 2.0, "most": 4.0}
    back, onward = (
        Card("The", **answers, grown=grown) for grown in (((900, 4.0), (20, 1.0)), ((20, 4.0), (900, 1.0)))
    )
    outside = []
    for card in (back, onward):
        cards.show_cards([card])
        picture = QImage(600, 200, QImage.Format.Format_RGB32)
        picture.fill(QColor("red"))
        option = QStyleOptionViewItem()
        option.rect = QRect(300, 20, 160, 120)
        painter = QPainter(picture)
        cards.painter.paint(painter, option, cards.list.index(0))
        painter.end()
        outside.append([picture.pixelColor(x, y) for x in range(0, 298, 7) for y in range(200)])
    assert outside[0] == outside[1]
    assert set(map(QColor.name, outside[0])) == {"#ff0000"}


@pytest.mark.parametrize("ending", ["txt", "json", "svg", "png"])
def test_the_board_is_saved_as_the_ending_says(qtbot, board, words, tmp_path, monkeypatch, ending):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The old dog")
    board.sheet.write("")
    say(qtbot, board, "The calico cat")
    path = tmp_path / f"board.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    board.ask_save()
    content = path.read_bytes()
    if ending == "json":
        told = json.loads(content)
        (model,) = told["models"]
        assert model["candidates"][0]["symbol"] == "sits"
        assert [symbol["symbol"] for symbol in model["symbols"]] == ["The", "calico", "cat"]
        assert [child["piece"] for child in told["tree"]["children"][0]["children"]] == [
            " old dog",
            " calico cat",
        ]
        assert len(told["pins"]) == 8
    elif ending == "txt":
        assert content.decode().startswith("The calico cat\n")
        assert "sits" in content.decode()
        assert content.decode().endswith("As a tree\n  The\n    old dog\n    calico cat\n")
    else:
        assert content[:4] == (b"\x89PNG" if ending == "png" else b"<?xm")
    assert board.bench.said[-1][0] == "info"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "b.txt"), ""))
    board.ask_save()
    assert board.bench.said[-1][0] == "error"


def test_every_bar_and_symbol_has_words_for_a_screen_reader(qtbot, board, words, tagged):
    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The calico cat")
    bars = board.bars["first"]
    told = [bars.list.index(i).data(Qt.ItemDataRole.AccessibleTextRole) for i in range(bars.list.rowCount())]
    assert "verbs" in told[0]
    assert told[1].startswith("sits: ")
    assert "rank 1" in told[1]
    assert told[1].endswith("VERB, rest")
    assert not bars.list.flags(bars.list.index(0)) & Qt.ItemFlag.ItemIsSelectable
    assert bars.currentIndex().row() == 1  # a heading is never chosen
    assert "sits" in bars.accessibleDescription()
    assert "rank 1" in board.strip.accessibleDescription()
    assert board.editor.accessibleName()
    focusable = [w for w in board.findChildren(type(bars)) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert focusable


def test_the_board_is_drawn_in_both_themes_and_with_large_text(qtbot, board, words, tagged):
    from ssllab.ui import theme

    answer_with(board.desk, Counted(words))
    say(qtbot, board, "The calico cat")
    pictures = set()
    for name, points in (("light", 10.0), ("dark", 10.0), ("light", 18.0)):
        theme.apply(name, points)
        board.restyle()
        QApplication.processEvents()
        image = board.grab().toImage()
        pictures.add(bytes(image.constBits()[:200_000]))
        assert not image.isNull()
    theme.apply("light", 10.0)
    assert len(pictures) == 3


@pytest.mark.parametrize("grouping", ["tag", "group", ""])
def test_the_likeliest_symbol_is_listed_and_chosen_first_however_bars_are_grouped(words, grouping):
    """One noun that is likelier than each of many verbs, which are likelier together."""
    tags = {
        "cat": ("NOUN", "animal"),
        "sits": ("VERB", "rest"),
        "on": ("VERB", "rest"),
        "the": ("VERB", "rest"),
    }
    tags[words.symbols[1]] = ("DET", "")
    p = np.full(len(words), 0.01)
    for word, share in {"cat": 0.3, "sits": 0.2, "on": 0.2, "the": 0.2}.items():
        p[words.symbols.index(word)] = share
    rows = rank(np.log(p / p.sum()), words, tags, Sampling(), grouping=grouping)
    first = next(row for row in rows if isinstance(row, Candidate))
    assert (first.shown, first.rank) == ("cat", 1)
    headings = [row.words for row in rows if isinstance(row, Heading)]
    if grouping == "group":  # a determiner is a word of grammar, of "ledge" nothing is known
        assert headings[:2] == ["animal", "rest"]
        assert set(headings[2:]) == {"words of grammar", "others"}


def test_bars_of_one_list_begin_at_one_place(qtbot, board, words, tagged):
    answer_with(board.desk, Counted(words))
    settle(qtbot, board.desk)
    say(qtbot, board, "The calico cat")
    qtbot.waitUntil(lambda: any(c.tag for c in board.bars["first"].candidates()))
    board.sheet.change(temperature=1.5)  # bars are outlined from where they begin
    starts = []
    painter = board.bars["first"].painter
    painter._paint_bar = lambda on, rect, row: starts.append((rect.left(), row.tag))
    board.grab()
    assert {tag for _, tag in starts} >= {"", "VERB"}
    assert len({left for left, _ in starts}) == 1


def test_bars_of_an_older_text_are_grey_and_the_head_says_that_the_new_one_is_read(qtbot, board, words):
    wait = threading.Event()

    class Slow(Counted):
        def after_each(self, ids):
            if len(ids) > 2:
                wait.wait(20)
            return super().after_each(ids)

    answer_with(board.desk, Slow(words))
    say(qtbot, board, "The")
    qtbot.keyClicks(board.editor, " calico")
    bars, head = board.bars["first"], board.heads["first"]
    qtbot.waitUntil(lambda: head.text() == "reading …")
    assert bars.painter.old
    assert bars.candidates()
    qtbot.keyClick(board.editor, Key.Key_Return)  # what is on display does not go into another text
    assert board.sheet.state.text == "The calico"
    wait.set()
    settle(qtbot, board.desk)
    assert not bars.painter.old
    assert "step 1" in head.text()
    assert shown(board)[0] == "cat"


def test_each_kind_of_language_has_its_own_text_and_pins_and_the_change_is_taken_back(qtbot, board, bench):
    def load(language):
        split = split_of(["ACGT" * 50])
        bench.data = TextData(language, language, split, split, language=language)
        bench.data_loaded.emit()

    sheet = board.sheet
    say(qtbot, board, "The calico cat")
    load("everyday")
    sheet.change(pins=("The cat",))
    load("prose")  # the same letters
    assert sheet.state.text == "The calico cat"
    load("dna")
    assert (sheet.state.text, board.desk.pins[0]) == ("", "A")
    assert board.editor.toPlainText() == ""
    say(qtbot, board, "ATG")
    load("everyday")
    assert (sheet.state.text, sheet.state.pins) == ("The calico cat", ("The cat",))
    load("dna")
    assert sheet.state.text == "ATG"
    sheet.undo()
    assert sheet.state.text == "The calico cat"


@pytest.mark.parametrize("language", ["dna", "sound"])
def test_no_shipped_model_of_english_answers_of_dna_or_sound(board, bench, language, monkeypatch):
    monkeypatch.setattr("ssllab.ui.labs.language.widgets.models._is_shipped", lambda name: True)
    split = split_of(["ACGT" * 50])
    bench.data = TextData(language, language, split, split, language=language)
    bench.data_loaded.emit()
    assert board.desk.models.first is None
    assert board.heads["first"].text() in (PRESS_START, "Loading. Then press Start.")
