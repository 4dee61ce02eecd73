"""A matrix in colours, with the value under the mouse and names on its axes that thin out where room is short."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.ui import theme
from ssllab.ui.plots.chart import Chart, Readout
from ssllab.ui.plots.legend import small_font

OFF = -1.0  # the level of a cell that is out of use
_BAR = 60  # pixels of the colour scale
_MARGIN = 6  # pixels beside a scale, as beside a legend
_MOST_ROWS = 3  # of a caption that has no room beside it


def shades() -> list[str]:
    """The colours of 0, one half and 1: ever further from the ground, in both themes."""
    now = theme.current()
    return [now.raised, now.accent, now.text]


def off_shade() -> QColor:
    """The colour of what is out of use."""
    ground, ink = QColor(theme.current().surface).getRgb(), QColor(theme.current().bad).getRgb()
    mixed = zip(ground, ink, strict=True)  # type: ignore[call-overload]  # the stubs call a tuple an object
    return QColor(*(round(0.78 * a + 0.22 * b) for a, b in mixed))


def shade(values: NDArray) -> NDArray[np.uint8]:
    """``(...)`` floats in 0..1 -> ``(..., 4)`` RGBA; NaN is transparent, :data:`OFF` has a colour of its own."""
    stops = np.array([QColor(ink).getRgb() for ink in shades()], float)
    known = np.isfinite(values)
    at = np.where(known, np.clip(values, 0.0, 1.0), 0.0)
    places = np.linspace(0.0, 1.0, len(stops))
    rgba = np.stack([np.interp(at, places, stops[:, channel]) for channel in range(4)], axis=-1)
    rgba[values == OFF] = off_shade().getRgb()
    rgba[~known] = 0.0
    return rgba.round().astype(np.uint8)


class ColourScale(QWidget):
    """What the colours mean: what is out of use, the strip between two values, and a caption of the whole."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)  # as other charts' legends, or a grid would give those all the room
        self.setSizePolicy(policy)
        self.caption, self._ends, self._off = "", ("", ""), ""

    def say(self, caption: str, low: str = "", high: str = "", off: str = "") -> None:
        """The caption, the values at the ends of the strip, the name of what is out of use; each may be empty."""
        if (caption, (low, high), off) != (self.caption, self._ends, self._off):
            self.caption, self._ends, self._off = caption, (low, high), off
            self.setToolTip(caption)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(self.width(), 120)))

    def heightForWidth(self, width: int) -> int:
        fm = QFontMetrics(small_font(0.88))
        return fm.height() + 2 + fm.height() * len(self._rows(width - 2 * _MARGIN)[1])

    def _rows(self, width: int) -> tuple[str, list[str]]:
        """What of the caption stands beside the strip, and the rows below it: all of it, where it has no room there."""
        fm = QFontMetrics(small_font(0.88))
        if fm.horizontalAdvance(self.caption) <= width - self._strip(width).right() - 1:
            return self.caption, []
        rows = [""]
        for word in self.caption.split():
            longer = f"{rows[-1]} {word}".strip()
            if fm.horizontalAdvance(longer) <= width or not rows[-1]:
                rows[-1] = longer
            elif len(rows) < _MOST_ROWS:
                rows.append(word)
            else:
                rows[-1] = longer  # cut off where it is written
        return "", rows

    def _strip(self, width: int) -> QRectF:
        """Where the strip with its two ends stands, and the caption begins; only the sides count."""
        fm = QFontMetrics(small_font(0.88))
        left = 16.0 + fm.horizontalAdvance(self._off) + 10 if self._off else 0.0
        if not any(self._ends):
            return QRectF(left, 0, 0, 0)
        ends = sum(fm.horizontalAdvance(end) for end in self._ends)
        return QRectF(left, 0, ends + 5 + min(_BAR, width / 5) + 5 + 12, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.setFont(small_font(0.88))
        line = painter.fontMetrics().height()
        painter.translate(_MARGIN, 0)
        width = self.width() - 2 * _MARGIN
        beside, rows = self._rows(width)
        first = QRectF(0, 0, width, self.height() - line * len(rows))
        left, middle = 0.0, first.center().y()
        if self._off:
            painter.fillRect(QRectF(0, middle - 4, 12, 8), off_shade())
            left = self._write(painter, self._off, now.muted, first, 16) + 10
        if any(self._ends):
            left = self._write(painter, self._ends[0], now.muted, first, left) + 5
            strip = QRectF(left, middle - 4, min(_BAR, width / 5), 8)
            blend = QLinearGradient(strip.topLeft(), strip.topRight())
            for i, ink in enumerate(shades()):
                blend.setColorAt(i / 2, QColor(ink))
            painter.fillRect(strip, blend)
            left = self._write(painter, self._ends[1], now.muted, first, strip.right() + 5) + 12
        self._write(painter, beside, now.text, first, left)
        for i, row in enumerate(rows):
            self._write(painter, row, now.text, QRectF(0, first.bottom() + i * line, width, line), 0)
        painter.end()

    def _write(self, painter: QPainter, text: str, ink: str, row: QRectF, left: float) -> float:
        """Write in a row, at ``left``; where it ends."""
        fm = painter.fontMetrics()
        room = row.adjusted(left, 0, 0, 0)
        words = fm.elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(room.width())))
        painter.setPen(QColor(ink))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        return left + fm.horizontalAdvance(words)


class HeatMap(Chart):
    """A matrix; the first row is at the top. Subclasses say what a cell is (:meth:`describe`).

    ``cell_clicked`` brings row and column. ``square``: of its cells, whatever room is beside them.
    """

    cell_clicked = Signal(int, int)

    def __init__(self, *, x_label: str, y_label: str, hint: str, square: bool = False) -> None:
        self._square = square
        self._levels: NDArray | None = None
        self._row_names: Sequence[str] = ()
        self._column_names: Sequence[str] = ()
        self._row_places: Sequence[float] = ()
        self._named: list[list[tuple[float, str]] | None] = [None, None]
        self._cell: tuple[int, int] | None = None
        super().__init__(x_label=x_label, y_label=y_label, hint=hint, can_log=(False, False))
        self.notes.tag_inside = True
        self.view.invertY(True)
        self.view.setAspectLocked(square)
        self.scale = ColourScale()
        self.legend.hide()
        self.head.insertWidget(0, self.scale, 1)
        self._image = self.add("image", pg.ImageItem(axisOrder="row-major"), lambda item: self._paint())
        self._frame = self.line("cell", "warn", width=2, z=5)
        for axis in self.axes:
            axis.setGrid(False)
        self.view.sigRangeChanged.connect(lambda *_: self._name_axes())
        self.view.sigResized.connect(self._resized)
        self.view.clicked.connect(self._clicked)
        self._name_axes()

    def describe(self, row: int, column: int) -> str:
        """A cell in a few words, for the readout."""
        return ""

    def show_matrix(
        self,
        levels: NDArray | None,
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        row_places: Sequence[float] = (),
    ) -> None:
        """Show ``levels (R, C)`` in 0..1 (NaN: no cell), or nothing.

        ``rows``, ``columns`` are names of the axes' places; ``row_places`` says where those of the rows stand, in
        rows from the top, if not at every row's middle.
        """
        self._row_names, self._column_names = rows, columns
        self._row_places = row_places or [i + 0.5 for i in range(len(rows))]
        changed = levels is None or self._levels is None or levels.shape != self._levels.shape
        self._levels = levels
        self._show_empty(levels is None)
        self._image.setVisible(levels is not None)
        if levels is not None:
            self._paint()
            if changed:
                height, width = levels.shape
                self._image.setRect(QRectF(0, 0, width, height))
                if not self._square:
                    self.view.setLimits(xMin=0, xMax=width, yMin=0, yMax=height)
                self.frame((0, width), (0, height), pad=(0, 0))
        else:
            self._cell = None
        self._name_axes()
        self.show_values()

    def redraw(self) -> None:
        if self._levels is not None:
            height, width = self._levels.shape
            self.frame((0, width), (0, height), pad=(0, 0))

    def _resized(self) -> None:
        if self._square:
            self.redraw()
        self._name_axes()

    def _paint(self) -> None:
        if self._levels is not None:
            self._image.setImage(shade(self._levels), autoLevels=False)

    def restyle(self) -> None:
        super().restyle()
        for axis in self.axes:
            axis.setGrid(False)
        self._name_axes()
        self.scale.updateGeometry()
        self.scale.update()

    def _name_axes(self) -> None:
        """As many names as have room, at even distances where they stand at every place."""
        fm = QFontMetrics(small_font(0.8))
        columns = [i + 0.5 for i in range(len(self._column_names))]
        widest = max((fm.horizontalAdvance(name) for name in self._column_names), default=0) + 8
        sides = (
            (self.axes[0], self._column_names, columns, widest, self.view.width(), 0),
            (self.axes[1], self._row_names, self._row_places, fm.height(), self.view.height(), 1),
        )
        for axis, names, places, need, room, side in sides:
            low, high = self.view.viewRange()[side]
            seen = [(place, name) for place, name in zip(places, names, strict=True) if low <= place <= high]
            if self._square and self._levels is not None:  # the rest is beside it
                room *= min(1.0, self._levels.shape[1 - side] / (high - low))
            stride = max(1, math.ceil(len(seen) * need / max(1.0, room)))
            seen = _thinned(seen, stride)
            if seen != self._named[side]:
                self._named[side] = seen
                axis.setTicks([seen, []])

    def _mouse_moved(self, position: QPointF) -> None:
        self._cell = None
        if self._levels is not None and self.view.sceneBoundingRect().contains(position):
            at = self.view.mapSceneToView(position)
            row, column = math.floor(at.y()), math.floor(at.x())
            height, width = self._levels.shape
            if 0 <= row < height and 0 <= column < width and np.isfinite(self._levels[row, column]):
                self._cell = row, column
        super()._mouse_moved(position)

    def mouse_left(self) -> None:
        self._cell = None
        super().mouse_left()

    def show_values(self) -> None:
        if self._cell is None:
            self._frame.setData([], [])
        else:
            row, column = self._cell
            x = np.array([0.0, 1.0, 1.0, 0.0, 0.0]) + column
            self.put(self._frame, x, np.array([0.0, 0.0, 1.0, 1.0, 0.0]) + row)
        super().show_values()

    def readout(self, x: float) -> Readout | None:
        if self._cell is None:
            return None
        return self._cell[1] + 0.5, self.describe(*self._cell), {}, []

    def _clicked(self) -> None:
        if self._cell is not None:
            self.cell_clicked.emit(*self._cell)


def _thinned(names: list[tuple[float, str]], stride: int) -> list[tuple[float, str]]:
    """About every ``stride``-th, away from the edge, where a name would be cut off; of numbers the round ones."""
    if stride > 1 and all(name.isdigit() for _, name in names):
        step = next(step for power in range(9) for m in (1, 2, 5) if (step := m * 10**power) >= stride)
        if round_ones := [(at, name) for at, name in names if int(name) and int(name) % step == 0]:
            return round_ones
    return names[stride // 2 :: stride]
