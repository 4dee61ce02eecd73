"""Lanes of labelled spans: words and phones where their times are known, else the transcript."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import pen
from ssllab.ui.labs.speech.widgets.colours import rgb
from ssllab.ui.labs.speech.widgets.lane import Lane, columns, draw_pixels

if TYPE_CHECKING:
    from ssllab.data.speech.types import Span
    from ssllab.ui.labs.speech.widgets.axis import TimeAxis
    from ssllab.ui.labs.speech.widgets.desk import Desk


class SpanLane(Lane):
    """Spans as soft boxes with their labels; too narrow ones share the tone of a pixel column."""

    lines = 1.5

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._known: Sequence[Span] | None = None
        self._found = np.empty((0, 2))

    def spans(self) -> Sequence[Span]:
        """In order of time; of the clip on the desk."""
        raise NotImplementedError

    def shown(self) -> bool:
        return self.desk.clip is not None and len(self.spans()) > 0

    def value(self, seconds: float) -> str:
        return next((span.label for span in self._between(seconds, seconds)), "")

    def _times(self) -> NDArray[np.float64]:
        """``(n, 2)`` starts and ends of all spans; an hour has tens of thousands."""
        spans = self.spans()
        if spans is not self._known:
            self._known = spans
            self._found = np.array([(span.start, span.end) for span in spans]).reshape(-1, 2)
        return self._found

    def _between(self, start: float, end: float) -> Sequence[Span]:
        starts, ends = self._times().T
        # Spans do not overlap, so that their ends are in order too.
        first, last = np.searchsorted(ends, start, "right"), np.searchsorted(starts, end, "right")
        return self.spans()[int(first) : int(last)]

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        seen = self._between(axis.start, axis.end)
        if len(seen) > area.width() / 6:
            self._paint_crowd(painter, area, axis)
            return
        colours = theme.current()
        metrics = painter.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for span in seen:
            left, right = max(axis.x(span.start), area.left() - 8), min(axis.x(span.end), area.right() + 8)
            box = QRectF(left + 0.5, area.top() + 0.5, max(1.0, right - left - 1.0), area.height() - 1.0)
            painter.setPen(pen(colours.border))
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(box, 3, 3)
            text = box.intersected(area).adjusted(2, 0, -2, 0)
            if metrics.horizontalAdvance(span.label) <= text.width():
                label = span.label
            elif text.width() > 4 * metrics.averageCharWidth():
                label = metrics.elidedText(span.label, Qt.TextElideMode.ElideRight, int(text.width()))
            else:
                continue
            painter.setPen(QColor(colours.text))
            painter.drawText(text, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_crowd(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        """A tone, the stronger the more of a pixel column lies within spans."""
        edges = columns(area, axis, painter.device().devicePixelRatioF())
        times = self._times()
        before = np.cumsum(times[:, 1] - times[:, 0])
        covered = np.stack([np.concatenate([[0.0], before[:-1]]), before], 1)
        share = np.diff(np.interp(edges, times.ravel(), covered.ravel())) / (edges[1] - edges[0])
        pixels = np.empty((1, len(share), 4), np.uint8)
        pixels[..., :3] = rgb(theme.current().muted)
        pixels[..., 3] = np.round(110 * np.clip(share, 0, 1))
        draw_pixels(painter, area, pixels)


class WordLane(SpanLane):
    """Words with known times, or the transcript over the whole clip."""

    key, title = "words", "Words"
    tip = "What was said; where the times of words are unknown, the transcript over the whole clip."

    def spans(self) -> Sequence[Span]:
        return self.clip.spoken


class PhoneLane(SpanLane):
    """Phones with known times."""

    key, title = "phones", "Phones"
    tip = "The sounds of the language, where the data knows them. The model never sees them."

    def spans(self) -> Sequence[Span]:
        return self.clip.phones
