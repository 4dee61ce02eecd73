"""The pairwise ablation grid (SimCLR, figure 5): queued as short runs, drawn as a heat map."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent

from ssllab.data.images.augment_settings import ABLATION, AugmentConfig, ablation_config
from ssllab.training.run_record import RunSettings
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panels.sweep import Picture, Plan, Sweep
from ssllab.ui.plots.legend import small_font

if TYPE_CHECKING:
    from ssllab.experiments.ablation import Ablation

NAMES = tuple(ABLATION)


class PairGrid(Picture):
    """A square of cells with numbers, and the mean of each row as in the figure; a click sets a pair on ``bench``."""

    picked = Signal(str, str)

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.picked.connect(
            lambda first, second: bench.set_many(
                ablation_config(first, second), f"ablation cell {pair_words(first, second)}"
            )
        )
        self.values: dict[tuple[str, str], float] = {}
        self.setMouseTracking(True)
        self.setMinimumSize(240, 150)

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    def value(self, first: str, second: str) -> float | None:
        """The pair's value in either order."""
        return self.values.get((first, second), self.values.get((second, first)))

    def show_results(self, results: Mapping[tuple[str, str], float]) -> None:
        self.values = dict(results)
        self.update()

    def columns(self) -> dict[str, NDArray]:
        pairs = list(self.values)
        if not pairs:
            return {}
        first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
        return {"first": first, "second": second, "accuracy": np.array([self.values[pair] for pair in pairs])}

    def _cell(self, row: int, column: int) -> QRectF:
        left = self.fontMetrics().horizontalAdvance("average") + 10
        top = self.fontMetrics().height() + 6
        width = (self.width() - left) / (len(NAMES) + 1)
        height = (self.height() - top) / len(NAMES)
        return QRectF(left + column * width, top + row * height, width - 2, height - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._fitting_font())
        known = [v for v in self.values.values() if math.isfinite(v)]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        painter.setPen(QColor(theme.current().muted))
        beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for i, name in enumerate((*NAMES, "mean")):
            above = self._cell(0, i)
            above = QRectF(above.left(), 0, above.width(), above.top())
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, name)
            if name in NAMES:
                row = self._cell(i, 0)
                painter.drawText(QRectF(0, row.top(), row.left() - 6, row.height()), beside, name)
        for i, first in enumerate(NAMES):
            values = [self.value(first, second) for second in NAMES]
            finished = [value for value in values if value is not None]
            mean = sum(finished) / len(finished) if len(finished) == len(NAMES) else None
            for column, value in enumerate((*values, mean)):
                self._paint(painter, self._cell(i, column), value, low, high)

    def _fitting_font(self) -> QFont:
        """The largest of a few sizes in which every name and number fits its cell."""
        cell = self._cell(0, 0)
        for factor in (1.0, 0.85, 0.7, 0.6, 0.5):
            font = small_font(factor)
            metrics = QFontMetricsF(font)
            widest = max(metrics.horizontalAdvance(name) for name in (*NAMES, "mean", "100.0"))
            if widest <= cell.width() - 2 and metrics.height() <= cell.height() + 4:
                break
        return font

    def _paint(self, painter: QPainter, cell: QRectF, value: float | None, low: float, high: float) -> None:
        now = theme.current()
        if value is None or not math.isfinite(value):
            painter.fillRect(cell, QColor(now.raised))
            return
        share = (value - low) / (high - low) if high > low else 1.0
        cold, warm = np.array([QColor(now.raised).getRgb(), QColor(now.attract).getRgb()])
        mixed = (cold + (warm - cold) * share).astype(int).tolist()
        painter.fillRect(cell, QColor(*mixed))
        dark = 0.299 * mixed[0] + 0.587 * mixed[1] + 0.114 * mixed[2] < 140
        painter.setPen(QColor("#ffffff" if dark else "#111111"))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{100 * value:.1f}")

    def _at(self, point: QPointF) -> tuple[str, str] | None:
        for row, first in enumerate(NAMES):
            for column, second in enumerate(NAMES):
                if self._cell(row, column).contains(point):
                    return first, second
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pair = self._at(event.position())
        value = self.value(*pair) if pair else None
        words = "" if pair is None else pair_words(*pair)
        self.setToolTip(words if value is None else f"{words}: {100 * value:.1f} %. Click to set it.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (pair := self._at(event.position())):
            self.picked.emit(*pair)


def pair_words(first: str, second: str) -> str:
    """A cell in words; on the diagonal stands one transformation alone."""
    return first if first == second else f"{first} and {second}"


def _plan(bench: Bench, settings: RunSettings, data: Any) -> Plan | str:
    if data.train.labels is None:
        return "The grid needs labels for its probe: choose data with classes."

    def begin(steps: int) -> Ablation:
        from ssllab.experiments.ablation import Ablation

        return Ablation(settings, data, steps)

    return Plan(begin)


ABLATION_GRID = Sweep(
    id="ablation",
    title="Ablation grid",
    help=(
        "<p>One short run for every pair of transformations (a single one on the diagonal); the number is the linear "
        "probe of h on held-out images, in percent.</p><p>SimCLR, figure 5: crop with colour distortion is the best "
        "pair on ImageNet. There one branch only is transformed and images are always cropped first; here both views "
        "get the pair and nothing else, and runs are short: compare within the grid only.</p>"
    ),
    picture=PairGrid,
    plan=_plan,
    note="28 short runs, one for each pair of transformations.",
    name="The grid",
    steps=100,
    settings=AugmentConfig,
    button="Run the grid",
    cells="cells",
    suffix=" steps a cell",
)
