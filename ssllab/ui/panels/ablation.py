"""The pairwise ablation grid (SimCLR, figure 5): queued as short runs, drawn as a heat map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSpinBox, QVBoxLayout, QWidget

from ssllab.data.images.augment_settings import AugmentConfig
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.plots.legend import small_font

if TYPE_CHECKING:
    from ssllab.experiments.ablation import Ablation

NAMES = ("crop", "cutout", "colour", "sobel", "noise", "blur", "rotate")
POLL_MILLISECONDS = 300


class HeatMap(QWidget):
    """A square of cells with numbers, and the mean of each row as in the figure."""

    picked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[tuple[str, str], float] = {}
        self.setMouseTracking(True)
        self.setMinimumSize(240, 150)

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    def value(self, first: str, second: str) -> float | None:
        """The pair's value in either order."""
        return self.values.get((first, second), self.values.get((second, first)))

    def _cell(self, row: int, column: int) -> QRectF:
        left = self.fontMetrics().horizontalAdvance("average") + 10
        top = self.fontMetrics().height() + 6
        width = (self.width() - left) / (len(NAMES) + 1)
        height = (self.height() - top) / len(NAMES)
        return QRectF(left + column * width, top + row * height, width - 2, height - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.setFont(self._fitting_font())
        known = [v for v in self.values.values() if math.isfinite(v)]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        for i, name in enumerate(NAMES):
            cell = self._cell(i, 0)
            painter.setPen(QColor(now.muted))
            painter.drawText(
                QRectF(0, cell.top(), cell.left() - 6, cell.height()),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                name,
            )
            head = self._cell(0, i)
            painter.drawText(
                QRectF(head.left(), 0, head.width(), head.top()), Qt.AlignmentFlag.AlignCenter, name
            )
        head = self._cell(0, len(NAMES))
        painter.drawText(
            QRectF(head.left(), 0, head.width(), head.top()), Qt.AlignmentFlag.AlignCenter, "mean"
        )
        for row, first in enumerate(NAMES):
            for column, second in enumerate(NAMES):
                self._paint(painter, self._cell(row, column), self.value(first, second), low, high)
            row_values = [v for v in (self.value(first, second) for second in NAMES) if v is not None]
            mean = sum(row_values) / len(row_values) if len(row_values) == len(NAMES) else None
            self._paint(painter, self._cell(row, len(NAMES)), mean, low, high)

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
        cold, warm = QColor(now.raised), QColor(now.attract)
        mixed = [int(a + (b - a) * share) for a, b in zip(cold.getRgb()[:3], warm.getRgb()[:3], strict=True)]
        fill = QColor(*mixed)
        painter.fillRect(cell, fill)
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
        words = "" if pair is None else pair[0] if pair[0] == pair[1] else f"{pair[0]} and {pair[1]}"
        self.setToolTip(words if value is None else f"{words}: {100 * value:.1f} %. Click to set it.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if pair := self._at(event.position()):
            self.picked.emit(*pair)


class AblationPanel(Panel):
    """Which pair of augmentations teaches most: 28 short runs, with time left and a cancel."""

    id = "ablation"
    title = "Ablation grid"
    settings = AugmentConfig
    help = (
        "<p>One short run for every pair of transformations (a single one on the diagonal); the number is the linear "
        "probe of h on held-out images, in percent.</p><p>SimCLR, figure 5: crop with colour distortion is the best "
        "pair on ImageNet. There one branch only is transformed and images are always cropped first; here both views "
        "get the pair and nothing else, and runs are short: compare within the grid only.</p>"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.map = HeatMap()
        self.map.picked.connect(self._pick)
        self.run_button = QPushButton("Run the grid")
        self.cancel_button = QPushButton("Cancel")
        for button in (self.run_button, self.cancel_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.run_button.clicked.connect(self.run)
        self.cancel_button.clicked.connect(self._cancel)
        self.steps = QSpinBox()
        self.steps.setRange(1, 100_000)
        self.steps.setValue(100)
        self.steps.setSuffix(" steps a cell")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.note = QLabel("28 short runs, one for each pair of transformations.")
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        for widget in (self.run_button, self.cancel_button, self.steps):
            row.addWidget(widget)
        row.addWidget(self.bar, 1)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.map, 1)
        self.ablation: Ablation | None = None
        self._timer = QTimer(self, interval=POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)
        self._show_running(False)

    def run(self) -> None:
        """Queue the grid with the present settings; the live run pauses meanwhile."""
        bench = self.bench
        if bench.data is None or bench.config is None:
            return
        if bench.data.train.labels is None:
            bench.say("info", "The grid needs labels for its probe: choose data with classes.")
            return
        from ssllab.experiments.ablation import Ablation
        from ssllab.training.run_record import RunSettings

        bench.pause()
        settings = RunSettings(
            method=bench.method_name,
            config=bench.config.model_dump(),
            data=bench.data_name,
            seed=bench.seed,
            device=bench.device,
            precision="auto",
        )
        self.map.values = {}
        self.ablation = Ablation(settings, bench.data, self.steps.value(), NAMES)
        self._show_running(True)
        self._timer.start()

    def restyle(self) -> None:
        self.map.update()

    def _cancel(self) -> None:
        if self.ablation is not None:
            self.ablation.cancel()

    def _poll(self) -> None:
        ablation = self.ablation
        if ablation is None:
            return
        self.map.values = dict(ablation.results)
        self.map.update()
        self.bar.setValue(int(1000 * ablation.progress))
        done, left = len(ablation.results), ablation.seconds_left
        words = f"{done} of {len(ablation.cells)} cells"
        if ablation.running and left is not None:
            words += f", about {left / 60:.0f} min left" if left > 90 else f", about {left:.0f} s left"
        self.note.setText(words)
        if not ablation.running:
            self._timer.stop()
            self._show_running(False)
            if ablation.failure:
                self.bench.say("error", f"The grid stopped: {ablation.failure[0]}", ablation.failure[1])

    def _show_running(self, running: bool) -> None:
        self.run_button.setEnabled(not running)
        self.steps.setEnabled(not running)
        self.cancel_button.setVisible(running)
        self.bar.setVisible(running)

    def _pick(self, first: str, second: str) -> None:
        from ssllab.data.images.augment import ablation_config

        self.bench.set_many(ablation_config(first, second))
