"""How much of its context the board's first model uses: the loss when all that is further away is blurred."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from ssllab.looks import ContextUse
from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.legend import Entry
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.data.text.types import TextData
    from ssllab.text.symbols import Units

_WAYS = (("shuffled", "0"), ("hidden", "1"))


class BlurChart(Chart):
    """The loss against how many symbols stay as they are, both ways; the measurement before is dashed."""

    def __init__(self) -> None:
        super().__init__(
            x_label="nearest symbols that stay as they are",
            y_label="loss (nats)",
            hint="Press Measure: the loss with a blurred context appears here",
            log=(True, False),
            can_log=(True, True),
            empty=((1, 64), (0, 5)),
        )
        self.uses: list[tuple[str, ContextUse]] = []  # the newest last, two at most
        self._bands = {
            way: self.line(way, role, width=0, fill=0.2, fill_to="enclosed", z=-10) for way, role in _WAYS
        }
        self._lines = {(way, 1): self.line(way, role) for way, role in _WAYS} | {
            (way, 0): self.line("before", role, width=1.3, dash=True) for way, role in _WAYS
        }
        self._whole = {
            1: self.line("whole", "text", width=1.3),
            0: self.line("before", "muted", width=1.3, dash=True),
        }
        self.legend.hide()

    def show_use(self, words: str, use: ContextUse) -> None:
        """One more measurement, of the model that is called so."""
        self.uses = [*self.uses, (words, use)][-2:]
        self.redraw()

    def forget(self) -> None:
        """No measurement is known."""
        self.uses = []
        self.list_entries([])
        self.redraw()

    def redraw(self) -> None:
        self._show_empty(not self.uses)
        for age in (0, 1):
            known = len(self.uses) >= 2 - age
            use = self.uses[age - 2][1] if known else None
            for way, _ in _WAYS:
                self.put(self._lines[way, age], *_curve(use, way))
            ends = np.array([use.distances[0], use.distances[-1]]) if use is not None else np.empty(0)
            self.put(self._whole[age], ends, np.full(len(ends), use.whole if use is not None else 0.0))
        for way, band in self._bands.items():
            self.put(band, *_band(self.uses[-1][1] if self.uses else None, way))
        if self.uses:
            shown = [use for _, use in self.uses]
            bounds = [[use.whole, *_band(use, "shuffled")[1], *_band(use, "hidden")[1]] for use in shown]
            losses = np.concatenate(bounds)
            far = max(int(use.distances[-1]) for use in shown)
            self.frame((1, max(2, far)), (float(losses.min()), float(losses.max())), pad=(0.02, 0.06))
            self._list()
        self.show_values()

    def _list(self) -> None:
        words = {"shuffled": "further ones shuffled", "hidden": "further ones hidden"}
        entries = [Entry(way, words[way], colour(role), "line", valued=True) for way, role in _WAYS]
        entries.append(Entry("whole", f"as it is: {self.uses[-1][1].whole:.2f}", colour("text")))
        if len(self.uses) > 1:
            entries.append(Entry("before", f"before: {self.uses[0][0]}", colour("muted"), "dash"))
        self.list_entries(entries)

    def readout(self, x: float) -> Readout | None:
        if not self.uses:
            return None
        use = self.uses[-1][1]
        at = int(np.abs(self.map_x(use.distances) - x).argmin())
        place = float(self.map_x(use.distances[at : at + 1])[0])
        told = {way: f"{getattr(use, way)[at]:.2f}" for way, _ in _WAYS}
        dots = [
            (place, float(self.map_y(getattr(use, way)[at : at + 1])[0]), colour(role)) for way, role in _WAYS
        ]
        return place, f"{use.distances[at]} stay", told, dots

    def columns(self) -> dict[str, NDArray]:
        if not self.uses:
            return {}
        use = self.uses[-1][1]
        return {
            "symbols that stay": use.distances,
            "shuffled": use.shuffled,
            "shuffled error": use.shuffled_error,
            "hidden": use.hidden,
            "hidden error": use.hidden_error,
            "as it is": np.full(len(use.distances), use.whole),
        }


def _curve(use: ContextUse | None, way: str) -> tuple[NDArray, NDArray]:
    return (np.empty(0), np.empty(0)) if use is None else (use.distances, getattr(use, way))


def _band(use: ContextUse | None, way: str) -> tuple[NDArray, NDArray]:
    """Two standard errors around the rise, there and back."""
    if use is None:
        return np.empty(0), np.empty(0)
    loss, error = getattr(use, way), 2 * getattr(use, f"{way}_error")
    return np.append(use.distances, use.distances[::-1]), np.append(loss - error, (loss + error)[::-1])


class ContextPanel(AskingPanel):
    """Measured when one asks for it."""

    id = "context"
    title = "Context used"
    parts = (ContextUse,)
    help = """
    <h3>Context used</h3>
    <p>Held-out symbols are predicted by the board's first model while everything further away than n symbols is
    <b>shuffled</b> (the words are there, their order is not) or <b>hidden</b> (a causal model is told nothing else, a
    masked one sees masks). The same places and the same dice each time; the bands are two standard errors of the rise.
    <i>Measure</i> measures the model of now; the measurement before stays dashed, so that two models, or two moments of
    one, can be held against each other; with other data or other units the curves go.</p>
    <p><b>How to read it.</b> Where a curve meets the line of the whole context, what lies beyond does not matter. If
    hiding hurts where shuffling does not, the model uses which words are there and not their order: near words are
    sharp, far ones fuzzy. Counts of order 5 see four symbols and are flat from there on. Everyday English rarely needs
    more than its sentence.</p>
    <p>Khandelwal, He, Qi, Jurafsky 2018, <i>Sharp nearby, fuzzy far away</i>, sections 3 to 5.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.button = QPushButton("Measure")
        self.button.setToolTip("Blur the context of the board's first model on held-out text: some seconds")
        self.note = QLabel()
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.chart = BlurChart()
        self.chart.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self._wanted = 0  # how often it was asked for
        self._done = 0
        self._of: tuple = ()  # what the curves were measured on
        self._told = ""  # of the last measurement
        self._waits = False  # whether the note says why there is no model yet
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(self.button)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.chart, 1)
        self.button.clicked.connect(self._measure)
        self._worker.progressed.connect(self._advance)
        self.restyle()

    def _measure(self) -> None:
        if self._wanted != self._done:
            self.give_up()
            self._end()
            self.note.setText("Given up.")
            return
        self._wanted += 1
        self.button.setText("Stop")
        self.note.setText("Measuring …")
        self.ask()

    def _advance(self, share: float, text: str) -> None:
        if self.asking:
            self.note.setText(f"Measuring … {100 * share:.0f} %")

    def question(self, chosen: Chosen) -> Question | None:
        if self._wanted == self._done:
            if self._waits:
                self._waits = False
                self.note.setText(self._told)
            return None
        data = cast("TextData | None", self.bench.data)
        units, run_unit = chosen.predictor.units, self._run_unit()

        def work(task: Task) -> tuple[tuple, str, ContextUse]:
            from ssllab.methods.context_use import context_use
            from ssllab.methods.symbol_stream import first_symbols

            if data is None:
                raise ValueError("The text is still being loaded: measure again in a moment.")
            ids = first_symbols(data.test, units)
            of = (id(data), run_unit, *_kind(units))
            return of, chosen.words, context_use(chosen.predictor, ids, data.whole, report=task.report)

        return self._wanted, work

    def show_answer(self, answer: tuple[tuple, str, ContextUse]) -> None:
        of, words, use = answer
        self._end()
        where = "on each side" if use.both_sides else "before each"
        self._told = f"{words}: {use.places} held-out places, {use.reach} symbols {where}"
        self.note.setText(self._told)
        if of != self._of:
            self.chart.forget()
        self._of = of
        self.chart.show_use(words, use)
        self.setAccessibleDescription(described(use))
        self._forget_others()

    def show_nothing(self, why: str) -> None:
        self._end()
        self._waits = self.desk.models.first is None
        self.note.setText(why)

    def _forget_others(self) -> None:
        """Nats of other data or of other units stand beside nothing."""
        chosen = self.desk.models.first
        here = (id(self.bench.data), self._run_unit())
        if self.chart.uses and (
            here != self._of[:2] or (chosen is not None and _kind(chosen.predictor.units) != self._of[2:])
        ):
            self.chart.forget()
            if self.note.text() == self._told:
                self.note.setText("")
            self._told = ""
            self.setAccessibleDescription("")

    def _run_unit(self) -> str:
        """The unit of the run, or of that which Start would begin."""
        config = self.bench.run_config
        return str(getattr(config, "unit", ""))

    def _end(self) -> None:
        self._done = self._wanted
        self.button.setText("Measure")

    def draw(self, scene: Scene) -> None:
        super().draw(scene)
        self._forget_others()
        self.chart.follow_state(scene.state)

    def restyle(self) -> None:
        self.note.setStyleSheet(f"color: {theme.current().muted};")
        self.chart.restyle()
        self.chart.redraw()

    def view_state(self) -> dict[str, Any]:
        return self.chart.view_state()

    def restore_view(self, state: Any) -> None:
        self.chart.restore_view(state)


def _kind(units: Units) -> tuple[str, int]:
    """Of which units losses can stand beside each other; how many parts there are is how long one is."""
    return units.name, len(units) if units.name in ("bpe", "kmer", "code") else 0


def described(use: ContextUse) -> str:
    """The measurement in words, for a screen reader."""
    rows = zip(use.distances.tolist(), use.shuffled.tolist(), use.hidden.tolist(), strict=True)
    told = "; ".join(f"{n} symbols: shuffled {a:.2f}, hidden {b:.2f}" for n, a, b in rows)
    return f"Loss with the whole context {use.whole:.2f} nats. Further away than {told}."
