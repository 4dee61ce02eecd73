"""The run browser on a workspace of small synthetic runs: its buttons pressed, its files looked at."""

from __future__ import annotations

import csv
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QLineEdit, QMainWindow

from ssllab.cli import main
from ssllab.methods.simclr import SimCLR
from ssllab.scalars import Series, as_json
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.run_writer import RunWriter
from ssllab.training.stored_predictors import named, of_run
from ssllab.ui import theme
from ssllab.ui.runs import words
from ssllab.ui.runs.compare_plot import ComparePlot
from ssllab.ui.runs.curves import thinned
from ssllab.ui.runs.listing import list_runs
from ssllab.ui.runs.page import RunsPage, assign_colours
from ssllab.ui.runs.table_model import CURVE, Column
from ssllab.ui.scene import Overlay

CONFIG = {"temperature": 0.5, "batch_size": 64, "crop": True}


def make_run(
    workspace,
    name,
    *,
    seed=0,
    data="shapes",
    rows=60,
    height=0.6,
    tags=(),
    checkpoint=False,
    failure="",
    notes=None,
    **config,
):
    settings = RunSettings(method="simclr", config={**CONFIG, **config}, data=data, seed=seed)
    run = workspace.create(settings, name=name)
    metrics, probes, events = MetricsLog(), MetricsLog(), []
    steps = np.arange(1, rows + 1)
    metrics.extend(steps, {"loss": 2 + height * 3 * np.exp(-steps / 20), "contrastive_top1": steps / rows})
    probes.extend(
        steps[9::10], {"knn_top1": np.full(rows // 10, height), "uniformity": np.full(rows // 10, -2.0)}
    )
    writer = RunWriter(run, metrics, probes, events)
    writer.describe(**(notes or {}))
    if checkpoint:
        writer.write_checkpoint(rows, {"weight": 1.0}, {"reason": "end", "last_event_id": 0})
    writer.close(failure=failure)
    if tags:
        run.set_tags(tags)
    return run.info.id


class FakeBench(QObject):
    overlays_changed = Signal()

    def __init__(self, workspace):
        super().__init__()
        self.workspace = workspace
        self.overlays = []
        self.said = []
        self.asked = []

    def set_overlays(self, ids):
        def read():
            self.overlays = list(ids)
            self.overlays_changed.emit()

        QTimer.singleShot(20, self, read)  # the real one reads the runs first

    def say(self, level, text, detail=""):
        self.said.append((level, text))

    def resume(self, run_id, place=None):
        self.asked.append(("resume", run_id))

    def fork(self, run_id, step, known=None, place=None):
        self.asked.append(("fork", run_id, step))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def open_page(qtbot, workspace):
    pages = []

    def build():
        page = RunsPage(FakeBench(workspace))
        qtbot.addWidget(page)
        page.resize(1000, 640)
        page.show()
        settle(qtbot, page)
        pages.append(page)
        return page

    yield build
    for page in pages:
        page.close_work()


def settle(qtbot, page):
    qtbot.wait(60)  # the selection settles
    qtbot.waitUntil(lambda: not page.busy, timeout=10000)
    qtbot.wait(20)


def press(qtbot, button):
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def names(page):
    model = page.table.filter
    return [model.index(row, Column.NAME).data() for row in range(model.rowCount())]


def legend(plot):
    values = plot.values()
    return {entry.name: values[entry.key] for entry in plot.legend.entries()}


def on_disk(workspace):
    return {info.id: info for info in workspace.runs()}


def test_an_empty_workspace_invites_to_the_lab(qtbot, open_page):
    page = open_page()
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.lab_wanted):
        press(qtbot, page.empty.start_button)


def test_every_run_is_listed_with_its_numbers_and_curves(qtbot, workspace, open_page):
    make_run(workspace, "first", height=0.5)
    page = open_page()
    row = page.table.filter
    assert names(page) == ["first"]
    assert row.index(0, Column.METHOD).data() == "SimCLR"
    assert row.index(0, Column.STEPS).data() == "60"
    assert row.index(0, Column.STARTED).data() == "just now"
    page.grab()  # the curves are read for rows that are painted
    settle(qtbot, page)
    curves = row.index(0, Column.PROBE).data(CURVE)
    assert curves.last_probe == pytest.approx(0.5)
    assert curves.loss[0] > curves.loss[-1]


def test_a_new_run_appears_without_being_asked_for(qtbot, workspace, open_page):
    make_run(workspace, "first")
    page = open_page()
    make_run(workspace, "second")
    page.refresh()
    settle(qtbot, page)
    assert set(names(page)) == {"first", "second"}


def test_only_what_changed_is_read_again(workspace, monkeypatch):
    ids = [make_run(workspace, name) for name in "abcd"]
    first = list_runs(workspace, None)
    assert {info.id for info in first.infos} == set(ids)
    monkeypatch.setattr(workspace, "runs", lambda: pytest.fail("all runs were read"))
    opened = []
    really_open = workspace.open
    monkeypatch.setattr(workspace, "open", lambda run_id: opened.append(run_id) or really_open(run_id))
    assert list_runs(workspace, first).infos == first.infos
    assert opened == []
    really_open(ids[2]).rename("changed")
    second = list_runs(workspace, first)
    assert opened == [ids[2]]
    assert sorted(info.name for info in second.infos) == ["a", "b", "changed", "d"]


def test_a_damaged_run_is_shown_with_its_problem(qtbot, workspace, open_page):
    make_run(workspace, "good")
    bad = make_run(workspace, "bad")
    (workspace.open(bad).path / "run.json").write_text("{")
    page = open_page()
    model = page.table.filter
    rows = {model.index(r, Column.VERDICT).data(): r for r in range(model.rowCount())}
    assert "damaged" in model.index(rows["damaged"], Column.NOTE).data()
    page.select([info.id for info in page.model.infos])
    settle(qtbot, page)
    assert page.compare.plots[0] is not None  # the good one is drawn all the same


def test_a_failed_run_is_listed_as_failed_with_its_error(workspace, open_page):
    make_run(workspace, "a", failure="The device ran out of memory.")
    page = open_page()
    row = [page.table.filter.index(0, column).data() for column in (Column.VERDICT, Column.NOTE)]
    assert row == ["failed", "The device ran out of memory."]


def test_the_verdicts_of_a_runs_life_are_shown_the_last_and_the_worst(workspace, open_page):
    life = [[0, "warming up"], [110, "shortcut"], [1420, "healthy"]]
    make_run(workspace, "a", notes={"verdict": "healthy", "life": life})
    page = open_page()
    index = page.table.filter.index(0, Column.VERDICT)
    assert index.data() == "healthy since 1,420, was shortcut"
    told = index.data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert told[:2] == ["Worst: shortcut, from step 110 until step 1,420", "Last: healthy, since step 1,420"]
    assert told[2:] == ["step 0: warming up", "step 110: shortcut", "step 1,420: healthy"]


def test_f2_renames_in_place_and_the_disk_follows(qtbot, workspace, open_page):
    run = make_run(workspace, "old name")
    page = open_page()
    page.select([run])
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    editor = page.table.findChild(QLineEdit)
    editor.setText("new name")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(page) == ["new name"])  # on screen before the disk has answered
    settle(qtbot, page)
    assert on_disk(workspace)[run].name == "new name"
    assert names(page) == ["new name"]


def test_an_empty_name_is_not_taken(workspace, open_page):
    make_run(workspace, "kept")
    page = open_page()
    index = page.table.filter.index(0, Column.NAME)
    assert not page.table.filter.setData(index, "   ")
    assert names(page) == ["kept"]


def test_tags_given_for_several_runs_are_added_to_each(qtbot, workspace, open_page, monkeypatch):
    a = make_run(workspace, "a", tags=("course",))
    b = make_run(workspace, "b")
    page = open_page()
    page.select([a, b])
    monkeypatch.setattr(QInputDialog, "getText", lambda *args, **kwargs: ("sweep, course", True))
    press(qtbot, page.toolbar.tag_button)
    settle(qtbot, page)
    found = on_disk(workspace)
    assert tuple(found[a].tags) == ("course", "sweep")
    assert tuple(found[b].tags) == ("sweep", "course")


def test_tags_can_be_edited_in_place_and_sorted_by(workspace, open_page):
    run = make_run(workspace, "a", tags=("course", "first"))
    page = open_page()
    index = page.table.filter.index(0, Column.TAGS)
    assert index.data(Qt.ItemDataRole.EditRole) == index.data(Qt.ItemDataRole.ToolTipRole) == "course, first"
    page.table.filter.setData(index, "course, second", Qt.ItemDataRole.EditRole)
    page.table.sortByColumn(Column.TAGS, Qt.SortOrder.AscendingOrder)
    assert page.model.info(run).tags == ("course", "second")


def test_a_note_is_kept(qtbot, workspace, open_page, monkeypatch):
    run = make_run(workspace, "a")
    page = open_page()
    page.select([run])
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *args: ("two\nlines", True))
    press(qtbot, page.toolbar.note_button)
    settle(qtbot, page)
    assert on_disk(workspace)[run].note == "two\nlines"


def test_deleted_runs_come_back_with_undo(qtbot, workspace, open_page):
    ids = [make_run(workspace, name) for name in "abc"]
    page = open_page()
    page.bench.set_overlays([ids[0], ids[2]])
    settle(qtbot, page)
    page.select(ids[:2])
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    settle(qtbot, page)
    assert names(page) == ["c"]
    assert set(on_disk(workspace)) == {ids[2]}
    assert page.bench.overlays == [ids[2]]
    assert page.undo_bar.text.text() == "2 runs moved to the trash."
    press(qtbot, page.undo_bar.undo_button)
    settle(qtbot, page)
    assert set(on_disk(workspace)) == set(ids)
    assert set(page.selected_ids()) == set(ids[:2])
    assert not page.undo_bar.isVisible()


def test_the_labs_keys_do_not_reach_through_the_page(qtbot, workspace, open_page):
    run = make_run(workspace, "a")
    page = open_page()
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(page)
    pressed = []
    for keys in ("R", "Space", "Ctrl+Z", "F5"):
        action = QAction(keys, window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _, keys=keys: pressed.append(keys))
        window.addAction(action)
    window.show()
    qtbot.waitActive(window)
    page.table.setFocus()
    page.select([run])
    page.delete_selected()
    settle(qtbot, page)
    page.table.setFocus()
    for key, modifier in (
        (Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier),
    ):
        qtbot.keyClick(window.focusWidget() or page, key, modifier)
    settle(qtbot, page)
    window.takeCentralWidget()
    assert pressed == ["F5"]
    assert set(on_disk(workspace)) == {run}  # Ctrl+Z took it back out of the trash


def test_enter_overlays_the_selected_runs_and_the_tick_shows_it(qtbot, workspace, open_page):
    ids = [make_run(workspace, name) for name in "abc"]
    page = open_page()
    page.select(ids[:2])
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert set(page.bench.overlays) == set(ids[:2])
    ticked = {
        page.table.filter.index(r, Column.NAME).data()
        for r in range(3)
        if page.table.filter.index(r, Column.LAB).data(Qt.ItemDataRole.CheckStateRole)
        == Qt.CheckState.Checked
    }
    assert ticked == {"a", "b"}
    press(qtbot, page.toolbar.draw_button)  # it says "Take off the plots" now
    settle(qtbot, page)
    assert page.bench.overlays == []


def test_two_ticks_in_quick_succession_overlay_two_runs(qtbot, workspace, open_page):
    ids = {make_run(workspace, "a"), make_run(workspace, "b")}
    page = open_page()
    for row in range(2):
        box = page.table.visualRect(page.table.filter.index(row, Column.LAB))
        at = QPoint(box.left() + 10, box.center().y())
        qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    settle(qtbot, page)
    assert set(page.bench.overlays) == ids


def test_filter_by_words_tag_and_method(workspace, open_page):
    make_run(workspace, "hot sweep", tags=("course",))
    make_run(workspace, "cold sweep", data="digits")
    page = open_page()
    bar = page.toolbar
    bar.filter_text.setText("sweep digits")
    assert names(page) == ["cold sweep"]
    bar.filter_text.clear()
    bar.tag_choice.setCurrentIndex(bar.tag_choice.findData("course"))
    assert names(page) == ["hot sweep"]
    assert "1 of 2 runs" in bar.heading.text()
    bar.tag_choice.setCurrentIndex(0)
    bar.method_choice.setCurrentIndex(bar.method_choice.findData("simclr"))
    assert len(names(page)) == 2


def test_sort_by_last_probe(workspace, open_page):
    for name, height in (("middle", 0.5), ("best", 0.9), ("worst", 0.1)):
        make_run(workspace, name, height=height)
    page = open_page()
    page.table.sortByColumn(Column.PROBE, Qt.SortOrder.DescendingOrder)
    assert names(page) == ["best", "middle", "worst"]


def test_the_difference_lists_only_what_differs(qtbot, workspace, open_page):
    a = make_run(workspace, "a", temperature=0.5)
    b = make_run(workspace, "b", temperature=0.05, crop=False)
    page = open_page()
    page.select([a, b])
    settle(qtbot, page)
    said = page.compare.settings.texts()
    assert said.keys() == {"temperature", "crop and resize"}
    assert set(said["temperature"]) == {"0.5", "0.05"}
    assert set(said["crop and resize"]) == {"on", "off"}
    page.select([a])
    assert page.compare.settings.texts()["batch size"] == ["64"]


def test_selected_runs_lie_over_each_other_with_the_values_they_ended_at(qtbot, workspace, open_page):
    ids = [make_run(workspace, name, height=h) for name, h in (("a", 0.4), ("b", 0.7))]
    page = open_page()
    page.select(ids)
    settle(qtbot, page)
    assert legend(page.compare.plots[1]) == {"a": "40.0%", "b": "70.0%"}
    page.compare.choose(1, "uniformity")
    assert legend(page.compare.plots[1]) == {"a": "-2.000", "b": "-2.000"}
    page.compare.choose(0, "contrastive_top1")
    table = page.compare.plots[0].columns()
    assert table["a: contrastive_top1"][-1] == pytest.approx(1.0)


def test_probes_are_compared_as_measured_and_steps_smoothed(qtbot):
    log = MetricsLog()
    log.extend(np.arange(5) * 20, {"loss": np.arange(5.0), "knn_top1": np.arange(5) / 10})
    last = {}
    for metric, probe in (("loss", False), ("knn_top1", True)):
        plot = ComparePlot(metric, probe, SimCLR.series[metric])
        qtbot.addWidget(plot)
        plot.set_smoothing(20)
        plot.show_runs([Overlay("one", log, log, "#e69f00")])
        last[metric] = list(plot.values().values())
    assert last["knn_top1"] == ["40.0%"]
    assert last["loss"] != ["4.000"]


def test_runs_that_differ_in_the_seed_alone_become_their_mean(qtbot, workspace, open_page):
    ids = [make_run(workspace, "tau 0.5", seed=s, height=h) for s, h in ((0, 0.4), (1, 0.6))]
    ids.append(make_run(workspace, "tau 5", seed=0, height=0.2, temperature=5.0))
    page = open_page()
    page.select(ids)
    settle(qtbot, page)
    assert len(legend(page.compare.plots[1])) == 3
    page.compare.seeds.click()
    assert legend(page.compare.plots[1]) == {"tau 0.5, 2 seeds": "50.0%", "tau 5": "20.0%"}


def test_export_of_one_run_as_csv(qtbot, workspace, open_page, monkeypatch, tmp_path):
    run = make_run(workspace, "a", rows=30)
    page = open_page()
    page.select([run])
    target = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(target), ""))
    page.exporter.actions["csv"].trigger()
    settle(qtbot, page)
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows][:3] == [1, 2, 3]
    assert float(rows[0]["loss"]) == pytest.approx(2 + 1.8 * np.exp(-1 / 20), rel=1e-5)
    assert page.bench.said[-1][0] == "info"


def test_export_of_several_scripts_into_a_folder(qtbot, workspace, open_page, monkeypatch, tmp_path):
    ids = [make_run(workspace, "same name"), make_run(workspace, "same name", seed=1)]
    page = open_page()
    page.select(ids)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    page.exporter.actions["script"].trigger()
    settle(qtbot, page)
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    assert files == ["same name 2.py", "same name.py"]
    for file in files:
        compile((tmp_path / file).read_text(), file, "exec")


def test_a_run_of_language_becomes_a_folder_that_opens_again(
    qtbot, workspace, open_page, monkeypatch, tmp_path
):
    text = tmp_path / "text.txt"
    text.write_text("The cat sits on the mat. " * 60)
    small = ["unit=char", "context=8", "width=8", "heads=2", "layers=1", "batch_size=2"]
    of = ["--data", str(text), "--steps", "2", "--workspace", str(workspace.path)]
    assert main(["train", "causal_lm", *of, "--set", *small]) == 0
    run = workspace.runs()[0].id
    other = make_run(workspace, "pictures")
    page = open_page()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "out"))
    page.select([run])
    page.exporter.actions["model"].trigger()
    settle(qtbot, page)
    (folder,) = (tmp_path / "out").iterdir()
    assert named(str(folder), workspace).units.symbols == of_run(workspace.open(run)).units.symbols
    page.select([other])
    page.exporter.actions["model"].trigger()
    settle(qtbot, page)
    assert page.bench.said[-1][0] == "error"
    assert "no method of speech or language" in page.bench.said[-1][1]


def test_an_export_that_cannot_be_written_says_so(qtbot, workspace, open_page, monkeypatch, tmp_path):
    run = make_run(workspace, "a")
    page = open_page()
    page.select([run])
    target = tmp_path / "missing folder" / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(target), ""))
    page.exporter.actions["csv"].trigger()
    settle(qtbot, page)
    assert page.bench.said[-1][0] == "error"
    assert not page.progress.isVisible()


def test_an_export_can_be_cancelled_in_the_middle_of_a_run(
    qtbot, workspace, open_page, monkeypatch, tmp_path
):
    run = make_run(workspace, "a", rows=500_000)
    page = open_page()
    page.select([run])
    settle(qtbot, page)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "out.csv"), ""))
    page.exporter.actions["csv"].trigger()
    qtbot.waitUntil(lambda: page.progress.bar.value() > 0, timeout=20_000)
    press(qtbot, page.progress.cancel_button)
    assert page.bench.said[-1] == ("info", "The export was cancelled.")
    settle(qtbot, page)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_plots_are_saved_as_a_picture(qtbot, workspace, open_page, monkeypatch, tmp_path, kind, start):
    run = make_run(workspace, "a")
    page = open_page()
    page.select([run])
    settle(qtbot, page)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "plots"), ""))
    page.exporter.actions[kind].trigger()
    assert (tmp_path / f"plots.{kind}").read_bytes().startswith(start)


@pytest.mark.parametrize("what", ["resume", "fork"])
def test_resume_and_fork_from_a_checkpoint(qtbot, workspace, open_page, monkeypatch, what):
    run = make_run(workspace, "a", rows=40, checkpoint=True)
    page = open_page()
    page.select([run])

    def answer(dialog):
        assert dialog.list.item(0).text().startswith("Step 40")
        (dialog.resume_button if what == "resume" else dialog.fork_button).click()
        return QDialog.DialogCode(dialog.result())

    monkeypatch.setattr("ssllab.ui.runs.dialogs.CheckpointDialog.exec", answer)
    press(qtbot, page.toolbar.resume_button)
    settle(qtbot, page)
    assert page.bench.asked == [("resume", run) if what == "resume" else ("fork", run, 40)]


def test_a_change_that_fails_is_said_and_taken_back_on_screen(qtbot, workspace, open_page):
    run = make_run(workspace, "a")
    page = open_page()
    record = workspace.open(run).path / "run.json"
    record.unlink()
    page.edit(run, "name", "b")
    settle(qtbot, page)
    assert page.bench.said[-1][0] == "error"
    assert "b" not in names(page)


def test_restyle_keeps_selection_and_curves(qtbot, workspace, open_page):
    ids = [make_run(workspace, name) for name in "ab"]
    page = open_page()
    page.select(ids)
    settle(qtbot, page)
    theme.apply("dark")
    try:
        page.restyle()
        assert set(page.selected_ids()) == set(ids)
        assert set(page._colours.values()) <= set(theme.DARK.series)
    finally:
        theme.apply("light")


def test_the_page_can_go_while_it_reads(qtbot, workspace):
    make_run(workspace, "a")
    page = RunsPage(FakeBench(workspace))
    page.show()
    page.close_work()
    page.deleteLater()
    qtbot.wait(50)


def test_thinning_keeps_means_and_leaves_out_what_is_not_finite():
    assert thinned(np.array([1.0, np.nan, 3.0, np.inf])).tolist() == [1.0, 3.0]
    assert thinned(np.arange(100.0), 4).tolist() == [12.0, 37.0, 62.0, 87.0]


def test_a_run_keeps_its_colour_while_it_is_compared():
    first = assign_colours(["a", "b", "c"], {})
    assert len(set(first.values())) == 3
    then = assign_colours(["c", "d", "a"], first)
    assert (then["a"], then["c"]) == (first["a"], first["c"])
    assert len(set(then.values())) == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "just now"),
        (61, "1 minute ago"),
        (7300, "2 hours ago"),
        (90000, "yesterday"),
        (5 * 86400, "5 days ago"),
    ],
)
def test_time_in_words(seconds, said):
    now = time.time()
    assert words.ago(now - seconds, now) == said


def test_tags_and_file_names_from_what_people_type():
    assert words.parse_tags(" a, b c ,,a") == ("a", "b c")
    assert words.file_name("tau = 0.5 / run:1?") == "tau _ 0.5 _ run_1_"
    assert words.file_name("..") == "run"


def test_a_run_of_speech_shows_its_own_probe(qtbot, workspace, open_page):
    images = make_run(workspace, "images", height=0.5)
    run = workspace.create(RunSettings(method="wav2vec2", config={}, data="spoken"), name="speech")
    metrics, probes = MetricsLog(), MetricsLog()
    metrics.extend(np.arange(1, 5), {"loss": np.ones(4)})
    probes.extend(np.arange(1, 5), {"pnmi": np.full(4, 0.1), "phone_top1": np.full(4, 0.25)})
    RunWriter(run, metrics, probes, []).close()
    page = open_page()
    rows = {page.model.index(row, Column.NAME).data(): row for row in range(page.model.rowCount())}
    tips = {
        name: page.model.index(row, Column.PROBE).data(Qt.ItemDataRole.ToolTipRole)
        for name, row in rows.items()
    }
    assert tips == {"images": "kNN accuracy on h (k = 10): 50.0 %", "speech": "Linear phone probe: 25.0 %"}
    page.select([run.info.id])
    settle(qtbot, page)
    assert page.compare.choices[1].currentData() == "phone_top1"
    page.select([images])
    settle(qtbot, page)
    assert page.compare.choices[1].currentData() == "knn_top1"


def make_probed(workspace, name, method, **last):
    run = workspace.create(RunSettings(method=method, config={}, data="made"), name=name)
    metrics, probes = MetricsLog(), MetricsLog()
    metrics.append(1, {"loss": 1.0})
    probes.append(1, last)
    RunWriter(run, metrics, probes, []).close()
    return run.info.id


def test_errors_sort_with_the_fewest_first_and_apart_from_accuracies(workspace, open_page):
    for name, method, last in (
        ("many errors", "ctc", {"wer": 0.9}),
        ("weak", "simclr", {"knn_top1": 0.2}),
        ("few errors", "ctc", {"wer": 0.1}),
        ("strong", "simclr", {"knn_top1": 0.8}),
        ("untried", "simclr", {}),
    ):
        make_probed(workspace, name, method, **last)
    page = open_page()
    page.table.sortByColumn(Column.PROBE, Qt.SortOrder.DescendingOrder)
    assert names(page) == ["strong", "weak", "few errors", "many errors", "untried"]


def test_a_run_of_an_unknown_method_is_shown_by_what_it_keeps(qtbot, workspace, open_page):
    run = workspace.create(RunSettings(method="ours", config={}, data="made"), name="ours")
    metrics, probes = MetricsLog(), MetricsLog()
    metrics.append(1, {"loss": 1.0, "odd_one": 2.0})
    probes.append(1, {"wit": 0.25})
    writer = RunWriter(run, metrics, probes, [])
    writer.describe(scalars=as_json({"wit": Series("Wit", percent=True, headline=1)}))
    writer.close()
    page = open_page()
    tip = page.model.index(0, Column.PROBE).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "Wit: 25.0 %"
    page.select([run.info.id])
    settle(qtbot, page)
    assert legend(page.compare.plots[1]) == {"ours": "25.0%"}
    choice = page.compare.choices[0]
    assert "Odd one" in [choice.itemText(i) for i in range(choice.count())]


def test_a_paused_run_is_not_listed_as_training(workspace, open_page):
    run = workspace.create(RunSettings(method="simclr", config={}, data="made"), name="open")
    metrics, events = MetricsLog(), [Event(0, 0.0, "start")]
    metrics.append(1, {"loss": 1.0})
    writer = RunWriter(run, metrics, MetricsLog(), events)
    assert writer.flush()
    page = open_page()
    started = page.model.index(0, Column.STARTED)
    assert started.data() == "training now"
    events.append(Event(1, 1.0, "pause"))
    assert writer.flush()
    assert [info.state for info in list_runs(workspace, None).infos] == ["paused"]
    page._show_listing(list_runs(workspace, None))
    assert started.data() == "paused"
    writer.close()
