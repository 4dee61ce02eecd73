"""A bench's methods as the registry has them now: the person's own files are read anew at a reset, in the background."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from ssllab.labs import methods_of
from ssllab.methods import places
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.methods.base import Method
    from ssllab.ui.bench import Bench


def ask_for_method(parent: QWidget) -> Path | None:
    """Have the person say where a new method is written; at first their own folder, which is made for it."""
    folder = places.methods_folder()
    folder.mkdir(parents=True, exist_ok=True)
    names = itertools.chain(["my_method.py"], (f"my_method_{number}.py" for number in itertools.count(2)))
    free = next(name for name in names if not (folder / name).exists())
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        "New method",
        str(folder / free),
        "Python (*.py)",
        options=QFileDialog.Option.DontConfirmOverwrite,  # it is never overwritten
    )
    return Path(chosen) if chosen else None


class MethodFiles(QObject):
    """Gives ``bench`` its methods. What is wrong with a file is said once, until it is saved anew."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._known: dict[str, type[Method]] | None = None  # None before the engine is there
        self._said: set[object] = set()
        self._reading = False
        self._waiting: list[Callable[[], None]] = []
        self._background = Background(self)

    def take(self) -> dict[str, type[Method]]:
        """The lab's methods as they were last read; says what is wrong."""
        from ssllab.methods import registry

        self._known = registry.methods()
        problems = registry.problems()
        if new := [problem for problem in problems if problem not in self._said]:
            more = f" (and {len(new) - 1} more)" if len(new) > 1 else ""
            detail = "\n".join(f"{problem}\n{problem.traceback}" for problem in new)
            self._bench.say("error", f"{new[0]}{more}", detail.rstrip())
        elif self._said and not problems:
            self._bench.say("mended", "Your methods were read without an error.")
        self._said = set(problems)
        return methods_of(self._bench.lab, self._known)

    def read(self) -> None:
        """Take what was saved since; at once where nothing was, else when it is read."""
        if self._known is None or self._reading:
            return
        from ssllab.methods import registry

        if not registry.stale():
            self._show()
            return
        self._reading = True
        self._bench.progress.emit(0.0, "Reading your methods", False)

        def work() -> Callable[[], None]:
            registry.refresh()
            return self._read

        self._background.run(work, self._failed)

    def waits(self, again: Callable[[], None]) -> bool:
        """Whether methods are being read; ``again`` is called when they are."""
        if self._reading:
            self._waiting.append(again)
        return self._reading

    def _show(self) -> None:
        from ssllab.methods import registry

        if registry.methods() != self._known:
            self._bench.set_methods(self.take())

    def _read(self) -> None:
        self._end()
        self._bench.set_methods(self.take())
        waiting, self._waiting = self._waiting, []
        for again in waiting:
            again()

    def _failed(self, line: str, detail: str) -> None:
        self._end()
        self._waiting.clear()
        self._bench.say("error", line, detail)

    def _end(self) -> None:
        self._reading = False
        self._bench.progress.emit(-1.0, "", False)
