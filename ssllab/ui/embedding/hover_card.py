"""The card beside the pointer: one image enlarged or named, what is known of it, and its nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.embedding.pictures import pixmap

NEIGHBOURS = 5


class HoverCard(QFrame):
    """Floats over the window that holds the map (the panel may be smaller than the card); takes no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hoverCard")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.picture = QLabel()
        self.views = (QLabel(), QLabel())
        self.text = QLabel(textFormat=Qt.TextFormat.RichText)
        self.caption = QLabel()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        pair = QVBoxLayout()
        pair.setSpacing(4)
        for view in self.views:
            pair.addWidget(view)
        pair.addStretch(1)
        head.addLayout(pair)
        head.addWidget(self.text, 1, Qt.AlignmentFlag.AlignTop)
        row = QGridLayout()
        row.setHorizontalSpacing(5)
        row.setVerticalSpacing(1)
        self.neighbours = [(QLabel(), QLabel()) for _ in range(NEIGHBOURS)]
        for k, (picture, cosine) in enumerate(self.neighbours):
            row.addWidget(picture, 0, k, Qt.AlignmentFlag.AlignHCenter)
            row.addWidget(cosine, 1, k, Qt.AlignmentFlag.AlignHCenter)
        row.setColumnStretch(NEIGHBOURS, 1)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 9, 9, 7)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.caption)
        layout.addLayout(row)
        self.restyle()
        self.hide()

    def restyle(self) -> None:
        """Colours of the theme in force."""
        colours = theme.current()
        self.setStyleSheet(
            f"#hoverCard {{ background: {colours.surface}; border: 1px solid {colours.border};"
            f" border-radius: 7px; }} QLabel {{ color: {colours.text}; background: transparent; }}"
        )
        self.caption.setStyleSheet(f"color: {colours.muted};")

    def show_image(
        self,
        picture: np.ndarray,
        views: tuple[np.ndarray, np.ndarray],
        facts: list[tuple[str, str]],
        own: tuple[str, float],
        neighbours: list[tuple[np.ndarray, float]],
    ) -> None:
        """``facts``: name and value of label and factors; ``own``: what the two views are, and their cosine."""
        line = QFontMetricsF(self.font()).height()
        ratio = self.devicePixelRatioF()
        large, small = round(5.4 * line), round(2.55 * line)
        self._show_pictures(True)
        self.picture.setPixmap(pixmap(picture, large, ratio))
        for label, view in zip(self.views, views, strict=True):
            label.setPixmap(pixmap(view, small, ratio))
        rows = [_row(name, escape(value)) for name, value in facts]
        shown = f"<span style='color:{theme.current().attract}'>{_signed(own[1])}</span>"
        self.text.setText(f"<table cellspacing='0'>{''.join(rows)}{_row(own[0], shown)}</table>")
        self.caption.setText("Nearest neighbours, cosine of z")
        self._show_neighbours(
            [(pixmap(thumb, round(2.4 * line), ratio), cosine) for thumb, cosine in neighbours]
        )

    def show_name(self, name: str, facts: list[tuple[str, str]], neighbours: list[tuple[str, float]]) -> None:
        """An item that has no picture."""
        self._show_pictures(False)
        rows = [_row(what, escape(value)) for what, value in facts]
        self.text.setText(f"<b>{escape(name)}</b><table cellspacing='0'>{''.join(rows)}</table>")
        self.caption.setText("Nearest neighbours, cosine")
        self._show_neighbours(neighbours)

    def _show_pictures(self, on: bool) -> None:
        for label in (self.picture, *self.views):
            label.setVisible(on)

    def _show_neighbours(self, neighbours: Sequence[tuple[QPixmap | str, float]]) -> None:
        for k, (what, cosine) in enumerate(self.neighbours):
            known = k < len(neighbours)
            what.setVisible(known)
            cosine.setVisible(known)
            if known:
                shown = neighbours[k][0]
                what.setText(shown) if isinstance(shown, str) else what.setPixmap(shown)
                cosine.setText(_signed(neighbours[k][1]))

    def show_beside(self, widget: QWidget, place: QPoint, gap: int) -> None:
        """Appear beside pixel ``place`` of ``widget``, inside its window, off the point itself."""
        window = widget.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self._column.activate()
        self.adjustSize()
        at = widget.mapTo(window, place)
        x, y = at.x() + gap, at.y() + gap // 2
        if x + self.width() > window.width():
            x = at.x() - gap - self.width()
        if x < 0:
            x = max(0, window.width() - self.width())
            y = at.y() + gap
            if y + self.height() > window.height():
                y = at.y() - gap - self.height()
        y = max(0, min(y, window.height() - self.height()))
        self.move(x, y)
        self.show()
        self.raise_()


def _row(name: str, value: str) -> str:
    return f"<tr><td style='color:{theme.current().muted}'>{escape(name)}&nbsp;</td><td>{value}</td></tr>"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
