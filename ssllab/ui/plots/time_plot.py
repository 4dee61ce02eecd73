"""Curves over training steps: live, smoothed, beside other runs and reference bands, with their changes.

A run of a million steps is drawn from a pyramid of minima and maxima (:mod:`.decimation`) that grows with
the log: one frame hands Qt some points per pixel column, whatever the length.
"""

# Overridden methods are documented in their base class.

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu

from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.change_markers import ChangeMarkers
from ssllab.ui.plots.chart import Chart, Readout, colour, tool
from ssllab.ui.plots.curves import (
    RUN,
    Curve,
    Level,
    LiveCurve,
    band_looks,
    legend_entries,
    level_key,
    run_key,
    stairs,
    table_of,
)
from ssllab.ui.plots.ranges import ahead_of, around
from ssllab.ui.plots.smoothing_slider import WINDOWS, smoothing_slider
from ssllab.ui.plots.stroke import Stroke
from ssllab.ui.plots.track import Track
from ssllab.ui.scene import Band, Overlay, Scene

if TYPE_CHECKING:
    from ssllab.training.metrics import MetricsLog

__all__ = ["Curve", "Level", "TimePlot"]

_AT_LEAST_EVERY = 1.0  # seconds between two drawings of a growing curve


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
        self._live: dict[str, LiveCurve] = {}
        self._others: dict[tuple[str, int], LiveCurve] = {}  # (key of the run, curve number)
        self._band_items: list[tuple[Band, str, float, Stroke]] = []
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
        self._live = {curve.metric: self._live_curve(curve) for curve in self._curves}
        self._level_items = [
            self.line(level_key(i), level.role, width=1.4, dash=True, z=2)
            for i, level in enumerate(self._levels)
        ]
        self.changes = ChangeMarkers(self.view, self.notes, self.plot)
        self.changes.clicked.connect(self.marker_clicked)
        self.view.sigXRangeChanged.connect(self._x_moved)
        self.view.sigResized.connect(self._x_moved)
        self.smooth_button = tool("≈", "Smooth the curves: an average over some steps")
        self.smooth_button.clicked.connect(self._ask_smoothing)
        self._buttons += (self.smooth_button,)
        self.head.insertWidget(1, self.smooth_button, 0, Qt.AlignmentFlag.AlignTop)
        self._style_buttons()
        self._list()

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these in place of the present ones; how they are looked at stays."""
        gone = [curve for curve in self._curves if curve not in curves]
        kept = {metric: live for metric, live in self._live.items() if metric not in {c.metric for c in gone}}
        for curve in gone:
            live = self._live[curve.metric]
            for item in (live.main, live.raw):
                if item is not None:
                    self.remove(item)
        for other in self._others.values():  # they know their curve by its number
            self.remove(other.main)
        self._others = {}
        self._put_bands(())
        self._curves = tuple(curves)
        self._live = {c.metric: kept.get(c.metric) or self._live_curve(c) for c in self._curves}
        self._drawn = None
        self._list(self._scene.overlays if self._scene else ())

    def _live_curve(self, curve: Curve) -> LiveCurve:
        key = curve.metric
        raw = self.line(key, curve.role, width=1, opacity=0.32, z=4) if curve.primary else None
        main = self.line(key, curve.role, width=1.4 if curve.dash else 2.0, dash=curve.dash, z=5)
        return LiveCurve(main, raw, curve.role)

    # Drawing

    def draw(self, scene: Scene) -> None:
        """Bring the plot up to date; nothing is done where no log grew.

        Growth that is not half a pixel wide changes the readouts only, though after a second the curve too.
        """
        log, state = self._log_of(scene), self._state(scene)
        rows, newest = (0, None) if log is None else (len(log), log.last_step)
        self._scene = scene
        if state == self._drawn:
            if rows == self._rows:
                return
            self._rows = rows
            if not self._grew_visibly(newest) and time.monotonic() - self._drawn_at < _AT_LEAST_EVERY:
                self._read_live(scene)
                self.show_values()
                return
        self._rows = rows
        self._drawn = state
        self._drawn_at = time.monotonic()
        self._drawn_step = -1 if newest is None else newest
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
            drawn = self._others or (self._band_items and not self._tracks())  # no words are written over it
            self._show_empty(not drawn and not any(live.track.length for live in self._visible_live()))
            if shown:
                self._follow_x()
            self._fill(shown)
        finally:
            self._busy = False
        self.show_values()

    def _show_empty(self, empty: bool) -> None:
        waits = self._hint
        if empty and any(live.track.length for live in self._live.values()):
            self._hint = "Hidden: a click on its name above brings a curve back."
        super()._show_empty(empty)
        self._hint = waits

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
        bands = tuple(id(band) for band in scene.bands), scene.no_bands
        levels = tuple(level.value(scene) for level in self._levels)
        last = scene.events[-1] if scene.events else None
        events = (len(scene.events), last and (last.step, last.key, last.new))
        return (*_mark(log)[:2], others, bands, levels, events)

    @overload
    def _log_of(self, source: Overlay) -> MetricsLog: ...
    @overload
    def _log_of(self, source: Scene) -> MetricsLog | None: ...
    def _log_of(self, source: Scene | Overlay) -> MetricsLog | None:
        return source.metrics if self._source == "metrics" else source.probes

    def _read(self) -> None:
        scene = self._scene
        if scene is None:
            self.changes.show((), self.map_x)
            return
        self._read_live(scene)
        logs = {run_key(overlay): self._log_of(overlay) for overlay in scene.overlays}
        for (run, number), other in self._others.items():
            curve = self._curves[number]
            other.track.read(logs[run], curve.metric, self._window if curve.primary else 0)
        self.changes.show(scene.events, self.map_x)

    def _read_live(self, scene: Scene) -> None:
        log = self._log_of(scene)
        if log is not None:
            for curve in self._curves:
                self._live[curve.metric].track.read(log, curve.metric, self._window if curve.primary else 0)

    def _visible_live(self) -> list[LiveCurve]:
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
        start, to = self.map_x(np.array([first, last])).tolist()
        if wanted := ahead_of(start, to, tuple(self.view.viewRange()[0])):
            self.view.setXRange(*wanted, padding=0)

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
                x, y = stairs(x, y)
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
            if value is not None and shown and level_key(i) not in self._hidden:
                bounds(np.array([value]))
        bounds(np.array(self._always, np.float64))
        if lows and shown and self._fit_y:
            self._follow_y(min(lows), max(highs))

    def _follow_y(self, low: float, high: float) -> None:
        low, high = self.map_y(np.array([low, high])).tolist()
        top = self.notes.label_room() / max(40.0, self.view.height())
        if wanted := around(low, high, tuple(self.view.viewRange()[1]), top):
            self.view.setYRange(*wanted, padding=0)

    def _x_moved(self, *_: object) -> None:
        if not self._busy:
            self._busy = True
            try:
                self._fill(self._has_points())
            finally:
                self._busy = False
            self.notes.update()

    def _moved(self, mask: Sequence[bool]) -> None:
        super()._moved(mask)
        if mask[1]:
            self._fit_y = False

    # Other runs, bands, levels, legend

    def _take_overlays(self, overlays: Sequence[Overlay]) -> None:
        wanted = {
            (run_key(overlay), number): overlay
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
                item = self.line(run, overlay.colour, width=1.2, dash=number > 0, z=3)
                have = self._others[run, number] = LiveCurve(item, None, overlay.colour)
            have.name = overlay.name
        self._list(overlays)

    def _take_bands(self, bands: Sequence[Band]) -> None:
        wanted = [
            (band, curve)
            for band in bands
            for curve in self._curves
            if curve.overlay and curve.metric in band.curves and len(band.curves[curve.metric][0])
        ]
        # The first curve has all its bands. Those of several would hide one another: of others the healthy one is drawn.
        first = next((curve for curve in self._curves for _, c in wanted if c is curve), None)
        wanted = [(band, curve) for band, curve in wanted if curve is first or band.healthy]
        if [(id(b), m) for b, m, *_ in self._band_items] == [(id(b), c.metric) for b, c in wanted]:
            return
        looks = band_looks(band for band, _ in wanted)
        self._put_bands(
            (
                band,
                curve,
                f"band {band.name}",
                *(looks[band.name] if curve is first else (curve.role, False)),
                0.16,
            )
            for band, curve in wanted
        )
        self._list(self._scene.overlays if self._scene else ())

    def _put_bands(self, bands: Iterable[tuple[Band, Curve, str, str, bool, float]]) -> None:
        """Draw these in place of the present ones: band, curve, key, role, dashed edge, opacity of each."""
        for *_, item in self._band_items:
            self.remove(item)
        self._band_items = []
        for band, curve, key, role, dash, opacity in bands:
            item = self.line(
                key, role, width=1, dash=dash, opacity=0.5, fill=opacity, fill_to="enclosed", z=-10
            )
            self._band_items.append((band, curve.metric, curve.scale, item))

    def _take_levels(self, scene: Scene) -> None:
        self._level_values = [level.value(scene) for level in self._levels]

    def _list(self, overlays: Sequence[Overlay] = ()) -> None:
        self.smooth_button.setVisible(any(curve.primary for curve in self._curves))
        bands = [band for band, *_ in self._band_items]
        missing = self._scene.no_bands if self._scene else None
        self.list_entries(
            legend_entries(self._curves, self._levels, self._level_values, overlays, bands, missing)
        )

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
            level_key(i): self._text(value) for i, value in enumerate(self._level_values) if value is not None
        }

    def _text(self, value: float | None) -> str:
        if self._unit == "%" and value is not None:
            return f"{value:.1f}%"
        return value_text(value)

    def readout(self, x: float) -> Readout | None:
        """Values of all live curves at the row nearest to the mouse."""
        step = 10.0**x if self._log[0] else x
        rows = [
            row
            for key, live in self._live.items()
            if live.track.length
            and key not in self._hidden
            and (row := live.track.nearest_step(step)) is not None
        ]
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
            self.smooth_button.setText(f"≈ {window}" if window else "≈")
            self.redraw()

    def _ask_smoothing(self) -> None:
        menu = QMenu(self)
        menu.addAction(smoothing_slider(menu, self._window, self.set_smoothing))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.smooth_button.mapToGlobal(self.smooth_button.rect().bottomLeft()))

    def lasting(self, key: str) -> bool:
        return not key.startswith(RUN)  # another run goes with the window

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
            menu.insertAction(menu.actions()[0], smoothing_slider(menu, self._window, self.set_smoothing))
        self.changes.add_to(menu)
        return menu

    def columns(self) -> dict[str, NDArray]:
        return table_of(self._curves, self._live, self._others)


_NOTHING = (np.empty(0), np.empty(0))


def _mark(log: MetricsLog | None) -> tuple[int, int, int]:
    return (0, 0, 0) if log is None else (id(log), log.generation, len(log))
