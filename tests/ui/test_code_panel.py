"""Reading the code in the window: the method on the bench, its loss in sight, and the way through what it calls."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from ssllab.labs import labs
from ssllab.methods.registry import methods
from ssllab.storage import search_path
from ssllab.training.run_store import Workspace
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panels.code import CodePanel
from ssllab.ui.widgets.python_text import spans
from ssllab.ui.work import LongWork


@pytest.fixture
def panel(qtbot):
    said = []
    bench = SimpleNamespace(
        methods=methods(), method_name="moco", say=lambda *words: said.append(words), said=said
    )
    panel = CodePanel(bench)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    panel.draw(None)
    return panel


def seen_lines(text) -> list[int]:
    """Numbers of the lines in sight."""
    last = text.cursorForPosition(QPoint(5, text.viewport().height() - 5)).blockNumber() + 1
    return list(range(text.firstVisibleBlock().blockNumber() + 1, last + 1))


def put(text, words: str) -> None:
    """The caret into the first place of ``words``."""
    cursor = text.document().find(words)
    cursor.setPosition(cursor.selectionStart() + 1)
    text.setTextCursor(cursor)


@pytest.mark.parametrize("name", list(labs()))
def test_every_lab_opens_the_code_beside_the_choice_of_the_method(qtbot, tmp_path, name: str) -> None:
    page = search_path.load(labs()[name].folder / "page.py", "ssllab.ui.labs").page(
        Bench(Workspace(tmp_path), name, LongWork())
    )
    qtbot.addWidget(page)
    page.resize(1280, 800)
    page.show()
    page.toolbar.code_button.click()
    qtbot.waitUntil(lambda: page.docks["code"].drawn)


def test_the_lines_of_the_loss_are_in_sight_and_marked(panel) -> None:
    lines = panel.text.toPlainText().splitlines()
    marked = [selection.cursor.blockNumber() + 1 for selection in panel.text.extraSelections()]
    assert [lines[line - 1].split()[0] for line in marked] == ["contrast", "loss"]
    assert set(marked) <= set(seen_lines(panel.text))
    assert panel.place.text() == "ssllab/methods/moco.py"


def test_another_method_shows_its_own_file(panel) -> None:
    panel.bench.method_name = "ngram"
    panel.draw(None)
    assert panel.place.text() == "ssllab/methods/ngram.py"


def test_enter_on_an_objective_opens_it_and_back_returns_to_where_one_was(panel) -> None:
    put(panel.text, "queue_info_nce_logits(query")
    before = panel.text.verticalScrollBar().value()
    QTest.keyClick(panel.text, Qt.Key.Key_Return)
    assert panel.place.text() == "ssllab/objectives/info_nce.py"
    panel.back_button.click()
    assert panel.place.text() == "ssllab/methods/moco.py"
    assert panel.text.verticalScrollBar().value() == before
    assert not panel.back_button.isEnabled()


def test_a_click_on_an_objective_opens_it(panel) -> None:
    put(panel.text, "cross_entropy(contrast)")
    place = panel.text.cursorRect().center()
    QTest.mouseClick(panel.text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.place.text() == "ssllab/objectives/contrast.py"


def test_words_are_found_one_after_another_and_what_is_not_there_is_said(panel) -> None:
    panel.search.setText("queue_size")
    first = panel.text.textCursor().position()
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert panel.text.textCursor().selectedText() == "queue_size"
    assert panel.text.textCursor().position() > first
    panel.search.setText("no such words")
    assert "no such words" in panel.bench.said[-1][1]


def test_the_code_can_be_copied_but_not_changed(panel, qapp) -> None:
    before = panel.text.toPlainText()
    QTest.keyClicks(panel.text, "x = 1")
    assert panel.text.toPlainText() == before
    panel.text.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClick(panel.text, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    panel.text.copy()
    assert qapp.clipboard().text() == before.splitlines()[0]


def test_a_method_without_a_file_is_a_line(panel) -> None:
    namespace: dict = {}
    exec("from ssllab.methods.simclr import SimCLR\nclass Typed(SimCLR):\n    name = 'typed'", namespace)
    namespace["Typed"].__module__ = "typed_at_a_prompt"
    panel.bench.methods["typed"] = namespace["Typed"]
    panel.bench.method_name = "typed"
    panel.draw(None)
    assert panel.text.toPlainText().startswith("# The code cannot be shown")


def test_colours_follow_the_theme(panel, qapp) -> None:
    def colour():
        formats = panel.text.document().findBlockByNumber(8).layout().formats()
        return next(one.format.foreground().color().name() for one in formats)

    light = colour()
    try:
        theme.apply("dark")
        panel.restyle()
        assert colour() == theme.current().series[3] != light
    finally:
        theme.apply("light")


def test_words_are_told_apart() -> None:
    found = spans('@cache\ndef f(x: int = 3) -> str:\n    """Over\n    lines."""\n    return f"{x}"  # why\n')
    assert found[1] == [(1, 6, "decorator")]
    assert found[2][:2] == [(0, 3, "keyword"), (4, 5, "name")]
    assert (4, 11, "string") in found[3]
    assert found[4] == [(0, 13, "string")]
    assert found[5][0] == (4, 10, "keyword")
    assert found[5][-1] == (19, 24, "comment")
    assert spans("x = (1\n") == {1: [(5, 6, "number")]}  # never closed
