"""As the background grows: what every remedy and the pixel model know of the ball, as a table of colours."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox

from ssllab.data.video.settings import WorldSettings
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.number_grid import NumberGrid
from ssllab.ui.panels.sweep import Plan, Sweep

if TYPE_CHECKING:
    from ssllab.experiments.background import Cell
    from ssllab.experiments.contenders import Contender

_OFF = "off"
_SIDE_BY_SIDE = ("jepa", "pixel_predictor")


class BackgroundGrid(NumberGrid):
    """R² of the position: a row for each contender, a column for each strength. A click sets both on the bench."""

    above = "strength"

    def __init__(self, bench: Bench) -> None:
        super().__init__((), ())
        self._bench = bench
        self.contenders: list[Contender] = []
        self.strengths: tuple[float, ...] = ()
        self.results: dict[Cell, float] = {}
        self.choice = QComboBox()
        spec = WorldSettings.controls()["background"]
        for value in spec.choices:
            if value != _OFF:
                self.choice.addItem(f"Background: {spec.titled(value).lower()}", value)
        self.choice.setCurrentIndex(self.choice.findData("fixed"))
        self.choice.setToolTip("What is behind the ball, and grows")
        self.controls = (self.choice,)
        bench.loaded.connect(self._offer)
        self._offer()

    def _offer(self) -> None:
        if not self._bench.methods:
            return
        from ssllab.experiments.background import STRENGTHS
        from ssllab.experiments.contenders import contenders

        methods = [self._bench.methods[name] for name in _SIDE_BY_SIDE if name in self._bench.methods]
        self.strengths = STRENGTHS
        self.column_names = [f"{strength:g}" for strength in self.strengths]
        self.offer(contenders(methods, "video"))

    def offer(self, contenders: list[Contender]) -> None:
        """These are compared."""
        self.contenders, self.rows = contenders, [one.title for one in contenders]
        self.update()

    @property
    def background(self) -> str:
        """Of the results that are shown, else the one that is chosen."""
        return next((cell.background for cell in self.results), self.choice.currentData())

    def show_results(self, results: Mapping[Cell, float]) -> None:
        if dict(results) != self.results:
            self.results = dict(results)
            self.update()

    def cell(self, row: int, column: int) -> Cell:
        """What stands at a place."""
        from ssllab.experiments.background import Cell

        return Cell(self.contenders[row], self.background, self.strengths[column])

    def at(self, row: int, column: int) -> float | None:
        return self.results.get(self.cell(row, column))

    def words(self, row: int, column: int) -> str:
        cell = self.cell(row, column)
        return f"{cell.contender.title}, {cell.background} background of strength {cell.strength:g}"

    def pick(self, row: int, column: int) -> None:
        from ssllab.experiments.background import world

        bench, cell = self._bench, self.cell(row, column)
        if bench.config is None or bench.data is None:
            return
        method = cell.contender.method
        known = cell.contender.settings(bench.run_settings(), world(cell)).config
        if method == bench.method_name:
            bench.set_many(known, self.words(row, column))
        else:
            settings = {**bench.usual(bench.methods[method]).model_dump(), **known}
            wanted = replace(bench.setup, method=method, settings=settings, lesson={}, run=None)
            bench.take(wanted, self.words(row, column))

    def columns(self) -> dict[str, NDArray]:
        cells = list(self.results)
        if not cells:
            return {}
        return {
            "method": np.array([cell.contender.method for cell in cells]),
            "remedy": np.array([cell.contender.remedy for cell in cells]),
            "background": np.array([cell.background for cell in cells]),
            "strength": np.array([cell.strength for cell in cells]),
            "position_r2": np.array([self.results[cell] for cell in cells]),
        }

    def view_state(self) -> dict[str, Any]:
        return {"background": self.choice.currentData()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        at = self.choice.findData(state.get("background"))
        if at >= 0:
            self.choice.setCurrentIndex(at)


def _to_plain(results: Mapping[Cell, float]) -> Any:
    from ssllab.experiments.background import to_plain

    return to_plain(results)


def _from_plain(rows: Any) -> Mapping[Cell, float]:
    from ssllab.experiments.background import from_plain

    return from_plain(rows)


def _plan(bench: Bench, settings: RunSettings, data: Any, picture: BackgroundGrid) -> Plan | str:
    from ssllab.experiments.background import Background, positions_known

    if data.kind != "video" or not positions_known(data):
        return "The sweep asks where the object is: choose Bouncing or Moving digits, where that is known."
    chosen, background = picture.contenders, str(picture.choice.currentData())
    words = f"R² of the position (%), {background} background"
    return Plan(lambda steps: Background(settings, data, steps, chosen, background), words)


BACKGROUND = Sweep(
    id="background",
    title="Background",
    help="""
    <h3>As the background grows</h3>
    <p>A short run for each remedy of JEPA, and one that predicts pixels, before a background of strength 0, ¼, ½ and 1;
    the number is R² of the ball's position from the latent of one frame, in percent: 100 when it is known exactly, 0
    or less when nothing is. A click on a cell sets its remedy and background on the bench.</p>
    <p><b>How to read it.</b> Where the background stands still in each clip it is the easiest thing to predict in
    latent space, and every remedy gives up the ball for it at some strength, while spread and rank stay healthy. The
    pixel model must tell every pixel, so the ball stays worth knowing. Before noise that is new in every frame it is
    the other way round: JEPA need not predict what cannot be predicted, the pixel model spends itself on it.</p>
    <p>Sobal et al. 2022, <i>Joint Embedding Predictive Architectures Focus on Slow Features</i>, figure 2. One seed and
    short runs: where a number stands near the edge, another seed may fall to the other side.</p>
    """,
    picture=BackgroundGrid,
    plan=_plan,
    note="A short run for each remedy, and for the pixel model, before each of four backgrounds.",
    name="The sweep",
    steps=300,
    settings=WorldSettings,
    button="Run the sweep",
    to_plain=_to_plain,
    from_plain=_from_plain,
    tip="28 short runs with the present settings; the live run pauses meanwhile.",
)
