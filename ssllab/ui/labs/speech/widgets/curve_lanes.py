"""Lanes of curves: confidence of the codes, similarity of context and codes, posteriors of characters."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import pen
from ssllab.ui.labs.speech.widgets.colours import rgb
from ssllab.ui.labs.speech.widgets.lane import Lane, columns, draw_levels, draw_numbers, draw_pixels

if TYPE_CHECKING:
    from ssllab.ui.labs.speech.widgets.axis import TimeAxis
    from ssllab.ui.labs.speech.widgets.desk import Desk

_NARROW = 3.0  # pixels of a frame from which on a curve shows each
_MEAN_PIXELS = 5


def column_means(values: NDArray, edges: NDArray[np.float64], frame_seconds: float) -> NDArray[np.float64]:
    """The mean of ``values: (T,)`` (one a frame) in every pixel column between ``edges`` (seconds, n + 1).

    NaN where a column has none; NaN among the values are passed over.
    """
    return _reduced(values, edges, frame_seconds, np.add, 0.0)


def column_maxima(values: NDArray, edges: NDArray[np.float64], frame_seconds: float) -> NDArray[np.float64]:
    """As :func:`column_means`, the largest."""
    return _reduced(values, edges, frame_seconds, np.maximum, -np.inf)


def _reduced(
    values: NDArray, edges: NDArray[np.float64], frame_seconds: float, reduce: np.ufunc, nothing: float
) -> NDArray[np.float64]:
    frames = len(values)
    result = np.full(len(edges) - 1, np.nan)
    if not frames:
        return result
    if edges[1] - edges[0] <= frame_seconds:
        frame = np.floor(0.5 * (edges[1:] + edges[:-1]) / frame_seconds).astype(np.int64)
        inside = (frame >= 0) & (frame < frames)
        result[inside] = values[frame[inside]]
        return result
    cuts = np.floor(edges / frame_seconds).astype(np.int64)
    inside = (cuts[:-1] >= 0) & (cuts[:-1] < frames)
    if not inside.any():
        return result
    first = cuts[:-1][inside]
    part = np.asarray(values[first[0] : min(frames, int(cuts[1:][inside][-1]))], np.float64)
    good = np.isfinite(part)
    total = reduce.reduceat(np.where(good, part, nothing), first - first[0])
    count = np.add.reduceat(good.astype(np.int64), first - first[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = total / count if reduce is np.add else total
    result[inside] = np.where(count > 0, found, np.nan)
    return result


class CurveLane(Lane):
    """A lane with a scale from :attr:`low` to :attr:`high`."""

    lines, weight = 2.6, 0.7
    low, high = 0.0, 1.0

    def curve(
        self,
        painter: QPainter,
        area: QRectF,
        axis: TimeAxis,
        values: NDArray,
        colour: str,
        width: float = 1.0,
    ) -> None:
        """A line through the values of the frames, level over each frame, open where unknown.

        Where frames are too narrow to be told apart, it goes through the means of a few of them.
        """
        wide = 1 if self.reading.frame_seconds / axis.per_pixel >= _NARROW else _MEAN_PIXELS
        edges = columns(area, axis, painter.device().devicePixelRatioF(), wide)
        y = self.y(column_means(values, edges, self.reading.frame_seconds), area)
        # Two points a column keep frames level instead of slanted.
        x = np.repeat(axis.x(edges), 2)[1:-1]
        path = pg.functions.arrayToQPath(x, np.repeat(y, 2), connect="finite", finiteCheck=True)
        painter.setPen(pen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def band(
        self,
        painter: QPainter,
        area: QRectF,
        axis: TimeAxis,
        low: NDArray,
        high: NDArray,
        colour: str,
        opacity: float,
    ) -> None:
        """What lies between two curves, filled."""
        ratio = painter.device().devicePixelRatioF()
        edges = columns(area, axis, ratio)
        rows = max(1, round(area.height() * ratio))
        bottom, top = (
            (self.y(column_means(values, edges, self.reading.frame_seconds), area) - area.top()) * ratio
            for values in (low, high)
        )
        row = np.arange(rows)[:, None] + 0.5
        pixels = np.zeros((rows, len(edges) - 1, 4), np.uint8)
        pixels[..., :3] = rgb(colour)
        pixels[..., 3] = np.where((row >= top) & (row <= bottom), round(255 * opacity), 0)
        draw_pixels(painter, area, pixels)

    def y(self, values: NDArray, area: QRectF) -> NDArray:
        """Pixels of values; beyond the scale they stay on its edge."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        return area.bottom() - share * area.height()

    def _frame(self, seconds: float) -> int | None:
        reading = self.reading
        frame = int(seconds / reading.frame_seconds)
        return frame if 0 <= frame < reading.frames and reading.known[frame] else None


class ConfidenceLane(CurveLane):
    """How sure the quantizer is of each code."""

    key, title = "confidence", "Confidence"
    tip = "The softmax probability of the chosen code, a curve per codebook group; 1 is sure, 1/V a guess."

    def shown(self) -> bool:
        return self.desk.inspection is not None and self.desk.inspection.groups > 0

    def value(self, seconds: float) -> str:
        frame = self._frame(seconds)
        if frame is None:
            return ""
        return " · ".join(f"{share:.2f}" for share in self.reading.confidence[frame, :2])

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        area = area.adjusted(0, 3, 0, -3)
        draw_levels(painter, area, (0.0, 1.0))
        confidence = self.reading.confidence
        for group in reversed(range(confidence.shape[1])):
            colour = theme.current().series[group % len(theme.current().series)]
            self.curve(painter, area, axis, confidence[:, group], colour)
        draw_numbers(painter, area, {"1": 1.0, "0": 0.0})


class SimilarityLane(CurveLane):
    """At masked frames: how near the context vector is to the true code and to distractors."""

    key, title = "similarity", "Similarity"
    weight = 0.9
    low, high = -1.0, 1.0
    tip = (
        "Cosine of the context vector with the true quantized vector (blue) and with distractors from other "
        "masked frames (orange: median, and the band from the tenth to the ninetieth percentile). Blue above the "
        "band: the model knows what was hidden (equation 3)."
    )

    def shown(self) -> bool:
        reading = self.desk.inspection
        return reading is not None and bool(np.isfinite(reading.similarity_true).any())

    def value(self, seconds: float) -> str:
        frame = self._frame(seconds)
        if frame is None or not np.isfinite(self.reading.similarity_true[frame]):
            return ""
        true, other = self.reading.similarity_true[frame], self.reading.distractors[frame, 1]
        return f"{true:.2f} / {other:.2f}".replace("-", "−")

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        colours, reading = theme.current(), self.reading
        area = area.adjusted(0, 3, 0, -3)
        draw_levels(painter, area, (0.0, 0.5, 1.0))
        low, middle, high = reading.distractors.T
        self.band(painter, area, axis, low, high, colours.repel, 0.22)
        self.curve(painter, area, axis, middle, colours.repel, 1.2)
        self.curve(painter, area, axis, reading.similarity_true, colours.attract, 1.8)
        draw_numbers(painter, area, {"1": 1.0, "−1": 0.0, "0": 0.5})


class PosteriorLane(CurveLane):
    """The characters that a fine-tuned model hears."""

    key, title = "characters", "Characters"
    weight = 0.9
    tip = (
        "Posteriors of a model fine-tuned with CTC: the grey line is the blank, the bars are the likeliest "
        "character of each frame. Characters come as short spikes between blanks (Graves et al. 2006)."
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._version: object = None

    def shown(self) -> bool:
        return self.desk.inspection is not None and self.desk.inspection.log_probs is not None

    def _spikes(self) -> tuple[NDArray, NDArray, NDArray]:
        """Probability of the blank (T,), the likeliest character (T,) and its probability (T,)."""
        reading = self.reading
        if self._version != (id(reading), reading.version):
            self._version = (id(reading), reading.version)
            assert reading.log_probs is not None  # or the lane is not shown
            shares = np.exp(reading.log_probs.astype(np.float32))
            shares[~reading.known] = np.nan
            blank = reading.blank
            rest = np.nan_to_num(shares)
            rest[:, blank] = -1.0
            best = rest.argmax(1)
            self._found = shares[:, blank], best, shares[np.arange(len(best)), best]
        return self._found

    def value(self, seconds: float) -> str:
        frame = self._frame(seconds)
        if frame is None:
            return ""
        blank, best, share = self._spikes()
        if blank[frame] >= share[frame]:
            return f"blank {blank[frame]:.2f}"
        return f"{_letter(self.reading.alphabet, best[frame])} {share[frame]:.2f}"

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        colours = theme.current()
        letters = QRectF(area.left(), area.top(), area.width(), painter.fontMetrics().height())
        area = area.adjusted(0, letters.height() + 1, 0, -3)
        draw_levels(painter, area, (0.0, 1.0))
        blank, best, share = self._spikes()
        ratio = painter.device().devicePixelRatioF()
        edges = columns(area, axis, ratio)
        rows = max(1, round(area.height() * ratio))
        top = (self.y(column_maxima(share, edges, self.reading.frame_seconds), area) - area.top()) * ratio
        pixels = np.zeros((rows, len(edges) - 1, 4), np.uint8)
        pixels[..., :3] = rgb(colours.accent)
        pixels[..., 3] = np.where(np.arange(rows)[:, None] + 0.5 >= top, 105, 0)
        draw_pixels(painter, area, pixels)
        self.curve(painter, area, axis, blank, colours.muted, 1.0)
        draw_numbers(painter, area, {"1": 1.0, "0": 0.0})
        self._write(painter, letters, axis, best, share)

    def _write(self, painter: QPainter, area: QRectF, axis: TimeAxis, best: NDArray, share: NDArray) -> None:
        """Letters above the spikes, as far apart as they can be read."""
        reading = self.reading
        first = max(0, int(axis.start / reading.frame_seconds))
        last = min(reading.frames, int(axis.end / reading.frame_seconds) + 1)
        if last - first > area.width():
            return
        strong = first + np.flatnonzero(np.nan_to_num(share[first:last]) > 0.4)
        painter.setPen(QColor(theme.current().text))
        metrics = painter.fontMetrics()
        free = area.left()
        for frame in strong.tolist():
            letter = _letter(reading.alphabet, best[frame])
            width = metrics.horizontalAdvance(letter)
            x = float(axis.x((frame + 0.5) * reading.frame_seconds)) - width / 2
            if x >= free:
                painter.drawText(QRectF(x, area.top(), width + 1, area.height()), letter)
                free = x + width + 2


def _letter(alphabet: Sequence[str], index: int) -> str:
    letter = str(alphabet[index])
    return "␣" if letter in ("|", " ") else letter
