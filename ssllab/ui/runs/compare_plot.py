"""One metric of several stored runs over steps, with a readout for each; optionally mean and deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ssllab.scalars import Series
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.smoothing import ema
from ssllab.ui.plots.time_plot import Curve, TimePlot
from ssllab.ui.scene import Band, Overlay, Scene


class ComparePlot(TimePlot):
    """:class:`TimePlot` without a live run: every curve is a run, every shaded area belongs to one."""

    def __init__(self, metric: str, probe: bool, series: Series) -> None:
        self._logs: set[int] = set()
        self.series = series
        self.quantity = metric  # QPaintDevice has a method of the name metric
        super().__init__(
            # Probes are few and exact: an average over steps would only show them late.
            [Curve(metric, series.title, "muted", series.scale, primary=not probe)],
            y_label=series.title,
            unit=series.shown_unit,
            hint="These runs have not measured this.",
            source="probes" if probe else "metrics",
            empty_y=(0.0, series.scale),
        )

    def show_runs(self, overlays: Sequence[Overlay], bands: Sequence[Band] = ()) -> None:
        """Draw these runs (their names must differ); a band is drawn in the colour of the run of its name."""
        self._logs = {id(overlay.metrics) for overlay in overlays}
        self.draw(Scene(state="ready", overlays=tuple(overlays), bands=tuple(bands)))

    def draws(self, overlay: Overlay) -> bool:
        """Whether this run is drawn already."""
        return id(overlay.metrics) in self._logs

    def redraw(self) -> None:
        super().redraw()
        # A run that lacks the metric is listed but has nothing to draw; say so when no run has it.
        self._show_empty(not any(other.track.length for other in self._others.values()))

    def values(self) -> dict[str, str]:
        smooth = self._window > 0
        return {run: self._said(other.track.last(smooth)) for (run, _), other in self._others.items()}

    def readout(self, x: float) -> Any:
        step = 10.0**x if self._log[0] else x
        shown = {
            run: other
            for (run, _), other in self._others.items()
            if other.track.length and run not in self._hidden
        }
        near = [row for other in shown.values() if (row := other.track.nearest_step(step)) is not None]
        if not near:
            return None
        at = min(near, key=lambda row: abs(row - step))
        place = float(self.map_x(np.array([at], np.float64))[0])
        texts, dots = {}, []
        for run, other in shown.items():
            if at > other.track.last_step:
                continue
            value = other.track.value_at(at, self._window > 0)
            if value is None:
                continue
            texts[run] = self._said(value)
            height = float(self.map_y(np.array([value * self._curves[0].scale]))[0])
            if np.isfinite(height):
                dots.append((place, height, other.role))
        return place, f"step {at:,}", texts, dots

    def _said(self, value: float | None) -> str:
        return self._text(None if value is None else value * self._curves[0].scale)

    def _list(self, overlays: Sequence[Overlay] = ()) -> None:
        self.smooth_button.hide()  # one choice above smooths both plots
        self.list_entries(
            [Entry(run, other.name, other.role, "line", True) for (run, _), other in self._others.items()]
        )

    def set_smoothing(self, window: int) -> None:
        if window != self._window:
            self._window = window
            self._take_bands(self._scene.bands if self._scene else ())
            self.redraw()

    def _take_bands(self, bands: Sequence[Band]) -> None:
        """A band is averaged as the mean that it belongs to: the mean stays in its middle."""
        bands = [self._averaged(band) for band in bands if self.quantity in band.curves]
        ends = [np.concatenate(band.curves[self.quantity][1:]) for band in bands]
        around = np.concatenate(ends) * self._curves[0].scale if ends else np.empty(0)
        around = around[np.isfinite(around)]
        self._always = (float(around.min()), float(around.max())) if around.size else ()
        owners = {other.name: (run, other.role) for (run, _), other in self._others.items()}
        self._put_bands(
            (band, self._curves[0], *owners[band.name], False, 0.2)
            for band in bands
            if band.name in owners and len(band.curves[self.quantity][0])
        )

    def _averaged(self, band: Band) -> Band:
        steps, low, high = band.curves[self.quantity]
        window = self._window if self._curves[0].primary else 0
        averaged = steps, ema(steps, low, window)[0], ema(steps, high, window)[0]
        return replace(band, curves={self.quantity: averaged})
