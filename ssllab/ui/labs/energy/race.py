"""The race: methods or remedies from one seed, every curve in the same axes."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QToolButton, QWidget, QWidgetAction

from ssllab.controls import WORLD
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.sweep import Picture, Plan, Sweep
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.export import FrameCall, frame_of
from ssllab.ui.plots.legend import Entry
from ssllab.ui.setup import settings_words

if TYPE_CHECKING:
    from ssllab.experiments.contenders import Contender
    from ssllab.experiments.race import Course
    from ssllab.scalars import Series
    from ssllab.ui.plots.stroke import Stroke

STEPS = 300  # of each run, at first
_FIRST = ("position_r2", "knn_top1")  # what is measured at first, where it is


class Choice(QToolButton):
    """Who takes part, and whether side by side: a menu of boxes that stays open."""

    def __init__(self) -> None:
        super().__init__(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Who takes part, and in which order they train")
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setMenu(QMenu(self))
        self.together = QCheckBox("Side by side, in turns of ten steps")
        self.together.setToolTip("All curves grow at once; else one run comes after the other")
        self.together.setChecked(True)
        self._boxes: dict[Contender, QCheckBox] = {}
        self._add(self.together)
        self.menu().addSeparator()
        self._say()

    @property
    def all(self) -> tuple[Contender, ...]:
        """Everyone there is."""
        return tuple(self._boxes)

    @property
    def chosen(self) -> list[Contender]:
        """Those that take part."""
        return [one for one, box in self._boxes.items() if box.isChecked()]

    def offer(self, contenders: Sequence[Contender], chosen: Sequence[Contender]) -> None:
        """These from now on; of those that were there before the choice stays."""
        if tuple(contenders) == self.all:
            return
        before = {one: box.isChecked() for one, box in self._boxes.items()}
        for action in self.menu().actions()[2:]:
            self.menu().removeAction(action)
        self._boxes = {}
        for one in contenders:
            self._boxes[one] = box = QCheckBox(one.title)
            box.setChecked(before.get(one, one in chosen))
            box.toggled.connect(self._say)
            self._add(box)
        self._say()

    def _add(self, box: QCheckBox) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(10, 3, 14, 3)
        row.addWidget(box)
        action = QWidgetAction(self.menu())
        action.setDefaultWidget(holder)
        self.menu().addAction(action)

    def _say(self) -> None:
        self.setText(f"{len(self.chosen)} take part ▾")


class RaceChart(Chart, Picture):
    """Every course in the same axes, by the measure that is chosen."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            x_label="step",
            y_label="",
            hint="Start the race: every contender's curve grows here",
            can_log=(True, True),
            empty=((0, STEPS), (0, 105)),
        )
        self._bench = bench
        self._courses: dict[Contender, Course] = {}
        self._within: dict[Contender, Course] | None = (
            None  # what the axes show, where that is not what is drawn
        )
        self._unseen: RaceChart | None = None  # what frames of a film are painted by
        self._lines: dict[Contender, Stroke] = {}
        self._wanted = ""  # the measure that the person asked for
        self.choice = Choice()
        self.measure = QComboBox()
        self.measure.setToolTip("What the curves show. Losses of different methods cannot be compared.")
        self.measure.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.measure.setMinimumContentsLength(8)
        self.measure.activated.connect(self._ask)
        self.measure.hide()
        self.controls: Sequence[QWidget] = (self.choice, self.measure)
        for signal in (bench.loaded, bench.data_loaded):
            signal.connect(self._offer)
        self._offer()

    # What is offered

    def _offer(self, *_: object) -> None:
        """Everyone in the lab who learns from the present data; at first all remedies of a method that has them, else all
        methods that are ours."""
        if self._bench.data is None or not self._bench.methods:
            return
        from ssllab.experiments.contenders import contenders
        from ssllab.methods.registry import ours

        found = contenders(self._bench.methods.values(), self._bench.data.kind)
        remedies = [one for one in found if one.remedy]
        self.choice.offer(found, remedies or [one for one in found if one.method in ours()])

    def _series(self) -> dict[str, Series]:
        """What was measured and is declared, the most telling first."""
        from ssllab.methods.registry import methods

        every = methods()
        declared: dict[str, Series] = {}
        for one in self._courses:
            if one.method in every:
                declared = {**every[one.method].series, **declared}
        measured = {name for course in self._courses.values() for name in course.values}
        found = {name: series for name, series in declared.items() if name in measured}
        order = sorted(found, key=lambda name: (name not in _FIRST, -found[name].headline))
        return {name: found[name] for name in order if found[name].line == "curve"}

    def _ask(self, _index: int) -> None:
        self._wanted = self.measure.currentData() or ""
        self.redraw()

    # Drawing

    def show_results(self, results: Mapping[Contender, Course]) -> None:
        if dict(results) == self._courses:
            return
        self._courses = dict(results)
        series = self._series()
        if list(series) != [self.measure.itemData(i) for i in range(self.measure.count())]:
            self.measure.clear()
            for name, measured in series.items():
                self.measure.addItem(measured.title, name)
            self.measure.setCurrentIndex(max(0, self.measure.findData(self._wanted)))
            self.measure.setVisible(bool(series))
        for one in [one for one in self._lines if one not in self._courses]:
            self.remove(self._lines.pop(one))
        for one in self._courses:
            if one not in self._lines:
                self._lines[one] = self.line(_key(one), self._role(one), width=2, dash=not one.remedy, z=3)
        self._list()
        self.redraw()

    def _role(self, one: Contender) -> str:
        """A colour that is its own whoever else takes part."""
        among = self.choice.all or tuple(self._courses)
        return str(among.index(one) if one in among else len(among))

    def _points(self, course: Course) -> tuple[NDArray, NDArray]:
        """Steps at which the measure is known, and it as it is shown."""
        name = self.measure.currentData()
        values = np.array(course.values.get(name, ()), float)
        scale = self._series()[name].scale if len(values) else 1.0
        known = np.isfinite(values)
        return np.array(course.steps[: len(values)], float)[known], values[known] * scale

    def redraw(self) -> None:
        self._show_empty(not self._courses)
        series = self._series().get(self.measure.currentData())
        self.name_axis(f"{series.title} ({series.shown_unit})".replace(" ()", "") if series else "")
        for one, line in self._lines.items():
            self.put(line, *self._points(self._courses[one]))
        lows, highs, last = [], [], float(max(1, self.steps))
        for one, course in (self._within or self._courses).items():
            x, y = self._points(course)
            last = max(last, *x) if len(x) else last
            if len(y) and _key(one) not in self._hidden:
                lows.append(float(y.min()))
                highs.append(float(y.max()))
        if lows:
            first = 1.0 if self.log[0] else 0.0
            low = min(lows) if self.log[1] else min(0.0, *lows)
            self.frame((first, last), (low, max(highs) if max(highs) > low else low + 1.0))
        self.show_values()

    def frames(self) -> Sequence[FrameCall]:
        """The curves as they grew, in the axes of the whole."""
        return [partial(self._frame, step) for step in self._steps()]

    def _steps(self) -> list[int]:
        return sorted({step for course in self._courses.values() for step in course.steps})

    def _frame(self, step: int) -> NDArray[np.uint8]:
        if self._unseen is None:
            self._unseen = RaceChart(self._bench)
            self._unseen.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            self._unseen.show()
        unseen = self._unseen
        unseen.resize(self.size())
        unseen.restyle()
        unseen._within = self._courses
        so_far = {one: course.until(step) for one, course in self._courses.items()}

        def show() -> None:
            unseen.show_results(so_far)
            unseen.restore_view({**self.view_state(), "measure": self.measure.currentData()})
            unseen.redraw()

        return unseen.tools.without_buttons(lambda: frame_of(unseen, show))

    def _list(self) -> None:
        self.list_entries(
            [
                Entry(
                    _key(one),
                    one.title,
                    colour(self._role(one)),
                    "line" if one.remedy else "dash",
                    valued=True,
                )
                for one in self._courses
            ]
        )

    def _said(self, value: float) -> str:
        series = self._series().get(self.measure.currentData())
        return series.said(value / series.scale) if series is not None else ""

    def values(self) -> dict[str, str]:
        found = {}
        for one in self._courses:
            _, y = self._points(self._courses[one])
            found[_key(one)] = self._said(float(y[-1])) if len(y) else ""
        return found

    def readout(self, x: float) -> Readout | None:
        step = 10.0**x if self.log[0] else x
        steps = sorted({at for course in self._courses.values() for at in self._points(course)[0].tolist()})
        if not steps:
            return None
        near = min(steps, key=lambda at: abs(at - step))
        place = float(self.map_x(np.array([near]))[0])
        values, dots = {}, []
        for one in self._courses:
            at, y = self._points(self._courses[one])
            here = y[at == near]
            if len(here) and _key(one) not in self._hidden:
                values[_key(one)] = self._said(float(here[0]))
                dots.append((place, float(self.map_y(here[:1])[0]), colour(self._role(one))))
        return place, f"step {near:,.0f}", values, dots

    def columns(self) -> dict[str, NDArray]:
        steps = self._steps()
        if not steps:
            return {}
        table: dict[str, NDArray] = {"step": np.array(steps)}
        for one, course in self._courses.items():
            row = {at: number for number, at in enumerate(course.steps)}
            for name in self._series():
                values = course.values.get(name)
                if values is not None:
                    told = [values[row[at]] if at in row else math.nan for at in steps]
                    table[f"{_key(one)} {name}"] = np.array(told)
        return table

    def restyle(self) -> None:
        super().restyle()
        self._list()

    def view_state(self) -> dict[str, Any]:
        return {"measure": self._wanted, "together": self.choice.together.isChecked(), **super().view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self._wanted = str(state.get("measure") or "")
        self.measure.setCurrentIndex(max(0, self.measure.findData(self._wanted)))
        if isinstance(state.get("together"), bool):
            self.choice.together.setChecked(state["together"])
        super().restore_view(state)


def _key(one: Contender) -> str:
    """In saved tables and for the legend."""
    return f"{one.method} {one.remedy}".strip()


def _to_plain(results: Mapping[Contender, Course]) -> Any:
    from ssllab.experiments.race import to_plain

    return to_plain(results)


def _from_plain(rows: Any) -> Mapping[Contender, Course]:
    from ssllab.experiments.race import from_plain

    return from_plain(rows)


def _world(bench: Bench) -> list[str]:
    """The controls of the world in which all learn: the background, and what is not as at first."""
    if bench.config is None:
        return []
    now, found = bench.config.model_dump(), {}
    for key, spec in bench.config.controls().items():
        if spec.control.group != WORLD or not bench.config.matters(key):
            continue
        if key == "background" or now[key] != spec.default:
            found[key] = now[key]
    return [settings_words(found)] if found else []


def _plan(bench: Bench, settings: RunSettings, data: Any, picture: RaceChart) -> Plan | str:
    from ssllab.experiments.race import Race

    chosen, together = picture.choice.chosen, picture.choice.together.isChecked()
    if not chosen:
        return "Nobody takes part: choose some in the race's menu."
    words = ["side by side" if together else "one after the other", *_world(bench)]
    return Plan(lambda steps: Race(settings, data, steps, chosen, together), ", ".join(words))


RACE = Sweep(
    id="race",
    title="Race",
    help="""
    <h3>Race</h3>
    <p>Short runs from one seed with the settings of the controls, as far as each contender has them, every curve in the
    same axes: the six remedies of JEPA on clips, and the methods of two views on images. A menu says who takes part, a
    box what is measured. <b>Side by side</b> they take turns of ten steps and all curves grow at once; else one run
    comes after the other. What comes out is the same.</p>
    <p><b>How to read it.</b> Begin with what is known (position, or kNN), then spread and rank: a curve that stays at
    what the untrained model knew, with a spread near 0, has collapsed. Losses of different methods are in units of
    their own, and the lowest of them is often that of a collapsed model.</p>
    <p>The curves are kept with the workspace; the menu saves them as picture, as CSV, and as a film of how they grew.</p>
    """,
    picture=RaceChart,
    plan=_plan,
    note="Who takes part learns from the same seed and the same data.",
    name="The race",
    steps=STEPS,
    button="Start the race",
    to_plain=_to_plain,
    from_plain=_from_plain,
    tip="Short runs with the present settings; the live run pauses meanwhile.",
)
