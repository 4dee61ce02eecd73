"""A plot over steps that lists only what its run measures: how many groups a codebook has differs from run to run."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence

from ssllab.ui.panel import Overlay, Scene
from ssllab.ui.plots.curves import legend_entries
from ssllab.ui.plots.time_plot import TimePlot


class MeasuredPlot(TimePlot):
    """A :class:`TimePlot` whose legend leaves out curves that were never measured; all before the first."""

    _measured: frozenset[str] = frozenset()

    def draw(self, scene: Scene) -> None:
        log = self._log_of(scene)
        names = frozenset(() if log is None else log.names)
        if names != self._measured:
            self._measured = names
            self._list(scene.overlays)
        super().draw(scene)

    def reset(self) -> None:
        self._measured = frozenset()
        super().reset()
        self._list()

    def _list(self, overlays: Sequence[Overlay] = ()) -> None:
        curves = [c for c in self._curves if c.metric in self._measured] or self._curves[:1]
        bands = [band for band, *_ in self._band_items]
        self.list_entries(legend_entries(curves, self._levels, self._level_values, overlays, bands))
