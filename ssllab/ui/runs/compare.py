"""The lower half of the run browser: the selected runs in the same plots, and where their settings differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ssllab.scalars import Series, headline, series_of
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunError
from ssllab.ui import theme
from ssllab.ui.plots.export import save_plot
from ssllab.ui.runs.compare_plot import ComparePlot
from ssllab.ui.runs.seeds import Group, group_by_recipe, mean_overlay, without_seed
from ssllab.ui.runs.settings_table import SettingsTable
from ssllab.ui.runs.table_model import stamp
from ssllab.ui.runs.words import distinct_titles, file_name, plural
from ssllab.ui.scene import Band, Overlay
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.training.run_store import RunInfo, Workspace

SMOOTHING = (0, 5, 20, 100, 500)  # steps
_NEW_CURVES = 12  # curves that are new to a plot before the window gets its turn
_KEPT_RUNS = 64  # logs kept in memory beyond the ones on show


@dataclass(frozen=True)
class Loaded:
    """A run read from disk; ``seconds`` is how long that took."""

    stamp: object
    metrics: MetricsLog
    probes: MetricsLog
    seconds: float
    at: float


class ComparePane(QWidget):
    """Any number of runs overlaid in two plots, beside their settings."""

    drawn = Signal()
    said = Signal(str, str)  # of its plots, as :class:`ssllab.ui.plots.actions.ChartActions` says it
    table_asked = Signal(object, object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._worker = Worker(self)
        self._infos: list[RunInfo] = []
        self._colours: dict[str, str] = {}
        self._loaded: dict[str, Loaded] = {}
        self._task: Task | None = None
        self._declared: dict[str, Series] = {}
        self._best = "loss"
        self._follows = [False, True]  # which plots show the headline of the runs, whatever it is
        self.groups: list[Group] = []
        self.plots: list[ComparePlot | None] = [None, None]

        self.choices = [QComboBox(), QComboBox()]
        self._holders = [QVBoxLayout(), QVBoxLayout()]
        self._plot_area = QWidget()
        area = QHBoxLayout(self._plot_area)
        area.setContentsMargins(0, 0, 0, 0)
        area.setSpacing(8)
        for i, holder in enumerate(self._holders):
            box = QWidget()
            box.setLayout(holder)
            holder.setContentsMargins(0, 0, 0, 0)
            holder.setSpacing(2)
            area.addWidget(box, 1)
            choice = self.choices[i]
            choice.setToolTip("What to plot over the steps")
            choice.setAccessibleName(f"Metric of plot {i + 1}")
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(22)
            holder.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
            choice.currentIndexChanged.connect(lambda _, i=i: self._chosen(i))
        self.seeds = QCheckBox("Mean and std over seeds")
        self.seeds.setToolTip(
            "Runs whose settings differ in the seed alone become one curve: their mean, with one standard "
            "deviation shaded on each side."
        )
        self.seeds.toggled.connect(self._draw)
        self.smoothing = QComboBox()
        self.smoothing.setToolTip("Moving average of the curves over about this many steps")
        self.smoothing.setAccessibleName("Smoothing")
        for window in SMOOTHING:
            self.smoothing.addItem(f"Smoothing {window} steps" if window else "No smoothing", window)
        self.smoothing.setCurrentIndex(SMOOTHING.index(20))
        self.smoothing.currentIndexChanged.connect(self._smooth)
        self.settings = SettingsTable()
        side = QWidget()
        beside = QVBoxLayout(side)
        beside.setContentsMargins(4, 0, 0, 0)
        beside.setSpacing(4)
        beside.addWidget(self.smoothing, 0, Qt.AlignmentFlag.AlignLeft)
        beside.addWidget(self.seeds)
        beside.addWidget(self.settings, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self._plot_area)
        self.split.addWidget(side)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([700, 260])
        self.split.setChildrenCollapsible(False)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.split, 1)
        self._hint = QLabel("Select one or more runs above to see their curves and settings here.")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._hint)
        self.stack.addWidget(full)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._load)
        self._parts: Iterator[int] = iter(())
        self._part_timer = QTimer(self, singleShot=True, interval=0)
        self._part_timer.timeout.connect(self._next_part)
        self.restyle()

    # What the page says

    def show_runs(self, infos: Sequence[RunInfo], colours: dict[str, str]) -> None:
        """Compare these runs, each in its colour; runs that cannot be read are left out."""
        self._infos = [info for info in infos if info.settings is not None]
        self._colours = colours
        self.stack.setCurrentIndex(1 if self._infos else 0)
        self.seeds.setEnabled(len(self._infos) > 1)
        self.settings.show_runs(self._infos, colours)
        self._load()

    def restyle(self) -> None:
        """Colours and fonts anew."""
        self._hint.setStyleSheet(f"color: {theme.current().muted};")
        self.settings.restyle()
        for plot in self.plots:
            if plot:
                plot.restyle()

    def choose(self, plot: int, metric: str) -> None:
        """Show ``metric`` in plot 0 or 1."""
        at = self.choices[plot].findData(metric)
        if at < 0:
            self.choices[plot].addItem(series_of(self._declared, metric).title, metric)
            at = self.choices[plot].count() - 1
        self.choices[plot].setCurrentIndex(at)

    def save_picture(self, path: str | Path) -> Path:
        """Both plots as PNG or SVG. Raises OSError with one line for the user."""
        save: Callable[[], Path] = partial(save_plot, self._plot_area, path)
        for plot in self.plots:
            if plot:
                save = partial(plot.tools.without_buttons, save)
        return save()

    @property
    def busy(self) -> bool:
        """Whether runs are still being read."""
        return self._worker.busy or self._part_timer.isActive()

    def close_work(self) -> None:
        """Stop reading."""
        self._again.stop()
        self._part_timer.stop()
        self._worker.close()

    # Reading runs in the background

    def _load(self) -> None:
        missing = [info for info in self._infos if self._stale(info)]
        shown = {info.id for info in self._infos}
        for run_id in [i for i in self._loaded if i not in shown][: max(0, len(self._loaded) - _KEPT_RUNS)]:
            del self._loaded[run_id]
        if self._task:
            self._task.cancel()
            self._task = None
        if not missing:
            self._draw()
            return

        def read(task: Task) -> dict[str, Loaded]:
            found = {}
            for i, info in enumerate(missing):
                task.report(i / len(missing))
                began = time.monotonic()
                try:
                    run = self._workspace.open(info.id)
                    metrics, probes = run.metrics(), run.probes()
                except RunError:  # its row in the table says what is wrong; the others are compared
                    metrics, probes = MetricsLog(), MetricsLog()
                now = time.monotonic()
                found[info.id] = Loaded(stamp(info), metrics, probes, now - began, now)
            return found

        self._task = self._worker.submit(read, self._take, lambda error, trace: self._draw())

    def _stale(self, info: RunInfo) -> bool:
        have = self._loaded.get(info.id)
        if have is None:
            return True
        if have.stamp == stamp(info):
            return False
        # A long run that is training now would be read over and over; let the disk rest in between.
        rest = have.at + 20 * have.seconds - time.monotonic()
        if rest > 0:
            self._again.start(int(rest * 1000) + 50)
        return rest <= 0

    def _take(self, found: dict[str, Loaded]) -> None:
        self._task = None
        for run_id, loaded in found.items():
            self._loaded.pop(run_id, None)
            self._loaded[run_id] = loaded
        self._draw()

    # Drawing

    def _shown(self) -> list[tuple[RunInfo, Loaded]]:
        return [(info, self._loaded[info.id]) for info in self._infos if info.id in self._loaded]

    def _offer(self, shown: Sequence[tuple[RunInfo, Loaded]]) -> None:
        """Fill the choices with every metric and probe the runs have, keeping what is chosen; at first the loss and
        the headline, which follows the runs."""
        for info, _ in reversed(shown):  # of two that declare one name otherwise the first says
            self._declared |= info.scalars
        measured = {name for _, loaded in shown for name in loaded.probes.names}
        names = list(
            dict.fromkeys(["loss", *(n for _, run in shown for n in (*run.metrics.names, *run.probes.names))])
        )
        self._best = headline(self._declared, measured) or "loss"
        for i, choice in enumerate(self.choices):
            chosen = self._best if self._follows[i] else choice.currentData() or "loss"
            offered = names if chosen in names else [*names, chosen]
            entries = [(series_of(self._declared, name).title, name) for name in offered]
            have = [(choice.itemText(j), choice.itemData(j)) for j in range(choice.count())]
            if have == entries and choice.currentData() == chosen:
                continue
            choice.blockSignals(True)
            choice.clear()
            for title, name in entries:
                choice.addItem(title, name)
            choice.setCurrentIndex(choice.findData(chosen))
            choice.blockSignals(False)

    def _chosen(self, number: int) -> None:
        self._follows[number] = self.choices[number].currentData() == self._best != "loss"
        self._draw()

    def _smooth(self, *_: Any) -> None:
        for plot in self.plots:
            if plot:
                plot.set_smoothing(self.smoothing.currentData())

    def _plot(self, number: int, shown: Sequence[tuple[RunInfo, Loaded]]) -> ComparePlot:
        metric = self.choices[number].currentData()
        probe = not any(metric in loaded.metrics.names for _, loaded in shown)
        series = series_of(self._declared, metric)
        plot = self.plots[number]
        if plot is None or (plot.quantity, plot._source == "probes", plot.series) != (metric, probe, series):
            log_x = plot is not None and plot.log[0]
            if plot is not None:
                self._holders[number].removeWidget(plot)
                plot.deleteLater()
            plot = self.plots[number] = ComparePlot(metric, probe, series)
            plot.set_smoothing(self.smoothing.currentData())
            plot.tools.name = partial(file_name, f"compare {series.title}")
            plot.tools.said.connect(self.said)
            plot.tools.table_asked.connect(self.table_asked)
            if log_x:
                plot.set_log(x=True)
            self._holders[number].addWidget(plot, 1)
        return plot

    def _draw(self, *_: Any) -> None:
        shown = self._shown()
        self._part_timer.stop()
        if not shown:
            return  # nothing is selected or nothing has arrived yet: keep what is there
        self._parts = self._draw_parts(shown)
        self._next_part()

    def _next_part(self) -> None:
        if next(self._parts, None) is not None:
            self._part_timer.start()  # let the window breathe
        else:
            self.drawn.emit()

    def _draw_parts(self, shown: Sequence[tuple[RunInfo, Loaded]]) -> Iterator[int]:
        """Draw both plots; yields wherever many curves are new and the window should answer in between."""
        self._offer(shown)
        self.groups = group_by_recipe([info for info, _ in shown])
        by_id = {info.id: loaded for info, loaded in shown}
        for number in range(2):
            plot = self._plot(number, shown)
            overlays = self._overlays(shown)
            bands: list[Band] = []
            if self.seeds.isChecked() and len(shown) > 1:
                overlays, bands = self._averages(plot, by_id)
            known = [overlay for overlay in overlays if plot.draws(overlay)]
            fresh = [overlay for overlay in overlays if not plot.draws(overlay)]
            part = count = _NEW_CURVES
            while count < len(fresh):
                plot.show_runs([*known, *fresh[:count]])
                yield count
                part = min(2 * part, 4 * _NEW_CURVES)  # every turn paints all curves: not too many turns
                count += part
            plot.show_runs(overlays, bands)

    def _overlays(self, shown: Sequence[tuple[RunInfo, Loaded]]) -> list[Overlay]:
        names = distinct_titles([info for info, _ in shown])
        return [
            Overlay(names[info.id], loaded.metrics, loaded.probes, self._colours[info.id])
            for info, loaded in shown
        ]

    def _averages(self, plot: ComparePlot, loaded: dict[str, Loaded]) -> tuple[list[Overlay], list[Band]]:
        overlays, bands = [], []
        names = distinct_titles([without_seed(group.infos[0]) for group in self.groups])
        for group in self.groups:
            first = group.infos[0]
            name = names[first.id]
            if len(group.infos) > 1:
                name = f"{name}, {plural(len(group.infos), 'seed')}"
            logs = [
                loaded[info.id].probes
                if plot.quantity not in loaded[info.id].metrics.names
                else loaded[info.id].metrics
                for info in group.infos
            ]
            overlay, band = mean_overlay(name, self._colours[first.id], logs, plot.quantity)
            overlays.append(overlay)
            if len(group.infos) > 1:
                bands.append(band)
        return overlays, bands
