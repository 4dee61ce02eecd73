"""One stored run as a picture: loss and probes over the steps, as the window draws them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ssllab.labs import lab_of
from ssllab.training.run_method import known_method
from ssllab.training.run_store import Run
from ssllab.ui import theme
from ssllab.ui.app import application
from ssllab.ui.panel import Scene
from ssllab.ui.panels.loss import LossPanel
from ssllab.ui.panels.probes import ProbesPanel
from ssllab.ui.panels.speech_loss import SpeechLossPanel
from ssllab.ui.panels.speech_probes import SpeechProbesPanel
from ssllab.ui.plots.export import save_plot

_PANELS = {"contrast": (LossPanel, ProbesPanel), "speech": (SpeechLossPanel, SpeechProbesPanel)}


def save_run_picture(run: Run, path: Path) -> None:
    """Write PNG or SVG, by the ending of ``path``. Raises RunError, OSError."""
    app = application()
    theme.apply("light")
    scene = Scene(state="finished", metrics=run.metrics(), probes=run.probes(), events=run.events())
    page = QWidget()
    column = QVBoxLayout(page)
    method = known_method(run.info)
    panels = [panel(None) for panel in _PANELS[lab_of(method).name if method else "contrast"]]
    for panel in panels:
        column.addWidget(panel)
    page.resize(900, 800)
    page.show()
    app.processEvents()
    for panel in panels:
        panel.draw(scene)
    app.processEvents()
    save_plot(page, path)
    page.close()
