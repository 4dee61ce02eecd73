"""What the window remembers between two starts, in its ``window.ini``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from ssllab.ui import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings

    from ssllab.ui.window import Window


def bring_back(window: Window, settings: QSettings) -> None:
    """Theme, font, geometry, arrangement, the view of every panel and the tab as they were left."""
    get = settings.value
    points = get("font")
    window.set_theme(str(get("theme", "light")), float(points) if points else None)
    if geometry := get("geometry"):
        window.restoreGeometry(geometry)
    if arrangement := get("lab/contrast"):
        window.lab.restore(arrangement)
    window.lab.restore_views(as_dict(get("views/contrast")))
    window.tabs.setCurrentIndex(min(int(get("tab", 0)), window.tabs.count() - 1))


def remember(window: Window, settings: QSettings) -> None:
    """Write down how the window is left, and with which method, data and controls."""
    put = settings.setValue
    put("theme", theme.current().name)
    put("font", QApplication.font().pointSizeF())
    put("geometry", window.saveGeometry())
    put("lab/contrast", window.lab.save())
    put("views/contrast", json.dumps(window.lab.view_states()))
    put("tab", window.tabs.currentIndex())
    bench = window.bench
    put("method", bench.method_name)
    put("data", bench.data_name)
    put("device", bench.device)
    put("seed", bench.seed)
    if bench.config is not None:
        put("controls", json.dumps(bench.config.model_dump()))
    settings.sync()


def as_dict(text: object) -> dict[str, Any]:
    """A stored JSON object; an empty one for anything else, as a file that was edited by hand may hold."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
