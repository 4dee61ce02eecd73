"""Open the window. Nothing here imports torch: the window is up before it is loaded."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from ssllab.data.catalogue import DEFAULT
from ssllab.training.run_store import Workspace
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.window import Window
from ssllab.ui.window_state import as_dict

SWITCH_SECONDS = 0.001  # a painting thread waits at most this long for a training thread to hand over


def application() -> QApplication:
    """The one QApplication, named and styled."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("ssllab")
    app.setApplicationDisplayName("ssllab")
    sys.setswitchinterval(SWITCH_SECONDS)
    return app


def build_window(workspace: Path, *, data: str | None = None, device: str | None = None) -> Window:
    """The window on a workspace, as it was left there, with ``data`` and ``device`` if given."""
    application()
    workspace.mkdir(parents=True, exist_ok=True)
    settings = QSettings(str(workspace / "window.ini"), QSettings.Format.IniFormat)
    theme.apply(str(settings.value("theme", "light")))
    bench = Bench(
        Workspace(workspace),
        method=str(settings.value("method", "simclr")),
        data=data or str(settings.value("data", DEFAULT)),
        device=device or str(settings.value("device", "auto")),
        settings=as_dict(settings.value("controls")),
        seed=int(str(settings.value("seed", 0))),
    )
    return Window(bench, settings)


def open_window(
    workspace: Path, *, lab: str | None = None, data: str | None = None, device: str | None = None
) -> int:
    """Show the window until it is closed; the exit code."""
    app = application()
    window = build_window(workspace, data=data, device=device)
    if lab:
        show_lab(window, lab)
    window.show()
    # Python handles Ctrl-C only between byte codes: give it some.
    alive = QTimer(interval=200)
    alive.timeout.connect(lambda: None)
    alive.start()
    return app.exec()


def show_lab(window: Window, name: str) -> None:
    """Bring the tab of that lab to the front; unknown names are refused by the command line before."""
    for index in range(window.tabs.count()):
        if window.tabs.tabText(index).lower() == name.lower():
            window.tabs.setCurrentIndex(index)
