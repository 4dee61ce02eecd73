"""The whole window, by its real buttons and keys."""

import gc
import sys
import time

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QToolButton

from ssllab.training.metrics import MetricsLog
from ssllab.ui import theme
from ssllab.ui.app import build_window
from ssllab.ui.scene import Scene
from tests.ui.count_of_none import count_of_none

DEFAULT_TEMPERATURE = 0.1


@pytest.fixture
def window(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = open_window(qtbot, tmp_path)
    yield made
    made.close()


def open_window(qtbot, folder):
    made = build_window(folder, device="cpu")
    made.resize(1280, 800)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
    made.bench.set("batch_size", 32)
    return made


def train(qtbot, window, steps):
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.session.step >= steps, timeout=60_000)


def test_space_starts_and_pauses_s_steps_and_r_resets(qtbot, window):
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(
        lambda: window.bench.session is not None and window.bench.session.step > 2, timeout=60_000
    )
    qtbot.waitUntil(lambda: window.lab.toolbar.start_button.text() == "Pause", timeout=5_000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.bench.state == "paused", timeout=10_000)
    before = window.bench.session.step
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: window.bench.session.step == before + 1, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.bench.session is None
    assert window.lab.toolbar.start_button.text() == "Start"


def test_a_panel_goes_full_screen_and_comes_back_alive(qtbot, window):
    dock = window.lab.docks["loss"]
    button = next(b for b in dock.titleBarWidget().findChildren(QToolButton) if b.text() == "⤢")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    gc.collect()  # a window that nobody holds would be gone by now
    whole = dock.panel.window()
    assert whole is not window
    assert whole.isVisible()
    qtbot.keyClick(whole, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: dock.widget() is dock.panel, timeout=5_000)
    dock.panel.draw(window.bench.scene())


def test_a_moved_slider_is_in_the_training_within_one_step_and_undo_takes_it_back(qtbot, window):
    train(qtbot, window, 3)
    row = window.lab.controls.rows["temperature"]
    row.slider.setValue(100)
    value = row.value
    session = window.bench.session
    at = session.step
    qtbot.waitUntil(lambda: session.config.temperature == value, timeout=10_000)
    event = next(event for event in session.events if event.kind == "set")
    assert (event.key, event.old, event.new) == ("temperature", DEFAULT_TEMPERATURE, value)
    assert event.step <= at + 1
    window.undo_action.trigger()
    qtbot.waitUntil(lambda: session.config.temperature == DEFAULT_TEMPERATURE, timeout=10_000)
    assert float(row.number.text()) == DEFAULT_TEMPERATURE


def test_one_drag_is_one_undo(qtbot, window):
    row, before = window.lab.controls.rows["temperature"], window.lab.history.count()
    for at in (300, 350, 400):
        row.slider.setValue(at)
    assert window.lab.history.count() == before + 1
    window.undo_action.trigger()
    assert window.bench.config.temperature == DEFAULT_TEMPERATURE


def test_a_control_that_is_not_live_asks_for_a_reset(qtbot, window):
    train(qtbot, window, 2)
    window.bench.set("dimension", 16)
    assert window.lab.toolbar.reset_button.text() == "Reset to apply"
    window.lab.toolbar.reset_button.click()
    assert window.lab.toolbar.reset_button.text() == "Reset"
    train(qtbot, window, 1)
    assert window.bench.session.config.dimension == 16


def test_a_click_on_a_change_marker_rewinds_to_before_it(qtbot, window):
    train(qtbot, window, 6)
    window.lab.toolbar.start_button.click()
    qtbot.waitUntil(lambda: window.bench.state == "paused", timeout=10_000)
    at = window.bench.session.step
    window.lab.controls.rows["temperature"].slider.setValue(100)
    new = window.lab.controls.rows["temperature"].value
    train(qtbot, window, at + 4)
    window.lab.toolbar.start_button.click()  # while it trains the axis grows and the marker moves
    qtbot.waitUntil(lambda: window.bench.state == "paused", timeout=10_000)
    old_run = window.bench.session.run.info.id
    window.draw()
    plot = next(panel for panel in window.lab.panels if panel.id == "loss").charts()[0]
    plot.grab()
    port = plot.plot.viewport()

    def spot():
        place = plot.view.mapViewToScene(QPointF(at, plot.view.viewRange()[1][0]))
        place.setY(plot.view.sceneBoundingRect().center().y())
        return plot.plot.mapFromScene(place)

    def pointed():
        # Straight to the scene: a pointer that is there already does not move, and pyqtgraph leaves out fast ones.
        plot.plot.scene().sigMouseMoved.emit(plot.plot.mapToScene(spot()))
        return plot.notes.mark_under_mouse() == 0

    qtbot.waitUntil(pointed, timeout=10_000)
    assert plot.menu().actions()[0].text() == f"Rewind to before {plot.changes.markers[0].label}…"
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=spot())
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None, timeout=5_000)
    question = window.findChild(QMessageBox)
    assert question.text() == f"Rewind to step {at}, before temperature {DEFAULT_TEMPERATURE} → {new:.3g}?"
    next(button for button in question.buttons() if button.text() == "Rewind").click()
    qtbot.waitUntil(
        lambda: window.bench.session is not None and window.bench.session.run.info.id != old_run,
        timeout=30_000,
    )
    session = window.bench.session
    assert (session.step, session.config.temperature) == (at, DEFAULT_TEMPERATURE)
    assert window.bench.config.temperature == DEFAULT_TEMPERATURE
    assert window.lab.controls.rows["temperature"].value == DEFAULT_TEMPERATURE
    assert session.run.info.parent == (old_run, at)
    assert f"Rewound to step {at}" in window.messages.text.text()
    train(qtbot, window, at + 2)


def test_a_failure_in_the_thread_is_a_message_and_the_window_lives_on(qtbot, window, monkeypatch):
    from ssllab.methods.simclr import SimCLR

    def fail(self, images, generator):
        raise RuntimeError("something broke on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(SimCLR, "step", fail)
        window.lab.toolbar.start_button.click()
        qtbot.waitUntil(lambda: window.messages.isVisible(), timeout=30_000)
        assert "something broke on purpose" in window.messages.text.text()
        window.messages.more.click()
        assert "Traceback" in window.messages.detail.toPlainText()
    train(qtbot, window, 2)
    assert window.bench.session.failure is None


def save_a_long_run(qtbot, window, monkeypatch, target):
    """Press "Save data as CSV" in the loss plot of 400,000 steps."""
    log = MetricsLog()
    log.extend(np.arange(400_000), {"loss": np.linspace(5, 1, 400_000)})
    plot = next(panel for panel in window.lab.panels if panel.id == "loss").charts()[0]
    window._timer.stop()
    plot.draw(Scene("paused", metrics=log))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(target), ""))
    menu = plot.menu()
    next(action for action in menu.actions() if action.text() == "Save data as CSV…").trigger()


def test_a_long_table_is_saved_in_the_background_and_the_place_is_said(qtbot, window, monkeypatch, tmp_path):
    save_a_long_run(qtbot, window, monkeypatch, tmp_path / "loss")
    assert window.messages.progress.isVisible()
    qtbot.waitUntil(lambda: window.messages.line.isVisible(), timeout=30_000)
    assert not window.messages.progress.isVisible()
    assert window.messages.text.text() == f"The data was saved to {tmp_path / 'loss.csv'}."
    with (tmp_path / "loss.csv").open() as file:
        assert next(file) == "step,loss\n"
        assert sum(1 for _ in file) == 400_000


def test_saving_a_table_can_be_cancelled_and_leaves_nothing(qtbot, window, monkeypatch, tmp_path):
    save_a_long_run(qtbot, window, monkeypatch, tmp_path / "loss.csv")
    qtbot.mouseClick(window.messages.progress.cancel_button, Qt.MouseButton.LeftButton)
    assert window.messages.text.text() == "Saving was cancelled; nothing was written."
    qtbot.waitUntil(lambda: not window.bench.long_work.busy, timeout=10_000)
    assert not list(tmp_path.glob("*loss*"))


def test_every_panel_draws_while_training_in_both_themes(qtbot, window):
    train(qtbot, window, 3)
    qtbot.waitUntil(lambda: window.bench.session.look is not None, timeout=30_000)
    for name in ("dark", "light"):
        window.set_theme(name)
        assert theme.current().name == name
        for dock in window.lab.docks:
            window.lab.show_panel(dock)
            window.draw()
            QApplication.processEvents()
    assert window.bench.session.failure is None


def test_a_dropped_folder_without_images_is_one_clear_line(qtbot, window, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    qtbot.waitUntil(lambda: window.messages.isVisible(), timeout=10_000)
    text = window.messages.text.text()
    assert "\n" not in text
    assert "image" in text
    qtbot.waitUntil(lambda: window.bench.state == "ready", timeout=10_000)


def test_the_window_comes_back_as_it_was(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    first = open_window(qtbot, tmp_path)
    first.set_theme("dark", 12)
    first.bench.set("temperature", 0.25)
    first.lab.docks["spectrum"].close()
    first.show_tab("runs")
    first.close()
    second = open_window(qtbot, tmp_path)
    try:
        assert theme.current().name == "dark"
        assert QApplication.font().pointSizeF() == 12
        assert second.bench.config.temperature == 0.25
        assert second.bench.data_name == "digits"
        assert second.lab.docks["spectrum"].isHidden()
        assert second.tab == "runs"
    finally:
        second.set_theme("light", 10)
        second.close()


def test_a_theme_set_before_the_lab_was_laid_out_keeps_no_layout(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = build_window(tmp_path, device="cpu")
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.set_theme("dark")
    try:
        qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
        qtbot.wait(300)
        heights = [made.lab.docks[name].height() for name in ("lessons", "loss", "probes")]
        assert max(heights) - min(heights) < 20  # asked for alike
    finally:
        made.set_theme("light")
        made.close()


def test_the_panels_come_back_in_the_sizes_they_were_left_in(qtbot, tmp_path):
    """Also in a second restart: what is a little off at each would end with a plot of a few pixels."""
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    sizes = []
    for _ in range(3):
        window = open_window(qtbot, tmp_path)
        qtbot.wait(100)
        sizes.append({name: dock.size() for name, dock in window.lab.docks.items() if dock.on_top})
        window.close()
    assert sizes[0]["controls"].width() < 320
    assert sizes[1] == sizes[0]
    assert sizes[2] == sizes[0]


def test_every_panel_is_looked_at_as_it_was(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    first = open_window(qtbot, tmp_path)
    panels = {panel.id: panel for panel in first.lab.panels}
    plot = panels["loss"].charts()[0]
    plot.set_smoothing(100)
    plot.set_log(x=True, y=True)
    box = next(box for box, entry in plot.legend._boxes if entry.key == "chance_loss")
    qtbot.mouseClick(plot.legend, Qt.MouseButton.LeftButton, pos=box.center())
    panels["map"].show_pairs.setChecked(True)
    panels["map"].forces["all"].trigger()
    first.draw()
    panels["map"].colouring.setCurrentIndex(panels["map"].colouring.count() - 1)
    colour_by = panels["map"].colouring.currentText()
    first.lab.docks["loss"].close()
    first.lab.docks["loss"].toggleViewAction().trigger()
    first.bench.reset()
    assert (plot.smoothing, plot.log, plot.hidden()) == (100, (True, True), {"chance_loss"})
    first.close()
    second = open_window(qtbot, tmp_path)
    try:
        again = {panel.id: panel for panel in second.lab.panels}
        plot = again["loss"].charts()[0]
        assert (plot.smoothing, plot.log, plot.hidden()) == (100, (True, True), {"chance_loss"})
        assert not plot._live["chance_loss"].main.isVisible()
        assert again["accuracy"].charts()[0].smoothing == 0
        assert again["map"].show_pairs.isChecked()
        assert again["map"].canvas.forces == "all"
        second.draw()
        assert again["map"].colouring.currentText() == colour_by
    finally:
        second.close()


def test_a_damaged_view_state_is_passed_over(window):
    for state in (
        {},
        {"charts": 3, "tab": "x"},
        {"charts": {"Loss": {"log": [1], "hidden": 5, "smoothing": "a"}}},
    ):
        window.lab.restore_views({panel.id: state for panel in window.lab.panels} | {"gone": {}})
    plot = next(panel for panel in window.lab.panels if panel.id == "loss").charts()[0]
    assert (plot.smoothing, plot.log, plot.hidden()) == (0, (False, False), set())


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_redraws_do_not_wear_out_none(qtbot, window):
    train(qtbot, window, 5)
    qtbot.waitUntil(lambda: window.bench.session.look is not None, timeout=30_000)
    before = count_of_none()
    deadline = time.monotonic() + 60
    for _ in range(300):
        window.draw()
        window.lab.repaint()
        QApplication.processEvents()
        assert time.monotonic() < deadline
    # A leak of one reference a frame would be 300; a release too many would be as far below.
    assert abs(count_of_none() - before) < 250
