"""The list of takes on a workspace of real files: its buttons pressed, its files looked at."""

from __future__ import annotations

import errno
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit

from ssllab.audio import files
from ssllab.audio.take_file import TakeFile
from ssllab.audio.takes import TakeStore
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech.takes import TakesPanel
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.take_shelf import MAPPED_SAMPLES, TakeShelf, clip_of_take
from ssllab.ui.labs.speech.widgets.waveform_thumbnail import columns
from ssllab.ui.work import LongWork

RATE = files.SAMPLE_RATE


def tone(seconds, hertz=220.0, amplitude=0.4):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.float32
    )


@pytest.fixture
def store(tmp_path):
    return TakeStore(tmp_path / "workspace" / "takes")


@pytest.fixture
def add(store, tmp_path):
    """Put a take of that name and length on the disk."""

    def add(name, seconds=0.5):
        path = tmp_path / f"{name}.wav"
        files.write(path, tone(seconds))
        return store.import_file(path)[0]

    return add


@pytest.fixture
def open_panel(qtbot, tmp_path):
    panels = []

    def build():
        bench = Bench(Workspace(tmp_path / "workspace"), "speech", LongWork())
        bench.said = []
        bench.message.connect(lambda *message: bench.said.append(message))
        panel = TakesPanel(Desk(bench, TakeShelf(bench)))
        qtbot.addWidget(panel)
        panel.resize(620, 300)
        panel.show()
        panels.append(panel)
        settle(qtbot, panel)
        return panel

    yield build
    for panel in panels:
        panel.hide()
        panel.desk.close()
        panel.bench.long_work.close()


def settle(qtbot, panel):
    qtbot.waitUntil(lambda: not panel.shelf.busy and not panel.bench.long_work.busy, timeout=60000)
    qtbot.wait(20)
    qtbot.waitUntil(lambda: not panel.shelf.busy, timeout=10000)


def names(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def press(qtbot, button):
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def drop(panel, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    no_keys = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(
        QPointF(20, 20), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, no_keys, QEvent.Type.Drop
    )
    panel.dropEvent(event)


def test_an_empty_list_invites_to_record(qtbot, open_panel):
    panel = open_panel()
    assert panel.empty.isVisible()
    with qtbot.waitSignal(panel.record_wanted):
        press(qtbot, panel.empty.record_button)


def test_a_name_is_changed_in_place_and_on_the_disk(qtbot, open_panel, add, store):
    take = add("first")
    panel = open_panel()
    panel.list.select([take.id])
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_F2)
    editor = panel.list.viewport().findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "Good morning")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(panel) == ["Good morning"], timeout=2000)
    settle(qtbot, panel)
    assert store.take(take.id).name == "Good morning"


def test_a_transcript_is_stored_without_being_asked(qtbot, open_panel, add, store):
    below, above = add("below"), add("above")
    panel = open_panel()
    panel.list.select([above.id])
    qtbot.keyClicks(panel.transcript, "the sea")
    qtbot.waitUntil(lambda: store.take(above.id).transcript == "the sea", timeout=5000)

    qtbot.keyClicks(panel.transcript, " is calm")
    qtbot.keyClick(panel.transcript, Qt.Key.Key_Return)  # on to the next, nothing is lost by it
    assert panel.list.selected_ids() == [below.id]
    assert panel.transcript.toPlainText() == ""
    settle(qtbot, panel)
    assert store.take(above.id).transcript == "the sea is calm"
    assert store.take(below.id).transcript == ""


def test_a_transcript_from_elsewhere_is_shown(qtbot, open_panel, add):
    take = add("heard by a model")
    panel = open_panel()
    panel.list.select([take.id])
    panel.shelf.set_transcript(take.id, "as a model heard it")
    assert panel.transcript.toPlainText() == "as a model heard it"


def test_words_typed_just_before_the_end_are_stored(qtbot, open_panel, add, store):
    take = add("only")
    panel = open_panel()
    panel.list.select([take.id])
    qtbot.keyClicks(panel.transcript, "last words")
    panel.hide()
    panel.shelf.close()
    assert store.take(take.id).transcript == "last words"


def test_deleted_takes_come_back(qtbot, open_panel, add):
    takes = [add(name) for name in ("a", "b", "c")]
    panel = open_panel()
    assert names(panel) == ["c", "b", "a"]
    panel.list.select([takes[1].id, takes[2].id])
    press(qtbot, panel.delete_button)
    settle(qtbot, panel)
    assert names(panel) == ["a"]
    assert panel.undo_bar.text.text() == "2 takes moved to the trash."

    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, panel)
    assert names(panel) == ["c", "b", "a"]
    assert set(panel.list.selected_ids()) == {takes[1].id, takes[2].id}
    assert not panel.undo_bar.isVisible()


def test_files_and_folders_are_dropped_in(qtbot, open_panel, tmp_path):
    folder = tmp_path / "dropped"
    folder.mkdir()
    files.write(folder / "inside.flac", tone(0.3))
    files.write(tmp_path / "loose.ogg", tone(0.6))
    panel = open_panel()
    drop(panel, folder, tmp_path / "loose.ogg")
    settle(qtbot, panel)
    assert sorted(names(panel)) == ["inside", "loose"]
    assert panel.bench.said == [("info", "2 takes imported.", "")]
    lengths = {take.name: round(take.seconds, 1) for take in panel.shelf.takes}
    assert lengths == {"inside": 0.3, "loose": 0.6}


def test_a_bad_file_is_one_line_and_the_good_ones_come_in(qtbot, open_panel, tmp_path):
    bad, good = tmp_path / "letter.wav", tmp_path / "good.wav"
    bad.write_text("Dear Sir")
    files.write(good, tone(0.3))
    panel = open_panel()
    drop(panel, bad)
    settle(qtbot, panel)
    level, line, detail = panel.bench.said.pop()
    assert (level, detail) == ("error", "")
    assert "letter.wav" in line
    assert "\n" not in line

    drop(panel, bad, good)
    settle(qtbot, panel)
    assert names(panel) == ["good"]
    level, line, _ = panel.bench.said.pop()
    assert level == "warning"
    assert line.startswith("1 take imported, 1 file not. letter.wav")


def test_a_cancelled_import_leaves_whole_takes(qtbot, open_panel, tmp_path):
    paths = [tmp_path / f"{i}.wav" for i in range(40)]
    for path in paths:
        files.write(path, tone(5))
    panel = open_panel()
    work = panel.bench.long_work
    work.advanced.connect(lambda share, text: work.cancel() if share > 0.1 else None)
    panel.shelf.import_files(paths)
    settle(qtbot, panel)
    assert 3 <= len(panel.shelf.takes) < 40
    assert panel.bench.said[-1][1].startswith("The import was cancelled")
    assert all(len(files.read(take.path)) == 5 * RATE for take in panel.shelf.takes)


def test_several_takes_are_exported_under_names_of_their_own(qtbot, open_panel, add, tmp_path, monkeypatch):
    takes = [add("same", 0.4), add("same", 0.4)]
    out = tmp_path / "out"
    out.mkdir()
    panel = open_panel()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    panel.list.select([take.id for take in takes])
    panel.ask_export(".flac")
    settle(qtbot, panel)
    written = sorted(path.name for path in out.iterdir())
    assert written == ["same 2.flac", "same.flac"]
    assert np.abs(files.read(out / "same.flac") - tone(0.4)).max() < 1e-3


def test_the_selected_take_lies_on_the_desk(qtbot, open_panel, add):
    first, second = add("first", 0.4), add("second", 0.7)
    panel = open_panel()
    desk = panel.desk
    for take, seconds in ((first, 0.4), (second, 0.7)):
        panel.list.select([take.id])
        qtbot.waitUntil(lambda: desk.clip is not None, timeout=2000)
        qtbot.waitUntil(lambda name=take.name: desk.clip.name == name, timeout=2000)
        assert desk.clip.seconds == pytest.approx(seconds)
        assert np.abs(desk.clip.sound(0, RATE) - tone(seconds)).max() < 1e-3


def test_the_takes_become_the_training_data(qtbot, open_panel, add, monkeypatch):
    add("one")
    panel = open_panel()
    asked = []
    monkeypatch.setattr(panel.bench, "set_data", asked.append)
    press(qtbot, panel.train_button)
    assert asked == ["takes"]


def test_a_recording_that_was_cut_off_is_recovered(qtbot, open_panel, store):
    file = TakeFile(store.recordings)
    file.write(tone(1.2))
    file._lock.release()  # as the system does when the process is killed
    panel = open_panel()
    (take,) = panel.shelf.takes
    assert take.seconds == pytest.approx(1.2)
    level, line, _ = panel.bench.said[-1]
    assert (level, line) == ("warning", f"A recording that was cut off was recovered: {take.name}.")
    assert take.name.startswith("Recovered take ")


def test_a_full_disk_is_said_in_a_line_and_the_words_are_kept(qtbot, open_panel, add, store, monkeypatch):
    take = add("only")
    panel = open_panel()

    def refuse(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("ssllab.audio.takes.write_whole", refuse)
        panel.list.select([take.id])
        qtbot.keyClicks(panel.transcript, "kept")
        panel.transcript.store()
        settle(qtbot, panel)
    level, line, detail = panel.bench.said[-1]
    assert (level, detail) == ("error", "")
    assert line.startswith("The disk is full")
    panel.shelf.refresh()
    settle(qtbot, panel)
    assert panel.transcript.toPlainText() == "kept"
    panel.shelf.close()  # by now there is room
    assert store.take(take.id).transcript == "kept"


def test_a_long_take_is_mapped_and_not_read(store, tmp_path):
    blocks = [np.full(RATE, i / 1000, np.float32) for i in range(MAPPED_SAMPLES // RATE + 1)]
    path = tmp_path / "long.wav"
    files.write(path, iter(blocks))
    (take,) = store.import_file(path)
    clip = clip_of_take(take)
    assert isinstance(clip.samples, np.memmap)
    assert clip.seconds == len(blocks)
    assert np.allclose(clip.sound(100 * RATE, 101 * RATE), 0.1, atol=1e-4)


def test_the_thumbnail_has_the_shape_of_the_sound():
    loud_end = np.repeat([[-0.1, 0.1], [-0.5, 0.5]], 50, axis=0)
    assert columns(loud_end, 4) == pytest.approx(np.array([[-0.2, 0.2]] * 2 + [[-1, 1]] * 2))
    assert columns(loud_end, 300).shape == (300, 2)
    assert np.abs(columns(np.full((10, 2), 1e-4), 20)).max() < 0.01  # silence is not blown up
