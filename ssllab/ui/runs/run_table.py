"""The table of runs: delegates, keys, selection by id."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ssllab.ui import theme
from ssllab.ui.runs.delegates import CurveDelegate, NameDelegate, TagDelegate
from ssllab.ui.runs.run_filter import RunFilter
from ssllab.ui.runs.table_model import INFO, Column, RunsModel

# Widths in characters of the application's font.
_WIDTHS = {
    Column.LAB: 4,
    Column.NAME: 25,
    Column.LOSS: 16,
    Column.PROBE: 17,
    Column.VERDICT: 24,
    Column.METHOD: 8,
    Column.DATA: 10,
    Column.SETTINGS: 22,
    Column.STEPS: 8,
    Column.STARTED: 15,
    Column.TAGS: 14,
    Column.NOTE: 12,
}


class RunTable(QTableView):
    """Rows are runs; several may be selected. Enter opens, F2 renames, Delete deletes."""

    opened = Signal()
    deletion_wanted = Signal()
    selection_changed = Signal()

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self.runs = model
        self.filter = RunFilter(self)
        self.filter.setSourceModel(model)
        self.setModel(self.filter)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.STARTED, Qt.SortOrder.DescendingOrder)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(True)
        self.setItemDelegateForColumn(Column.NAME, NameDelegate(self))
        for column in (Column.LOSS, Column.PROBE):
            self.setItemDelegateForColumn(column, CurveDelegate(self))
        self.setItemDelegateForColumn(Column.TAGS, TagDelegate(self))
        self.setAccessibleName("Runs")
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.restyle()

    def restyle(self) -> None:
        """Row height and widths follow the font; a selected row is tinted, so that curves stay readable."""
        metrics = QFontMetrics(self.font())
        self.verticalHeader().setDefaultSectionSize(int(metrics.height() * 1.9))
        for column, characters in _WIDTHS.items():
            self.setColumnWidth(column, characters * metrics.averageCharWidth() + 12)
        now = theme.current()
        tint = _mixed(now.accent, now.surface, 0.16)
        self.setStyleSheet(
            f"QTableView {{ border: 1px solid {now.border}; border-radius: 6px;"
            f" selection-background-color: {tint}; selection-color: {now.text}; }}"
            f"QTableView::item:selected {{ background: {tint}; color: {now.text}; }}"
            f"QHeaderView {{ background: {now.surface}; }}"
            f"QHeaderView::section {{ background: {now.surface}; color: {now.muted}; border: none;"
            f" border-bottom: 1px solid {now.border}; padding: 5px 6px; }}"
        )
        self.viewport().update()

    def selected_ids(self) -> list[str]:
        """Ids of the selected rows, from top to bottom."""
        # By ranges: selectedRows() asks the model for the flags of every cell.
        selection = self.selectionModel().selection()
        ranges = (selection.at(i) for i in range(selection.count()))
        rows = sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})
        return [self.filter.index(row, 0).data(INFO).id for row in rows]

    def select(self, ids: Iterable[str]) -> None:
        """Select exactly these runs (as far as the filter shows them)."""
        wanted = set(ids)
        selection = QItemSelection()
        first: QModelIndex | None = None
        for row in range(self.filter.rowCount()):
            index = self.filter.index(row, 0)
            if index.data(INFO).id in wanted:
                selection.select(index, self.filter.index(row, len(Column) - 1))
                first = first or index
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flags.ClearAndSelect)
        if first is not None:
            name = self.filter.index(first.row(), Column.NAME)
            self.selectionModel().setCurrentIndex(name, flags.NoUpdate)

    def edit_cell(self, run_id: str, column: Column) -> None:
        """Open the editor of a cell of a run in sight."""
        for row in range(self.filter.rowCount()):
            index = self.filter.index(row, column)
            if index.data(INFO).id == run_id:
                self.scrollTo(index)
                self.setCurrentIndex(index)
                self.edit(index)
                return

    @property
    def editing(self) -> bool:
        """Whether a cell is being edited now."""
        return self.state() == QAbstractItemView.State.EditingState

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.editing:
            self.opened.emit()
        elif key == Qt.Key.Key_Delete and not self.editing:
            self.deletion_wanted.emit()
        elif key == Qt.Key.Key_F2 and self.currentIndex().isValid():
            column = self.currentIndex().column()
            if column not in (Column.TAGS, Column.NOTE):
                column = Column.NAME
            self.edit_cell(self.currentIndex().data(INFO).id, Column(column))
        else:
            super().keyPressEvent(event)


def _mixed(front: str, back: str, share: float) -> str:
    a, b = QColor(front), QColor(back)
    channels = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x * share + y * (1 - share)) for x, y in channels)).name()
