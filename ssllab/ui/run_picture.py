"""One stored run as a picture: loss and probes over the steps, as the window draws them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ssllab.training.declared import declared
from ssllab.training.run_method import known_method
from ssllab.training.run_store import Run
from ssllab.ui import theme
from ssllab.ui.app import application
from ssllab.ui.panels.curves import PANELS, CurvesPanel
from ssllab.ui.plots.export import save_plot
from ssllab.ui.scene import Scene

_SHOWN = ("loss", "probes")


def save_run_picture(run: Run, path: Path) -> None:
    """Write PNG or SVG, by the ending of ``path``. Raises RunError, OSError."""
    app = application()
    theme.apply("light")
    scene = Scene(state="finished", metrics=run.metrics(), probes=run.probes(), events=run.events())
    page = QWidget()
    column = QVBoxLayout(page)
    method = known_method(run.info)
    panels = [CurvesPanel(None, name, name.capitalize(), PANELS) for name in _SHOWN]
    for panel in panels:
        panel.declare(declared(run.info), method.charts if method else ())
        column.addWidget(panel)
    page.resize(900, 800)
    page.show()
    app.processEvents()
    for panel in panels:
        panel.draw(scene)
    app.processEvents()
    save_plot(page, path)
    page.close()
