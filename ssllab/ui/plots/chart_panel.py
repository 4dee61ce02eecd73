"""A panel made of charts: beside each other, stacked, or behind tabs, as its shape allows."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QTabBar, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.plots.chart import Chart
from ssllab.ui.plots.legend import small_font
from ssllab.ui.plots.time_plot import TimePlot
from ssllab.ui.rewind import ask_rewind
from ssllab.ui.scene import Scene

_BEST_ASPECT = 1.7


def arrangement(width: float, height: float, count: int, line: float) -> tuple[int, int] | None:
    """Columns and rows for ``count`` charts in ``width`` x ``height`` pixels, None where only one has room.

    A chart needs about 15 x 9 lines of text of the height ``line``; among the ways to divide the
    room the one that gives the most pleasant shape wins.
    """
    best: tuple[float, int, int] | None = None
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        cell = (width / columns, height / rows)
        if cell[0] < 15 * line or cell[1] < 9 * line:
            continue
        cost = abs(math.log(cell[0] / cell[1] / _BEST_ASPECT))
        if best is None or cost < best[0]:
            best = (cost, columns, rows)
    return best and (best[1], best[2])


class ChartPanel(Panel):
    """Base of the panels that show charts; only those on view are drawn."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._charts: list[tuple[str, Chart]] = []
        self._scene: Scene | None = None
        self._shape: tuple[int, int] | None = (0, 0)
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setUsesScrollButtons(False)
        self._tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self._tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tabs.hide()
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(self._tabs)
        self._box.addLayout(self._grid, 1)
        self._tabs.currentChanged.connect(self._tab_changed)

    def show_charts(self, charts: Sequence[tuple[str, Chart]]) -> None:
        """The charts of the panel with the names of their tabs, in place of those that it had."""
        for _, chart in self._charts:
            self._grid.removeWidget(chart)
            chart.hide()
            chart.deleteLater()
        self._charts, self._shape = [], (0, 0)
        while self._tabs.count():
            self._tabs.removeTab(0)
        self._tabs.hide()
        self._charts = list(charts)
        for (
            _,
            chart,
        ) in self._charts:  # before the tabs, which show them: without a parent they would be windows
            chart.setParent(self)
            chart.hide()
        for name, chart in self._charts:
            self._tabs.addTab(name)
            chart.tools.serve(self.bench, partial(self._file_name, name))
            if isinstance(chart, TimePlot):
                chart.marker_clicked.connect(lambda marker: ask_rewind(self, self.bench, marker))
        self._style_tabs()
        self._arrange()

    def _file_name(self, chart: str) -> str:
        return self.bench.file_name(self.title if len(self._charts) == 1 else f"{self.title} {chart}")

    def add_header(self, widget: QWidget) -> None:
        """A row above the charts."""
        self._box.insertWidget(0, widget)

    def charts(self) -> list[Chart]:
        """All charts, on view or not."""
        return [chart for _, chart in self._charts]

    def draw(self, scene: Scene) -> None:
        self._scene = scene
        for _, chart in self._charts:
            if not chart.isHidden():
                chart.follow_state(scene.state)
                chart.draw(scene)

    def restyle(self) -> None:
        self._style_tabs()
        for _, chart in self._charts:
            chart.restyle()
        self._arrange()

    def reset(self) -> None:
        self._scene = None
        for _, chart in self._charts:
            chart.reset()

    def view_state(self) -> dict[str, Any]:
        charts = {name: chart.view_state() for name, chart in self._charts}
        return {"charts": charts, "tab": self._tabs.currentIndex()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        charts, tab = state.get("charts"), state.get("tab")
        for name, chart in self._charts:
            if isinstance(charts, dict) and isinstance(charts.get(name), dict):
                chart.restore_view(charts[name])
        if isinstance(tab, int) and 0 <= tab < len(self._charts):
            self._tabs.setCurrentIndex(tab)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Room for one chart: where there is no more, the others go behind tabs."""
        if len(self._charts) < 2:
            return super().minimumSizeHint()
        one = QSize()
        for _, chart in self._charts:
            one = one.expandedTo(chart.minimumSizeHint())
        tabs = 0 if self._tabs.isVisibleTo(self) else self._tabs.sizeHint().height()
        return super().minimumSizeHint() - self._grid.minimumSize() + one + QSize(0, tabs)

    def _arrange(self) -> None:
        if not self._charts:
            return
        count = len(self._charts)
        line = self.fontMetrics().height()
        shape = (1, 1) if count == 1 else arrangement(self.width(), self.height(), count, line)
        if shape != self._shape:
            self._shape = shape
            self._tabs.setVisible(shape is None)
            for _, chart in self._charts:
                self._grid.removeWidget(chart)
            if shape is None:
                for _, chart in self._charts:
                    self._grid.addWidget(chart, 0, 0)
            else:
                self._place(*shape)
            self._share(*(shape or (1, 1)))
            self._show()

    def _place(self, columns: int, rows: int) -> None:
        """Row by row; where a row would have a gap, the first chart takes it, being the main one."""
        gap = columns * rows - len(self._charts)
        place = 0
        for i, (_, chart) in enumerate(self._charts):
            span = 1 + gap if i == 0 else 1
            self._grid.addWidget(chart, place // columns, place % columns, 1, span)
            place += span

    def _share(self, columns: int, rows: int) -> None:
        """The charts have equal room, the rows and columns of another arrangement none."""
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, int(column < columns))
        for row in range(max(rows, self._grid.rowCount())):
            self._grid.setRowStretch(row, int(row < rows))

    def _tab_changed(self) -> None:
        self._show()

    def _show(self) -> None:
        for i, (_, chart) in enumerate(self._charts):
            chart.setVisible(self._shape is not None or i == self._tabs.currentIndex())
        if self._scene is not None:
            self.draw(self._scene)

    def _style_tabs(self) -> None:
        now = theme.current()
        self._tabs.setFont(small_font(0.88))
        self._tabs.setStyleSheet(
            f"QTabBar {{ background: {now.surface}; }}"
            f"QTabBar::tab {{ padding: 2px 8px; border: none; color: {now.muted};"
            f" background: {now.surface}; border-bottom: 2px solid {now.surface}; }}"
            f"QTabBar::tab:selected {{ color: {now.text}; border-bottom: 2px solid {now.accent}; }}"
        )
