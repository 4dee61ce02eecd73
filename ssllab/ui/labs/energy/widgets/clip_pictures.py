"""A clip's frames as small pictures: what was seen, what came, and what a person made of it."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.ui import theme
from ssllab.ui.embedding.pictures import pixmap
from ssllab.ui.flicker import PER_SECOND, AtMostASecond
from ssllab.ui.plots.legend import small_font

_SIDES = (18, 72)  # pixels of a picture
_GAP = 4


class Shown(NamedTuple):
    """One picture with its name; ``role``: of the colour of its frame."""

    name: str
    picture: np.ndarray  # (H, W, 3) uint8
    role: str = "border"


class ClipPictures(QWidget):
    """Pictures in a row, each with its name below, as large as fits; the last ones, where there is no room for all."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Shown, ...] = ()  # what is on view
        self._next: tuple[Shown, ...] = ()
        self.calm = AtMostASecond()
        self._timer = QTimer(self, singleShot=True, interval=round(1000 / PER_SECOND / 4))
        self._timer.timeout.connect(lambda: self.show_pictures(self._next))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Frames of the clip")

    def show_pictures(self, shown: Sequence[Shown]) -> None:
        """Show these; soon, where others were shown only just now."""
        self._next = tuple(shown)
        if _same(self._next, self.shown):
            return
        if not self.calm.due():
            self._timer.start()
            return
        self.shown = self._next
        self.setToolTip(", ".join(one.name for one in self.shown))
        self.updateGeometry()
        self.update()

    def _side(self) -> int:
        room = (self.width() - _GAP) // max(4, len(self.shown)) - _GAP
        return min(max(_SIDES[0], room), _SIDES[1])

    def sizeHint(self) -> QSize:
        return QSize(120, self._side() + QFontMetrics(small_font(0.8)).height() + 6)

    def resizeEvent(self, event: object) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, side = theme.current(), self._side()
        painter = QPainter(self)
        painter.setFont(small_font(0.8))
        fm = painter.fontMetrics()
        room = max(1, (self.width() - _GAP) // (side + _GAP))
        for i, (name, picture, role) in enumerate(self.shown[-room:]):
            left = _GAP + i * (side + _GAP)
            painter.drawPixmap(left, 2, pixmap(picture, side, self.devicePixelRatioF()))
            painter.setPen(QColor(getattr(now, role)))
            painter.drawRect(QRectF(left - 0.5, 1.5, side, side))
            painter.setPen(QColor(now.muted if role == "border" else getattr(now, role)))
            words = fm.elidedText(name, Qt.TextElideMode.ElideRight, side + _GAP)
            painter.drawText(
                QRectF(left - 2, side + 3, side + 4, fm.height()), Qt.AlignmentFlag.AlignCenter, words
            )
        painter.end()


def _same(a: Sequence[Shown], b: Sequence[Shown]) -> bool:
    def alike(one: Shown, other: Shown) -> bool:
        return one[::2] == other[::2] and np.array_equal(one.picture, other.picture)

    return len(a) == len(b) and all(map(alike, a, b))
