"""A stored run as a film: the face of its lab, what one looks at first, at every look that the run kept.

Where the run kept none, or its lab has no face for its method, its curves grow instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from ssllab.data.catalogue import load
from ssllab.labs import lab_of
from ssllab.looks import Embedding, Look
from ssllab.storage import search_path
from ssllab.storage.errors import DataError
from ssllab.training.declared import declared
from ssllab.training.run_method import method_of
from ssllab.training.run_record import RunError
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.loading import thumbnails_of
from ssllab.ui.panels.curves import PANELS, CurvesPanel
from ssllab.ui.plots.export import FILM_WIDTH, draw_film, picture, pixels
from ssllab.ui.plots.markers import markers
from ssllab.ui.scene import Scene, Thumbnails
from ssllab.ui.work import InWindow, LongWork, at_once

if TYPE_CHECKING:
    from ssllab.methods.base import Method
    from ssllab.training.run_store import Run, Workspace
    from ssllab.ui.panel import Panel

_HEIGHT = 480
_CURVE_FRAMES = 40


def save_run_film(
    workspace: Workspace,
    run: Run,
    path: Path,
    report: Callable[[float, str], None] = lambda share, text: None,
    in_window: InWindow = at_once,
) -> Path:
    """Write the film of a run as GIF. Off the window's thread ``in_window`` has its calls made there, each short.

    ``report`` is told how far it is (0..1) and with what; what it raises ends the work and leaves no file. Returns the
    path. Raises RunError, OSError.
    """
    report(0.0, "Reading the run")
    method, _ = method_of(run.info)
    looks = run.film().looks(method.parts)
    images = (
        _thumbnails(workspace, run, method, report) if any(look.part(Embedding) for look in looks) else None
    )
    lab = lab_of(method)
    faces = getattr(search_path.load(lab.folder / "page.py", "ssllab.ui.labs"), "FACES", ())
    scene = Scene("finished", thumbnails=images)
    reel: Reel = in_window(
        lambda: Reel(Bench(workspace, lab.name, LongWork()), run, method, faces, looks, scene)
    )
    try:
        frames = [partial(reel.frame, i) for i in range(len(reel))]
        return draw_film(frames, path, report=report, in_window=in_window)
    finally:
        in_window(reel.close)


def _thumbnails(
    workspace: Workspace, run: Run, method: type[Method], report: Callable[[float, str], None]
) -> Thumbnails | None:
    """By what the items are coloured; None where the data is not there any more."""
    settings = run.info.settings
    assert settings is not None  # or it had no method
    try:
        data = load(
            settings.data,
            kinds=method.kinds,
            options=settings.options,
            seed=settings.seed,
            workspace=workspace.path,
            progress=lambda share, text: report(0.0, text),
        )
    except (DataError, OSError):
        return None
    return thumbnails_of(data)


class Reel:
    """The frames of a film, painted one at a time in the window's thread, where it is made too."""

    def __init__(
        self,
        bench: Bench,
        run: Run,
        method: type[Method],
        faces: Sequence[Callable[[Bench], Panel]],
        looks: Sequence[Look],
        scene: Scene,
    ) -> None:
        settings = run.info.settings
        self._title = run.info.name or f"{method.title} on {Path(settings.data).name if settings else ''}"
        self._metrics, self._probes, self._events = run.metrics(), run.probes(), run.events()
        self._changes = markers(self._events)
        self._bench, self._looks, self._scene = bench, list(looks), scene
        self._panel = self._face(faces, method) or self._curves(run, method)
        panel = self._panel
        panel.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        panel.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._pictured = panel.stand_still()
        panel.resize(FILM_WIDTH, _HEIGHT)
        panel.show()
        self._draw(self._looks[0])  # what stands around the picture is known, which is to have the whole size
        if layout := panel.layout():
            layout.activate()
        panel.resize(FILM_WIDTH, 2 * _HEIGHT - self._pictured.height())

    def __len__(self) -> int:
        return len(self._looks)

    def _face(self, faces: Sequence[Callable[[Bench], Panel]], method: type[Method]) -> Panel | None:
        """The first that suits the method and of whose parts there are at least two looks."""
        for face in faces:
            panel = face(self._bench)
            looks = [look for look in self._looks if panel.parts and all(map(look.part, panel.parts))]
            if panel.suits(method) and len(looks) > 1:
                self._looks = looks
                return panel
            panel.deleteLater()
        return None

    def _curves(self, run: Run, method: type[Method]) -> Panel:
        steps = self._metrics.since(0)[1]
        if len(steps) < 2:
            raise RunError(f"run {run.id} has {len(steps)} steps: expected at least 2 to make a film of.")
        picked = np.unique(np.linspace(0, len(steps) - 1, min(_CURVE_FRAMES, len(steps))).astype(int))
        self._looks = [Look(int(steps[i]), ()) for i in picked]
        panel = CurvesPanel(None, "loss", "Loss", PANELS)
        panel.declare(declared(run.info), method.charts)
        return panel

    def frame(self, number: int) -> NDArray[np.uint8]:
        """``(H, W, 3)`` of the look of that number; they are drawn in their order."""
        look = self._looks[number]
        self._draw(look)
        return pixels(self._captioned(self._pictured, look.step))

    def _draw(self, look: Look) -> None:
        self._panel.draw(
            replace(
                self._scene,
                look=look,
                metrics=self._metrics.until(look.step),
                probes=self._probes.until(look.step),
                events=[event for event in self._events if event.step <= look.step],
            )
        )

    def _captioned(self, pictured: QWidget, step: int) -> QImage:
        """The picture with a line below it: which run, what was changed last, the step, and how far that is."""
        now = theme.current()
        drawn = picture(pictured, 1)
        line = round(1.7 * pictured.fontMetrics().height())
        image = QImage(drawn.width(), drawn.height() + line, QImage.Format.Format_RGB888)
        image.fill(QColor(now.raised))
        painter = QPainter(image)
        painter.setFont(pictured.font())
        painter.drawPixmap(0, 0, drawn)
        row = QRectF(8, drawn.height(), drawn.width() - 16, line)
        said = f"step {step:,}"
        change = next((marker for marker in reversed(self._changes) if marker.step <= step), None)
        left = self._title if change is None else f"{self._title} · {change.short} at step {change.step:,}"
        fm = painter.fontMetrics()
        room = round(row.width()) - fm.horizontalAdvance(said) - 16
        painter.setPen(QColor(now.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, middle, fm.elidedText(left, Qt.TextElideMode.ElideRight, room))
        painter.setPen(QColor(now.text))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, said)
        share = step / max(1, self._looks[-1].step)
        painter.fillRect(QRectF(0, drawn.height(), drawn.width() * share, 2), QColor(now.accent))
        painter.end()
        return image

    def close(self) -> None:
        """Let go of what was painted from."""
        self._panel.close()
        self._panel.deleteLater()
        self._bench.close()
        self._bench.deleteLater()
