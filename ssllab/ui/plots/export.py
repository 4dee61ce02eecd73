"""Pictures, films and numbers of a plot on disk and on the clipboard."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QBuffer, QCoreApplication, QEvent, QIODevice, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPixmap, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QPushButton, QToolButton, QWidget

from ssllab.storage.files import write_whole
from ssllab.training.export import csv_pieces
from ssllab.ui import theme
from ssllab.ui.plots.stroke import Stroke
from ssllab.ui.work import InWindow, at_once

FILM_WIDTH = 720  # pixels at most
PER_SECOND = 8.0  # frames of a film that does not flicker
FrameCall: TypeAlias = Callable[[], NDArray[np.uint8]]  # gives a frame of a film, in the window's thread
_PAINTED = 0.7  # the share of the work on a film that is done when its frames are painted
_LAST_MS = 2000
_SCALE = 2  # pixels of the picture per pixel of the window, for print and projector


def picture(widget: QWidget, scale: int = _SCALE) -> QPixmap:
    """The widget painted anew, at twice its size or another ``scale``."""
    # What was just shown may need other room; where no event loop turns, nobody has given it yet.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    pixmap = QPixmap(widget.size() * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(QColor(theme.current().surface))
    painter = QPainter(pixmap)
    _paint(widget, widget, painter, scale, lines=False)
    painter.end()
    return pixmap


def pixels(image: QPixmap | QImage) -> NDArray[np.uint8]:
    """``(H, W, 3)``, as :func:`save_film` takes them."""
    image = (image.toImage() if isinstance(image, QPixmap) else image).convertToFormat(
        QImage.Format.Format_RGB888
    )
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def save_film(
    frames: Sequence[NDArray[np.uint8]],
    path: str | os.PathLike[str],
    *,
    per_second: float = PER_SECOND,
    report: Callable[[float], None] = lambda share: None,
) -> Path:
    """Write frames ``(H, W, 3)`` of one size as a GIF that runs for ever, its last frame held for two seconds.

    Wider ones are made :data:`FILM_WIDTH` wide. ``per_second``: at most 3 for what flickers. ``report`` is told how far
    it is (0..1); what it raises ends it and no part of a file is left. Returns the path. Raises OSError with one line
    for the user.
    """
    report(0.0)
    path = Path(path)
    if path.suffix.lower() != ".gif":
        path = path.with_name(path.name + ".gif")
    height, width = frames[0].shape[:2]
    scale = min(1.0, FILM_WIDTH / width)
    size = round(width * scale), round(height * scale)

    def small(frame: NDArray[np.uint8]) -> Image.Image:
        image = Image.fromarray(frame)
        return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)

    # One palette for all: one for each would make what stands still shimmer.
    sample = np.unique(np.linspace(0, len(frames) - 1, 6).astype(int))
    palette = _palette(np.concatenate([np.asarray(small(frames[i])).reshape(-1, 3) for i in sample]))
    drawn = []
    for i, frame in enumerate(frames):
        report(i / len(frames))
        drawn.append(small(frame).quantize(palette=palette, dither=Image.Dither.NONE))
    tick = 10 * math.ceil(100 / per_second)  # GIF counts hundredths of a second
    durations = [tick] * (len(drawn) - 1) + [max(tick, _LAST_MS)]
    buffer = io.BytesIO()
    drawn[0].save(buffer, "GIF", save_all=True, append_images=drawn[1:], duration=durations, loop=0)
    report(1.0)
    return _write(path, buffer.getvalue())


def save_plot(widget: QWidget, path: str | os.PathLike[str]) -> Path:
    """Write a picture of ``widget``; ``.svg`` gives lines and text, anything else a PNG at twice the size.

    Returns the path written. Raises OSError with one line for the user.
    """
    path = Path(path)
    if path.suffix.lower() == ".svg":
        return _write(path, _svg(widget))
    if path.suffix.lower() != ".png":
        path = path.with_name(path.name + ".png")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture(widget).save(buffer, "PNG")
    return _write(path, bytes(buffer.data().data()))


def draw_film(
    frames: Sequence[FrameCall],
    path: str | os.PathLike[str],
    *,
    per_second: float = PER_SECOND,
    report: Callable[[float, str], None] = lambda share, text: None,
    in_window: InWindow = at_once,
) -> Path:
    """Have the frames painted one by one, in the window's thread, and write them; for the rest see :func:`save_film`."""
    drawn = []
    for i, frame in enumerate(frames):
        report(_PAINTED * i / len(frames), f"Drawing frame {i + 1} of {len(frames)}")
        drawn.append(in_window(frame))
    return save_film(
        drawn,
        path,
        per_second=per_second,
        report=lambda share: report(_PAINTED + (1.0 - _PAINTED) * share, "Writing the film"),
    )


def frame_of(widget: QWidget, show: Callable[[], object]) -> NDArray[np.uint8]:
    """A frame of a film: what ``widget`` paints after ``show()``."""
    show()
    return pixels(picture(widget, 1))


def _palette(colours: NDArray[np.uint8]) -> Image.Image:
    """Of 255 colours for ``(n, 3)``: the most frequent as they are, as grounds and lines have them, and a choice of the
    others."""
    packed, counts = np.unique(colours @ np.array([1 << 16, 1 << 8, 1], np.int64), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    exact, rest = packed[order[:96]], np.repeat(packed[order[96:]], counts[order[96:]])
    palette = np.stack([exact >> 16, exact >> 8 & 255, exact & 255], 1).astype(np.uint8).ravel().tolist()
    if len(rest):
        others = np.stack([rest >> 16, rest >> 8 & 255, rest & 255], 1).astype(np.uint8)
        chosen = Image.fromarray(others[None]).quantize(255 - len(exact), Image.Quantize.MEDIANCUT)
        palette += chosen.getpalette()[: 3 * (255 - len(exact))]  # type: ignore[index]
    image = Image.new("P", (1, 1))
    image.putpalette(palette)
    return image


def copy_plot(widget: QWidget) -> None:
    """Put the picture on the clipboard."""
    QGuiApplication.clipboard().setPixmap(picture(widget))


def save_table(
    columns: dict[str, NDArray],
    path: str | os.PathLike[str],
    report: Callable[[float], None] = lambda share: None,
) -> Path:
    """Write columns of equal or unequal length as CSV; empty cells where a column ends or is NaN.

    ``report`` is told how far it is (0..1). Returns the path. Raises OSError with one line for the user.
    """
    return _write(Path(path), csv_pieces(columns, report))


def _svg(widget: QWidget) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setResolution(widget.logicalDpiX())
    painter = QPainter(generator)
    painter.fillRect(0, 0, widget.width(), widget.height(), QColor(theme.current().surface))
    _paint(widget, widget, painter, 1.0, lines=True)
    painter.end()
    return bytes(buffer.data().data())


def _paint(widget: QWidget, root: QWidget, painter: QPainter, scale: float, lines: bool) -> None:
    """Paint a widget and all in it but its buttons; a graphics view as ``lines``, where ``render`` would give
    its pixels."""
    place = widget.mapTo(root, QPoint())
    if isinstance(widget, (QPushButton, QToolButton)):
        return  # nothing can be pressed on a picture
    if isinstance(widget, QGraphicsView):
        with ExitStack() as strokes:
            for item in widget.items():
                if isinstance(item, Stroke):
                    strokes.enter_context(item.for_a_file(scale, lines))
            widget.render(painter, QRectF(place, widget.viewport().size()), widget.viewport().rect())
        return
    widget.render(painter, place, QRegion(), QWidget.RenderFlag(0))
    for child in widget.children():
        if isinstance(child, QWidget) and child.isVisibleTo(widget):
            _paint(child, root, painter, scale, lines)


def _write(path: Path, content: bytes | Iterable[bytes]) -> Path:
    try:
        write_whole(path, content)
    except OSError as error:
        raise OSError(f"Cannot write {path}: {error.strerror or error}. Choose another folder.") from None
    return path
