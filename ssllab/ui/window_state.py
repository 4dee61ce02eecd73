"""What the window remembers between two starts, in its ``window.ini``: a group of keys for each lab."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QApplication

from ssllab.data.catalogue import exists, kind_of
from ssllab.data.kind import LARGEST_SEED
from ssllab.labs import labs
from ssllab.ui import theme
from ssllab.ui.bench import Bench

if TYPE_CHECKING:
    from ssllab.training.run_store import Workspace
    from ssllab.ui.lab_page import LabPage
    from ssllab.ui.window import Window
    from ssllab.ui.work import LongWork


T = TypeVar("T")
_DEVICES = ("auto", "cpu", "cuda", "mps")


class Remembered(QSettings):
    """A ``window.ini``. Whatever stands in it, the window opens: what cannot be used is passed over, and said once."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), QSettings.Format.IniFormat)
        self._news: list[str] = []
        self._damaged: list[str] = []
        if self.status() != QSettings.Status.NoError:
            self._damaged.append("the whole file")

    def read(self, key: str, parse: Callable[[Any], T], default: T) -> T:
        """What ``parse`` makes of the value; ``default`` where there is none or ``parse`` raises."""
        value = self.value(key)
        if value is None:
            return default
        try:
            return parse(value)
        except (ValueError, TypeError, OverflowError, LookupError, RecursionError):
            self._damaged.append(key)
            return default

    def note(self, line: str) -> None:
        """Something else that is not as it was left."""
        self._news.append(line)

    def news(self) -> str:
        """What has not been said yet, in one line; "" for nothing."""
        news, self._news = self._news, []
        if self._damaged:
            what = ", ".join(self._damaged)
            news.append(
                f"What was remembered in {self.fileName()} is damaged ({what}): the usual is taken instead."
            )
            self._damaged = []
        return " ".join(news)


def bring_back_bench(
    lab: str,
    workspace: Workspace,
    long_work: LongWork,
    settings: Remembered,
    *,
    method: str | None,
    data: str | None,
    device: str | None,
) -> Bench:
    """A lab's bench with the method, data and controls it was left with, or with those that are named."""

    def left(key: str, parse: Callable[[Any], T], default: T) -> T:
        return settings.read(f"{lab}/{key}", parse, default)

    usual, none = labs()[lab], dict[str, Any]()
    was = before = left("data", _text, usual.data)
    if not data and before != usual.data and not exists(before):
        settings.note(
            f"{usual.title}: the data of the last time, {before}, is gone; {usual.data} is taken instead."
        )
        before = usual.data
    return Bench(
        workspace,
        lab,
        long_work,
        method=method or left("method", _text, usual.method),
        data=data or before,
        device=device or left("device", _one_of(_DEVICES), "auto"),
        settings=left("controls", _object, none),
        options=_options(before, left("options", _numbers, {})) if not data and before == was else {},
        seed=left("seed", _seed, 0),
    )


def bring_back_theme(settings: Remembered) -> str:
    """The name of the theme that was left."""
    return settings.read("theme", _one_of(tuple(theme.THEMES)), theme.LIGHT.name)


def bring_back(window: Window, settings: Remembered, tab: str | None) -> None:
    """Theme, font, geometry, the current lab and the tab as they were left; another ``tab`` if one is named."""

    def restore(value: Any) -> None:
        if not window.restoreGeometry(_bytes(value)):
            raise ValueError

    window.set_theme(theme.current().name, settings.read("font", _points, None))
    settings.read("geometry", restore, None)
    if bench := window.benches.all.get(settings.read("lab", _text, "")):
        window.benches.current = bench
    window.show_tab(tab or settings.read("tab", _text, ""))


def bring_back_page(page: LabPage, settings: Remembered) -> None:
    """The arrangement of a lab's panels and how each is looked at, as they were left."""

    def restore(value: Any) -> None:
        if not page.restore(_bytes(value)):
            raise ValueError

    settings.read(f"{page.lab.name}/arrangement", restore, None)
    settings.read(f"{page.lab.name}/views", lambda value: page.restore_views(_object(value)), None)


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
        with suppress(
            UnicodeEncodeError
        ):  # Qt would cut the name where it is no text, and that is another folder's
            put(f"{name}/data", bench.data_name.encode().decode())
        put(f"{name}/device", bench.device)
        put(f"{name}/seed", bench.seed)
        put(f"{name}/options", json.dumps(bench.options))
        if bench.config is not None:
            usual = type(bench.config)()  # what a lesson set ends with the window
            put(f"{name}/controls", json.dumps({**usual.model_dump(), **bench.setup.own(usual)}))
    settings.sync()


# What a value must be; a file may have been edited by hand, cut short or written by another version.


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    return lambda value: words[words.index(value)]


def _seed(value: Any) -> int:
    seed = int(value)
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError
    return seed


def _points(value: Any) -> float | None:
    points = float(value)
    if not (math.isfinite(points) and 4 <= points <= 48):
        raise ValueError
    return points


def _bytes(value: Any) -> QByteArray:
    if not isinstance(value, QByteArray):
        raise ValueError
    return value


def _options(data: str, found: dict[str, int]) -> dict[str, int]:
    """Those that the data may be loaded with."""
    known = {option.name: option for option in kind_of(data).options}
    return {name: value for name, value in found.items() if name in known and not known[name].problem(value)}


def _numbers(value: Any) -> dict[str, int]:
    found = _object(value)
    if not all(type(number) is int for number in found.values()):
        raise ValueError
    return found


def _object(value: Any) -> dict[str, Any]:
    found = json.loads(_text(value))
    if not isinstance(found, dict):
        raise ValueError
    return found
