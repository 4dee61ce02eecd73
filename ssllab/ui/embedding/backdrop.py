"""What lies behind the points of the map: circle with densities, globe, plane; the key; the invitation."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF, QRadialGradient

from ssllab.looks import Embedding
from ssllab.ui import theme
from ssllab.ui.embedding.camera import Camera
from ssllab.ui.embedding.geometry import circular_density, globe, round_length
from ssllab.ui.embedding.strokes import draw_arrows, draw_lines, pen

_GLOBE = globe()


def paint_circle(painter: QPainter, camera: Camera, points: np.ndarray) -> None:
    """The unit circle, and around it the density of the directions (its base follows the circle at 1.06)."""
    colours = theme.current()
    centre = QPointF(*camera.plane_pixels(np.zeros((1, 2)))[0])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    density = circular_density(points)
    turn = -np.pi + (np.arange(len(density)) + 0.5) * 2 * np.pi / len(density)
    # The square root keeps a collapsed peak inside the picture and small bumps visible.
    height = 1.06 + 0.27 * np.sqrt(density / max(9.0, density.max()))
    directions = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rim = camera.plane_pixels(height[:, None] * directions)
    inner = camera.plane_pixels(1.06 * directions)
    ribbon = QPolygonF([QPointF(*p) for p in np.concatenate([rim, rim[:1], inner[:1], inner[::-1]])])
    fill = QColor(colours.accent)
    fill.setAlphaF(0.16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(ribbon)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(colours.grid, 1.5))
    painter.drawEllipse(centre, camera.scale, camera.scale)


def paint_sphere(painter: QPainter, camera: Camera) -> None:
    """A globe with a few meridians, its far side fainter."""
    colours = theme.current()
    centre = QPointF(*camera.plane_pixels(np.zeros((1, 2)))[0])
    radius = camera.scale
    light = QRadialGradient(centre + QPointF(-0.35 * radius, -0.4 * radius), 1.5 * radius)
    glow, edge = QColor(colours.raised), QColor(colours.raised)
    glow.setAlphaF(0.15)
    edge.setAlphaF(0.85)
    light.setColorAt(0.0, glow)
    light.setColorAt(1.0, edge)
    painter.setPen(pen(colours.border, 1.2))
    painter.setBrush(light)
    painter.drawEllipse(centre, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ends, depth = camera.pixels(_GLOBE.reshape(-1, 3))
    ends = ends.reshape(-1, 2, 2)
    front = depth.reshape(-1, 2).mean(axis=1) >= 0
    for rows, opacity in ((~front, 0.45), (front, 1.0)):
        painter.setPen(pen(colours.grid, 1.0, opacity))
        draw_lines(painter, ends[rows, 0], ends[rows, 1])


def paint_plane(painter: QPainter, camera: Camera, frame: QRect, *, solid: bool) -> None:
    """The axes through the origin of the principal components."""
    colours = theme.current()
    far = 1e4 / camera.scale
    axes = np.eye(3 if solid else 2) * (
        far if not solid else 0.5 * min(frame.width(), frame.height()) / camera.scale
    )
    ends, _ = camera.pixels(np.concatenate([axes, -axes]))
    painter.setPen(pen(colours.grid, 1.0))
    draw_lines(painter, ends[: len(axes)], ends[len(axes) :])
    if not solid:
        step = grid_step(camera)
        centre = camera.plane_pixels(np.zeros((1, 2)))[0]
        painter.setPen(pen(colours.grid, 1.0, 0.4))
        for axis, extent in ((0, frame.width()), (1, frame.height())):
            pixel = step * camera.scale
            ticks = np.arange(np.ceil(-centre[axis] / pixel), np.floor((extent - centre[axis]) / pixel) + 1)
            places = centre[axis] + ticks[ticks != 0] * pixel
            zero, full = np.zeros_like(places), np.full_like(places, 1e4)
            if axis == 0:
                draw_lines(painter, np.stack([places, zero], 1), np.stack([places, full], 1))
            else:
                draw_lines(painter, np.stack([zero, places], 1), np.stack([full, places], 1))


def grid_step(camera: Camera) -> float:
    """How far the lines of the plane stand apart, in its own units."""
    return round_length(120.0 / camera.scale)


def key_words(step: int, embedding: Embedding, components: tuple[int, ...], camera: Camera) -> str:
    """What the map shows, and how much it hides; of a model whose step is not known (-1) no step. Where the scale is fixed
    its grid is told, for the size of the cloud says something then."""
    at = f" · step {step:,}" if step >= 0 else ""
    if embedding.extent is not None and embedding.points.shape[1] == 2:
        at = f" · grid {grid_step(camera):g}{at}"
    if embedding.kind == "latents":
        return (
            f"Both latents as they are{at}"
            if embedding.z.shape[1] == 2
            else f"All three latents as they are{at}"
        )
    if embedding.kind != "pca":
        return f"Unit {embedding.kind}{at}"
    named = ", ".join(str(number + 1) for number in components)
    share = 100 * embedding.explained
    return f"{share:.0f} % of the variance · components {named} of {embedding.z.shape[1]}{at}"


def paint_key(painter: QPainter, frame: QRect, words: str, forces: str, unit: float) -> None:
    """Bottom left: what is shown, in ``words``. Bottom right: the arrows, and how long a force of round size is.

    ``unit``: pixels per unit of force.
    """
    colours = theme.current()
    font = painter.font()
    # On a small panel a projector's font would cover the picture.
    room = max(10.0, frame.height() / 17) / QFontMetricsF(font).height()
    font.setPointSizeF(font.pointSizeF() * min(1.0, room))
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    line = metrics.height()
    left, bottom = 8.0, frame.height() - 7.0
    room = frame.width() - 16.0 - (0 if forces == "none" else 9.5 * line)
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
    ground = QColor(colours.surface)
    ground.setAlphaF(0.9)  # points may lie there
    painter.fillRect(
        QRectF(0, bottom - metrics.ascent() - 3, left + metrics.horizontalAdvance(words) + 6, line + 10),
        ground,
    )
    painter.setPen(QColor(colours.muted))
    painter.drawText(QPointF(left, bottom), words)
    if forces == "none":
        return
    force = round_length(3.4 * line / max(unit, 1e-12))
    bar = force * unit
    right = frame.width() - 8.0
    rows = (
        ("repulsion", colours.repel, 1.6 * line),
        ("attraction", colours.attract, 1.6 * line),
        (f"force {force:g}", colours.text, bar),
    )
    widest = max(metrics.horizontalAdvance(name) for name, _, _ in rows)
    box = QRectF(right - widest - 4.1 * line, bottom - 3.1 * line + metrics.descent(), 0, 0)
    box.setBottomRight(QPointF(frame.width(), frame.height()))
    painter.fillRect(box, ground)
    for k, (name, colour, length) in enumerate(rows):
        y = bottom - (len(rows) - 1 - k) * line
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(right - widest, y), name)
        end, middle = right - widest - 0.4 * line, y - metrics.ascent() * 0.36
        start = end - length
        painter.setPen(pen(colour, 2.0))
        if k < 2:
            draw_arrows(painter, np.array([[start, middle]]), np.array([[end, middle]]), 7.0)
        else:
            ends = np.array([[start, middle], [start, middle - 3], [end, middle - 3]])
            draw_lines(painter, ends, np.array([[end, middle], [start, middle + 3], [end, middle + 3]]))


def paint_invitation(painter: QPainter, camera: Camera, frame: QRect, text: str) -> None:
    """The empty globe and a sentence that says how to fill it."""
    camera.box = np.array([-1.1, 1.1, -1.1, 1.1])
    paint_sphere(painter, camera)
    room = QRectF(frame).adjusted(12, 12, -12, -12)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    needed = painter.boundingRect(room, flags, text).adjusted(-10, -6, 10, 6)
    ground = QColor(theme.current().surface)
    ground.setAlphaF(0.86)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(needed, 8, 8)
    painter.setPen(QColor(theme.current().text))
    painter.drawText(room, flags, text)
