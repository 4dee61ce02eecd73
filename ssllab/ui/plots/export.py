"""Pictures and numbers of a plot on disk and on the clipboard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QPushButton, QToolButton, QWidget

from ssllab.storage.files import write_whole
from ssllab.training.export import csv_pieces
from ssllab.ui import theme
from ssllab.ui.plots.stroke import Stroke

_SCALE = 2  # pixels of the picture per pixel of the window, for print and projector


def picture(widget: QWidget) -> QPixmap:
    """The widget painted anew at twice its size."""
    pixmap = QPixmap(widget.size() * _SCALE)
    pixmap.setDevicePixelRatio(_SCALE)
    pixmap.fill(QColor(theme.current().surface))
    painter = QPainter(pixmap)
    _paint(widget, widget, painter, _SCALE, lines=False)
    painter.end()
    return pixmap


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
