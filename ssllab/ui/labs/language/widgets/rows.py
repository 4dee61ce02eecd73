"""A list of things that a view paints: kept while only their values change, so that focus and scrolling stay."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from ssllab.ui.widgets.item_types import Index

Row = TypeVar("Row")
ROW = Qt.ItemDataRole.UserRole + 1


class Rows(QAbstractListModel, Generic[Row]):
    """``same``: what of all rows must be equal for the list to be the one before; ``shown`` and ``said``: a row in a word,
    and in words."""

    def __init__(
        self,
        same: Callable[[Sequence[Row]], Hashable],
        shown: Callable[[Row], str],
        said: Callable[[Row], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._same, self._shown, self._said = same, shown, said
        self.rows: list[Row] = []

    def show(self, rows: Sequence[Row]) -> None:
        """These from now on."""
        if self._same(rows) == self._same(self.rows):
            self.rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._shown(row)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._said(row)
        return row if role == ROW else None
