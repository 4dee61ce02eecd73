"""Which runs the table shows: those that hold every word of a text, a tag and a method."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from ssllab.ui.runs.table_model import SORT, RunsModel, verdict_of
from ssllab.ui.widgets.item_types import Index


class RunFilter(QSortFilterProxyModel):
    """Keeps the rows that hold every word of a text, a tag and a method; empty means any."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._words: tuple[str, ...] = ()
        self._tag = ""
        self._method = ""

    def lessThan(self, left: Index, right: Index) -> bool:
        first, second = left.data(SORT), right.data(SORT)
        if isinstance(first, tuple):
            return first < second
        return super().lessThan(left, right)

    def set_text(self, text: str) -> None:
        """Every word must occur in the name, note, tags, method, data, verdict or problem."""
        self._words = tuple(text.casefold().split())
        self.invalidateFilter()

    def set_tag(self, tag: str) -> None:
        """Only runs with this tag."""
        self._tag = tag
        self.invalidateFilter()

    def set_method(self, method: str) -> None:
        """Only runs of this method."""
        self._method = method
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        info = cast(RunsModel, self.sourceModel()).infos[row]
        if self._tag and self._tag not in info.tags:
            return False
        if self._method and (info.settings is None or info.settings.method != self._method):
            return False
        if not self._words:
            return True
        said = [info.name, info.note, *info.tags, info.problem, verdict_of(info), info.id]
        if info.settings is not None:
            said += [info.method, info.settings.method, info.settings.data]
        text = "\n".join(str(part) for part in said if part).casefold()
        return all(word in text for word in self._words)
