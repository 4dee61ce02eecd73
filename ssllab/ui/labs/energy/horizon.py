"""Horizon: how far ahead a predictor can be rolled on before its valley leaves the ball."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import Horizon
from ssllab.ui.asking import Question
from ssllab.ui.labs.energy.widgets.asking import ClipModels, ClipPanel
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.legend import Entry
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.methods.clips import ClipMethod

_HINT = "how far the valley is from the ball, k frames ahead"


class HorizonChart(Chart):
    """The error of the valley against the number of frames ahead, and of the guess that nothing moves."""

    def __init__(self) -> None:
        super().__init__(
            x_label="frames ahead, k",
            y_label="pixels",
            hint=f"Press Start: {_HINT}",
            empty=((1, 8), (0, 12)),
        )
        self.found: Horizon | None = None
        self._band = self.line("errors", "0", width=0, fill=0.2, fill_to="enclosed", z=-10)
        self._still = self.line("still", "muted", width=1.3, dash=True)
        self._errors = self.line("errors", "0")
        self.legend.hide()

    def show_horizon(self, found: Horizon | None) -> None:
        """What was measured, or nothing."""
        self.found = found
        self.redraw()

    def redraw(self) -> None:
        found = self.found
        self._show_empty(found is None)
        none = np.empty(0)
        if found is None:
            for line in (self._band, self._still, self._errors):
                self.put(line, none, none)
            self.list_entries([])
            return
        self.put(self._errors, found.steps, found.errors)
        self.put(self._still, found.steps, found.still)
        there_and_back = np.append(found.steps, found.steps[::-1])
        self.put(self._band, there_and_back, np.append(found.low, found.high[::-1]))
        self.list_entries(
            [
                Entry("errors", "valley to ball", colour("0"), valued=True),
                Entry("still", "if it had stood still", colour("muted"), "dash", valued=True),
            ]
        )
        top = float(max(found.high.max(), found.still.max()))
        self.frame((1, max(2, int(found.steps[-1]))), (0.0, top), pad=(0.02, 0.06))
        self.show_values()

    def readout(self, x: float) -> Readout | None:
        found = self.found
        if found is None:
            return None
        i = int(np.abs(found.steps - x).argmin())
        told = {"errors": f"{found.errors[i]:.1f}", "still": f"{found.still[i]:.1f}"}
        y = float(self.map_y(found.errors[i : i + 1])[0])
        return (
            float(found.steps[i]),
            f"{found.steps[i]} ahead",
            told,
            [(float(found.steps[i]), y, colour("0"))],
        )

    def columns(self) -> dict[str, NDArray]:
        found = self.found
        if found is None:
            return {}
        return {
            "frames ahead": found.steps,
            "valley error": found.errors,
            "lower quarter": found.low,
            "upper quarter": found.high,
            "if it had stood still": found.still,
        }


class HorizonPanel(ClipPanel):
    """Measured on the probe's clips, so that one frame ahead is the valley error of the curves."""

    id = "horizon"
    title = "Horizon"
    parts = (Horizon,)
    hint = _HINT
    share, longest_rest = 0.15, 20.0
    help = """
    <h3>Horizon</h3>
    <p>The predictor is rolled on: what it expects of the next frame takes the place of the frame, and it is asked again,
    up to eight frames ahead. Of the last expectation the valley is sought among all places of the ball, and held against
    where the ball then is: the mean of 64 held-out clips, with the middle half of them as a band. JEPA goes on with
    latents; the pixel model encodes the frame that it has painted; CPC has a map of its own for each of four frames.</p>
    <p><b>How to read it.</b> One frame ahead is the <i>Valley</i> curve. Far under the dashed line: the model knows how
    the ball moves, also off the walls. On it: it takes the last place for the next. Level and high: nothing is known of
    the place. Errors grow, for the predictor was never trained on what it says itself.</p>
    <p>LeCun 2022, section 4.6 (multi-step prediction); Ha and Schmidhuber 2018, <i>World Models</i>; van den Oord et al.
    2018, figure 6.</p>
    """

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models)
        self.another.hide()
        self.chart = HorizonChart()
        self.chart.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.body.addWidget(self.chart, 1)
        self._worker.progressed.connect(self._advance)
        self.restyle()

    def question(self, chosen: Copied[ClipMethod]) -> Question:
        data = self.data

        def work(task: Task) -> tuple[int, Horizon]:
            from ssllab.methods.clip_views import horizon

            return chosen.step, horizon(chosen.built, data, task.report)

        return (chosen.number, chosen.step, id(data)), work

    def _advance(self, share: float, text: str) -> None:
        if self.asking and self.chart.found is None:
            self.say(f"Measuring … {100 * share:.0f} %")

    def show_answer(self, answer: tuple[int, Horizon]) -> None:
        step, found = answer
        self.chart.show_horizon(found)
        self.say(f"{described(found)}; step {step:,}")

    def show_nothing(self, why: str) -> None:
        self.chart.show_horizon(None)
        self.say("" if self.chosen() is None else why)

    def draw(self, scene: Scene) -> None:
        self.chart.follow_state(scene.state)
        super().draw(scene)

    def restyle(self) -> None:
        super().restyle()
        self.chart.restyle()
        self.chart.redraw()

    def view_state(self) -> dict[str, Any]:
        return self.chart.view_state()

    def restore_view(self, state: Any) -> None:
        self.chart.restore_view(state)


def described(found: Horizon) -> str:
    """How far the model sees ahead, in words."""
    worse = np.flatnonzero(found.errors > 0.5 * found.still)
    good = len(found.steps) if not len(worse) else int(worse[0])
    reach = int(found.steps[good - 1]) if good else 0
    words = "no frame" if not reach else f"{reach} frame{'s' * (reach > 1)}"
    return f"{words} ahead at half the error of standing still, or less; {found.clips} clips"
