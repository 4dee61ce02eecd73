"""A text of one's own, dropped on the lab: a file, a folder, an archive, a genome."""

from __future__ import annotations

import random
import zipfile

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from ssllab.ui.app import build_window

PROSE = "The grey cat sat on the mat, and the dog barked at it. " * 40


def text_file(folder):
    path = folder / "story.txt"
    path.write_text(PROSE)
    return path


def text_folder(folder):
    for number in range(4):
        (folder / f"{number}.txt").write_text(PROSE)
    return folder


def text_zip(folder):
    path = folder / "stories.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/one.txt", PROSE)
        archive.writestr("two.md", PROSE)
    return path


def genome(folder):
    path = folder / "phage.fa"
    path.write_text(">phage\n" + "".join(random.Random(0).choices("ACGT", k=3000)) + "\n")
    return path


@pytest.fixture
def window(qtbot, tmp_path):
    made = build_window(tmp_path / "workspace", lab="language", device="cpu")
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
    yield made
    made.close()


def drop(window, *paths) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, copy, none = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))


def test_what_is_dropped_is_learned_from_in_its_own_units(window, qtbot, tmp_path) -> None:
    for make, unit in ((text_file, "word"), (genome, "char"), (text_folder, "word"), (text_zip, "word")):
        folder = tmp_path / make.__name__
        folder.mkdir()
        path = make(folder)
        with qtbot.waitSignal(window.bench.data_loaded, timeout=60_000):
            drop(window, path)
        assert window.bench.data_name == str(path)
        assert window.bench.data.train.size > 1000
        assert window.bench.config.unit == unit
        assert window.lab.toolbar.data_box.currentText() == path.name


def test_of_several_files_one_is_taken_and_that_is_said(window, qtbot, tmp_path) -> None:
    said = []
    window.bench.message.connect(lambda level, text, detail: said.append(text))
    text_folder(tmp_path)
    with qtbot.waitSignal(window.bench.data_loaded, timeout=60_000):
        drop(window, tmp_path / "0.txt", tmp_path / "1.txt")
    assert window.bench.data_name == str(tmp_path / "0.txt")
    assert any("folder" in line for line in said)
