"""A plot over steps made from the declarations of a method's scalars; it lists only what its run measures."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ssllab import scalars
from ssllab.scalars import Series, form_of, series_of
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot
from ssllab.ui.scene import Scene

PALETTE = tuple("01234567")  # roles of the theme that tell curves apart


class DeclaredPlot(TimePlot):
    """``chart`` with those of ``declared`` that stand in it and are measured ``when``, in every step or by a probe."""

    def __init__(self, chart: scalars.Chart, declared: Mapping[str, Series], when: str = "step") -> None:
        self._declared = {
            name: series
            for name, series in declared.items()
            if chart.name in series.charts and series.measured in (when, "once")
        }
        self._measured: tuple[str, ...] = ()
        self._offered: set[str] = (
            set()
        )  # of those that are shown on demand: what was hidden, or was asked for
        constants = {name: series for name, series in self._declared.items() if series.measured == "once"}
        levels = [Level(s.name, _constant(n, s), s.role, s.help) for n, s in constants.items()]
        for name, series in self._declared.items():
            if series.untrained:
                about = f"{series.name} before the first step."
                levels.insert(0, Level("untrained", _untrained(name, series), "warn", about))
        self._waits = chart.hint or f"Press Start: {chart.name} appears here"
        super().__init__(
            self._curves_of(()),
            y_label=chart.label or chart.name,
            unit=next(series.shown_unit for series in self._declared.values()),
            levels=levels,
            source="metrics" if when == "step" else "probes",
            hint=self._waits,
            always=chart.always,
            empty_y=chart.empty,
            log_y=chart.log,
        )

    def draw(self, scene: Scene) -> None:
        log = self._log_of(scene)
        names = () if log is None else log.names
        self._take_names(names)
        self._hint = self._missing(scene, names if log is not None and len(log) else None) or self._waits
        super().draw(scene)

    def _missing(self, scene: Scene, names: tuple[str, ...] | None) -> str:
        """Why nothing will be drawn here, of what was measured (``names``, None before that); "" where something may."""
        needs = [
            series.when.split(" and ") for series in self._declared.values() if series.measured != "once"
        ]
        unlabelled = scene.thumbnails is not None and "label" not in scene.thumbnails.colourings
        if unlabelled and needs and all("labels" in words for words in needs):
            return "This needs labels, and the data has none."
        if names is None or any(form_of(self._declared, name) for name in names):
            return ""
        common = set(needs[0]).intersection(*needs[1:]) if needs else set()
        wanted = sorted(filter(None, common or {word for words in needs for word in words}))
        return f"Not measured here: it needs {' and '.join(wanted)}." if wanted else "Not measured here."

    def reset(self) -> None:
        self._take_names(())
        super().reset()

    def _take_names(self, names: tuple[str, ...]) -> None:
        if names != self._measured:
            self._measured = names
            curves = self._curves_of(names)
            if curves != list(self._curves):
                new = {
                    c.metric for c in curves if not series_of(self._declared, c.metric).shown
                } - self._offered
                self._offered |= new
                self._hidden |= new
                self.set_curves(curves)
                self.legend.set_hidden(self._hidden)

    def view_state(self) -> dict[str, Any]:
        asked_for = {"shown": sorted(self._offered - self._hidden)} if self._offered else {}
        return super().view_state() | asked_for

    def restore_view(self, state: Mapping[str, Any]) -> None:
        hidden, shown = state.get("hidden"), state.get("shown")
        if isinstance(shown, list):
            self._offered |= {name for name in shown if isinstance(name, str)}
        elif isinstance(hidden, list):  # nobody was asked then
            state = {**state, "hidden": [*hidden, *(self._offered & self._hidden)]}
        super().restore_view(state)

    def _curves_of(self, names: Iterable[str]) -> list[Curve]:
        """Those of ``names`` that are declared, families together; before the first value what needs no condition."""
        wanted = {name: series for name, series in self._declared.items() if series.measured != "once"}
        places = {form: place for place, form in enumerate(wanted)}
        families = min((place for form, place in places.items() if "{" in form), default=0)
        measured = [(name, form) for name in names if (form := form_of(wanted, name))]
        if not measured:
            measured = [(name, name) for name, s in wanted.items() if not s.when and "{" not in name]
        measured.sort(key=lambda known: families if "{" in known[1] else places[known[1]])
        curves, members = [], dict.fromkeys(wanted, 0)
        for name, form in measured:
            curves.append(_curve(name, series_of(wanted, name), members[form]))
            members[form] += 1
        return _told_apart(curves)


def _told_apart(curves: list[Curve]) -> list[Curve]:
    """Solid lines of one colour get the next ones that no other has: a person's declarations rarely name colours."""
    free = [role for role in PALETTE if role not in {curve.role for curve in curves}]
    taken: set[str] = set()
    found = []
    for curve in curves:
        if not curve.dash and curve.role in taken and free:
            curve = replace(curve, role=free.pop(0))
        taken |= set() if curve.dash else {curve.role}
        found.append(curve)
    return found


def _curve(name: str, series: Series, member: int) -> Curve:
    """The curve of a scalar; ``member`` is its number in its family, of which other runs draw the first alone."""
    reference = series.line == "reference"
    place = int(series.role) + member if series.role.isdigit() else 0
    return Curve(
        name,
        series.name,
        str(place) if series.role.isdigit() else series.role,
        series.scale,
        dash=series.dash or reference or place >= len(PALETTE),  # the colours come again
        stepped=reference,
        overlay=series.overlay and not reference and not member,
        primary=series.measured == "step" and not reference,  # probes are few and exact
        help=series.help,
    )


def _constant(name: str, series: Series) -> Callable[[Scene], float | None]:
    def value(scene: Scene) -> float | None:
        found = scene.constants.get(name)
        return None if found is None else series.scale * found

    return value


def _untrained(name: str, series: Series) -> Callable[[Scene], float | None]:
    def value(scene: Scene) -> float | None:
        found = untrained(scene, name)
        return None if found is None else series.scale * found

    return value


def untrained(scene: Scene, name: str) -> float | None:
    """The first measured value of a probe: that of the model before it learned."""
    if scene.probes is None:
        return None
    values = scene.probes.column(name)[1]
    good = np.flatnonzero(np.isfinite(values[:64]))
    return float(values[good[0]]) if good.size else None
