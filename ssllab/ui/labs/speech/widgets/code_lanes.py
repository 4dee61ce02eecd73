"""Lanes of codes: the code of every frame as a colour and, where there is room, a number; and what was masked."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import draw_lines, pen
from ssllab.ui.labs.speech.widgets.colours import palette, rgb
from ssllab.ui.labs.speech.widgets.lane import Lane, columns, draw_pixels, frame_columns
from ssllab.ui.labs.speech.widgets.reading import dominant

if TYPE_CHECKING:
    from ssllab.data.speech.types import Span
    from ssllab.ui.labs.speech.widgets.axis import TimeAxis
    from ssllab.ui.labs.speech.widgets.desk import Desk
    from ssllab.ui.labs.speech.widgets.reading import Reading

_CROWDED_PIXELS = 2.0  # below this width of a frame, the picked code is marked by how often it is in a pixel
_GAP_PIXELS = 5.0  # from this width of a frame on, stretches of a code are set apart


class CodeLane(Lane):
    """One codebook group. A code that was picked keeps its colour while the others step back."""

    key = "codes"
    lines = 1.7
    tip = (
        "The code of every frame (mostly 20 ms) in this codebook group, in a colour of its own; zoomed out, the "
        "most frequent one. Click a code for all its occurrences."
    )

    def __init__(self, desk: Desk, group: int) -> None:
        super().__init__(desk)
        self.group = group
        self.title = f"Codes {group + 1}"
        self._rows: dict[int, NDArray[np.int32]] = {}
        self._version: object = None

    def shown(self) -> bool:
        reading = self.desk.inspection
        return reading is not None and self.group < reading.groups

    def code_at(self, seconds: float) -> int:
        """The code at a time, -1 where none is known."""
        frame = int(seconds / self.reading.frame_seconds)
        codes = self.reading.codes
        return int(codes[frame, self.group]) if 0 <= frame < len(codes) else -1

    def value(self, seconds: float) -> str:
        code = self.code_at(seconds)
        return "" if code < 0 else str(code)

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        reading = self.reading
        ratio = painter.device().devicePixelRatioF()
        frame, share = frame_columns(area, axis, ratio, reading.frames, reading.frame_seconds)
        size = 1 << (share.bit_length() - 1)
        row = self._row(reading, size)
        codes = np.where(frame < 0, -1, row[np.minimum(frame // size, len(row) - 1)])
        pixels = reading.frame_seconds / axis.per_pixel
        draw_pixels(painter, area, self._colours(codes, reading.highest_code, pixels < _CROWDED_PIXELS)[None])
        if pixels >= 1:
            self._write(painter, area, axis, reading, apart=pixels >= _GAP_PIXELS)
        self._mark_picked(painter, area, axis, reading)

    def _row(self, reading: Reading, size: int) -> NDArray[np.int32]:
        if self._version != (id(reading), reading.version):
            self._version, self._rows = (id(reading), reading.version), {}
        if size not in self._rows:
            self._rows[size] = dominant(reading.codes[:, self.group], size)
        return self._rows[size]

    def _colours(self, codes: NDArray, highest: int, crowded: bool) -> NDArray[np.uint8]:
        """``(n, 3)``; unknown frames look like the empty lane. ``crowded``: a picked code is marked otherwise."""
        colours = palette(self.group, highest + 1).astype(np.float64)
        picked = self.desk.picked
        if picked is not None:
            faint = 0.22 * colours + 0.78 * rgb(theme.current().surface)
            if picked[0] == self.group and picked[1] < len(faint) and not crowded:
                faint[picked[1]] = rgb(theme.current().accent)
            colours = faint
        table = np.concatenate([colours, rgb(theme.current().raised)[None]])  # -1 is the last
        return table[codes].astype(np.uint8)

    def _write(
        self, painter: QPainter, area: QRectF, axis: TimeAxis, reading: Reading, *, apart: bool
    ) -> None:
        """Numbers in the stretches that are wide enough, and thin lines between stretches."""
        first = max(0, int(axis.start / reading.frame_seconds))
        last = min(reading.frames, int(axis.end / reading.frame_seconds) + 1)
        codes = reading.codes[first:last, self.group]
        if not len(codes):
            return
        change = np.flatnonzero(np.diff(codes)) + 1
        begins = np.concatenate([[0], change])
        ends = np.concatenate([change, [len(codes)]])
        left = axis.x((first + begins) * reading.frame_seconds)
        right = axis.x((first + ends) * reading.frame_seconds)
        if apart:
            x = left[1:]
            painter.setPen(pen(theme.current().surface, 1.0))
            draw_lines(
                painter,
                np.stack([x, np.full_like(x, area.top())], 1),
                np.stack([x, np.full_like(x, area.bottom())], 1),
            )
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance("0" * len(str(reading.highest_code))) + 5
        left, right = np.maximum(left, area.left()), np.minimum(right, area.right())
        wide = np.flatnonzero((right - left >= widest) & (codes[begins] >= 0))
        picked = self.desk.picked
        ink, faint = QColor(theme.current().text), QColor(theme.current().muted)
        for k in wide.tolist():
            code = int(codes[begins[k]])
            if picked is None:
                painter.setPen(ink)
            elif picked == (self.group, code):
                painter.setPen(QColor(theme.current().accent_text))
            else:
                painter.setPen(faint)
            box = QRectF(left[k], area.top(), right[k] - left[k], area.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(code))

    def _mark_picked(self, painter: QPainter, area: QRectF, axis: TimeAxis, reading: Reading) -> None:
        """Zoomed out: every pixel column that holds the picked code, also where another is more frequent."""
        picked = self.desk.picked
        crowded = reading.frame_seconds / axis.per_pixel < _CROWDED_PIXELS
        if picked is None or picked[0] != self.group or not crowded:
            return
        edges = columns(area, axis, painter.device().devicePixelRatioF())
        here = reading.frame_seconds * (np.flatnonzero(reading.codes[:, self.group] == picked[1]) + 0.5)
        counts = np.diff(np.searchsorted(here, edges))
        pixels = np.empty((1, len(counts), 4), np.uint8)
        pixels[..., :3] = rgb(theme.current().accent)
        # Once is seen; the root tells few from many.
        strength = 0.3 + 0.7 * np.sqrt(counts / max(1, counts.max()))
        pixels[..., 3] = np.where(counts > 0, np.round(255 * strength), 0)
        draw_pixels(painter, area, pixels)


class MaskLane(Lane):
    """The frames that the context network did not see."""

    key, title = "masked", "Masked"
    lines = 1.0
    tip = "Spans that were hidden from the Transformer; at these it has to find the true code (section 3.1)."

    def shown(self) -> bool:
        reading = self.desk.inspection
        return reading is not None and bool(reading.masked.any())

    def value(self, seconds: float) -> str:
        frame = int(seconds / self.reading.frame_seconds)
        masked = self.reading.masked
        return "masked" if 0 <= frame < len(masked) and masked[frame] else ""

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        masked = self.reading.masked
        ratio = painter.device().devicePixelRatioF()
        frame, share = frame_columns(area, axis, ratio, len(masked), self.reading.frame_seconds)
        if share > 1:
            sums = np.concatenate([[0], np.cumsum(masked)])
            end = np.minimum(frame + share, len(masked))
            opacity = np.where(frame < 0, 0.0, (sums[end] - sums[np.maximum(frame, 0)]) / share)
        else:
            opacity = np.where(frame < 0, False, masked[frame]).astype(np.float64)
        pixels = np.empty((1, len(opacity), 4), np.uint8)
        pixels[..., :3] = rgb(theme.current().muted)
        pixels[..., 3] = np.round(190 * np.minimum(opacity, 1.0))
        draw_pixels(painter, area.adjusted(0, 2, 0, -2), pixels)


def code_spans(codes: NDArray[np.int32], frame_seconds: float) -> list[Span]:
    """The stretches of equal codes of ``(T,)`` as labelled spans; where nothing is known there is none."""
    from ssllab.data.speech.types import Span

    edges = np.flatnonzero(np.diff(codes, prepend=-2, append=-2))
    return [
        Span(first * frame_seconds, last * frame_seconds, str(codes[first]))
        for first, last in pairwise(edges.tolist())
        if codes[first] >= 0
    ]
