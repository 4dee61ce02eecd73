"""What a person expects of any window: text that grows and shrinks back, things used last, stops, help, full screen."""

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QPushButton

from ssllab.ui.app import build_window
from ssllab.ui.lab_page import FullScreen
from ssllab.ui.window import FONT_POINTS


@pytest.fixture
def window(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = build_window(tmp_path, lab="contrast", device="cpu")
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
    made.bench.set("batch_size", 16)
    yield made
    made.close()


def docks(window):
    return {name: dock.size() for name, dock in window.lab.docks.items() if dock.isVisible() and dock.on_top}


def settle(qtbot, window):
    qtbot.waitUntil(lambda: window.lab._settled is not None, timeout=10_000)


def test_larger_text_and_back_leaves_the_docks_as_they_were(qtbot, window):
    qtbot.waitUntil(lambda: window.lab._shared, timeout=10_000)
    qtbot.wait(50)
    before, points = docks(window), QApplication.font().pointSizeF()
    for change in (*[window.larger_action] * 4, *[window.smaller_action] * 4):
        change.trigger()
        settle(qtbot, window)
    assert QApplication.font().pointSizeF() == points
    after = docks(window)
    assert after.keys() == before.keys()
    moved = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert not moved
    widths = [chart.width() for chart in next(p for p in window.lab.panels if p.id == "similarity").charts()]
    assert max(widths) < 1.5 * min(widths)  # of charts side by side none is squeezed


def test_what_was_moved_in_large_text_stays_moved(qtbot, window):
    window.resize(1700, 1000)
    qtbot.waitUntil(lambda: window.lab._shared, timeout=10_000)
    qtbot.wait(50)
    controls = window.lab.docks["controls"]
    usual = controls.width()
    window.larger_action.trigger()
    settle(qtbot, window)
    window.lab.resizeDocks([controls], [usual + 200], Qt.Orientation.Horizontal)
    qtbot.wait(20)
    window.smaller_action.trigger()
    settle(qtbot, window)
    assert controls.width() > usual + 100


def test_a_window_of_a_small_screen_reaches_everything_in_the_largest_text(qtbot, window):
    window.set_theme("light", FONT_POINTS[-1])
    settle(qtbot, window)
    window.resize(800, 600)
    assert window.size() == QSize(800, 600)  # no page asks for more than there is
    page = window.lab
    holder = page.parentWidget().parentWidget()
    page_size, seen = page.size(), holder.viewport().size()
    reach = QSize(holder.horizontalScrollBar().maximum(), holder.verticalScrollBar().maximum())
    assert page_size - seen == reach  # what is not seen is scrolled to


def test_a_message_covers_and_moves_nothing(qtbot, window):
    before = docks(window), window.tabs.geometry()
    window.messages.say("warning", "The folder could not be read.", "why")
    assert window.messages.isVisible()
    assert (docks(window), window.tabs.geometry()) == before
    bar = window.messages.geometry()
    assert (bar.left(), bar.right(), bar.bottom()) == (0, window.tabs.width() - 1, window.tabs.height() - 1)
    low = bar.height()
    window.messages.more.setChecked(True)
    qtbot.waitUntil(lambda: window.messages.height() > low, timeout=5_000)
    assert window.messages.geometry().bottom() == window.tabs.height() - 1


def test_check_boxes_grow_with_the_text(qtbot, window):
    from PySide6.QtWidgets import QStyle, QStyleOptionButton

    box = QCheckBox("Flip")
    qtbot.addWidget(box)
    sides = []
    for points in (9, 22):
        window.set_theme("light", points)
        box.ensurePolished()
        option = QStyleOptionButton()
        option.initFrom(box)
        sides.append(box.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, box).width())
    assert sides[1] > 1.8 * sides[0]


def test_a_run_stops_after_exactly_so_many_steps_and_a_dot_shows_that_it_trains(qtbot, window):
    height = window.tabs.tabBar().sizeHint().height()
    window.bench.stop_after(4)
    qtbot.waitUntil(lambda: not window.tabs.tabIcon(0).isNull(), timeout=60_000)
    assert window.tabs.tabBar().sizeHint().height() == height  # nothing below it moves
    qtbot.waitUntil(lambda: window.bench.state == "paused", timeout=60_000)
    assert window.bench.live_run.step == 4
    assert window.tabs.tabIcon(0).isNull()
    assert window.tabs.tabIcon(1).isNull()


def test_a_run_is_opened_from_the_browser_waits_and_is_resumed_from_the_menu(qtbot, window):
    window.bench.stop_after(3)
    qtbot.waitUntil(
        lambda: window.bench.state == "paused" and window.bench.live_run.step == 3, timeout=60_000
    )
    run = window.bench.live_run.stored.id
    window.bench.reset()
    window.show_tab("runs")
    qtbot.waitUntil(lambda: run in {info.id for info in window.runs.model.infos}, timeout=30_000)
    window.runs.select([run])
    qtbot.mouseClick(window.runs.toolbar.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.bench.live_run is not None, timeout=60_000)
    assert window.tab == "contrast"
    assert (window.bench.live_run.stored.id, window.bench.live_run.step) == (run, 3)
    assert window.bench.state in ("ready", "paused")
    window.bench.reset()
    qtbot.waitUntil(lambda: window.bench.live_run is None, timeout=30_000)
    window.recent.runs.aboutToShow.emit()
    assert len(window.recent.runs.actions()) == 1
    window.recent.resume.trigger()
    qtbot.waitUntil(
        lambda: window.bench.live_run is not None and window.bench.live_run.step > 3, timeout=60_000
    )
    assert window.bench.live_run.stored.id == run


def test_data_used_last_stands_first_and_is_there_at_the_next_start(qtbot, window, tmp_path):
    window.bench.set_data("shapes")
    qtbot.waitUntil(
        lambda: window.bench.data is not None and window.bench.data.name == "shapes", timeout=60_000
    )
    window.recent.data.aboutToShow.emit()
    assert [action.text() for action in window.recent.data.actions()] == ["Shapes", "Digits"]
    window.close()
    again = build_window(tmp_path, lab="contrast", device="cpu")
    qtbot.addWidget(again)
    assert again.recent.names(again.bench) == ["shapes", "digits"]
    again.close()


def test_a_saved_plot_is_named_after_what_it_shows(qtbot, window, monkeypatch):
    window.bench.stop_after(2)
    qtbot.waitUntil(
        lambda: window.bench.state == "paused" and window.bench.live_run.step == 2, timeout=60_000
    )
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (asked.append(args[2]), ("", ""))[1])
    loss = next(panel for panel in window.lab.panels if panel.id == "loss")
    loss.charts()[0].tools._ask_image()
    assert asked == ["simclr-digits-loss-step-2.png"]


def test_each_lab_has_help_with_its_words_its_keys_and_its_panels(qtbot, window):
    for lab, words in {
        "contrast": ("Temperature", "positive pair"),
        "speech": ("Codebook collapse", "Distractors"),
    }.items():
        window.show_tab(lab)
        window.help_action.trigger()
        text = window._help.text.toPlainText()
        for said in (*words, "Ctrl+Shift+Z", *(panel.title for panel in window.lab.panels if panel.help)):
            assert said in text
        window._help.close()


def test_the_full_screen_of_a_panel_has_a_button_that_leaves_it(qtbot, window):
    dock = window.lab.docks["loss"]
    dock.full_screen()
    whole = dock.panel.window()
    assert isinstance(whole, FullScreen)
    qtbot.mouseClick(whole.findChild(QPushButton, "leaveFullScreen"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.widget() is dock.panel, timeout=5_000)


def test_the_full_screen_of_the_window_has_a_button_that_leaves_it(qtbot, window):
    assert not window.leave_button.isVisible()
    window.full_action.trigger()
    qtbot.waitUntil(window.leave_button.isVisible, timeout=5_000)
    qtbot.mouseClick(window.leave_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=5_000)
    assert not window.leave_button.isVisible()
