"""The table of places that were found: clip, time, words, phones, and how far or near."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.axis import clock
from ssllab.ui.labs.speech.widgets.index import Place
from ssllab.ui.widgets.item_types import Index

_WORDS, _PHONES = 2, 3  # columns
_FEW_PHONES = "ɹɪntɪŋɹɪn"  # how wide their column is
LENGTH, DISTANCE, COSINE = "Length", "Distance", "Cosine"
_TIPS = {
    LENGTH: "For how long the code stays",
    DISTANCE: "Frames to exchange, leave out or put in; a frame counts by the share of its groups that differ",
    COSINE: "Cosine of the mean latents of both spans; 1 is the same direction",
}


class PlacesModel(QAbstractTableModel):
    """Rows are places. ``measure`` heads the last column and says what their scores are."""

    def __init__(self) -> None:
        super().__init__()
        self.places: Sequence[Place] = ()
        self.measure = LENGTH

    def show(self, places: Sequence[Place], measure: str) -> None:
        """Other rows."""
        self.beginResetModel()
        self.places, self.measure = places, measure
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.places)

    def columnCount(self, parent: Index | None = None) -> int:
        return 5

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Clip", "Time", "Words", "Phones", self.measure)[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            known = "Where the data knows their times"
            return ("", "From the beginning of the clip", known, known, _TIPS[self.measure])[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        place = self.places[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                place.clip.name,
                clock(place.start, 0.01),
                place.words,
                place.phones,
                _measured(place, self.measure),
            )[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return {0: place.clip.name, _WORDS: place.words, _PHONES: place.phones}.get(index.column())
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (0, _WORDS, _PHONES) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _measured(place: Place, measure: str) -> str:
    if measure == LENGTH or place.score is None:
        return f"{1000 * (place.end - place.start):.0f} ms"
    text = f"{place.score:.1f}" if measure == DISTANCE else f"{place.score:.3f}"
    return text.replace("-", "−")


class PlacesTable(QTableView):
    """A plain table of one selected row; a click or Enter goes there."""

    def __init__(self, model: PlacesModel) -> None:
        super().__init__()
        self.rows = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for column in (0, _WORDS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (1, _PHONES, 4):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self.setAccessibleName("Places")
        self.restyle()

        model.modelReset.connect(self._fit_columns)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """No column of words or phones where none is known, and room for phones where there are many."""
        self.setColumnHidden(_WORDS, not any(place.words for place in self.rows.places))
        self.setColumnHidden(_PHONES, not any(place.phones for place in self.rows.places))
        # A code lies on a phone or two, a span on many.
        many = self.rows.measure != LENGTH
        mode = QHeaderView.ResizeMode.Stretch if many else QHeaderView.ResizeMode.Fixed
        self.horizontalHeader().setSectionResizeMode(_PHONES, mode)
        if not many:
            self.setColumnWidth(_PHONES, QFontMetrics(self.font()).horizontalAdvance(_FEW_PHONES) + 12)

    def restyle(self) -> None:
        """Rows and columns follow the font."""
        metrics = QFontMetrics(self.font())
        self.verticalHeader().setDefaultSectionSize(round(1.6 * metrics.height()))
        self.setMinimumHeight(round(5 * metrics.height()))  # coming forward it takes no room from the lanes
        for column, text in ((1, "1:00:00.00 "), (_PHONES, _FEW_PHONES), (4, "Distance  ")):
            self.setColumnWidth(column, metrics.horizontalAdvance(text) + 12)
        colours = theme.current()
        tint = QColor(colours.accent)
        tint.setAlphaF(0.18)
        self.setStyleSheet(
            f"QTableView {{ border: 1px solid {colours.border}; border-radius: 6px;"
            f" selection-background-color: {tint.name(QColor.NameFormat.HexArgb)};"
            f" selection-color: {colours.text}; }} QTableView::item {{ padding: 0 6px; }}"
            f"QHeaderView::section {{ background: {colours.raised}; color: {colours.muted}; border: none;"
            f" padding: 3px 6px; }}"
        )
