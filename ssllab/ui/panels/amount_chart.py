"""The picture of a sweep over an amount: lines on a logarithmic axis, and the choice of what is measured."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox

from ssllab.ui.panels.sweep import Picture
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.legend import Entry


class Line(NamedTuple):
    """``key`` stands in saved tables, ``name`` in the legend, ``role`` is its colour."""

    key: str
    name: str
    role: str


@dataclass(frozen=True)
class Measure:
    """An attribute of the results: what it is called, how often as much is shown (100 for percent), in which unit."""

    words: str
    scale: float = 1.0
    unit: str = ""


class AmountChart(Chart, Picture):
    """``amount`` is the attribute of results that they stand over, in ``amount_unit``; ``from_zero``: the vertical axis
    begins at 0 and goes to 100 at least."""

    def __init__(
        self,
        lines: Sequence[Line],
        measures: Mapping[str, Measure],
        *,
        amount: str,
        amount_unit: str,
        x_label: str,
        y_label: str,
        tip: str,
        from_zero: bool = False,
        empty: tuple[tuple[float, float], tuple[float, float]],
    ) -> None:
        super().__init__(
            x_label=x_label,
            y_label=y_label,
            hint="Start the runs: a point comes with each",
            log=(True, False),
            can_log=(True, True),
            empty=empty,
        )
        self._lines, self._measures = lines, measures
        self._amount, self._unit, self._from_zero = amount, amount_unit, from_zero
        self.choice = QComboBox()
        for key, measure in measures.items():
            self.choice.addItem(measure.words, key)
        self.choice.setToolTip(tip)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(8)
        self.choice.currentIndexChanged.connect(self.redraw)
        self.controls = (self.choice,)
        self._curves: dict[str, list[Any]] = {line.key: [] for line in lines}
        self._strokes = {line.key: self.line(line.key, line.role, width=2, z=3) for line in lines}
        self._dots = {line.key: self._dots_of(line) for line in lines}
        self._list()

    @abstractmethod
    def curve(self, results: Mapping[Any, Any], key: str) -> list[Any]:
        """What is known of the line ``key``, the least amount first."""

    def _dots_of(self, line: Line) -> pg.ScatterPlotItem:
        item = pg.ScatterPlotItem(size=8, pen=None)
        item.setZValue(4)

        def style(dots: pg.ScatterPlotItem) -> None:
            dots.setBrush(QColor(colour(line.role)))

        self.add(line.key, item, style)
        return item

    def _list(self) -> None:
        self.list_entries(
            [Entry(line.key, line.name, colour(line.role), valued=True) for line in self._lines]
        )

    @property
    def measure(self) -> str:
        """Which of a result's measures is drawn."""
        return self.choice.currentData()

    def show_results(self, results: Mapping[Any, Any]) -> None:
        curves = {line.key: self.curve(results, line.key) for line in self._lines}
        if curves != self._curves:
            self._curves = curves
            self.redraw()

    def _points(self, key: str) -> NDArray[np.float64]:
        """``(2, n)``: amounts, and the measure as it is shown."""
        scale = self._measures[self.measure].scale
        found = self._curves[key]
        points = [(getattr(one, self._amount), scale * getattr(one, self.measure)) for one in found]
        return np.array(points, float).reshape(-1, 2).T

    def redraw(self) -> None:
        seen = [self._points(line.key) for line in self._lines if line.key not in self._hidden]
        amounts, values = np.concatenate([np.empty((2, 0)), *seen], axis=1)
        self._show_empty(not any(self._curves.values()))
        for key in self._curves:
            x, y = self._points(key)
            self.put(self._strokes[key], x, y)
            self._dots[key].setData(self.map_x(x), self.map_y(y))
        if len(amounts):
            self.frame((amounts.min() * 0.9, amounts.max() * 1.1), self._height(values))
        self.show_values()

    def _height(self, values: NDArray[np.float64]) -> tuple[float, float]:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if self._from_zero:
            return low * 0.8 if self.log[1] else 0.0, max(100.0, high)
        room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
        return low - room, high + room

    def _said(self, value: float) -> str:
        return f"{value_text(value)} {self._measures[self.measure].unit}".rstrip()

    def values(self) -> dict[str, str]:
        values = {key: self._points(key)[1] for key in self._curves}
        return {key: self._said(known[-1]) if len(known) else "" for key, known in values.items()}

    def _amounts(self) -> list[float]:
        return sorted({getattr(one, self._amount) for found in self._curves.values() for one in found})

    def readout(self, x: float) -> Readout | None:
        under = 10.0**x if self.log[0] else x
        if not (known := self._amounts()):
            return None
        near = min(known, key=lambda value: abs(np.log(value) - np.log(max(under, 1e-9))))
        place = float(self.map_x(np.array([near]))[0])
        values, dots = {}, []
        for key, _, role in self._lines:
            at, measured = self._points(key)
            if near in at and key not in self._hidden:
                value = measured[list(at).index(near)]
                values[key] = self._said(value)
                dots.append((place, float(self.map_y(np.array([value]))[0]), colour(role)))
        return place, f"{value_text(near)} {self._unit}", values, dots

    def columns(self) -> dict[str, NDArray]:
        if not (amounts := self._amounts()):
            return {}
        table = {self._amount: np.array(amounts)}
        for key, found in self._curves.items():
            known = {getattr(one, self._amount): one for one in found}
            for measure in self._measures:
                table[f"{key} {measure}"] = np.array(
                    [getattr(known[amount], measure) if amount in known else np.nan for amount in amounts]
                )
        return table

    def restyle(self) -> None:
        super().restyle()
        self._list()

    def view_state(self) -> dict[str, Any]:
        return {"rate": self.measure, **super().view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self.choice.setCurrentIndex(max(0, self.choice.findData(state.get("rate"))))
        super().restore_view(state)
