"""Open the window. Nothing here imports torch: the window is up before it is loaded."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ssllab.labs import labs
from ssllab.training.run_store import Workspace
from ssllab.ui import theme
from ssllab.ui.benches import Benches
from ssllab.ui.window import Window
from ssllab.ui.window_state import Remembered, bring_back_bench, bring_back_theme
from ssllab.ui.work import LongWork

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


def build_window(
    workspace: Path,
    *,
    lab: str | None = None,
    method: str | None = None,
    data: str | None = None,
    device: str | None = None,
) -> Window:
    """The window on a workspace, as it was left there.

    ``lab`` names the tab to show ("runs" too), ``method`` what its lab trains and ``data`` what it learns from,
    ``device`` where every lab trains.
    """
    application()
    workspace.mkdir(parents=True, exist_ok=True)
    settings = Remembered(workspace / "window.ini")
    theme.apply(bring_back_theme(settings))
    store, long_work = Workspace(workspace), LongWork()
    benches = [
        bring_back_bench(
            name,
            store,
            long_work,
            settings,
            method=method if name == lab else None,
            data=data if name == lab else None,
            device=device,
        )
        for name in labs()
    ]
    return Window(Benches(benches), settings, lab)


def open_window(
    workspace: Path,
    *,
    lab: str | None = None,
    method: str | None = None,
    data: str | None = None,
    device: str | None = None,
) -> int:
    """Show the window until it is closed; the exit code, 1 where a run could not be written to the end."""
    app = application()
    window = build_window(workspace, lab=lab, method=method, data=data, device=device)
    window.show()
    # Python handles Ctrl-C only between byte codes: give it some.
    alive = QTimer(interval=200)
    alive.timeout.connect(lambda: None)
    alive.start()
    code = app.exec()
    for line in window.benches.missing:
        print(f"ssllab: the run is not whole on disk: {line}", file=sys.stderr)
    return 1 if window.benches.missing else code
