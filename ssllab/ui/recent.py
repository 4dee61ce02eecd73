"""The menus of what was used last: data of each lab, runs of the workspace."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ssllab.data.catalogue import exists, source
from ssllab.storage.one_line import one_line
from ssllab.training.run_record import RunInfo
from ssllab.ui.bench import Bench
from ssllab.ui.benches import Benches
from ssllab.ui.runs.listing import list_newest
from ssllab.ui.runs.words import distinct_titles
from ssllab.ui.window_state import Remembered

MOST = 8


class Recent(QObject):
    """``data`` and ``runs`` are filled when they open; ``resume`` goes on with the newest run that is not on a bench."""

    def __init__(self, benches: Benches, settings: Remembered) -> None:
        super().__init__(benches)
        self._benches, self._settings = benches, settings
        self.data, self.runs = QMenu("Recent data"), QMenu("Recent runs")
        for menu in (self.data, self.runs):
            menu.setToolTipsVisible(True)
        self.resume = QAction("Resume the last run", self)
        self.resume.triggered.connect(self._resume)
        self.data.aboutToShow.connect(self._fill_data)
        self.runs.aboutToShow.connect(self._fill_runs)
        for bench in benches.all.values():
            bench.data_loaded.connect(partial(self._used, bench))

    def names(self, bench: Bench) -> list[str]:
        """Names and paths of the lab's data, the last used first."""
        return self._settings.read(f"{bench.lab.name}/recent", _names, [])

    def _used(self, bench: Bench) -> None:
        names = list(dict.fromkeys([bench.data_name, *self.names(bench)]))[:MOST]
        with suppress(UnicodeEncodeError):  # Qt would cut the name where it is no text
            self._settings.setValue(
                f"{bench.lab.name}/recent", json.dumps(names, ensure_ascii=False).encode().decode()
            )

    def _fill_data(self) -> None:
        bench = self._benches.current
        self.data.clear()
        for name in self.names(bench):
            if exists(name):
                known = source(name)
                action = self.data.addAction(known.title if known else one_line(Path(name).name))
                action.setToolTip(one_line(name))
                action.triggered.connect(partial(bench.set_data, name))
        _or_none(self.data)

    def _newest(self) -> list[RunInfo]:
        return [
            info for info in list_newest(self._benches.workspace, MOST).infos if info.settings is not None
        ]

    def _fill_runs(self) -> None:
        self.runs.clear()
        infos = self._newest()
        titles = distinct_titles(infos)
        for info in infos:
            action = self.runs.addAction(titles[info.id])
            action.setToolTip("Open it in its lab; Start goes on")
            action.triggered.connect(partial(self._benches.open, info.id))
        _or_none(self.runs)

    def _resume(self) -> None:
        lives = [bench.live_run for bench in self._benches.all.values()]
        here = {live.stored.id for live in lives if live is not None and live.stored is not None}
        last = next((info for info in self._newest() if info.id not in here), None)
        if last is None:
            self._benches.say("info", "There is no earlier run to resume yet.")
        else:
            self._benches.resume(last.id)


def _or_none(menu: QMenu) -> None:
    if menu.isEmpty():
        menu.addAction("None yet").setEnabled(False)


def _names(value: Any) -> list[str]:
    found = json.loads(value)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError
    return found
