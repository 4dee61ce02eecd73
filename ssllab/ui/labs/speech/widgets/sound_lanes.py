"""Lanes of the sound itself: waveform and log-mel spectrogram."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from ssllab.ui import theme
from ssllab.ui.embedding.strokes import draw_lines, pen
from ssllab.ui.labs.speech.widgets.clip import RATE
from ssllab.ui.labs.speech.widgets.colours import heat
from ssllab.ui.labs.speech.widgets.lane import Lane, columns, draw_numbers, draw_pixels

if TYPE_CHECKING:
    from ssllab.ui.labs.speech.widgets.axis import TimeAxis

_KILOHERTZ = {"8 kHz": 8.0, "0": 0.0, "2": 2.0, "1": 1.0, "4": 4.0, "0.5": 0.5}
_QUIET = 0.02  # full height of a clip softer than this: the noise of a silent room is not blown up


@cache
def heights() -> dict[str, float]:
    """Where frequencies stand on the spectrogram: 0 its bottom, 1 its top."""
    from ssllab.audio.log_mel import mel  # brings scipy, for which the window does not wait

    return {text: mel(1000 * khz) / mel(RATE / 2) for text, khz in _KILOHERTZ.items()}


class WaveLane(Lane):
    """The waveform: the smallest and largest sample of every pixel column."""

    key, title = "waveform", "Waveform"
    lines, weight = 2.2, 1.0
    tip = "The sound's pressure over time. The loudest moment of the clip reaches the edge of the lane."

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        colours = theme.current()
        count = max(1, round(area.width()))
        low, high = self.desk.sound.waveform(axis.start, axis.end, count).T
        middle, half = area.center().y(), area.height() / 2 - 1
        painter.setPen(pen(colours.grid))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        known = np.flatnonzero(np.isfinite(low))
        x = area.left() + known + 0.5
        # Half a pixel each way, or silence would be no line at all.
        scale = half / max(self.desk.sound.loudest, _QUIET)
        top = middle - high[known] * scale - 0.5
        bottom = middle - low[known] * scale + 0.5
        painter.setPen(pen(colours.accent, 1.0))
        draw_lines(painter, np.stack([x, top], 1), np.stack([x, bottom], 1))


class MelLane(Lane):
    """The log-mel spectrogram: on the grid of the code frames, finer where the view is near."""

    key, title = "spectrogram", "Spectrogram"
    lines, weight = 3.0, 1.7
    tip = (
        "How strong each pitch is: 80 bands on the mel scale from 0 to 8 kHz, in decibels, low ones below. Its "
        "columns are the code frames of 20 ms; when you zoom in, it is made anew with a window of 10 ms, which shows the "
        "pulses of a voice. The model hears the waveform, not this picture."
    )

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        edges = columns(area, axis, painter.device().devicePixelRatioF())
        tones = self.desk.sound.tones(0.5 * (edges[1:] + edges[:-1]))
        draw_pixels(painter, area, heat()[tones], smooth=True)
        if self.desk.sound.spectrogram.scale is not None:
            draw_numbers(painter, area, heights())

    def level(self, share: float) -> str:
        if self.desk.sound.spectrogram.scale is None:
            return ""
        from ssllab.audio.log_mel import hertz, mel

        return f"{hertz(share * mel(RATE / 2)):.0f} Hz"
