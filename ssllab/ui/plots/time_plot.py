"""Curves over training steps: live, smoothed, beside other runs and reference bands, with their changes.

A run of a million steps is drawn from a pyramid of minima and maxima (:mod:`.decimation`) that grows with
the log: one frame hands Qt some points per pixel column, whatever the length.
"""

# Overridden methods are documented in their base class.

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget, QWidgetAction

from ssllab.ui.panel import Band, Overlay, Scene
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, colour
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.markers import Marker, markers
from ssllab.ui.plots.track import Track

WINDOWS = (0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_LONGEST_LABEL = 40
_AT_LEAST_EVERY = 1.0  # seconds between two drawings of a growing curve


@dataclass(frozen=True)
class Curve:
    """One metric of the live run. ``scale`` multiplies its values (100 for percent).

    ``overlay``: whether other runs and bands are drawn for it; ``primary``: whether smoothing applies.
    """

    metric: str
    name: str
    role: str
    scale: float = 1.0
    dash: bool = False
    stepped: bool = False
    overlay: bool = True
    primary: bool = True
    help: str = ""


@dataclass(frozen=True)
class Level:
    """A constant line; ``value`` reads it from the scene, None while it is unknown."""

    name: str
    value: Callable[[Scene], float | None]
    role: str = "muted"
    help: str = ""


class _Live:
    """The items of one curve: ``main`` is smoothed where smoothing is on, ``raw`` then stands behind it."""

    def __init__(self, main: pg.PlotCurveItem, raw: pg.PlotCurveItem | None, role: str) -> None:
        self.main = main
        self.raw = raw
        self.role = role
        self.name = ""
        self.track = Track()


class TimePlot(Chart):
    """The plot over steps. ``source`` tells which log of the scene its curves are columns of.

    ``always`` lists values of y that are always in view. ``marker_clicked`` brings the :class:`Marker`.
    """

    marker_clicked = Signal(object)

    def __init__(
        self,
        curves: Sequence[Curve],
        *,
        y_label: str,
        hint: str,
        unit: str = "",
        levels: Sequence[Level] = (),
        source: Literal["metrics", "probes"] = "metrics",
        always: Sequence[float] = (),
        empty_y: tuple[float, float] = (0.0, 1.0),
        log_y: bool = False,
    ) -> None:
        self._curves = tuple(curves)
        self._levels = tuple(levels)
        self._source = source
        self._unit = unit
        self._always = tuple(always)
        self._window = 0
        self._drawn: object = None
        self._drawn_at = 0.0
        self._drawn_step = -1
        self._rows = -1
        self._scene: Scene | None = None
        self._busy = False
        self._fit_y = True
        self._others: dict[tuple[str, int], _Live] = {}  # (key of the run, curve number)
        self._band_items: list[tuple[Band, str, float, pg.PlotCurveItem]] = []
        self._level_values: list[float | None] = [None] * len(self._levels)
        super().__init__(
            x_label="step",
            y_label=f"{y_label} ({unit})" if unit else y_label,
            hint=hint,
            can_log=(True, True),
            log=(False, log_y),
            empty=((0, 1050), empty_y),
            wheel_axis=0,
        )
        self._live = {}
        for curve in self._curves:
            key = curve.metric
            raw = self.line(key, curve.role, width=1, opacity=0.32, z=4) if curve.primary else None
            width = 1.4 if curve.dash else 2.0
            main = self.line(key, curve.role, width=width, dash=curve.dash, z=5)
            self._live[key] = _Live(main, raw, curve.role)
        self._level_items = [
            self.line(f"level {i}", level.role, width=1.4, dash=True, z=2)
            for i, level in enumerate(self._levels)
        ]
        self._markers: list[Marker] = []
        self.notes.mark_hint = " (click to rewind)"
        self.view.clicked.connect(self._click)
        self.view.sigXRangeChanged.connect(self._x_moved)
        self.view.sigResized.connect(self._x_moved)
        self._list()

    # Drawing

    def draw(self, scene: Scene) -> None:
        """Bring the plot up to date; nothing is done where no log grew.

        Growth that is not half a pixel wide changes the readouts only, though after a second the curve too.
        """
        log, state = self._log_of(scene), self._state(scene)
        rows = 0 if log is None else len(log)
        self._scene = scene
        if state == self._drawn:
            if rows == self._rows:
                return
            self._rows = rows
            if not self._grew_visibly(log.last_step) and time.monotonic() - self._drawn_at < _AT_LEAST_EVERY:
                self._read_live()
                self.show_values()
                return
        self._rows = rows
        self._drawn = state
        self._drawn_at = time.monotonic()
        self._drawn_step = -1 if log is None or log.last_step is None else log.last_step
        self._take_levels(scene)
        self._take_overlays(scene.overlays)
        self._take_bands(scene.bands)
        self.redraw()

    def reset(self) -> None:
        super().reset()
        self._fit_y = True
        self._drawn = None
        for live in self._live.values():
            live.track = Track()
        self._scene = None
        self.redraw()

    def redraw(self) -> None:
        """Read what is new, choose the range, hand Qt the points that are visible."""
        if self._busy:
            return
        self._busy = True
        try:
            self._read()
            shown = self._has_points()
            self._show_empty(not any(live.track.length for live in self._visible_live()) and not self._others)
            if shown:
                self._follow_x()
            self._fill(shown)
        finally:
            self._busy = False
        self.show_values()

    def full_view(self) -> None:
        self._fit_y = True
        super().full_view()

    def _grew_visibly(self, last_step: int | None) -> bool:
        low, high = self.view.viewRange()[0]
        before, now = self.map_x(np.array([max(self._drawn_step, 1), max(last_step or 1, 1)])).tolist()
        return before <= high and (now - before) * self.view.width() > 0.5 * (high - low)

    def _state(self, scene: Scene) -> object:
        """All that a drawing depends on, but for the number of rows."""
        log = self._log_of(scene)
        others = tuple((o.name, o.colour, *_mark(self._log_of(o))) for o in scene.overlays)
        bands = tuple(id(band) for band in scene.bands)
        levels = tuple(level.value(scene) for level in self._levels)
        last = scene.events[-1] if scene.events else None
        events = (len(scene.events), last and (last.step, last.key, last.new))
        return (*_mark(log)[:2], others, bands, levels, events)

    def _log_of(self, source: Scene | Overlay):
        return source.metrics if self._source == "metrics" else source.probes

    def _read(self) -> None:
        scene = self._scene
        if scene is None:
            self._markers = self.notes.marks = []
            return
        self._read_live()
        logs = {_run(overlay): self._log_of(overlay) for overlay in scene.overlays}
        for (run, number), other in self._others.items():
            curve = self._curves[number]
            other.track.read(logs[run], curve.metric, self._window if curve.primary else 0)
        found = self._markers = markers(scene.events)
        self.notes.marks = list(
            zip(
                self.map_x(np.array([m.step for m in found], np.float64)).tolist(),
                (
                    m.label if len(m.label) <= _LONGEST_LABEL else m.label[:_LONGEST_LABEL] + "…"
                    for m in found
                ),
                strict=True,
            )
        )

    def _read_live(self) -> None:
        log = self._log_of(self._scene)
        if log is not None:
            for curve in self._curves:
                self._live[curve.metric].track.read(log, curve.metric, self._window if curve.primary else 0)

    def _visible_live(self) -> list[_Live]:
        return [live for key, live in self._live.items() if key not in self._hidden]

    def _tracks(self) -> list[Track]:
        return [live.track for live in (*self._live.values(), *self._others.values()) if live.track.length]

    def _has_points(self) -> bool:
        return bool(self._tracks()) or bool(self._band_items)

    def _follow_x(self) -> None:
        if not self._following:
            return
        tracks = self._tracks()
        if tracks:
            last = max(track.last_step for track in tracks)
        else:
            last = max(float(band.curves[metric][0][-1]) for band, metric, _, _ in self._band_items)
        last = max(last, 10)
        first = 1.0 if self._log[0] else 0.0
        low, high = self.view.viewRange()[0]
        to = float(self.map_x(np.array([last]))[0])
        start = float(self.map_x(np.array([first]))[0]) if self._log[0] else 0.0
        # The view is a little ahead of the run and moves on when the run arrives at its end, so that
        # the axes are not laid out anew in every frame.
        if not (low == start and start + (high - start) * 0.85 <= to <= high):
            self.view.setXRange(start, start + (to - start) * 1.06, padding=0)

    def _fill(self, shown: bool) -> None:
        low, high = self.view.viewRange()[0]
        steps = (10.0**low, 10.0**high) if self._log[0] else (low, high)
        blocks = int(min(2000, max(100, self.view.width())))
        lows: list[float] = []
        highs: list[float] = []

        def bounds(y: NDArray) -> None:
            y = y[np.isfinite(y) & (y > 0)] if self._log[1] else y[np.isfinite(y)]
            if y.size:
                lows.append(float(y.min()))
                highs.append(float(y.max()))

        numbered = {curve.metric: i for i, curve in enumerate(self._curves)}
        drawn = [(numbered[key], live, key) for key, live in self._live.items()]
        drawn += [(number, live, run) for (run, number), live in self._others.items()]
        for number, live, key in drawn:
            curve = self._curves[number]
            smooth = self._window > 0 and curve.primary
            if live.raw is not None:
                x, y = live.track.sample(*steps, blocks, self._log[0], smooth=False) if smooth else _NOTHING
                self.put(live.raw, x, y * curve.scale)
                if key not in self._hidden:
                    bounds(y * curve.scale)
            x, y = live.track.sample(*steps, blocks, self._log[0], smooth=smooth)
            y = y * curve.scale
            if curve.stepped:
                x, y = _stairs(x, y)
            self.put(live.main, x, y)
            if key not in self._hidden:
                bounds(y)
        alone = not lows
        for band, metric, scale, item in self._band_items:
            at, bottom, top = band.curves[metric]
            self.put(item, np.concatenate((at, at[::-1])), np.concatenate((bottom, top[::-1])) * scale)
            if alone and band.healthy:
                bounds(np.concatenate((bottom, top)) * scale)
        for i, (value, item) in enumerate(zip(self._level_values, self._level_items, strict=True)):
            ends = np.array(steps, np.float64)
            self.put(item, ends, np.full(2, np.nan if value is None else value))
            if value is not None and shown and f"level {i}" not in self._hidden:
                bounds(np.array([value]))
        bounds(np.array(self._always, np.float64))
        if lows and shown and self._fit_y:
            self._follow_y(min(lows), max(highs))

    def _follow_y(self, low: float, high: float) -> None:
        low, high = self.map_y(np.array([low, high])).tolist()
        room = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
        labels = self.notes.label_room() / max(40.0, self.view.height())
        low, high = low - room, high + room
        high += (high - low) * labels / max(0.2, 1 - labels)
        have_low, have_high = self.view.viewRange()[1]
        slack = 0.06 * (high - low)
        if not (
            low - slack <= have_low <= low + 0.3 * room and high - 0.3 * room <= have_high <= high + slack
        ):
            self.view.setYRange(low, high, padding=0)

    def _marker_under_mouse(self) -> Marker | None:
        index = self.notes.mark_under_mouse()
        return None if index is None or index >= len(self._markers) else self._markers[index]

    def _click(self) -> None:
        if marker := self._marker_under_mouse():
            self.marker_clicked.emit(marker)

    def _mouse_moved(self, position) -> None:
        super()._mouse_moved(position)
        shape = (
            Qt.CursorShape.PointingHandCursor if self._marker_under_mouse() else Qt.CursorShape.ArrowCursor
        )
        self.plot.viewport().setCursor(shape)

    def _x_moved(self, *_) -> None:
        if not self._busy:
            self._busy = True
            try:
                self._fill(self._has_points())
            finally:
                self._busy = False
            self.notes.update()

    def _moved(self, mask) -> None:
        super()._moved(mask)
        if mask[1]:
            self._fit_y = False

    # Other runs, bands, levels, legend

    def _take_overlays(self, overlays: Sequence[Overlay]) -> None:
        wanted = {
            (_run(overlay), number): overlay
            for overlay in overlays
            for number, curve in enumerate(self._curves)
            if curve.overlay
        }
        for key in [key for key in self._others if key not in wanted]:
            self.remove(self._others.pop(key).main)
        for (run, number), overlay in wanted.items():
            have = self._others.get((run, number))
            if have is None or have.role != overlay.colour:
                if have is not None:
                    self.remove(have.main)
                item = self.line(run, overlay.colour, width=1.2, dash=number > 0, opacity=0.9, z=3)
                have = self._others[run, number] = _Live(item, None, overlay.colour)
            have.name = overlay.name
        self._list(overlays)

    def _take_bands(self, bands: Sequence[Band]) -> None:
        wanted = [
            (band, curve.metric, curve.scale)
            for band in bands
            for curve in self._curves
            if curve.overlay and curve.metric in band.curves and len(band.curves[curve.metric][0])
        ]
        if [(id(b), m) for b, m, _, _ in self._band_items] == [(id(b), m) for b, m, _ in wanted]:
            return
        for *_, item in self._band_items:
            self.remove(item)
        self._band_items = [
            (
                band,
                metric,
                scale,
                self.line(
                    f"band {band.name}",
                    "good" if band.healthy else "bad",
                    width=0,
                    fill=0.16,
                    fill_to="enclosed",
                    z=-10,
                ),
            )
            for band, metric, scale in wanted
        ]
        self._list(self._scene.overlays if self._scene else ())

    def _take_levels(self, scene: Scene) -> None:
        self._level_values = [level.value(scene) for level in self._levels]

    def _list(self, overlays: Sequence[Overlay] = ()) -> None:
        entries = [
            Entry(c.metric, c.name, colour(c.role), "dash" if c.dash else "line", True, c.help)
            for c in self._curves
        ]
        entries += [
            Entry(f"level {i}", level.name, colour(level.role), "dash", True, level.help)
            for i, level in enumerate(self._levels)
            if self._level_values[i] is not None
        ]
        entries += [Entry(_run(o), o.name, o.colour, "thin") for o in overlays]
        for band in {band.name: band for band, *_ in self._band_items}.values():
            kind = "A healthy run" if band.healthy else "A sick run"
            entries.append(
                Entry(
                    f"band {band.name}",
                    band.name,
                    colour("good" if band.healthy else "bad"),
                    "fill",
                    help=f"{kind} of the same recipe, for comparison.",
                )
            )
        self.list_entries(entries)

    def restyle(self) -> None:
        super().restyle()
        self._list(self._scene.overlays if self._scene else ())
        self.redraw()

    # Readout

    def values(self) -> dict[str, str]:
        """The newest value of every live curve."""
        texts = {}
        for curve in self._curves:
            last = self._live[curve.metric].track.last(self._window > 0 and curve.primary)
            texts[curve.metric] = self._text(None if last is None else last * curve.scale)
        return {**texts, **self._level_texts()}

    def _level_texts(self) -> dict[str, str]:
        return {
            f"level {i}": self._text(value) for i, value in enumerate(self._level_values) if value is not None
        }

    def _text(self, value: float | None) -> str:
        if self._unit == "%" and value is not None:
            return f"{value:.1f}%"
        return value_text(value)

    def readout(self, x):
        """Values of all live curves at the row nearest to the mouse."""
        step = 10.0**x if self._log[0] else x
        rows = [
            live.track.nearest_step(step)
            for key, live in self._live.items()
            if live.track.length and key not in self._hidden
        ]
        rows = [row for row in rows if row is not None]
        if not rows:
            return None
        at = min(rows, key=lambda row: abs(row - step))
        texts: dict[str, str] = {}
        dots = []
        place = float(self.map_x(np.array([at], np.float64))[0])
        for curve in self._curves:
            value = self._live[curve.metric].track.value_at(at, self._window > 0 and curve.primary)
            if value is None or curve.metric in self._hidden:
                continue
            value *= curve.scale
            texts[curve.metric] = self._text(value)
            height = float(self.map_y(np.array([value]))[0])
            if np.isfinite(height):
                dots.append((place, height, colour(curve.role)))
        return place, f"step {at:,}", {**texts, **self._level_texts()}, dots

    # Smoothing, menu, data

    @property
    def smoothing(self) -> int:
        """The window of the moving average in steps, 0 for none."""
        return self._window

    def set_smoothing(self, window: int) -> None:
        """Average over about ``window`` steps (see :func:`.smoothing.ema`); 0 shows the data alone."""
        if window != self._window:
            self._window = window
            self.redraw()

    def lasting(self, key: str) -> bool:
        return not key.startswith(_RUN)  # another run goes with the window

    def view_state(self) -> dict[str, Any]:
        return {**super().view_state(), "smoothing": self._window}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        super().restore_view(state)
        window = state.get("smoothing")
        if isinstance(window, int) and 0 <= window <= WINDOWS[-1]:
            self.set_smoothing(window)

    def menu(self) -> QMenu:
        menu = super().menu()
        if any(curve.primary for curve in self._curves):
            menu.insertAction(menu.actions()[0], self._smoothing_action(menu))
        if marker := self._marker_under_mouse():
            first = menu.actions()[0]
            rewind = QAction(f"Rewind to before {marker.label}…", menu)
            rewind.triggered.connect(lambda: self.marker_clicked.emit(marker))
            menu.insertAction(first, rewind)
            menu.insertSeparator(first)
        return menu

    def _smoothing_action(self, menu: QMenu) -> QWidgetAction:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(10, 6, 10, 4)
        label = QLabel()
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance("Smoothing 5000 steps "))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, len(WINDOWS) - 1)
        slider.setPageStep(1)
        slider.setMinimumWidth(110)
        slider.setValue(min(range(len(WINDOWS)), key=lambda i: abs(WINDOWS[i] - self._window)))

        def moved(position: int) -> None:
            window = WINDOWS[position]
            label.setText(f"Smoothing {window} steps" if window else "Smoothing off")
            self.set_smoothing(window)

        moved(slider.value())
        slider.valueChanged.connect(moved)
        row.addWidget(label)
        row.addWidget(slider, 1)
        action = QWidgetAction(menu)
        action.setDefaultWidget(box)
        return action

    def columns(self) -> dict[str, NDArray]:
        """Step and every live curve as measured, then the same of the other runs."""
        table: dict[str, NDArray] = {}
        lengths = [live.track for live in self._live.values() if live.track.length]
        if lengths:
            table["step"] = lengths[0].steps
            for curve in self._curves:
                if self._live[curve.metric].track.length:
                    table[curve.metric] = self._live[curve.metric].track.measured
        runs: dict[str, str] = {}
        for (run, number), other in self._others.items():
            if other.track.length:
                if run not in runs:  # two runs may have one name
                    runs[run] = (
                        other.name
                        if f"{other.name}: step" not in table
                        else f"{other.name} ({len(runs) + 1})"
                    )
                    table[f"{runs[run]}: step"] = other.track.steps
                table[f"{runs[run]}: {self._curves[number].metric}"] = other.track.measured
        return table


_RUN = "run "
_NOTHING = (np.empty(0), np.empty(0))


def _run(overlay: Overlay) -> str:
    """The key of another run; names need not differ."""
    return f"{_RUN}{id(overlay.metrics)}"


def _mark(log) -> tuple:
    return (0, 0, 0) if log is None else (id(log), log.generation, len(log))


def _stairs(x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """Corner points of a curve that keeps its value until the next step."""
    if len(x) < 2:
        return x, y
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
