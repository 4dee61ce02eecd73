"""The panel of every experiment of :mod:`ssllab.experiments`: many short runs, and a picture that grows with them."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ssllab.controls import Config
from ssllab.storage.files import write_whole
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.plots.actions import PictureActions
from ssllab.ui.plots.chart import Chart
from ssllab.ui.widgets.whole_number_box import WholeNumberBox
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.data.batches import Data
    from ssllab.experiments.short_runs import ShortRuns
    from ssllab.methods.base import Method

POLL_MILLISECONDS = 300


class Picture(QWidget):
    """What is drawn of a sweep's results. ``controls``: how it is looked at, beside the panel's buttons."""

    controls: Sequence[QWidget] = ()
    steps = 0  # of each run that was started here; 0 before that

    def columns(self) -> dict[str, NDArray]:
        """What "Save data" writes."""
        return {}

    def show_results(self, results: Mapping[Any, Any]) -> None:
        """Draw the results so far, by cell; called some times a second, also where nothing is new."""

    def restyle(self) -> None:
        self.update()

    def view_state(self) -> dict[str, Any]:
        return {}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """See :meth:`ssllab.ui.panel.Panel.restore_view`."""


@dataclass(frozen=True)
class Plan:
    """What the button starts: ``begin(steps)`` is called in a thread, so it may wait; ``words`` stand by the count."""

    begin: Callable[[int], ShortRuns[Any, Any]]
    words: str = ""


@dataclass(frozen=True)
class Sweep:
    """An experiment as a panel offers it, under ``id``, while the method has ``settings``.

    ``plan``: what would run with the settings of a run that began now, with that data and as the picture has it chosen, or
    in a line why it cannot.
    ``note`` stands before the first run, ``name`` is what an error stopped, ``cells`` what is counted, ``steps`` how
    many of them each has at first, with ``suffix`` behind. ``to_plain`` and ``from_plain`` turn results into JSON and
    back, where the last ones are kept in the workspace. ``of``: words of the plan without which results are of something
    else than a method's present settings are.
    """

    id: str
    title: str
    help: str
    picture: Callable[[Bench], Picture]
    plan: Callable[[Bench, RunSettings, Data, Any], Plan | str]
    note: str
    name: str
    steps: int
    settings: type[Config] = Config
    button: str = "Run"
    tip: str = ""
    of: Callable[[Any], str] = lambda config: ""
    cells: str = "runs"
    suffix: str = " steps"
    to_plain: Callable[[Mapping[Any, Any]], Any] | None = None
    from_plain: Callable[[Any], Mapping[Any, Any]] | None = None


class SweepPanel(Panel):
    """Start, cancel, progress and time left of a :class:`Sweep`, above its picture."""

    def __init__(self, bench: Bench, sweep: Sweep) -> None:
        super().__init__(bench)
        self.sweep = sweep
        self.id, self.title, self.help = sweep.id, sweep.title, sweep.help
        self.picture = sweep.picture(bench)
        self.run_button, self.cancel_button = QPushButton(sweep.button), QPushButton("Cancel")
        self.run_button.setToolTip(sweep.tip)
        self.run_button.clicked.connect(self.run)
        self.cancel_button.clicked.connect(self._cancel)
        self.steps = WholeNumberBox()
        self.steps.setRange(1, 100_000)
        self.steps.setValue(sweep.steps)
        self.steps.setSuffix(sweep.suffix)
        self.steps.setToolTip("Steps of each run")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.note = QLabel(sweep.note)
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.run_button)
        row.addWidget(self.cancel_button)
        row.addWidget(self.steps)
        for control in self.picture.controls:
            row.addWidget(control, 1)
        if not self.picture.controls:
            row.addStretch()
        if isinstance(self.picture, Chart):
            self.tools: PictureActions = self.picture.tools
        else:
            self.tools = PictureActions(self.picture, self.picture.columns)
            row.addWidget(self.tools.button())
        self.tools.serve(bench, lambda: bench.file_name(self.title))
        for control in (self.run_button, self.cancel_button, *self.picture.controls):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 0)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.bar)
        column.addWidget(self.picture, 1)
        self.runs: ShortRuns[Any, Any] | None = None  # under way, or the last ones
        self._waiting: int | None = None  # the number of the run that goes on when the others end
        self._words = ""
        self._about = ""  # what is said of the results where they are kept
        self._kept: int | None = None  # how many are; None before anybody looked
        self._of: str | None = None  # what the results are of, in words; None before there are any
        self._fade = QGraphicsOpacityEffect(self.picture, opacity=0.35)
        self._fade.setEnabled(False)
        self.picture.setGraphicsEffect(self._fade)
        for signal in (bench.loaded, bench.data_loaded, bench.config_changed):
            signal.connect(lambda *_: self._say_others())
        self._background = Background(self)
        self._timer = QTimer(self, interval=POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)
        self._show_running(False)

    def suits(self, method: type[Method]) -> bool:
        return issubclass(method.Config, self.sweep.settings)

    def run(self) -> None:
        """Queue the runs with the present settings; the live run pauses meanwhile."""
        bench, steps = self.bench, self.steps.value()
        if bench.data is None or bench.config is None:
            return
        plan = self.sweep.plan(bench, bench.run_settings(), bench.data, self.picture)
        if isinstance(plan, str):
            bench.say("info", plan)
            return
        self._pause()
        self.runs, self._words, self._kept = None, plan.words, 0
        self._about = f"{steps:,} steps on {bench.data.title}"
        self._of = None
        self.picture.steps = steps
        self.picture.show_results({})
        self.note.setText(", ".join(filter(None, ("beginning", self._words, self._about))))
        self.bar.setValue(0)
        self._show_running(True)

        def work() -> Callable[[], None]:
            runs = plan.begin(steps)
            return lambda: self._follow(runs)

        self._background.run(work, self._failed)

    def _pause(self) -> None:
        """The live run waits for the end of the others, and the person is told so."""
        bench = self.bench
        live = bench.live_run
        self._waiting = live.number if live is not None and bench.state == "running" else None
        bench.pause()
        if self._waiting is not None:
            name = f"{self.sweep.name[0].lower()}{self.sweep.name[1:]}"
            bench.say("info", f"The run is paused while {name} trains; it goes on afterwards.")

    def _go_on(self) -> None:
        waiting, self._waiting, live = self._waiting, None, self.bench.live_run
        # It may still be on its way to the pause.
        if live is not None and live.number == waiting and self.bench.state in ("running", "paused"):
            self.bench.start()

    def _follow(self, runs: ShortRuns[Any, Any]) -> None:
        self.runs = runs
        if not self.cancel_button.isEnabled():  # cancelled before it began
            runs.cancel()
        self._timer.start()

    def _cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        if self.runs is not None:
            self.runs.cancel()

    def _failed(self, line: str, trace: str) -> None:
        self._show_running(False)
        self._go_on()
        self.bench.say("error", f"{self.sweep.name} stopped: {line}", trace)

    def _poll(self) -> None:
        runs = self.runs
        if runs is None:
            return
        running = runs.running  # asked first: what came out until then is drawn below
        self.picture.show_results(runs.known)
        self.bar.setValue(int(1000 * runs.progress))
        words = [self._count(runs), self._words, self._about]
        if running and (left := runs.seconds_left) is not None:
            words.append(f"about {left / 60:.0f} min left" if left > 90 else f"about {left:.0f} s left")
        self.note.setText(", ".join(filter(None, words)))
        self._keep(runs)
        if not running:
            self._timer.stop()
            self._show_running(False)
            self._go_on()
            if runs.results:
                self._of = self.note.text()
                self._say_others()
            if runs.failure:
                self._failed(*runs.failure)

    def _count(self, runs: ShortRuns[Any, Any]) -> str:
        count = f"{len(runs.results)} of {len(runs.cells)} {self.sweep.cells}"
        return f"cancelled after {count}" if runs.cancelled and len(runs.results) < len(runs.cells) else count

    def _say_others(self) -> None:
        """Results of other data, or of settings that cannot be compared, are pale, and the note says whose they are."""
        bench, of, others = self.bench, self._of, False
        if of is not None and bench.data is not None and bench.config is not None:
            others = f"on {bench.data.title}," not in f"{of}," or self.sweep.of(bench.config) not in of
        if others != self._fade.isEnabled():
            self._fade.setEnabled(others)
            self.note.setText(f"Not of what is chosen now: {of}" if others else of or self.note.text())

    # Results outlive the window

    @property
    def _file(self) -> Path:
        return self.bench.workspace.path / "experiments" / f"{self.id}.json"

    def _keep(self, runs: ShortRuns[Any, Any]) -> None:
        results = dict(runs.results)
        if self.sweep.to_plain is None or len(results) == self._kept:
            return
        self._kept = len(results)
        about = ", ".join(
            filter(None, (self._count(runs), self._words, self._about, f"{datetime.now():%Y-%m-%d %H:%M}"))
        )
        kept = {"about": about, "results": self.sweep.to_plain(results)}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(kept).encode())
        except OSError as error:
            self.bench.say("warning", f"The results are not kept: {error.strerror or error}.")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._kept is None and self.sweep.from_plain is not None:
            self._kept = 0
            self._background.run(self._read_kept, self._failed)

    def _read_kept(self) -> Callable[[], None]:
        assert self.sweep.from_plain is not None
        try:
            kept = json.loads(self._file.read_bytes())
            results, about = self.sweep.from_plain(kept["results"]), str(kept["about"])
        except FileNotFoundError:
            return lambda: None
        except (OSError, ValueError, TypeError, KeyError):
            line = f"{self._file} is damaged: the results in it are not shown; the next runs replace it."
            return lambda: self.bench.say("warning", line)

        def show() -> None:
            if self.runs is None and not self.cancel_button.isEnabled():  # nothing was begun meanwhile
                self.picture.show_results(results)
                self.note.setText(f"The last ones: {about}")
                self._of = about
                self._say_others()

        return show

    def _show_running(self, running: bool) -> None:
        self.run_button.setEnabled(not running)
        self.steps.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.cancel_button.setVisible(running)
        self.bar.setVisible(running)

    def restyle(self) -> None:
        self.picture.restyle()

    def view_state(self) -> dict[str, Any]:
        return {"steps": self.steps.value(), **self.picture.view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        if isinstance(state.get("steps"), int):
            self.steps.setValue(state["steps"])
        self.picture.restore_view(state)
