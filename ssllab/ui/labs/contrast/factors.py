"""One probe per known factor of the data: what the embedding kept and what it became invariant to."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QResizeEvent

from ssllab.ui.bench import Bench
from ssllab.ui.plots.annotations import Note
from ssllab.ui.plots.chart import Chart, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.markers import markers
from ssllab.ui.scene import Scene

if TYPE_CHECKING:
    from ssllab.training.metrics import MetricsLog

_EMPTY = "Press Start: what the embedding keeps of every factor appears here"
_NONE = "This data has no known factors. Choose Shapes to see which of them the embedding keeps."
_KINDS = (("h", "", "attract", -0.19), ("z", "_z", "repel", 0.19))


class _Row(NamedTuple):
    factor: str
    accuracies: tuple[float | None, float | None]  # in the order of _KINDS
    chance: float | None
    before: tuple[float | None, float | None] = (None, None)  # at the last probe before the last change


class FactorBars(Chart):
    """Horizontal bars per factor: accuracy of a linear probe on h and on g(h), with a tick at chance.

    After a change of a control the accuracies of before it stand beside those of now.
    """

    def __init__(self) -> None:
        super().__init__(
            x_label="probe accuracy (%)",
            y_label="",
            hint=_EMPTY,
            can_log=(False, False),
            empty=((0, 108), (0, 1)),
        )
        self._state: object = None
        self._rows: list[_Row] = []
        self._bars: dict[str, pg.BarGraphItem] = {}
        for key, _, role, _ in _KINDS:
            item = pg.BarGraphItem(x0=np.empty(0), y=np.empty(0), width=np.empty(0), height=0.34)

            def style(bars: pg.BarGraphItem, role: str = role) -> None:
                bars.setOpts(brush=QColor(colour(role)), pen=None)

            self._bars[key] = self.add(key, item, style)
        self._before = self.line("before", "muted", width=2.0)
        self._chance = self.line("chance", "text", width=2.0)
        self.view.invertY(True)
        self.view.setMouseEnabled(x=False, y=False)
        self.axes[0].setTicks([[(0, "0"), (50, "50"), (100, "100")], [(25, ""), (75, "")]])
        self.axes[1].setTicks([[]])
        self._list()

    def draw(self, scene: Scene) -> None:
        log = scene.probes
        names = [
            key.removeprefix("chance_factor_") for key in scene.constants if key.startswith("chance_factor_")
        ]
        if log is not None and not names:
            names = [
                n.removeprefix("factor_")
                for n in log.names
                if n.startswith("factor_") and not n.endswith("_z")
            ]
        changes = markers(scene.events)
        step = changes[-1].first.step if changes else None
        without = scene.thumbnails is not None and not scene.thumbnails.colourings.keys() - {"label"}
        state = (id(log), 0 if log is None else (log.generation, len(log)), tuple(names), step, without)
        if state == self._state:
            return
        self._state = state
        rows = []
        for name in names:
            h, z = (None if log is None else log.last(f"factor_{name}{suffix}") for suffix in ("", "_z"))
            if any(value is not None and np.isfinite(value) for value in (h, z)):
                before = (_at(log, f"factor_{name}", step), _at(log, f"factor_{name}_z", step))
                rows.append(_Row(name, (h, z), scene.constants.get(f"chance_factor_{name}"), before))
        self._rows = rows
        measured = log is not None and len(log) > 0
        self._hint = _NONE if without or (measured and not names) else _EMPTY
        self.redraw()

    def reset(self) -> None:
        super().reset()
        self._state = None
        self._rows = []
        self._hint = _EMPTY
        self.redraw()

    def redraw(self) -> None:
        self._show_empty(not self._rows)
        for number, (key, _, _, shift) in enumerate(_KINDS):
            values = [row.accuracies[number] for row in self._rows]
            good = [(i, v) for i, v in enumerate(values) if v is not None and np.isfinite(v)]
            self._bars[key].setOpts(
                x0=np.zeros(len(good)),
                y=np.array([i for i, _ in good], float) + shift,
                width=np.array([100.0 * v for _, v in good]),
                height=0.34,
            )
        chances = [(i, 100.0 * row.chance) for i, row in enumerate(self._rows) if row.chance is not None]
        x = np.repeat([c for _, c in chances], 2)
        y = np.array([[i - 0.42, i + 0.42] for i, _ in chances]).reshape(-1)
        self._chance.setData(x.astype(float), y, connect="pairs")
        earlier = [
            (100.0 * value, i + shift)
            for i, row in enumerate(self._rows)
            for value, (key, _, _, shift) in zip(row.before, _KINDS, strict=True)
            if value is not None and key not in self._hidden
        ]
        self._before.setData(
            np.repeat([at for at, _ in earlier], 2).astype(float),
            np.array([[y - 0.17, y + 0.17] for _, y in earlier], float).reshape(-1),
            connect="pairs",
        )
        self._list()
        self._write_numbers()
        self.axes[1].setTicks([[(i, row.factor.replace("_", " ")) for i, row in enumerate(self._rows)]])
        if self._rows:
            self.frame((0, 108), (-0.6, len(self._rows) - 0.4), pad=(0, 0))
        self.show_values()

    def _write_numbers(self) -> None:
        """The accuracies at the ends of the bars, where a bar is high enough for a number."""
        notes = []
        if self._rows and self.view.height() / len(self._rows) > 2.6 * self.fontMetrics().height():
            for i, row in enumerate(self._rows):
                for number, (key, _, role, shift) in enumerate(_KINDS):
                    value = row.accuracies[number]
                    if value is not None and np.isfinite(value) and key not in self._hidden:
                        was = row.before[number]
                        text = f"{100 * value:.0f}" if was is None else f"{100 * was:.0f} → {100 * value:.0f}"
                        chance = (
                            row.chance if row.chance is not None and 0 < row.chance - value < 0.12 else 0.0
                        )
                        at = 100.0 * max(value, chance, was or 0.0)  # not across the ticks
                        notes.append(Note(at, i + shift, text, colour(role), "right", dot=False))
        self.notes.notes = notes
        self.notes.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_numbers()

    def _list(self) -> None:
        self.list_entries(
            [
                Entry("h", "h", colour("attract"), "block", False, "From the output of the encoder."),
                Entry(
                    "z", "g(h)", colour("repel"), "block", False, "From the output of the projection head."
                ),
                *(
                    [
                        Entry(
                            "before",
                            "before the change",
                            colour("muted"),
                            "line",
                            False,
                            "Before the last change.",
                        )
                    ]
                    if any(value is not None for row in self._rows for value in row.before)
                    else []
                ),
                Entry("chance", "chance", colour("text"), "line", False, "Guessing the most frequent value."),
            ]
        )

    def restyle(self) -> None:
        super().restyle()
        self._list()
        self._write_numbers()

    def columns(self) -> dict[str, NDArray]:
        if not self._rows:
            return {}
        numbers = {
            "h": [row.accuracies[0] for row in self._rows],
            "g(h)": [row.accuracies[1] for row in self._rows],
            "chance": [row.chance for row in self._rows],
        }
        if any(value is not None for row in self._rows for value in row.before):
            numbers["h before"] = [row.before[0] for row in self._rows]
            numbers["g(h) before"] = [row.before[1] for row in self._rows]
        table = {
            key: np.array([np.nan if v is None else v for v in column]) for key, column in numbers.items()
        }
        return {"factor": np.array([row.factor for row in self._rows]), **table}


def _at(log: MetricsLog | None, name: str, step: int | None) -> float | None:
    """The last value at or before a step; None where there is none."""
    if log is None or step is None:
        return None
    steps, values = log.column(name)
    values = values[(steps <= step) & np.isfinite(values)]
    return float(values[-1]) if values.size else None


class FactorsPanel(ChartPanel):
    """What became invariant, factor by factor."""

    id = "factors"
    title = "What it kept"
    help = """
    <h3>What the embedding kept</h3>
    <p>Shapes are drawn from known factors: shape, colour, size, position, rotation, background. For each
    of them a linear probe tries to read its value from the embedding of held-out images: from h (blue)
    and from g(h) (orange). The tick is chance.</p>
    <p><b>How to read it.</b> A bar at chance: the embedding is invariant to that factor, it has been
    thrown away. A long bar: it is kept. An augmentation that changes a factor teaches invariance to it:
    colour distortion removes colour, cropping removes position and size. Without colour distortion the
    colour stays, because it is the easiest way to recognise two views of one image. h keeps more than
    g(h). When a control was changed, a grey tick and the number before the arrow are the accuracy just before.</p>
    <p>Chen et al. 2020, Table 3: rotation can be read from h with 67.6 % and from g(h) with 25.6 %
    (chance 25).</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bars = FactorBars()
        self.show_charts([("Factors", self.bars)])
