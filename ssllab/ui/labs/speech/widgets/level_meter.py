"""How loud the microphone is: level and peak on a decibel scale, the held peak, a light for clipping."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.ui import theme
from ssllab.ui.plots.legend import small_font

if TYPE_CHECKING:
    from ssllab.audio.recorder import Level

FLOOR_DB = -60.0
WARM_DB, HOT_DB = -12.0, -3.0  # speech belongs below the first; above the second it nearly clips
FALL_DB_A_SECOND = 24.0  # bars rise at once and fall slowly, or no eye could follow them
_MARKS = (-60, -48, -36, -24, -12, -6, 0)


def decibels(amplitude: float) -> float:
    """Amplitude in 0..1 as dB below full scale, not under :data:`FLOOR_DB`."""
    return max(FLOOR_DB, 20 * math.log10(amplitude)) if amplitude > 0 else FLOOR_DB


class LevelMeter(QWidget):
    """A horizontal bar from -60 dB to full scale. The clipping light stays on until it is clicked or :meth:`clear`."""

    def __init__(self) -> None:
        super().__init__()
        self.rms = self.peak = self.held = FLOOR_DB
        self.clipped = False
        self._shown = time.monotonic()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(120)
        self.setAccessibleName("Input level")
        self.setToolTip(
            "Input level in dB below full scale: solid the loudness (RMS), pale the peak, the line the highest "
            "peak of late. Speech is well recorded when its peaks lie between -18 and -6 dB. The light at the "
            "right says that the input was cut off (clipped): lower the gain, then click the light."
        )

    def sizeHint(self) -> QSize:
        return QSize(320, self._bar_height() + self._scale_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def show_level(self, level: Level) -> None:
        """Take in what the recorder measured last."""
        now = time.monotonic()
        fall = FALL_DB_A_SECOND * (now - self._shown)
        self._shown = now
        self.rms = max(decibels(level.rms), self.rms - fall)
        self.peak = max(decibels(level.peak), self.peak - fall)
        self.held = decibels(level.held_peak)
        self.clipped = self.clipped or level.clipped
        self.update()

    def fall_silent(self) -> None:
        """No sound any more; the clipping light stays for whoever did not look."""
        self.rms = self.peak = self.held = FLOOR_DB
        self.update()

    def clear(self) -> None:
        """As before any sound."""
        self.clipped = False
        self.fall_silent()

    # Painting

    def _bar_height(self) -> int:
        return round(1.1 * self.fontMetrics().height())

    def _scale_height(self) -> int:
        return self.fontMetrics().height()

    def _light(self) -> QRectF:
        width = self.fontMetrics().horizontalAdvance("CLIP") + 14
        return QRectF(self.width() - width, 0, width, self._bar_height())

    def _bar(self) -> QRectF:
        return QRectF(0, 0, self._light().left() - 8, self._bar_height())

    def _x(self, level: float) -> float:
        bar = self._bar()
        return bar.left() + bar.width() * (level - FLOOR_DB) / -FLOOR_DB

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bar(painter)
        self._paint_scale(painter)
        self._paint_light(painter)

    def _paint_bar(self, painter: QPainter) -> None:
        now = theme.current()
        bar = self._bar()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(now.raised))
        painter.drawRoundedRect(bar, 3, 3)
        for level, strength in ((self.peak, 90), (self.rms, 255)):
            for low, high, name in (
                (FLOOR_DB, WARM_DB, now.good),
                (WARM_DB, HOT_DB, now.warn),
                (HOT_DB, 0.0, now.bad),
            ):
                if level > low:
                    colour = QColor(name)
                    colour.setAlpha(strength)
                    left, right = self._x(low), self._x(min(level, high))
                    painter.fillRect(QRectF(left, bar.top() + 3, right - left, bar.height() - 6), colour)
        if self.held > FLOOR_DB:
            painter.setPen(QPen(QColor(now.text), 2))
            x = self._x(min(self.held, 0.0))
            painter.drawLine(QPointF(x, bar.top() + 1), QPointF(x, bar.bottom() - 1))

    def _paint_scale(self, painter: QPainter) -> None:
        painter.setFont(small_font(0.8))
        painter.setPen(QColor(theme.current().muted))
        metrics = painter.fontMetrics()
        taken = -math.inf
        for mark in _MARKS:
            text = f"{mark}" if mark else "0 dB"
            width = metrics.horizontalAdvance(text)
            left = min(max(self._x(mark) - width / 2, 0), self._bar().right() - width)
            if mark and self._x(0) - metrics.horizontalAdvance("0 dB") < left + width + 6:
                continue  # the end of the scale is what must be read
            if left > taken:
                painter.drawText(QPointF(left, self._bar_height() + metrics.ascent() + 1), text)
                taken = left + width + 6

    def _paint_light(self, painter: QPainter) -> None:
        now = theme.current()
        light = self._light().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setFont(small_font(0.8))
        painter.setPen(QPen(QColor(now.bad if self.clipped else now.border), 1))
        painter.setBrush(QColor(now.bad) if self.clipped else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(light, 3, 3)
        painter.setPen(QColor(now.surface if self.clipped else now.muted))
        painter.drawText(light, Qt.AlignmentFlag.AlignCenter, "CLIP")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._light().contains(event.position()) and self.clipped:
            self.clipped = False
            self.update()
