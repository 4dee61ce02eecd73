"""What a lane is: one band of the inspector, painted for the part of the clip in view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.colours import image_of

if TYPE_CHECKING:
    from ssllab.ui.labs.speech.widgets.axis import TimeAxis
    from ssllab.ui.labs.speech.widgets.clip import Clip
    from ssllab.ui.labs.speech.widgets.desk import Desk
    from ssllab.ui.labs.speech.widgets.reading import Reading


class Lane:
    """One lane over the desk's clip. It owns no widget: the canvas gives it a painter and an area."""

    key: ClassVar[str]  # for what is remembered of the view
    title: str
    tip: ClassVar[str] = ""
    lines: ClassVar[float] = 1.5  # its least height in lines of text
    weight: ClassVar[float] = 0.0  # its part of the height that is left over

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def clip(self) -> Clip:
        """The clip on the desk; a lane is shown only when there is one."""
        assert self.desk.clip is not None
        return self.desk.clip

    @property
    def reading(self) -> Reading:
        """What the model says of the clip; a lane that needs it is shown only when there is one."""
        assert self.desk.inspection is not None
        return self.desk.inspection

    def shown(self) -> bool:
        """Whether there is anything to show for the clip on the desk."""
        return self.desk.clip is not None

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis) -> None:
        """Draw what is in view; ``axis`` has the area's left and width."""
        raise NotImplementedError

    def value(self, seconds: float) -> str:
        """What the lane says at a time, short; empty where it says nothing."""
        return ""

    def level(self, share: float) -> str:
        """What stands at a height under the pointer, 0 (bottom) .. 1 (top); shown where :meth:`value` says nothing."""
        return ""


def columns(area: QRectF, axis: TimeAxis, ratio: float, wide: int = 1) -> NDArray[np.float64]:
    """The times (seconds) of the left edges of the device's pixel columns in ``area``, and of the last's right.

    ``wide``: so many pixels make one column.
    """
    count = max(1, round(area.width() * ratio / wide))
    return axis.start + np.arange(count + 1, dtype=np.float64) * (axis.span / count)


def frame_columns(
    area: QRectF, axis: TimeAxis, ratio: float, frames: int, frame_seconds: float
) -> tuple[NDArray[np.int64], int]:
    """The frame in the middle of every pixel column, and how many frames share one column (at least 1).

    Frames beyond the clip are ``-1``.
    """
    edges = columns(area, axis, ratio)
    middle = 0.5 * (edges[1:] + edges[:-1])
    frame = np.floor(middle / frame_seconds).astype(np.int64)
    frame[(frame < 0) | (frame >= frames)] = -1
    return frame, max(1, int((edges[1] - edges[0]) / frame_seconds))


def draw_pixels(painter: QPainter, area: QRectF, pixels: NDArray[np.uint8], *, smooth: bool = False) -> None:
    """Stretch ``(h, w, 3 or 4)`` over the area; ``smooth`` blends rows and columns."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(area, image_of(pixels))


def draw_levels(painter: QPainter, area: QRectF, shares: Iterable[float]) -> None:
    """Faint horizontal lines, under the curves; ``shares``: 0 (bottom) .. 1 (top)."""
    painter.setPen(QColor(theme.current().grid))
    for share in shares:
        y = area.bottom() - share * area.height()
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))


def draw_numbers(painter: QPainter, area: QRectF, labels: dict[str, float]) -> None:
    """Numbers of levels at the right edge, over the curves; ``labels``: text -> 0 (bottom) .. 1 (top).

    One that would touch an earlier one is left out, so the ends of the scale come first.
    """
    colours = theme.current()
    metrics = painter.fontMetrics()
    line = metrics.ascent() + 1
    ground = QColor(colours.surface)
    ground.setAlphaF(0.8)
    painter.setPen(QColor(colours.muted))
    written: list[QRectF] = []
    for text, share in labels.items():
        width = metrics.horizontalAdvance(text) + 6
        top = area.bottom() - share * area.height() - line / 2
        box = QRectF(area.right() - width, min(max(top, area.top()), area.bottom() - line), width, line)
        if any(box.intersects(other) for other in written):
            continue
        written.append(box)
        painter.fillRect(box, ground)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
