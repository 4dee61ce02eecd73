"""Layers of a model as rows: how open the place is after each, and its likeliest symbols."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QTableView

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.ranking import Candidate, share_words
from ssllab.ui.labs.language.widgets.share_cell import paint_share
from ssllab.ui.widgets.item_types import Index, ItemOption

Role = Qt.ItemDataRole
CELL = Role.UserRole + 1
SHOWN = 4  # symbols of a layer
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class LayerRow:
    """``bits`` are open after the layer ``name``; ``first``: its likeliest symbols."""

    name: str
    bits: float
    first: tuple[Candidate, ...]

    @property
    def said(self) -> str:
        """All of it in a line."""
        return f"{self.name}: {self.bits:.2f} bits open; " + ", ".join(
            f"{c.shown} {share_words(c.p)}" for c in self.first
        )


class _Layers(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers: list[LayerRow] = []

    def show(self, layers: Sequence[LayerRow]) -> None:
        if len(layers) == len(self.layers):  # the cell that the keyboard is at stays
            self.layers = list(layers)
            if layers:
                self.dataChanged.emit(self.index(0, 0), self.index(len(layers) - 1, SHOWN + 1))
            return
        self.beginResetModel()
        self.layers = list(layers)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.layers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else SHOWN + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return ("After", "Bits open")[section] if section < 2 else f"{section - 1}."
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.layers[index.row()], index.column()
        candidate = row.first[column - 2] if 2 <= column < len(row.first) + 2 else None
        match role:
            case Role.DisplayRole if column < 2:
                return f"{row.bits:.2f}" if column else row.name
            case Role.TextAlignmentRole if column == 1:
                return _RIGHT
            case Role.ToolTipRole | Role.AccessibleTextRole:
                if candidate is None or column < 2:
                    return row.said
                tag = f", {candidate.tag}" if candidate.tag else ""
                return f"{row.name}: {candidate.shown} {share_words(candidate.p)}, rank {candidate.rank}{tag}"
        return candidate if role == CELL else None


class _Painter(QStyledItemDelegate):
    """``most`` bits can be open; ``winner``: the symbol that the last layer holds likeliest."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.most, self.winner = 1.0, -1

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        candidate = index.data(CELL)
        inside = option.rect.adjusted(1, 1, -1, 0)
        if index.column() == 1:
            bits = float(index.data())
            wide = round(min(1.0, bits / self.most) * inside.width())
            bar = QRect(inside.left(), inside.bottom() - 3, wide, 3)
            painter.fillRect(bar, QColor(theme.current().attract))
        if candidate is None:
            super().paint(painter, option, index)
            return
        painter.save()
        font = painter.font()
        font.setBold(candidate.id == self.winner)
        painter.setFont(font)
        paint_share(painter, inside, candidate)
        if option.state & option.state.State_HasFocus:
            painter.setPen(QColor(theme.current().accent))
            painter.drawRect(inside.adjusted(0, 0, -1, -1))
        painter.restore()


class LayerTable(QTableView):
    """The layers from the input down to the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.list = _Layers(self)
        self.painter = _Painter(self)
        self.setModel(self.list)
        self.setItemDelegate(self.painter)
        self.setAccessibleName("What each layer says")
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        head = self.horizontalHeader()
        head.setSectionsClickable(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column in (0, 1):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)

    def show_layers(self, layers: Sequence[LayerRow], most: float) -> None:
        """Other rows; ``most`` bits can be open."""
        self.painter.most = most
        self.painter.winner = layers[-1].first[0].id if layers and layers[-1].first else -1
        self.list.show(layers)
        self.setAccessibleDescription("; ".join(row.said for row in layers))
        self.viewport().update()

    def restyle(self) -> None:
        """The size of the text changed."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
