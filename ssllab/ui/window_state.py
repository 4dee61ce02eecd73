"""What the window remembers between two starts, in its ``window.ini``: a group of keys for each lab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from ssllab.labs import labs
from ssllab.ui import theme
from ssllab.ui.bench import Bench

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings

    from ssllab.training.run_store import Workspace
    from ssllab.ui.lab_page import LabPage
    from ssllab.ui.window import Window
    from ssllab.ui.work import LongWork


def bring_back_bench(
    lab: str,
    workspace: Workspace,
    long_work: LongWork,
    settings: QSettings,
    *,
    method: str | None,
    data: str | None,
    device: str | None,
) -> Bench:
    """A lab's bench with the method, data and controls it was left with, or with those that are named."""

    def left(key: str, default: object) -> str:
        return str(settings.value(f"{lab}/{key}", default))

    return Bench(
        workspace,
        lab,
        long_work,
        method=method or left("method", labs()[lab].method),
        data=data or left("data", labs()[lab].data),
        device=device or left("device", "auto"),
        settings=as_dict(left("controls", "")),
        seed=int(left("seed", 0)),
    )


def bring_back(window: Window, settings: QSettings, tab: str | None) -> None:
    """Theme, font, geometry, the current lab and the tab as they were left; another ``tab`` if one is named."""
    get = settings.value
    points = get("font")
    window.set_theme(str(get("theme", "light")), float(points) if points else None)
    if geometry := get("geometry"):
        window.restoreGeometry(geometry)
    if bench := window.benches.all.get(str(get("lab"))):
        window.benches.current = bench
    window.show_tab(tab or str(get("tab")))


def bring_back_page(page: LabPage, settings: QSettings) -> None:
    """The arrangement of a lab's panels and how each is looked at, as they were left."""
    if arrangement := settings.value(f"{page.lab.name}/arrangement"):
        page.restore(arrangement)
    page.restore_views(as_dict(settings.value(f"{page.lab.name}/views")))


def remember(window: Window, settings: QSettings) -> None:
    """Write down how the window is left, and each lab's method, data and controls."""
    put = settings.setValue
    put("theme", theme.current().name)
    put("font", QApplication.font().pointSizeF())
    put("geometry", window.saveGeometry())
    put("lab", window.bench.lab.name)
    put("tab", window.tab)
    for name, page in window.labs.items():
        put(f"{name}/arrangement", page.save())
        put(f"{name}/views", json.dumps(page.view_states()))
    for name, bench in window.benches.all.items():
        put(f"{name}/method", bench.method_name)
        put(f"{name}/data", bench.data_name)
        put(f"{name}/device", bench.device)
        put(f"{name}/seed", bench.seed)
        if bench.config is not None:
            usual = type(bench.config)()  # what a lesson set ends with the window
            put(f"{name}/controls", json.dumps({**usual.model_dump(), **bench.setup.own(usual)}))
    settings.sync()


def as_dict(text: object) -> dict[str, Any]:
    """A stored JSON object; an empty one for anything else, as a file that was edited by hand may hold."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
