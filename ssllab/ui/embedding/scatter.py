"""The canvas of the embedding map: fixed images as dots or thumbnails on circle, sphere or plane.

Everything that does not follow the pointer is painted into one buffer, which is renewed when the embedding, the
camera or a setting changes; hovering only copies it and adds rings and arrows.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ssllab.looks import Embedding, PairForces
from ssllab.ui import theme
from ssllab.ui.embedding import backdrop
from ssllab.ui.embedding.camera import Camera
from ssllab.ui.embedding.geometry import covering_box, steady_scale
from ssllab.ui.embedding.names import names_boxes, with_room
from ssllab.ui.embedding.pictures import category_colour, qimage
from ssllab.ui.embedding.strokes import draw_arrows, draw_lines, pen
from ssllab.ui.embedding.tiles import LEVELS, TileSet
from ssllab.ui.plots.legend import small_font

TRAIL_LOOKS = 12
_FADES = 4  # shades of a trail
_EASE_MS = 320
_FRAME_MS = 40
_BOXES = {"circle": 1.36, "sphere": 1.1}


class MapCanvas(QWidget):
    """Draws one embedding. ``hovered(i)`` (-1 for none) and ``picked(i)`` speak of images 0..M-1."""

    hovered = Signal(int)
    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.camera = Camera()
        self._ratio = 1.0  # device pixels per logical pixel of the last painting
        self.thumbnails = True
        self.trails = False  # a tangle while everything still moves; the button brings them
        self.pairs = False
        self.smooth = True
        self.forces = "anchor"  # "none", "anchor" (and the hovered image), "all"
        self.arrow_factor = 1.0
        self.isolated = -1
        self.anchor = -1
        self.empty_text = ""
        self.components: tuple[int, ...] = (
            0,
            1,
        )  # those that are shown of an embedding on principal components
        self._images: list[QImage] = []
        self._names: tuple[str, ...] = ()
        self._named: list[int] = []  # the items whose names have room
        self._classes = np.zeros(0, dtype=np.int64)
        self._own: tuple[str, ...] = ()
        self._hover = -1
        self._neighbours = np.zeros(0, dtype=np.int64)
        self._pressed: QPointF | None = None
        self._dragged = False
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self._buffer: QPixmap | None = None
        self._tile_key: tuple | None = None
        self.forget()

    # What is drawn

    def forget(self) -> None:
        """No look yet; the camera and the settings stay."""
        self.embedding: Embedding | None = None
        self.pair_forces: PairForces | None = None
        self._step = 0
        self._items = 0  # of ``_shown`` these are first views; the others, if any, second ones
        self._from = self._to = self._shown = np.empty((0, 2))
        self._history: deque[np.ndarray] = deque(maxlen=TRAIL_LOOKS)
        self.arrow_scale: float | None = None
        self._box = self.camera.box
        self._hover = -1
        self._neighbours = self._neighbours[:0]
        self._timer.stop()
        self.invalidate()

    def set_images(self, images: np.ndarray) -> None:
        """The fixed images, ``(M, H, W, 3)`` uint8; none: the items have dots alone."""
        self._images = [qimage(picture) for picture in images]
        self.invalidate(tiles=True)

    def set_names(self, names: tuple[str, ...]) -> None:
        """What items without pictures are called, ``(M,)``; the first ones are named first."""
        self._names = names
        self.invalidate()

    def set_classes(self, classes: np.ndarray, own: tuple[str, ...] = ()) -> None:
        """The class of each image by which it is coloured, ``(M,)``, -1 for unknown; the classes' ``own`` colours."""
        self._own = own
        self._classes = np.asarray(classes, dtype=np.int64)
        self.invalidate(tiles=True)

    def show_embedding(self, step: int, embedding: Embedding, forces: PairForces | None) -> None:
        """That of a new look: the points move there, the old positions become the trail."""
        points = np.asarray(embedding.points, dtype=np.float64)
        if not np.isfinite(points).all():
            return  # a diverged run: keep the last good picture, the doctor tells the rest
        old = self.embedding
        if old is not None and (old.kind != embedding.kind or old.points.shape != embedding.points.shape):
            self.forget()
            self.camera.reset()
            old = None
        self._step, self.embedding, self.pair_forces = step, embedding, forces
        self._items = embedding.items
        if old is None:
            self._from = self._shown = points
        else:
            self._from = self._shown
            self._history.append(self._to[: self._items])
        self._to = points
        if embedding.kind in _BOXES:
            half = _BOXES[embedding.kind]
            self._box = np.array([-half, half, -half, half])
        elif points.shape[1] == 3:
            half = max(1.1 * float(np.linalg.norm(points, axis=1).max()), embedding.extent or 1e-3)
            half = half if old is None else max(half, float(self._box[1]))
            self._box = np.array([-half, half, -half, half])
        else:
            self._box = covering_box(
                None if old is None else self._box, points, least=embedding.extent or 0.0
            )
        self.rescale_arrows()
        if self.smooth and old is not None and self.isVisible():
            self._clock.start()
            self._timer.start()
        else:
            self._shown = points
            self.camera.box = self._box
        self.invalidate()

    def rescale_arrows(self) -> None:
        """Choose the length of arrows by the forces of now, if the old choice no longer reads well."""
        if self.pair_forces is None:
            return
        forces = np.concatenate([self._force("attraction"), self._force("repulsion")])
        self.arrow_scale = steady_scale(self.arrow_scale, np.linalg.norm(forces, axis=1), self._radius())
        self.invalidate()

    def set_neighbours(self, rows: np.ndarray) -> None:
        """The images to ring as neighbours of the hovered one."""
        self._neighbours = rows
        self.update()

    def reset_view(self) -> None:
        """The whole picture again, unrotated and unzoomed."""
        self.camera.reset()
        if self.embedding is not None and self.embedding.kind not in _BOXES and self._to.shape[1] == 2:
            self._box = covering_box(None, self._to, least=self.embedding.extent or 0.0)
            self.camera.box = self._box
        self.invalidate()

    def turn(self, pixels: float) -> None:
        """One step of the slow idle rotation."""
        if self.solid and self._pressed is None:
            self.camera.rotate(pixels, 0.0)
            self.invalidate()

    def invalidate(self, *, tiles: bool = False) -> None:
        """Paint anew at the next occasion; ``tiles``: the tiles have changed as well."""
        self._buffer = None
        if tiles:
            self._tile_key = None
        self.update()

    @property
    def solid(self) -> bool:
        """Whether the points live in three dimensions."""
        return self._shown.shape[1] == 3

    @property
    def _kind(self) -> str:
        return "" if self.embedding is None else self.embedding.kind

    @property
    def _pictured(self) -> bool:
        """Whether items stand there as pictures."""
        return self.thumbnails and (self.embedding is None or self.embedding.views is not None)

    @property
    def _in_pairs(self) -> bool:
        """Whether items have a second view."""
        return len(self._shown) > self._items

    @property
    def tile(self) -> float:
        """Edge of a thumbnail, or diameter of a dot, in logical pixels."""
        base = min(self.width(), self.height()) / (18.0 if self._pictured else 46.0)
        low, high = (16.0, 38.0) if self._pictured else (7.0, 13.0)
        size = np.clip(base, low, high) * np.clip(self.camera.zoom, 0.8, 16.0) ** 0.5
        ratio = self.devicePixelRatioF()
        return (
            round(float(size) * ratio) / ratio
        )  # whole device pixels: unscaled tiles are copied, not resampled

    def image_at(self, x: float, y: float) -> int:
        """The image under a pixel, -1 for none; the nearest of those in front."""
        if self.embedding is None:
            return -1
        pixels, depth = self.camera.pixels(self._shown)
        images = self._items
        near = np.hypot(pixels[:, 0] - x, pixels[:, 1] - y)
        reach = np.full(len(near), 9.0)
        reach[:images] = max(9.0, 0.55 * self.tile)
        rank = np.where(near <= reach, near + 1000.0 * (depth < 0), np.inf)
        if self.isolated >= 0:
            rank[np.tile(self._class_of(images) != self.isolated, len(near) // images)] = np.inf
        best = int(rank.argmin())
        return best % images if np.isfinite(rank[best]) else -1

    def place_of(self, image: int) -> QPointF:
        """Where the first view of an image is painted now."""
        return QPointF(*self.camera.pixels(self._shown[image : image + 1])[0][0])

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The buffer, then what follows the pointer."""
        painter = QPainter(self)
        # Not the screen's ratio: an exported picture is painted at twice the size.
        self._ratio = ratio = painter.deviceTransform().m11()
        painter.end()
        self.camera.width, self.camera.height = float(self.width()), float(self.height())
        if self._buffer is None or self._buffer.devicePixelRatio() != ratio:
            self._buffer = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._buffer.setDevicePixelRatio(ratio)
            painter = QPainter(self._buffer)
            painter.setFont(self.font())
            self._paint_scene(painter)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._buffer)
        if self.embedding is not None:
            self._paint_pointed(painter)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buffer has another size; the tiles may too."""
        self.invalidate(tiles=True)

    def _paint_scene(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.fillRect(self.rect(), QColor(colours.surface))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.embedding is None:
            backdrop.paint_invitation(painter, self.camera, self.rect(), self.empty_text)
            return
        images, pairs = self._items, self.pairs and self._in_pairs
        pixels, depth = self.camera.pixels(self._shown)
        if self._kind == "circle":
            backdrop.paint_circle(painter, self.camera, self._shown[:images])
        elif self._kind == "sphere":
            backdrop.paint_sphere(painter, self.camera)
        else:
            backdrop.paint_plane(painter, self.camera, self.rect(), solid=self.solid)
        classes = self._class_of(images)
        lit = np.ones(images, dtype=bool) if self.isolated < 0 else classes == self.isolated
        # Points on the far side of the globe recede: smaller and fainter.
        far = np.clip(depth, -1.0, 0.0) if self._kind == "sphere" else np.zeros(len(depth))
        if self.trails:
            self._paint_trails(painter, classes, lit)
        if pairs:
            painter.setPen(pen(colours.muted, 1.0, 0.38))
            front = lit & (far[:images] > -0.35)
            draw_lines(painter, pixels[:images][front], pixels[images:][front])
        shown = np.where(np.tile(lit, len(pixels) // images), 1.0, 0.09) * (1.0 + 0.72 * far)
        level = np.rint(-far * (len(LEVELS) - 1)).astype(np.int64)
        tiles = self._tile_set(classes)
        order = np.argsort(depth[:images], kind="stable")
        for k in reversed(range(len(LEVELS))):  # from the far side to the near one
            if pairs:
                rows = np.flatnonzero(level[images:] == k)
                tiles.draw_second(painter, rows, pixels[images + rows], k, 0.9 * shown[images + rows])
        for k in reversed(range(len(LEVELS))):
            rows = order[level[order] == k]
            tiles.draw_first(painter, rows, pixels[rows], k, shown[rows])
        if self.thumbnails and len(self._names) == images:
            self._paint_names(painter, pixels[:images], lit)
        if self._shown_forces() == "all":
            self._paint_forces(painter, np.flatnonzero(lit & (far[:images] > -0.5)), 1.0, 0.9)
        unit = self.arrow_length() * self.camera.scale
        words = backdrop.key_words(self._step, self.embedding, self.components, self.camera)
        backdrop.paint_key(painter, self.rect(), words, self._shown_forces(), unit)

    def _paint_names(self, painter: QPainter, pixels: np.ndarray, lit: np.ndarray) -> None:
        """Beside the dots. While they glide the same ones keep their names, lest these flicker."""
        painter.setFont(small_font(0.85))
        boxes = names_boxes(self._names, pixels, painter.fontMetrics(), 0.5 * self.tile + 1)
        if not self._timer.isActive():
            self._named = with_room(boxes, lit, QRectF(self.rect()))
        ground = QColor(theme.current().surface)
        ground.setAlphaF(0.6)
        painter.setPen(QColor(theme.current().text))
        for row in self._named:
            if row < len(boxes) and lit[row]:
                painter.fillRect(boxes[row], ground)
                painter.drawText(boxes[row], Qt.AlignmentFlag.AlignVCenter, self._names[row])
        painter.setFont(self.font())

    def _paint_trails(self, painter: QPainter, classes: np.ndarray, lit: np.ndarray) -> None:
        path = [*self._history, self._shown[: len(classes)]]
        if self._kind == "circle":
            # Time runs outwards: a point that keeps its place leaves a spoke, not a blot on the circle.
            path = [points * (1.0 - 0.042 * (len(path) - 1 - k)) for k, points in enumerate(path)]
        pixels, depth = self.camera.pixels(np.concatenate(path))
        pixels, depth = pixels.reshape(len(path), -1, 2), depth.reshape(len(path), -1)
        # A leap across the picture is no path; the far side of the globe stays free.
        moved = np.linalg.norm(np.diff(pixels, axis=0), axis=2)
        seen = lit & (moved < 0.6 * self._radius() * self.camera.scale) & (moved > 0.3)
        if self._kind == "sphere":
            seen &= depth[1:] > -0.05
        band = np.arange(len(path) - 1) * _FADES // (len(path) - 1)
        for fade in range(_FADES):
            fresh = (fade + 1) / _FADES
            # Only the freshest part is smoothed: it costs three times as much and shows only on strong lines.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, fade == _FADES - 1)
            for cls in np.unique(classes[lit]):
                rows = seen & (classes == cls) & (band == fade)[:, None]
                # Width 1 at most: thicker antialiased lines take Qt ten times as long.
                painter.setPen(pen(category_colour(int(cls), self._own), 1.0, 0.08 + 0.5 * fresh**1.6))
                draw_lines(painter, pixels[:-1][rows], pixels[1:][rows])

    def _paint_forces(self, painter: QPainter, rows: np.ndarray, width: float, opacity: float) -> None:
        colours = theme.current()
        for force, colour in (("repulsion", colours.repel), ("attraction", colours.attract)):
            starts, tips = self._arrows(rows, force)
            if width > 2:  # a rim in the ground's colour lifts the few out of the crowd
                painter.setPen(pen(colours.surface, width + 2.5, 0.75))
                draw_lines(painter, starts, tips)
            painter.setPen(pen(colour, width, opacity))
            draw_arrows(painter, starts, tips, 4.0 + 2.0 * width)

    def _arrows(self, rows: np.ndarray, force: str) -> tuple[np.ndarray, np.ndarray]:
        points = self._shown[rows]
        tips = points + self.arrow_length() * self._force(force)[rows]
        if self._kind == "circle":
            # Both forces are tangents: one is drawn outside, the other inside, lest they hide each other.
            aside = (0.5 * self.tile + 4.0) / self.camera.scale * (1 if force == "repulsion" else -1)
            points, tips = points * (1 + aside), tips + aside * points
        return self.camera.pixels(points)[0], self.camera.pixels(tips)[0]

    def _paint_pointed(self, painter: QPainter) -> None:
        """Rings and arrows of the anchor and of the image under the pointer."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        images = self._items
        pixels, _ = self.camera.pixels(self._shown)
        if self._hover >= 0:
            painter.setPen(pen(colours.muted, 1.2, 0.9))
            near = self._neighbours[self._neighbours < images]
            draw_lines(painter, np.repeat(pixels[[self._hover]], len(near), axis=0), pixels[near])
            for row in near:
                self._ring(painter, pixels[row], 0.0)
        marked = [row for row in dict.fromkeys((self.anchor, self._hover)) if 0 <= row < images]
        for row in marked:
            colour = colours.accent if row == self.anchor else colours.text
            if self._pictured or self._hover == row:
                self._paint_front(painter, row, pixels[row])
            painter.setPen(pen(colours.surface, 5.0, 0.8))
            self._ring(painter, pixels[row], 2.0)
            painter.setPen(pen(colour, 2.4))
            self._ring(painter, pixels[row], 2.0)
            if self._in_pairs:
                painter.setPen(pen(colours.attract, 1.6, 0.9))
                draw_lines(painter, pixels[[row]], pixels[[images + row]])
                painter.drawEllipse(QPointF(*pixels[images + row]), 5.0, 5.0)
        if marked and self._shown_forces() != "none":
            self._paint_forces(painter, np.array(marked), 2.6, 1.0)

    def _paint_front(self, painter: QPainter, row: int, place: np.ndarray) -> None:
        """The marked image again, above all others."""
        tiles = self._tile_set(self._class_of(self._items))
        tiles.draw_first(painter, np.array([row]), place[None, :], 0, np.ones(1))

    def _ring(self, painter: QPainter, place: np.ndarray, wider: float) -> None:
        half = 0.5 * self.tile + 1.5 + wider
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._pictured:
            painter.drawRoundedRect(QRectF(place[0] - half, place[1] - half, 2 * half, 2 * half), 3.0, 3.0)
        else:
            painter.drawEllipse(QPointF(*place), half, half)

    def arrow_length(self) -> float:
        """Units of the picture per unit of force."""
        return (self.arrow_scale or 1.0) * self.arrow_factor

    def _radius(self) -> float:
        """Half the extent of the picture, in its own units."""
        left, right, bottom, top = self._box
        return 1.0 if self._kind in _BOXES else 0.25 * float(right - left + top - bottom)

    def _shown_forces(self) -> str:
        """Whose arrows are drawn: as chosen, where the method knows forces."""
        return "none" if self.pair_forces is None else self.forces

    def _force(self, name: str) -> np.ndarray:
        force = np.asarray(getattr(self.pair_forces, name), dtype=np.float64)[: self._items]
        return np.nan_to_num(force, posinf=0.0, neginf=0.0)

    def _class_of(self, images: int) -> np.ndarray:
        return self._classes if len(self._classes) == images else np.zeros(images, dtype=np.int64)

    def _tile_set(self, classes: np.ndarray) -> TileSet:
        ratio = self._ratio
        wanted = (self.tile, ratio, len(classes))
        if self._tile_key != wanted:
            pictures = self._images if self._pictured and len(self._images) == len(classes) else []
            self._tiles, self._tile_key = TileSet(pictures, classes, self.tile, ratio, self._own), wanted
        return self._tiles

    # Motion and pointer

    def _tick(self) -> None:
        share = min(1.0, self._clock.elapsed() / _EASE_MS)
        eased = 1.0 - (1.0 - share) ** 3
        points = self._from + eased * (self._to - self._from)
        if self._kind in _BOXES:  # along the sphere, not through it
            points = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
        self._shown = self._to if share >= 1.0 else points
        self.camera.box = self._box if share >= 1.0 else self.camera.box + 0.4 * (self._box - self.camera.box)
        if share >= 1.0 or not self.isVisible():
            self._shown = self._to
            self._timer.stop()
        self.invalidate()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click picks, a drag moves; which of them it is shows at release."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the sphere or the plane, or find the image under the pointer."""
        place = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            step = place - self._pressed
            if self._dragged or step.manhattanLength() > 4:
                self._dragged = True
                self._pressed = place
                (self.camera.rotate if self.solid else self.camera.shift)(step.x(), step.y())
                self._hover_at(-1)
                self.invalidate()
            return
        self._hover_at(self.image_at(place.x(), place.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press without a drag picks the image under it."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        if not self._dragged:
            image = self.image_at(event.position().x(), event.position().y())
            if image >= 0:
                self.picked.emit(image)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer (around the centre for the sphere)."""
        place = QPointF(self.rect().center()) if self.solid else event.position()
        self.camera.zoom_by(1.0015 ** event.angleDelta().y(), place.x(), place.y())
        self.invalidate()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        self._hover_at(-1)

    def hideEvent(self, event: QHideEvent) -> None:
        """A hidden map neither moves nor points."""
        self._hover_at(-1)

    def _hover_at(self, image: int) -> None:
        if image != self._hover:
            self._hover = image
            self._neighbours = self._neighbours[:0]
            self.setCursor(Qt.CursorShape.PointingHandCursor if image >= 0 else Qt.CursorShape.ArrowCursor)
            self.hovered.emit(image)
            self.update()
