"""The augmentation bench: one image under the ten operators of SimCLR's figure 4, and fresh pairs of views."""

from __future__ import annotations

import random

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ssllab.data.images.augment_settings import AugmentConfig
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.panel import Panel
from ssllab.ui.plots.legend import small_font
from ssllab.ui.scene import Scene, Thumbnails

PAIRS = 6
REDRAW_MILLISECONDS = 15  # several moves of a slider within it are one picture


class Tiles(QWidget):
    """Pictures in a grid with a title each; a coloured frame marks what training uses. Click calls ``clicked``."""

    def __init__(self, columns_wide: int, titled: bool) -> None:
        super().__init__()
        self._wide, self._titled = columns_wide, titled
        self._images: list[QImage] = []
        self._titles: list[str] = []
        self._marked: list[bool] = []
        self.clicked = lambda index: None

    def show_tiles(self, images: np.ndarray, titles: list[str], marked: list[bool]) -> None:
        """``images: (n, H, W, 3)`` uint8."""
        count, height, width, _ = images.shape
        self._images = [
            QImage(
                np.ascontiguousarray(images[i]).data, width, height, 3 * width, QImage.Format.Format_RGB888
            ).copy()
            for i in range(count)
        ]
        self._titles, self._marked = titles, marked
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def minimumSizeHint(self) -> QSize:
        """Pictures large enough to see; below that the panel scrolls."""
        return QSize(120, 2 * (40 + (self.fontMetrics().height() if self._titled else 0)))

    def _cells(self) -> list[QRectF]:
        count = max(1, len(self._images))
        columns = min(count, self._wide)
        rows = -(-count // columns)
        text = self.fontMetrics().height() + 2 if self._titled else 0
        side = max(16.0, min(self.width() / columns - 6, self.height() / rows - text - 6))
        step_x, step_y = self.width() / columns, side + text + 6
        return [
            QRectF((i % columns) * step_x + (step_x - side) / 2, (i // columns) * step_y + 3, side, side)
            for i in range(len(self._images))
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.setFont(small_font(0.85))
        metrics = painter.fontMetrics()
        for image, title, marked, cell in zip(
            self._images, self._titles, self._marked, self._cells(), strict=True
        ):
            painter.drawImage(cell, image)
            painter.setPen(QPen(QColor(now.accent if marked else now.border), 2.5 if marked else 1))
            painter.drawRect(cell)
            if self._titled:
                painter.setPen(QColor(now.text if marked else now.muted))
                room = self.width() / min(len(self._images), self._wide) - 4
                words = metrics.elidedText(title, Qt.TextElideMode.ElideRight, int(room))
                under = QRectF(cell.center().x() - room / 2, cell.bottom() + 1, room, metrics.height())
                painter.drawText(under, Qt.AlignmentFlag.AlignCenter, words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for index, cell in enumerate(self._cells()):
            if cell.contains(event.position()):
                self.clicked(index)


class AugmentationsPanel(Panel):
    """Follows the sliders within a frame, also while training: the batch is small and its own."""

    id = "augmentations"
    title = "Augmentation bench"
    settings = AugmentConfig
    help = (
        "<p>The ten operators of SimCLR's figure 4, each applied to one image with its present strength. A coloured "
        "frame marks those that training uses; a click switches an operator. Below: pairs of views as the method "
        "sees them, drawn afresh.</p><p>Chen et al. 2020, figure 4 and appendix A. Size of cutout and sigma of noise "
        "are our own choice.</p>"
    )

    def __init__(self, bench: Bench, anchor: Anchor) -> None:
        super().__init__(bench)
        self.operators = Tiles(5, titled=True)
        self.pairs = Tiles(PAIRS, titled=False)
        self.operators.clicked = self._toggle
        self.note = QLabel("Loading")
        # A long text gives way; wrapped it would make the scroll area ask for the full height.
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.new_button = QPushButton("New samples")
        self.random_button = QPushButton("Another image")
        for button in (self.new_button, self.random_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.new_button.clicked.connect(self._new_samples)
        self.random_button.clicked.connect(self._another_image)
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        row.addWidget(self.random_button)
        row.addWidget(self.new_button)
        column = QVBoxLayout()
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.operators, 5)
        column.addLayout(row)
        column.addWidget(self.pairs, 4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        body = QWidget()
        body.setLayout(column)
        scroll.setWidget(body)
        outer.addWidget(scroll)
        self._thumbnails: Thumbnails | None = None
        self._image, self._seed = 0, 0
        self._soon = QTimer(self, singleShot=True, interval=REDRAW_MILLISECONDS)
        self._soon.timeout.connect(self.redraw)
        bench.config_changed.connect(lambda *_: self._soon.start())
        anchor.changed.connect(self._show_image)

    def draw(self, scene: Scene) -> None:
        if scene.thumbnails is not self._thumbnails:
            self._thumbnails = scene.thumbnails
            self._image = 0
            self.redraw()

    def restyle(self) -> None:
        self.operators.update()
        self.pairs.update()

    def redraw(self) -> None:
        """Apply every operator to the image and draw the pairs anew, with the same random numbers as before."""
        config, thumbnails = self.bench.config, self._thumbnails
        if not isinstance(config, AugmentConfig) or thumbnails is None:
            return
        import torch

        from ssllab.data.images.augment import OPERATORS, two_views
        from ssllab.data.pixels import pixels

        image = torch.from_numpy(thumbnails.images[self._image].copy()).permute(2, 0, 1)[None]
        shown = [
            operator.apply(image, config, torch.Generator().manual_seed(self._seed)) for operator in OPERATORS
        ]
        on = [all(getattr(config, name) for name in operator.switches) for operator in OPERATORS]
        self.operators.show_tiles(pixels(torch.cat(shown)), [operator.title for operator in OPERATORS], on)
        first, second = two_views(
            image.expand(PAIRS, -1, -1, -1), config, torch.Generator().manual_seed(self._seed)
        )
        self.pairs.show_tiles(pixels(torch.cat([first, second])), [""] * (2 * PAIRS), [False] * (2 * PAIRS))
        self.note.setText("Pairs of views")

    def _show_image(self, index: int) -> None:
        self._image = index
        self.redraw()

    def _new_samples(self) -> None:
        self._seed += 1
        self.redraw()

    def _another_image(self) -> None:
        if self._thumbnails is not None:
            self._show_image(random.randrange(len(self._thumbnails.images)))

    def _toggle(self, index: int) -> None:
        from ssllab.data.images.augment import OPERATORS

        title, switches = OPERATORS[index].title, OPERATORS[index].switches
        config = self.bench.config
        if not switches or config is None:
            return
        on = not all(getattr(config, name) for name in switches)
        self.bench.set_many(dict.fromkeys(switches, on), f"{title} {'on' if on else 'off'}")
