"""What happened is said where it can be read, also when more happens at the same time."""

import pytest
from PySide6.QtWidgets import QWidget

from ssllab.ui.message_bar import MOST_STANDING, MessageBar
from ssllab.ui.work import LongWork


@pytest.fixture
def bar(qtbot):
    made = MessageBar(LongWork())
    qtbot.addWidget(made)
    return made


def lines(bar) -> list[str]:
    return bar.text.text().split("\n") if not bar.line.isHidden() else []


def test_a_warning_stands_beside_what_comes_later_and_information_fades(bar):
    bar.say("warning", "A recording was recovered.", "")
    bar.say("info", "The run was opened.", "")
    bar.say("warning", "3 files were skipped.", "a.wav: is empty")
    assert lines(bar) == ["A recording was recovered.", "3 files were skipped.", "The run was opened."]
    assert not bar.more.isHidden()
    assert bar.detail.isHidden()  # until somebody asks for it
    bar._fade.timeout.emit()
    assert lines(bar) == ["A recording was recovered.", "3 files were skipped."]
    bar.close_line()
    assert lines(bar) == []


def test_information_alone_goes_by_itself(bar):
    bar.say("info", "Saved.", "")
    assert lines(bar) == ["Saved."]
    bar._fade.timeout.emit()
    assert lines(bar) == []
    assert bar.isHidden()


def test_an_error_takes_the_place_of_an_older_one_and_goes_when_it_is_mended(bar):
    bar.say("error", "The disk is full.", "first")
    bar.say("warning", "A recording was recovered.", "")
    bar.say("error", "The network is away.", "second")
    assert lines(bar) == ["A recording was recovered.", "The network is away."]
    assert bar.detail.toPlainText() == "second"
    bar.say("mended", "It is back.", "")
    assert lines(bar) == ["A recording was recovered.", "It is back."]


def test_few_lines_are_on_view_and_none_twice(bar):
    for number in range(5):
        bar.say("warning", f"Warning {number}", "")
        bar.say("warning", f"Warning {number}", "")
    assert lines(bar) == [f"Warning {number}" for number in range(5)][-MOST_STANDING:]


def test_the_bar_covers_no_more_than_its_words_need(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(1280, 700)
    work = LongWork()
    bar = MessageBar(work)
    bar.cover(page)
    page.show()
    work.began.emit("Reading")
    qtbot.waitUntil(lambda: 0 < bar.height() < 50)
    work.ended.emit()
    bar.say(
        "info",
        "A new run trains 150 steps with the defaults first; then colour jitter off, colour drop off.",
        "",
    )
    qtbot.waitUntil(lambda: bar.text.height() > 0 and bar.height() < 50)
    assert bar.text.heightForWidth(bar.text.width()) <= bar.text.height()
    bar.say("info", "many words " * 100, "")
    qtbot.waitUntil(lambda: bar.text.heightForWidth(bar.text.width()) <= bar.text.height() < bar.height())
