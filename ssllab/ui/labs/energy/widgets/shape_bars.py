"""The energy of each shape as a bar, on the scale of the untrained model."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from ssllab.looks import ShapeEnergies
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.legend import Entry


class ShapeBars(Chart):
    """One bar a shape; the true one in a colour of its own, the lowest with a mark."""

    def __init__(self, hint: str) -> None:
        self.part: ShapeEnergies | None = None
        super().__init__(x_label="shape of the object", y_label="energy", hint=hint, can_log=(False, False))
        self.view.setMouseEnabled(False, False)
        self._bars = {
            key: self.add(key, pg.BarGraphItem(x=np.empty(0), height=np.empty(0), width=0.6), _style_as(role))
            for key, role in (("truth", "good"), ("others", "accent"))
        }
        self._range = self.line("untrained", "muted", width=1.4, dash=True)
        self.setAccessibleName("Energy of every shape")
        self._list()

    def show_part(self, part: ShapeEnergies | None) -> None:
        """Show the bars, or the hint."""
        if part is not self.part:
            self.part = part
            self.redraw()

    def redraw(self) -> None:
        part = self.part
        self._show_empty(part is None)
        none = np.empty(0)
        if part is None:
            for bars in self._bars.values():
                bars.setOpts(x=none, height=none)
            self.put(self._range, none, none)
            self.axes[0].setTicks(None)
            return
        at = np.arange(len(part.names))
        for key, bars in self._bars.items():
            shown = (at == part.truth) == (key == "truth")
            bars.setOpts(x=at[shown], height=part.energies[shown].astype(float))
        edge = np.array([-0.5, len(at) - 0.5])
        self.put(self._range, edge, np.full(2, part.high))
        self.axes[0].setTicks([list(zip(at.tolist(), part.names, strict=True)), []])
        low = min(0.0, part.low, float(part.energies.min()))
        self.frame((edge[0], edge[1]), (low, max(part.high, float(part.energies.max())) * 1.06), pad=(0, 0))
        self.show_values()

    def _list(self) -> None:
        self.list_entries(
            [
                Entry(
                    "truth", "its own shape", colour("good"), "block", help="The shape that the object has."
                ),
                Entry(
                    "others",
                    "another",
                    colour("accent"),
                    "block",
                    help="The same frame with another shape there.",
                ),
                Entry("untrained", "highest of the untrained model", colour("muted"), "dash"),
            ]
        )

    def restyle(self) -> None:
        super().restyle()
        self._list()

    def reset(self) -> None:
        super().reset()
        self.show_part(None)

    def readout(self, x: float) -> Readout | None:
        if self.part is None or not 0 <= round(x) < len(self.part.names):
            return None
        at = round(x)
        return float(at), f"{self.part.names[at]}: {value_text(float(self.part.energies[at]))}", {}, []

    def columns(self) -> dict[str, NDArray]:
        if self.part is None:
            return {}
        return {"shape": np.array(self.part.names), "energy": self.part.energies}


def _style_as(role: str) -> Callable[[pg.BarGraphItem], None]:
    def style(bars: pg.BarGraphItem) -> None:
        bars.setOpts(brush=QColor(colour(role)), pen=pg.mkPen(colour(role)))

    return style
