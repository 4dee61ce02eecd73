"""Two labs in one window: each with its own bench, run, controls and memory; the keys follow the one that is seen."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog

from ssllab.data.catalogue import sources
from ssllab.ui.app import build_window
from ssllab.ui.window_state import Remembered

SMALL = {"batch_seconds": 2.0, "crop_seconds": 1.0, "codebook_size": 8}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    seconds = np.arange(16_000) / 16_000
    for i in range(8):
        soundfile.write(folder / f"{i}.wav", 0.3 * np.sin(2 * np.pi * (200 + 50 * i) * seconds), 16_000)
    return folder


def leave(folder, recordings, **rest):
    """What an earlier window left behind: small data in both labs."""
    settings = Remembered(folder / "window.ini")
    settings.setValue("contrast/data", "digits")
    settings.setValue("contrast/controls", json.dumps({"batch_size": 32}))
    settings.setValue("speech/data", str(recordings))
    settings.setValue("speech/controls", json.dumps(SMALL))
    for key, value in rest.items():
        settings.setValue(key, value)
    settings.sync()


def open_window(qtbot, folder, **wishes):
    window = build_window(folder, device="cpu", **wishes)
    window.resize(1280, 800)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.bench.state == "ready", timeout=60_000)
    return window


@pytest.fixture
def window(qtbot, tmp_path, recordings):
    leave(tmp_path, recordings)
    made = open_window(qtbot, tmp_path)
    yield made
    made.close()


def click_tab(qtbot, window, title):
    bar = window.tabs.tabBar()
    index = next(i for i in range(bar.count()) if bar.tabText(i) == title)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())
    if title != "Runs":
        qtbot.waitUntil(lambda: window.bench.state != "loading", timeout=60_000)


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def train(qtbot, window, steps=2):
    """Press Start in the lab that is seen; its session after so many steps."""
    press(qtbot, window.lab.toolbar.start_button)
    bench = window.bench
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step >= steps, timeout=60_000)
    return bench.session


def test_a_lab_begins_when_it_is_first_seen_and_the_other_goes_on(qtbot, window):
    speech = window.benches.all["speech"]
    assert list(window.labs) == ["contrast"]  # a page takes a while to build
    assert (speech.config, speech.data) == (None, None)
    contrast = train(qtbot, window)
    click_tab(qtbot, window, "Speech")
    assert window.lab.lab.name == "speech"
    assert window.lab.toolbar.start_button.text() == "Start"
    assert speech.data.kind == "speech"
    assert "of speech to learn from" in window.data_label.text()
    assert window.open_action.text() == "Open a folder of recordings…"
    boxes = window.lab.toolbar.data_box
    assert [boxes.itemData(i) for i in range(boxes.count() - 2)] == [info.name for info in sources("speech")]
    at = contrast.step
    qtbot.waitUntil(lambda: contrast.step > at + 2, timeout=60_000)
    assert not contrast.watched
    session = train(qtbot, window)
    qtbot.waitUntil(lambda: session.look is not None, timeout=60_000)
    window.draw()
    assert window.speed_label.text().endswith("s of audio/s")
    click_tab(qtbot, window, "Contrast")
    window.draw()
    assert window.lab.toolbar.start_button.text() == "Pause"
    assert window.speed_label.text().endswith("images/s")
    assert "images of 32x32" in window.data_label.text()
    qtbot.waitUntil(lambda: contrast.watched and not session.watched, timeout=5_000)


def test_keys_menus_and_undo_act_on_the_lab_that_is_seen(qtbot, window):
    window.lab.controls.rows["temperature"].slider.setValue(100)
    warmer = window.bench.config.temperature
    click_tab(qtbot, window, "Speech")
    kappa = window.bench.config.kappa
    window.lab.controls.rows["kappa"].slider.setValue(900)
    assert window.bench.config.kappa != kappa
    window.undo_action.trigger()
    assert window.bench.config.kappa == kappa
    assert not window.undo_action.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_S)
    session = window.bench.session
    qtbot.waitUntil(lambda: session.step == 1, timeout=60_000)
    assert window.benches.all["contrast"].session is None
    window.panels_menu.aboutToShow.emit()
    assert "Recorder" in [action.text() for action in window.panels_menu.actions()]
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.bench.session is None
    click_tab(qtbot, window, "Contrast")
    assert window.bench.config.temperature == warmer
    window.undo_action.trigger()
    assert window.bench.config.temperature != warmer
    window.panels_menu.aboutToShow.emit()
    assert "Recorder" not in [action.text() for action in window.panels_menu.actions()]


def test_what_breaks_in_a_hidden_lab_is_said_with_its_name(qtbot, window, monkeypatch):
    from ssllab.methods.simclr import SimCLR

    def fail(self, images, generator):
        raise RuntimeError("something broke on purpose")

    train(qtbot, window)
    click_tab(qtbot, window, "Speech")
    monkeypatch.setattr(SimCLR, "step", fail)
    qtbot.waitUntil(lambda: "something broke" in window.messages.text.text(), timeout=30_000)
    assert window.messages.text.text().startswith("Contrast: RuntimeError")
    assert window.bench.state == "ready"


def test_a_stored_run_goes_on_in_its_own_lab(qtbot, window, monkeypatch, tmp_path):
    click_tab(qtbot, window, "Speech")
    speech = train(qtbot, window, 3).run.id
    press(qtbot, window.lab.toolbar.reset_button)
    click_tab(qtbot, window, "Contrast")
    contrast = train(qtbot, window, 3).run.id
    window.close()

    again = open_window(qtbot, tmp_path)
    click_tab(qtbot, again, "Runs")
    runs = again.runs
    qtbot.waitUntil(lambda: {speech, contrast} <= {info.id for info in runs.model.infos}, timeout=30_000)
    runs.select([speech, contrast])
    press(qtbot, runs.toolbar.draw_button)
    qtbot.waitUntil(lambda: len(again.benches.overlays) == 2, timeout=30_000)
    drawn = {name: list(bench.overlays) for name, bench in again.benches.all.items()}
    assert drawn == {"contrast": [contrast], "speech": [speech], "language": [], "energy": []}

    def resume(dialog):
        dialog.resume_button.click()
        return QDialog.DialogCode(dialog.result())

    monkeypatch.setattr("ssllab.ui.runs.dialogs.CheckpointDialog.exec", resume)
    runs.select([speech])
    press(qtbot, runs.toolbar.resume_button)
    qtbot.waitUntil(lambda: again.tab == "speech", timeout=30_000)
    bench = again.bench
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step > 3, timeout=60_000)
    assert bench.session.run.id == speech
    assert again.benches.all["contrast"].session is None
    again.close()


def test_each_lab_comes_back_as_it_was(qtbot, tmp_path, recordings):
    leave(tmp_path, recordings)
    first = open_window(qtbot, tmp_path)
    click_tab(qtbot, first, "Speech")
    first.bench.set("kappa", 0.3)
    first.lab.docks["doctor"].close()
    first.close()
    second = open_window(qtbot, tmp_path)
    assert second.tab == "speech"
    assert second.bench.config.kappa == 0.3
    assert second.bench.data_name == str(recordings)
    assert second.lab.docks["doctor"].isHidden()
    second.close()  # the other lab was never seen: what it remembers must survive
    third = open_window(qtbot, tmp_path, lab="contrast")
    assert (third.tab, third.bench.data_name, third.bench.config.batch_size) == ("contrast", "digits", 32)
    third.close()


def test_data_of_the_command_line_goes_to_its_lab(qtbot, tmp_path, recordings):
    leave(tmp_path, recordings, **{"contrast/data": "photos", "tab": "runs"})
    window = open_window(qtbot, tmp_path, lab="contrast", data="digits")
    assert window.bench.data.name == "digits"
    assert window.benches.all["speech"].data_name == str(recordings)
    window.close()


def drop(window, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(10, 10),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_a_dropped_folder_is_data_and_a_dropped_recording_a_take(qtbot, tmp_path, recordings):
    leave(tmp_path, recordings)
    mine = tmp_path / "mine"
    shutil.copytree(recordings, mine)
    window = open_window(qtbot, tmp_path, lab="speech")
    drop(window, mine)
    qtbot.waitUntil(lambda: window.bench.data_name == str(mine), timeout=30_000)
    assert window.lab.toolbar.data_box.currentText() == "mine"
    drop(window, mine / "3.wav")
    qtbot.waitUntil(lambda: any((tmp_path / "takes").glob("*.wav")), timeout=30_000)
    assert window.bench.data_name == str(mine)
    window.close()
