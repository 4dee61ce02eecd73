"""The run browser: a table of every run of the workspace above, the selected runs compared below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QInputDialog,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ssllab.data.catalogue import exists
from ssllab.ui import theme
from ssllab.ui.runs.bars import UndoBar
from ssllab.ui.runs.compare import ComparePane
from ssllab.ui.runs.curves import CurveReader, read_curves
from ssllab.ui.runs.dialogs import CheckpointDialog, ask_where_data_is
from ssllab.ui.runs.empty import EmptyRuns
from ssllab.ui.runs.export_menu import RunExporter
from ssllab.ui.runs.listing import Listing, list_newest, list_runs
from ssllab.ui.runs.run_table import RunTable
from ssllab.ui.runs.table_model import Column, RunsModel
from ssllab.ui.runs.toolbar import RunToolbar
from ssllab.ui.runs.words import parse_tags, plural, run_title
from ssllab.ui.widgets.progress_row import ProgressRow
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.training.run_store import CheckpointRef, RunInfo
    from ssllab.ui.benches import Benches

_REFRESH_MS = 3000
_TICKS_PER_CLOCK = 10  # "2 minutes ago" is said anew every this many refreshes


class RunsPage(QWidget):
    """Every run of ``bench.workspace``. Disk work happens on a thread of its own, in the order asked for.

    Signals: ``listed`` after every look at the disk, ``lab_wanted`` when the empty page's button is pressed.
    """

    listed = Signal()
    lab_wanted = Signal()

    def __init__(self, bench: Benches) -> None:
        super().__init__()
        self.bench = bench
        self.workspace = bench.workspace
        self._disk = Worker(self)
        self._listing: Listing | None = None
        self._waiting = False  # a listing is under way
        self._ticks = 0
        self._colours: dict[str, str] = {}
        self._overlays: list[str] = []  # asked for; the bench reads runs before it shows them
        self.curves = CurveReader(lambda info: read_curves(self.workspace, info), self)
        self.model = RunsModel(self.curves, self)
        self.table = RunTable(self.model)
        self.compare = ComparePane(self.workspace)
        self.exporter = RunExporter(self)
        self.undo_bar = UndoBar()
        self.progress = ProgressRow(self.exporter.work)
        self.empty = EmptyRuns()
        self._build()
        self._connect()
        self._overlays_changed()
        self._selection_settled()

    def _build(self) -> None:
        self.toolbar = RunToolbar(self.table.filter)
        self.toolbar.export_button.setMenu(self.exporter.menu())
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.table)
        self.split.addWidget(self.compare)
        self.split.setSizes([320, 300])
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.table.setMinimumHeight(90)
        self.compare.setMinimumHeight(150)
        browser = QWidget()
        column = QVBoxLayout(browser)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.toolbar)
        column.addWidget(self.split, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(browser)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 10, 8)
        outer.addWidget(self.undo_bar)
        outer.addWidget(self.progress)
        outer.addWidget(self.stack, 1)
        self._browser = browser
        self.stack.setCurrentWidget(browser)  # until the first look at the disk nothing is said
        self.restyle()

    def _connect(self) -> None:
        bar = self.toolbar
        bar.open_button.clicked.connect(self.open_selected)
        bar.draw_button.clicked.connect(self.draw_selected)
        bar.resume_button.clicked.connect(self.ask_checkpoint)
        bar.rename_button.clicked.connect(self.rename_selected)
        bar.tag_button.clicked.connect(self.ask_tags)
        bar.note_button.clicked.connect(self.ask_note)
        bar.delete_button.clicked.connect(self.delete_selected)
        self.table.opened.connect(self.open_selected)
        self.table.deletion_wanted.connect(self.delete_selected)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._context_menu)
        self.undo_bar.undo_wanted.connect(self.restore)
        self.model.edited.connect(self.edit)
        self.model.overlay_toggled.connect(self._overlay_toggled)
        self.compare.said.connect(self.bench.say)
        self.compare.table_asked.connect(lambda columns, path: self.bench.save_table(columns, path))
        self.bench.overlays_changed.connect(self._overlays_changed)
        app = QApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.close_work)
        self.empty.start_button.clicked.connect(self.lab_wanted)
        self._settle = QTimer(self, singleShot=True, interval=40)
        self._settle.timeout.connect(self._selection_settled)
        self.table.selection_changed.connect(self._settle.start)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self._tick)

    # Listing

    def refresh(self) -> None:
        """Look at the disk in the background; nothing is read where nothing changed."""
        if self._waiting:
            return
        self._waiting = True
        before = self._listing
        if before is None:
            self._disk.submit(lambda task: list_newest(self.workspace), self._first_listed, self._not_listed)
        else:
            self._disk.submit(lambda task: list_runs(self.workspace, before), self._listed, self._not_listed)

    def _first_listed(self, found: Listing) -> None:
        self._waiting = False
        self._show_listing(found)
        self.refresh()

    def _listed(self, found: Listing) -> None:
        self._waiting = False
        self._show_listing(found)
        self.stack.setCurrentWidget(self._browser if self.model.infos else self.empty)
        self.listed.emit()

    def _show_listing(self, found: Listing) -> None:
        self._listing = found
        infos = found.infos
        if infos == self.model.infos or self.table.editing:  # an open editor is not pulled away
            return
        first_look = not self.model.infos
        self.model.set_runs(infos)
        self.toolbar.show_runs(infos)
        if first_look:
            self.table.select([infos[0].id])
            self.stack.setCurrentWidget(self._browser)
        self._selection_settled()

    def _not_listed(self, error: Exception, trace: str) -> None:
        self._waiting = False
        self._failed(error, trace)
        self.listed.emit()

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _TICKS_PER_CLOCK == 0:
            self.model.tick()
        self.refresh()

    # Selection

    def selected_ids(self) -> list[str]:
        """Ids of the selected runs, from top to bottom."""
        return self.table.selected_ids()

    def select(self, ids: Sequence[str]) -> None:
        """Select exactly these runs and compare them."""
        self.table.select(ids)
        self._selection_settled()

    def _selected(self) -> list[RunInfo]:
        return [info for run_id in self.selected_ids() if (info := self.model.info(run_id))]

    def _selection_settled(self) -> None:
        infos = self._selected()
        self._colours = assign_colours([info.id for info in infos], self._colours)
        self.model.set_colours(self._colours)
        self.compare.show_runs(infos, self._colours)
        self.toolbar.show_selection(infos, self._overlays)

    # Overlays

    def open_selected(self) -> None:
        """Put the selected run into its lab; several are drawn in the plots."""
        infos = self._selected()
        if len(infos) > 1:
            self.draw_selected()
        elif infos and (settings := infos[0].settings) is not None:
            place = None if exists(settings.data) else ask_where_data_is(self, settings.data)
            if place is not None or exists(settings.data):
                self.bench.open(infos[0].id, place)

    def draw_selected(self) -> None:
        """Draw the selected runs in the lab, or take them away when all of them are there already."""
        ids = [info.id for info in self._selected() if info.settings is not None]
        if not ids:
            return
        have = self._overlays
        if all(run_id in have for run_id in ids):
            self._set_overlays([run_id for run_id in have if run_id not in ids])
        else:
            self._set_overlays([*have, *(run_id for run_id in ids if run_id not in have)])

    def _overlay_toggled(self, run_id: str, on: bool) -> None:
        rest = [other for other in self._overlays if other != run_id]
        self._set_overlays([*rest, run_id] if on else rest)

    def _set_overlays(self, ids: list[str]) -> None:
        self._overlays = ids
        self.model.set_overlays(ids)
        self.toolbar.show_selection(self._selected(), ids)
        self.bench.set_overlays(ids)

    def _overlays_changed(self) -> None:
        self._overlays = list(self.bench.overlays)
        self.model.set_overlays(self._overlays)
        self.toolbar.show_selection(self._selected(), self._overlays)

    # Changes

    def edit(self, run_id: str, what: str, text: str) -> None:
        """Change the "name", "tags" (with commas) or "note" of a run: on screen now, on disk soon."""
        info = self.model.info(run_id)
        if info is None:
            return
        value: Any = parse_tags(text) if what == "tags" else text
        self.model.replace(replace(info, **{what: value}))
        setter = {"name": "rename", "tags": "set_tags", "note": "set_note"}[what]
        self._change(lambda task: getattr(self.workspace.open(run_id), setter)(value))

    def rename_selected(self) -> None:
        """Open the editor of the name of the selected run."""
        for run_id in self.selected_ids()[:1]:
            self.table.edit_cell(run_id, Column.NAME)

    def ask_tags(self) -> None:
        """Tags of one run are edited; tags given for several are added to each."""
        infos = [info for info in self._selected() if info.settings is not None]
        if not infos:
            return
        alone = len(infos) == 1
        label = "Tags, separated by commas:" if alone else f"Tags to add to {plural(len(infos), 'run')}:"
        text, good = QInputDialog.getText(self, "Tags", label, text=", ".join(infos[0].tags) if alone else "")
        if not good:
            return
        for info in infos:
            tags = parse_tags(text) if alone else parse_tags(", ".join((*info.tags, text)))
            if tags != tuple(info.tags):
                self.edit(info.id, "tags", ", ".join(tags))

    def ask_note(self) -> None:
        """A note of several lines."""
        for info in self._selected()[:1]:
            text, good = QInputDialog.getMultiLineText(self, "Note", f"Note on {run_title(info)}:", info.note)
            if good and text.strip() != info.note:
                self.edit(info.id, "note", text.strip())

    def delete_selected(self) -> None:
        """Move the selected runs to the trash; the bar above offers them back."""
        ids = self.selected_ids()
        if not ids:
            return
        gone = set(ids)

        def offer(_: Any) -> None:
            if gone & set(self._overlays):
                self._set_overlays([run_id for run_id in self._overlays if run_id not in gone])
            self.undo_bar.offer(ids)

        self._change(lambda task: self.workspace.delete(ids), offer)

    def restore(self, ids: Sequence[str]) -> None:
        """Take runs back out of the trash and select them."""
        self._change(lambda task: self.workspace.restore(list(ids)), lambda _: self._select_when_listed(ids))

    def _select_when_listed(self, ids: Sequence[str]) -> None:
        self.listed.connect(lambda: self.select(ids), Qt.ConnectionType.SingleShotConnection)

    def _change(self, work: Any, then: Any = None) -> Task:
        """Change the disk in the background, then look at it anew whether or not it went well."""

        def done(result: Any) -> None:
            if then:
                then(result)
            self._look_again()

        def failed(error: Exception, trace: str) -> None:
            self._failed(error, trace)
            self._look_again()

        return self._disk.submit(work, done, failed)

    def _look_again(self) -> None:
        self._waiting = False
        self.refresh()

    def _failed(self, error: Exception, trace: str) -> None:
        known = isinstance(error, (OSError, ValueError))
        self.bench.say("error", str(error) if known else f"The run browser failed: {error}", trace)

    # Resume and fork

    def ask_checkpoint(self) -> None:
        """Read the checkpoints of the selected run, then ask which one."""
        for info in self._selected()[:1]:
            self._disk.submit(
                partial(self._checkpoints, info), partial(self._checkpoint_dialog, info), self._failed
            )

    def _checkpoints(self, info: RunInfo, task: Task) -> Sequence[CheckpointRef]:
        return self.workspace.open(info.id).checkpoints()

    def _checkpoint_dialog(self, info: RunInfo, checkpoints: Sequence[CheckpointRef]) -> None:
        dialog = CheckpointDialog(info, checkpoints, self)
        if dialog.exec() != QDialog.DialogCode.Accepted or dialog.choice is None:
            return
        what, checkpoint = dialog.choice
        place: str | None = None
        if info.settings is not None and not exists(info.settings.data):
            place = ask_where_data_is(self, info.settings.data)
            if place is None:
                return
        if what == "resume":
            self.bench.resume(info.id, place)
        else:
            self.bench.fork(info.id, checkpoint.step, checkpoint.last_event_id, place)

    def _context_menu(self, at: Any) -> None:
        menu = QMenu(self)
        for button in self.toolbar.buttons():
            action = menu.addAction(button.text(), button.click)
            action.setEnabled(button.isEnabled())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(at))

    # The window

    def restyle(self) -> None:
        """The theme or the font size changed."""
        for part in (self.table, self.compare, self.undo_bar, self.empty, self.toolbar):
            part.restyle()
        self._colours = assign_colours(list(self._colours), {})
        self.model.set_colours(self._colours)
        if self.model.infos:
            self._selection_settled()

    @property
    def busy(self) -> bool:
        """Whether anything is still being read or written."""
        return self._disk.busy or self.curves.busy or self.compare.busy or self.exporter.busy

    def event(self, event: QEvent) -> bool:
        # The lab's keys (R begins a new run, Ctrl+Z takes back a control) do not reach through this page.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
            letter = plain and len(event.text()) == 1 and event.text().isprintable()
            if letter or event.matches(QKeySequence.StandardKey.Undo):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_bar.undo()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.setFocus()
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def close_work(self) -> None:
        """Stop every thread of the page; the window calls it before it goes."""
        self._timer.stop()
        self._disk.close()
        self.curves.close()
        self.compare.close_work()
        self.exporter.close_work()


def assign_colours(ids: Sequence[str], before: dict[str, str]) -> dict[str, str]:
    """A colour of the theme for every run; runs keep the one they have while they stay."""
    now = theme.current()
    ladder = [*now.series, *now.categories]
    colours = {run_id: before[run_id] for run_id in ids if run_id in before}
    free = [colour for colour in ladder if colour not in colours.values()]
    for i, run_id in enumerate(run_id for run_id in ids if run_id not in colours):
        colours[run_id] = free[i] if i < len(free) else ladder[i % len(ladder)]
    return {run_id: colours[run_id] for run_id in ids}
