"""The benches of all labs together: what does not belong to one of them, and what the run browser asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ssllab.labs import lab_of
from ssllab.ui import loading
from ssllab.ui.bench import Bench
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Benches(QObject):
    """``current`` is the bench of the lab that is seen, or was seen last. A stored run goes to its method's lab."""

    overlays_changed = Signal()
    lab_wanted = Signal(str)

    def __init__(self, benches: Sequence[Bench]) -> None:
        super().__init__()
        self.all = {bench.lab.name: bench for bench in benches}
        self.current = benches[0]
        self.workspace, self.long_work = self.current.workspace, self.current.long_work
        self.overlays: list[str] = []  # ids of the runs drawn in the labs
        self._background = Background(self)

    def resume(self, run_id: str, place: str | None = None) -> None:
        """Go on with a stored run in its lab; see :meth:`.Bench.resume`."""
        self._in_its_lab(run_id, lambda bench: bench.resume(run_id, place))

    def open(self, run_id: str, place: str | None = None) -> None:
        """Put a stored run into its lab, where Start goes on with it; one that is there already is shown."""
        for bench in self.all.values():
            live = bench.live_run
            if live is not None and live.stored is not None and live.stored.id == run_id:
                self.lab_wanted.emit(bench.lab.name)
                return
        self._in_its_lab(run_id, lambda bench: bench.open(run_id, place))

    def fork(self, run_id: str, step: int, known: int | None = None, place: str | None = None) -> None:
        """A new run in its lab that begins as the stored one was at ``step``; see :meth:`.Bench.fork`."""
        self._in_its_lab(run_id, lambda bench: bench.fork(run_id, step, known, place))

    def _in_its_lab(self, run_id: str, act: Callable[[Bench], None]) -> None:
        def work() -> Callable[[], None]:
            lab = loading.lab_of(self.workspace, run_id)

            def go() -> None:
                self.lab_wanted.emit(lab)
                act(self.all[lab])

            return go

        self._background.run(work, self._failed)

    def new_method(self, path: Path) -> None:
        """Write the template of a method to ``path`` and choose it in its lab."""

        def work() -> Callable[[], None]:
            from ssllab.methods import registry
            from ssllab.methods.template import write_template

            name = write_template(path, registry.methods())
            registry.add_file(path)
            lab = lab_of(registry.method_class(name)).name

            def go() -> None:
                self.lab_wanted.emit(lab)
                self.all[lab].choose(name)
                self.say("info", f"Your method is in {path}: edit and save it, then press Reset.")

            return go

        self._background.run(work, self._failed)

    def set_overlays(self, run_ids: Sequence[str]) -> None:
        """Draw stored runs beside the live ones, each in its lab; read in the background."""
        ids = list(run_ids)

        def work() -> Callable[[], None]:
            found = loading.read_overlays(self.workspace, ids)

            def show() -> None:
                self.overlays = ids
                for lab, bench in self.all.items():
                    bench.overlays = found.get(lab, {})
                self.overlays_changed.emit()

            return show

        self._background.run(work, self._failed)

    def say(self, level: str, text: str, detail: str = "") -> None:
        """A line for the user."""
        self.current.say(level, text, detail)

    def save_table(self, columns: dict[str, NDArray], path: Path) -> None:
        """Write columns as CSV in the background."""
        self.current.save_table(columns, path)

    def close(self) -> None:
        """End every session and wait for its files."""
        self.long_work.close()
        for bench in self.all.values():
            bench.close()

    @property
    def missing(self) -> list[str]:
        """After :meth:`close`: what could not be written to the end."""
        return [bench.missing for bench in self.all.values() if bench.missing]

    def _failed(self, line: str, detail: str) -> None:
        self.say("error", line, detail)
