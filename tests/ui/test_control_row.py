"""A text control as a row: typed, browsed for, put back; and only then said."""

from typing import Annotated

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from ssllab.controls import Config, Control
from ssllab.ui.widgets.control_row import ControlRow, tooltip


class Settings(Config):
    model: Annotated[str, Control("What to begin with.", browse="folder")] = ""
    table: Annotated[str, Control("What to read.", browse="file")] = ""
    prompt: Annotated[str, Control("What to say.")] = "hello"


@pytest.fixture
def row_of(qtbot):
    def build(name):
        row = ControlRow(Settings.controls()[name])
        qtbot.addWidget(row)
        row.show()
        said = []
        row.edited.connect(said.append)
        return row, said

    return build


def test_text_is_said_when_it_is_entered_and_once(qtbot, row_of):
    row, said = row_of("prompt")
    assert row.line.text() == "hello"
    row.line.selectAll()
    qtbot.keyClicks(row.line, " good day ")
    assert said == []
    qtbot.keyClick(row.line, Qt.Key.Key_Return)
    row.line.editingFinished.emit()
    assert said == ["good day"]
    row.to_default()
    assert (row.line.text(), said[-1]) == ("hello", "hello")


@pytest.mark.parametrize(
    ("name", "dialog", "answer"),
    [("model", "getExistingDirectory", "/models/a"), ("table", "getOpenFileName", ("/tables/b.csv", ""))],
)
def test_a_path_is_browsed_for(qtbot, row_of, monkeypatch, name, dialog, answer):
    row, said = row_of(name)
    monkeypatch.setattr(QFileDialog, dialog, lambda *args: answer)
    qtbot.mouseClick(row.browse, Qt.MouseButton.LeftButton)
    path = answer if isinstance(answer, str) else answer[0]
    assert (said, row.line.text()) == ([path], path)
    monkeypatch.setattr(QFileDialog, dialog, lambda *args: "" if isinstance(answer, str) else ("", ""))
    qtbot.mouseClick(row.browse, Qt.MouseButton.LeftButton)
    assert said == [path]


def test_the_tooltip_of_an_empty_default_says_so():
    assert "The path of a folder; default empty." in tooltip(Settings.controls()["model"])


def test_every_choice_of_every_method_has_words_and_the_command_line_keeps_the_identifier(qtbot):
    from ssllab.methods.registry import methods

    for name, method in methods().items():
        for spec in method.Config.controls().values():
            if spec.kind != "choice":
                continue
            assert len(spec.control.choice_titles) == len(spec.choices), (name, spec.name)
            row = ControlRow(spec)
            qtbot.addWidget(row)
            shown = [row.choice.itemText(i) for i in range(row.choice.count())]
            assert not any("_" in text or text == text.lower() for text in shown), shown
            said = []
            row.edited.connect(said.append)
            row.choice.setCurrentIndex(1)
            row.choice.activated.emit(1)
            assert said == [spec.choices[1]]
            row.show_value(spec.default)
            assert row.choice.currentData() == spec.default
