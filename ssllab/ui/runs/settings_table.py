"""The settings in which the selected runs differ; of a single run, all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ssllab.training.changes import value_text
from ssllab.training.export import settings_difference, settings_of
from ssllab.ui import theme
from ssllab.ui.control_words import control_value, control_words
from ssllab.ui.runs.words import distinct_titles

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo


_SHARED = QHeaderView.ResizeMode.Stretch
_AS_WIDE_AS_TEXT = QHeaderView.ResizeMode.ResizeToContents


class SettingsTable(QWidget):
    """A row per setting, a column per run."""

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel()
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setAccessibleName("Settings that differ")
        self.same = QLabel("These runs have equal settings.")
        self.same.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.same.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.table, 1)
        column.addWidget(self.same, 1)
        self.setMinimumWidth(200)
        self._infos: list[RunInfo] = []
        self._colours: dict[str, str] = {}
        self.restyle()

    def show_runs(self, infos: Sequence[RunInfo], colours: dict[str, str]) -> None:
        """The difference between these runs, each headed by its colour and name."""
        if list(infos) == self._infos and colours == self._colours:
            return
        self._infos, self._colours = list(infos), dict(colours)
        alone = len(infos) == 1
        rows = {k: [v] for k, v in settings_of(infos[0]).items()} if alone else settings_difference(infos)
        self.title.setText("Settings" if alone else "Settings that differ")
        self.table.setVisible(bool(rows) or not infos)
        self.same.setVisible(not rows and bool(infos))
        self.table.clear()
        self.table.setRowCount(len(rows))
        self.table.setColumnCount(1 + len(infos))
        corner = QTableWidgetItem("Setting")
        corner.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setHorizontalHeaderItem(0, corner)
        titles = distinct_titles(infos)
        for i, info in enumerate(infos):
            head = QTableWidgetItem(dot(colours.get(info.id)), titles[info.id])
            head.setToolTip(titles[info.id])
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.table.setHorizontalHeaderItem(i + 1, head)
        for row, (key, values) in enumerate(rows.items()):
            name = QTableWidgetItem(control_words(key))
            name.setForeground(QColor(theme.current().muted))
            self.table.setItem(row, 0, name)
            for i, value in enumerate(values):
                cell = QTableWidgetItem(control_value(key, value))
                cell.setToolTip(f"{key} = {value_text(value)}")
                self.table.setItem(row, i + 1, cell)
        self._fit()

    def texts(self) -> dict[str, list[str]]:
        """What the table says: setting -> the text of each run's cell."""
        cells, columns = self.table.model(), range(1, self.table.columnCount())
        return {
            cells.index(row, 0).data(): [cells.index(row, i).data() for i in columns]
            for row in range(self.table.rowCount())
        }

    def restyle(self) -> None:
        """Colours and fonts anew."""
        now = theme.current()
        self.title.setStyleSheet("font-weight: 600;")
        self.same.setStyleSheet(f"color: {now.muted};")
        self.table.setStyleSheet(
            f"QTableWidget {{ border: 1px solid {now.border}; border-radius: 6px;"
            f" selection-background-color: {now.raised}; selection-color: {now.text}; }}"
            f"QHeaderView {{ background: {now.surface}; }}"
            f"QHeaderView::section {{ background: {now.surface}; color: {now.muted}; border: none;"
            f" border-bottom: 1px solid {now.border}; padding: 3px 6px; }}"
        )
        self.table.verticalHeader().setDefaultSectionSize(int(self.fontMetrics().height() * 1.5))
        infos, self._infos = self._infos, []
        if infos:
            self.show_runs(infos, self._colours)

    def _fit(self) -> None:
        """The runs share the room beside the names of the settings; many of them are scrolled."""
        header = self.table.horizontalHeader()
        header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header.setMinimumSectionSize(14 * self.fontMetrics().averageCharWidth())
        for i in range(self.table.columnCount()):
            header.setSectionResizeMode(i, _SHARED if i else _AS_WIDE_AS_TEXT)


def dot(colour: str | None) -> QIcon:
    """A disc of that colour; nothing for None."""
    picture = QPixmap(20, 20)
    picture.fill(Qt.GlobalColor.transparent)
    if colour:
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(2, 2, 16, 16)
        painter.end()
    return QIcon(picture)
