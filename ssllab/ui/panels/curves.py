"""The curves of a run as its method declares them: what a new scalar needs to be drawn is its declaration."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ssllab.controls import WORLD
from ssllab.scalars import Chart, Series
from ssllab.training.changes import gestures
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.declared_plot import DeclaredPlot, untrained
from ssllab.ui.scene import Scene

if TYPE_CHECKING:
    from ssllab.methods.base import Method

PANELS = ("loss", "accuracy", "perplexity", "probes")  # of a run that is drawn outside of its lab
_HELP = "<p>What the method measures, over the steps of training: its charts come with the method, once it is loaded.</p>"


def panel_charts(
    panel: str, panels: Sequence[str], declared: Mapping[str, Series], charts: Sequence[Chart]
) -> list[Chart]:
    """The charts that ``panel`` shows, one of ``panels``, the first of which takes what belongs to no other.

    Those without a curve are left out; one that scalars name and nobody declared is made.
    """
    curves = [s for s in declared.values() if s.line == "curve" and s.measured != "once"]
    drawn = {name: Chart(name) for series in curves for name in series.charts}
    known = {chart.name: chart for chart in charts if chart.name in drawn}
    return [
        chart
        for chart in {**known, **{name: known.get(name, chart) for name, chart in drawn.items()}}.values()
        if panel == (chart.panel if chart.panel in panels else panels[0])
    ]


class CurvesPanel(ChartPanel):
    """The declared charts whose panel is ``id``. ``panels``: the ids of all panels of curves of the lab."""

    def __init__(self, bench: Bench | None, id: str, title: str, panels: Sequence[str]) -> None:
        super().__init__(cast("Bench", bench))  # the picture of a stored run has none and asks nothing of it
        self.id, self.title, self.help = id, title, _HELP
        self._panels = tuple(panels)
        self._declared: tuple[Mapping[str, Series], Sequence[Chart]] = ({}, ())
        self._views: dict[str, Any] = {}  # of charts by name, also of those that this method lacks
        self._tab = 0
        self._gain = Gain()
        self.add_header(self._gain)
        self._nothing = QLabel("The charts come with the method.")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._box.addWidget(self._nothing, 1)
        self._style()
        if bench is not None:
            bench.loaded.connect(self._take_method)

    def _take_method(self) -> None:
        method = self.bench.methods.get(self.bench.method_name)
        if method is not None:
            self.declare(method.series, method.charts, method.title)

    def declare(
        self, series: Mapping[str, Series], charts: Sequence[Chart], title: str = "This method"
    ) -> None:
        """Show what a method called ``title`` declares."""
        if (series, charts) == self._declared:
            return
        self._declared = (series, charts)
        state = self.view_state()
        chosen = panel_charts(self.id, self._panels, series, charts)
        self.help = "".join(chart.help for chart in chosen) or _HELP
        plots = []
        for chart in chosen:
            here = [s for s in series.values() if chart.name in s.charts and s.line == "curve"]
            for when, name in (("step", chart.name), ("probe", f"{chart.name}, probes")):
                if any(s.measured == when for s in here):
                    alone = all(s.measured == when for s in here)
                    plots.append((chart.name if alone else name, DeclaredPlot(chart, series, when)))
        names = {chart.name for chart in chosen}
        self._gain.declare({n: s for n, s in series.items() if s.untrained and names & set(s.charts)})
        self._nothing.setText(f"{title} measures nothing that is drawn here.")
        self._nothing.setVisible(not plots)
        self._scene = None  # of the charts that go
        self.show_charts(plots)
        self.restore_view(state)

    def suits(self, method: type[Method]) -> bool:
        return bool(panel_charts(self.id, self._panels, method.series, method.charts))

    def draw(self, scene: Scene) -> None:
        super().draw(scene)
        self._gain.draw(scene, self.width())

    def reset(self) -> None:
        super().reset()
        self._gain.say(None)

    def restyle(self) -> None:
        super().restyle()
        self._style()

    def _style(self) -> None:
        self._nothing.setStyleSheet(f"color: {theme.current().muted};")
        self._gain.restyle(self.font())
        if self._scene is not None:
            self.draw(self._scene)

    def view_state(self) -> dict[str, Any]:
        now = super().view_state()
        return {"charts": {**self._views, **now["charts"]}, "tab": now["tab"] if self._charts else self._tab}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """Kept for charts that come with the method, which may be loaded later."""
        charts, tab = state.get("charts"), state.get("tab")
        self._views |= charts if isinstance(charts, dict) else {}
        self._tab = tab if isinstance(tab, int) else self._tab
        super().restore_view(state)


def _world_changed(scene: Scene) -> bool:
    """Whether the untrained model was measured in another world than that of now."""
    controls = scene.config.controls() if scene.config is not None else {}
    return any(
        drag[0].key in controls and controls[drag[0].key].control.group == WORLD
        for drag in gestures(scene.events)
    )


class Gain(QWidget):
    """A large number: how far a scalar has come from the value of the untrained model. Hidden where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.number = QLabel()
        self.words = QLabel()
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.number)
        # Words for the room that is there, not room for the words: the panels beside would move.
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.words, 1)
        self._name, self._series = "", Series("")
        self.hide()

    def declare(self, series: Mapping[str, Series]) -> None:
        """Of these scalars the first is shown."""
        self._name, self._series = next(iter(series.items()), ("", Series("")))
        self.words.setToolTip(f"{self._series.title} now, less that of the model before the first step.")
        self.say(None)

    def draw(self, scene: Scene, width: int) -> None:
        """Bring the number up to date; ``width`` is the room for its words."""
        first = untrained(scene, self._name) if self._name else None
        last = scene.probes.last(self._name) if scene.probes is not None and self._name else None
        if first is None or last is None or not np.isfinite(last):
            self.say(None)
            return
        # Probes scale up what is left of a collapsed model, and may still read it: no gain to be cheered.
        state = scene.verdict.state if scene.verdict is not None else ""
        collapse = state if state.endswith("collapse") else ""
        self.say(self._series.scale * (last - first), cheered=not collapse)
        when = ", before the world was changed" if _world_changed(scene) else ""
        when += f"; {collapse}" if collapse else ""
        points = "points" if self._series.percent else self._series.unit
        room = width - self.number.sizeHint().width() - 24
        said = [
            f"{points}{what}".strip()
            for what in (
                f" of {self._series.title} over the untrained model{when}",
                f" of {self._series.title} over untrained{when}",
                f" over untrained{when}",
                *([" over untrained, in another world"] if when else []),
            )
        ]
        fits = (text for text in said if self.words.fontMetrics().horizontalAdvance(text) <= room)
        self.words.setText(next(fits, said[-1]))

    def say(self, gain: float | None, *, cheered: bool = True) -> None:
        """Show the number; nothing for None. In the colour of good news only where it is ``cheered``."""
        self.setVisible(gain is not None)
        if gain is None:
            return
        text = f"{round(gain):+d}".replace("-", "−") if round(gain) else "±0"
        now = theme.current()
        better = -gain if self._series.better == "lower" else gain
        good = now.good if cheered else now.muted
        style = f"color: {good if better >= 0.5 else now.bad if better < -0.5 else now.text};"
        if (text, style) != (self.number.text(), self.number.styleSheet()):
            self.number.setText(text)
            self.number.setStyleSheet(style)

    def restyle(self, font: QFont) -> None:
        """Colours and fonts from the theme in force."""
        now = theme.current()
        palette = self.palette()
        palette.setColor(self.backgroundRole(), now.surface)
        self.setPalette(palette)
        self.words.setFont(font)
        self.words.setStyleSheet(f"color: {now.muted};")
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setBold(True)
        self.number.setFont(font)
        self.number.setText("")
