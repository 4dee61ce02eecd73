"""The microscope's table: the positive pinned on top, the negatives by similarity, the sums below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip

from ssllab.ui import theme
from ssllab.ui.embedding.pictures import pixmap
from ssllab.ui.embedding.strokes import pen
from ssllab.ui.labs.contrast.widgets.contrast_arithmetic import AnchorContrast, exponential_text, small_text


@dataclass(frozen=True)
class _Column:
    key: str
    title: str
    tip: str


# In the order of painting; a narrow table gives up those named first in _GIVEN_UP.
_COLUMNS = (
    _Column("s", "s", "Similarity: the cosine of the anchor's embedding and this candidate's, -1 to 1"),
    _Column("logit", "s/τ", "Similarity divided by the temperature: the logit"),
    _Column("exp", "exp(s/τ)", "The candidate's weight before it is shared out"),
    _Column("p", "p = softmax", "Its share of the sum: the chance that the anchor picks this candidate"),
    _Column(
        "force",
        "force",
        "The loss's derivative by this similarity: (1 - p)/τ pulls the positive, p/τ pushes a negative",
    ),
)
_GIVEN_UP = ("logit", "force", "exp")
_Placed = list[tuple[_Column, float, float]]  # columns with left edge and width


class CandidateTable(QAbstractScrollArea):
    """Shows an :class:`AnchorContrast` with the pictures of its candidates; ``picked(i)`` names an image."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(70)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        self.contrast: AnchorContrast | None = None
        self._views: np.ndarray | None = None
        self._pictures: dict[int, QPixmap] = {}
        self._under = -1

    def show_contrast(self, contrast: AnchorContrast | None, views: np.ndarray | None) -> None:
        """``views: (2M, H, W, 3)`` uint8, the pictures of the rows of z."""
        self.contrast = contrast
        if views is not self._views:
            self._views, self._pictures = views, {}
        self._measure()
        self.viewport().update()

    def restyle(self) -> None:
        """Another theme or font size."""
        self._pictures = {}
        self._measure()
        self.viewport().update()

    def columns(self) -> list[_Column]:
        """The columns that fit; similarity and p always stay."""
        shown = list(_COLUMNS)
        for key in _GIVEN_UP:
            if self._left() + (len(shown) - 1) * self._cell() + self._bar_cell() <= self.viewport().width():
                break
            shown = [column for column in shown if column.key != key]
        return shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer rows fit."""
        self._measure()

    def _measure(self) -> None:
        row = self._row()
        room = self.viewport().height() - 3 * row
        rows = self.contrast.negatives if self.contrast is not None else 0
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, int(room)))
        bar.setSingleStep(round(row))
        bar.setRange(0, max(0, round(rows * row - room)))

    # Sizes follow the font

    def _row(self) -> float:
        return round(1.75 * QFontMetricsF(self.font()).height())

    def _left(self) -> float:
        return 2.6 * QFontMetricsF(self.font()).height() + self._row()

    def _cell(self) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance("8.8×10⁻¹⁸") + 8

    def _bar_cell(self) -> float:
        return 1.65 * self._cell()

    def _layout(self) -> _Placed:
        """Where the columns stand; the shares take the room that is left."""
        columns = self.columns()
        left, cell = self._left(), self._cell()
        spare = self.viewport().width() - left - (len(columns) - 1) * cell
        cell += max(0.0, spare - 4.5 * cell) / (len(columns) - 1)
        spare = self.viewport().width() - left - (len(columns) - 1) * cell - 6
        placed = []
        for column in columns:
            width = spare if column.key == "p" else cell
            placed.append((column, left, width))
            left += width
        return placed

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Head, positive, the negatives in sight, sums."""
        contrast = self.contrast
        if contrast is None:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        row, width, height = self._row(), self.viewport().width(), self.viewport().height()
        placed = self._layout()
        painter.fillRect(self.viewport().rect(), QColor(colours.surface))
        painter.save()
        painter.setClipRect(QRectF(0, 2 * row, width, height - 3 * row))
        offset = self.verticalScrollBar().value()
        first = max(0, int(offset // row))
        last = min(contrast.negatives, int((offset + height - 3 * row) // row) + 1)
        for k in range(first, last):
            self._paint_row(painter, contrast, placed, k + 1, 2 * row + k * row - offset)
        painter.restore()
        self._paint_row(painter, contrast, placed, 0, row)
        painter.setPen(pen(colours.attract, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(1, row + 1, width - 2, row - 2), 4, 4)
        self._paint_head(painter, placed)
        self._paint_sums(painter, contrast, placed, height - row)
        painter.end()

    def _paint_head(self, painter: QPainter, placed: _Placed) -> None:
        colours = theme.current()
        painter.fillRect(QRectF(0, 0, self.viewport().width(), self._row()), QColor(colours.surface))
        painter.setPen(QColor(colours.muted))
        for column, left, width in placed:
            self._text(painter, column.title, left, 0.0, width)

    def _paint_row(
        self, painter: QPainter, contrast: AnchorContrast, placed: _Placed, index: int, top: float
    ) -> None:
        colours, row = theme.current(), self._row()
        if index == self._under:
            painter.fillRect(QRectF(0, top, self.viewport().width(), row), QColor(colours.raised))
        colour = colours.repel if index else colours.attract
        line = QFontMetricsF(self.font()).height()
        painter.setPen(QColor(colour if index == 0 else colours.muted))
        self._text(painter, "+" if index == 0 else f"{index}", 0.0, top, 2.3 * line)
        painter.drawPixmap(QPointF(2.6 * line, top + 2), self._picture(int(contrast.rows[index]), row - 4))
        values = {
            "s": f"{contrast.similarity[index]:.3f}".replace("-", "−"),
            "logit": f"{contrast.logits[index]:.2f}".replace("-", "−"),
            "exp": exponential_text(float(contrast.logits[index])),
            "p": small_text(float(contrast.probability[index])),
            "force": small_text(float(contrast.force[index])),
        }
        for column, left, width in placed:
            if column.key == "p":
                room = width - self._cell()
                share = float(contrast.probability[index] / max(contrast.probability.max(), 1e-300))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour))
                bar = QRectF(left + 10, top + 0.27 * row, max(1.0, share * (room - 12)), 0.46 * row)
                painter.drawRoundedRect(bar, 2, 2)
            painter.setPen(QColor(colour if column.key == "force" else colours.text))
            self._text(painter, values[column.key], left, top, width)

    def _paint_sums(self, painter: QPainter, contrast: AnchorContrast, placed: _Placed, top: float) -> None:
        colours = theme.current()
        width, row = self.viewport().width(), self._row()
        painter.fillRect(QRectF(0, top, width, row), QColor(colours.raised))
        painter.setPen(pen(colours.border))
        painter.drawLine(QPointF(0, top), QPointF(width, top))
        painter.setPen(QColor(colours.text))
        self._text(painter, "Sum", 0.0, top, self._left() - 6, Qt.AlignmentFlag.AlignLeft)
        sums = {
            "exp": exponential_text(contrast.log_sum),
            "p": f"{contrast.probability.sum():.3f}",
        }
        for column, left, cell in placed:
            if column.key in sums:
                self._text(painter, sums[column.key], left, top, cell)
            elif column.key == "force":  # what pulls equals what pushes
                painter.setPen(QColor(colours.repel))
                self._text(painter, small_text(float(contrast.force[1:].sum())), left, top, cell)
                painter.setPen(QColor(colours.text))

    def _text(
        self,
        painter: QPainter,
        words: str,
        left: float,
        top: float,
        width: float,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight,
    ) -> None:
        box = QRectF(left + 4, top, width - 6, self._row())
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, words)

    def _picture(self, row: int, size: float) -> QPixmap:
        if row not in self._pictures:
            assert self._views is not None  # a contrast comes with its pictures
            self._pictures[row] = pixmap(self._views[row], round(size), self.devicePixelRatioF())
        return self._pictures[row]

    # Pointer

    def _index_at(self, y: float) -> int:
        """The row of the contrast under a pixel, -1 for none."""
        row, height = self._row(), self.viewport().height()
        if self.contrast is None or y < row or y >= height - row:
            return -1
        if y < 2 * row:
            return 0
        index = int((y - 2 * row + self.verticalScrollBar().value()) // row) + 1
        return index if index < len(self.contrast.rows) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a candidate names its image."""
        index = self._index_at(event.position().y())
        if self.contrast is None or self._views is None or index < 0:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(int(self.contrast.rows[index]) % (len(self._views) // 2))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer."""
        index = self._index_at(event.position().y())
        if index != self._under:
            self._under = index
            self.viewport().setCursor(
                Qt.CursorShape.PointingHandCursor if index > 0 else Qt.CursorShape.ArrowCursor
            )
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        """No row is marked."""
        self._under = -1
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """What a column means, and what a row is."""
        if (
            isinstance(event, QHelpEvent)
            and event.type() == QEvent.Type.ToolTip
            and self.contrast is not None
        ):
            x, y = event.pos().x(), event.pos().y()
            tip = ""
            if y < self._row():
                tip = next((c.tip for c, left, width in self._layout() if left <= x < left + width), "")
            elif self._index_at(y) == 0:
                tip = "The positive: the other view of the anchor's image, which the anchor should find"
            elif self._index_at(y) > 0:
                tip = "A negative: a view of another image. Click to make that image the anchor"
            elif y >= self.viewport().height() - self._row():
                tip = "All shares add up to 1, and the pushes of the negatives to the pull of the positive"
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().viewportEvent(event)
