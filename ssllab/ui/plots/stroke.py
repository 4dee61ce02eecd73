"""A curve whose pen is chosen by how often it folds, so that a million noisy steps pan as smoothly as ten.

Qt outlines a pen wider than a pixel before it fills it: some thousand zigzags in one path take a second, drawn
line by line or with a hair they take milliseconds. Between neighbouring pixel columns nobody sees the
difference.
"""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

_SOME_FOLDS = 20  # a curve that runs over its own height more often is drawn line by line ...
_MANY_FOLDS = 80  # ... and beyond this with a hair
_DASHED_FOLDS = 40  # the same for dashes and transparency, which forbid drawing line by line
_DOT = 6.0  # pixels across of a single point


class Stroke(pg.PlotCurveItem):
    """A :class:`pyqtgraph.PlotCurveItem` that is drawn with a solid hair where it folds very often."""

    def __init__(self, fill_to: float | str | None = None) -> None:
        super().__init__(fillLevel=fill_to, antialias=True)
        self._pen: QPen | None = None
        self._folds = 0.0
        self._scale = 1.0  # pixels of the device per pixel of the window
        self._whole = False
        self._filed = False

    def dress(self, pen: QPen | None) -> None:
        """The pen of a curve that folds seldom; None draws no line."""
        self._pen = pen
        self._choose()

    def trace(self, x: NDArray, y: NDArray, **options: object) -> None:
        """Take these points (view coordinates, finite)."""
        self._folds = 0.0 if options.get("stepMode") else max(folds(x), folds(y))
        self._choose()
        self.setData(x, y, connect="all", **options)

    @property
    def hair(self) -> bool:
        """Whether it is drawn one pixel of the device wide because it folds so often."""
        limit = _MANY_FOLDS if self._solid() else _DASHED_FOLDS
        return self._pen is not None and self._pen.widthF() * self._scale > 1.0 and self._folds > limit

    def _solid(self) -> bool:
        """Whether the pen leaves no trace of where one line ends and the next begins."""
        pen = self._pen
        solid = pen is not None and pen.style() == Qt.PenStyle.SolidLine and pen.color().alphaF() == 1.0
        return solid and self.opts["fillLevel"] is None

    def _choose(self) -> None:
        pen = self._pen
        pieces = self._folds > _SOME_FOLDS and self._solid() and not (self.hair or self._whole)
        if pen is not None:
            pen = QPen(pen)
            pen.setWidthF(1.0 if self.hair else pen.widthF() * self._scale)
            if self.hair:
                pen.setStyle(Qt.PenStyle.SolidLine)
            elif pieces:  # or corners show as notches
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if pen != self.opts["pen"]:
            self.setPen(pen)
        self.setSegmentedLineMode("on" if pieces else "off")

    @contextmanager
    def for_a_file(self, scale: float, lines: bool) -> Iterator[None]:
        """Meanwhile drawn for a picture of ``scale`` pixels per pixel of the window; where the file keeps
        ``lines`` (SVG), as one."""
        before = self._scale
        self._scale, self._whole, self._filed = scale, lines, True
        self._choose()
        try:
            yield
        finally:
            self._scale, self._whole, self._filed = before, False, False
            self._choose()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None) -> None:
        # A cosmetic pen counts the pixels of the screen, of which a dense one has several per unit.
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        if ratio != self._scale and not self._filed:
            self._scale = ratio
            self._choose()
        super().paint(painter, option, widget)
        if self._pen is not None and self._lonely():
            dot = QPen(self._pen.color(), _DOT * self._scale)
            dot.setCosmetic(True)
            dot.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(dot)
            painter.drawPoint(QPointF(float(self.xData[0]), float(self.yData[0])))

    def _lonely(self) -> bool:
        """Whether it has one point, which no line leads to: a first probe is to be seen too."""
        return self.xData is not None and len(self.xData) == 1

    def pixelPadding(self) -> float:
        return max(super().pixelPadding(), _DOT if self._lonely() else 0.0)


def folds(values: NDArray) -> float:
    """How many times ``values: (n,)`` run over their whole extent: 1 for a rise, n / 3 for n random numbers."""
    if len(values) < 3:
        return 0.0
    extent = float(np.ptp(values))
    return float(np.abs(np.diff(values)).sum()) / extent if extent > 0 else 0.0
