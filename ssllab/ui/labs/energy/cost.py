"""Is predicting a whole frame wasteful? What a prediction costs, of latents and of pixels, and what pixels are spent on."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.looks import PredictionCost
from ssllab.ui import theme
from ssllab.ui.asking import Question
from ssllab.ui.labs.energy.widgets.asking import ClipModels, ClipPanel
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.actions import PictureActions
from ssllab.ui.plots.legend import small_font
from ssllab.ui.runs.listing import list_newest
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.data.video.types import VideoData
    from ssllab.methods.clips import ClipMethod
    from ssllab.training.run_store import Workspace

COMPARED = ("jepa", "pixel_predictor")


class CostTable(QWidget):
    """A column a method, a row a cost; the share of the background is drawn as a bar too."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: list[PredictionCost] = []
        self.hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:
        return QSize(360, 120)

    def show_costs(self, costs: list[PredictionCost]) -> None:
        """One a method, or none."""
        self.costs = costs
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(now.surface))
        middle = Qt.AlignmentFlag.AlignVCenter
        if not self.costs:
            painter.setPen(QColor(now.muted))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), words, self.hint)
            return
        rows = table(self.costs)
        painter.setFont(small_font(0.95))
        fm = painter.fontMetrics()
        label = max(fm.horizontalAdvance(name) for name, _ in rows) + 24
        height = min(fm.height() * 1.7, self.height() / len(rows))
        width = (self.width() - label - 8) / len(self.costs)
        for r, (name, values) in enumerate(rows):
            top = r * height
            painter.setPen(QColor(now.muted))
            painter.drawText(QRectF(8, top, label, height), middle, name)
            for c, value in enumerate(values):
                box = QRectF(label + c * width, top, width - 12, height)
                share = self.costs[c].background
                if r == len(rows) - 1 and share is not None:
                    bar = QRectF(box.left() - 4, top + 2, (width - 12) * share, height - 4)
                    painter.fillRect(bar, QColor(now.raised))
                painter.setPen(QColor(now.text if r else now.muted))
                shown = fm.elidedText(value, Qt.TextElideMode.ElideRight, int(box.width()))
                painter.drawText(box, middle, shown)


class CostPanel(ClipPanel):
    """Measured side by side, once for each run and again when one asks: steps of both take time from training."""

    id = "cost"
    title = "Cost"
    parts = (PredictionCost,)
    hint = "what predicting latents costs, and what predicting pixels does"
    help = """
    <h3>Is predicting a whole frame wasteful?</h3>
    <p>JEPA and the pixel predictor with the settings of the run, side by side: parameters that are trained; the time of a
    step, forward and backward, the median of five, of both in turns on this machine, as a multiple of the first one's:
    beside a training, milliseconds are longer than alone, and their ratio is not; how many numbers
    are predicted of a frame; and what share of the squared error of pixels is spent on the <b>background</b>: on pixels
    that no object covers, neither in the frame to predict nor in the one before, whether what is there is empty, noise or
    the wall. Of the method that the run does not train, the newest run on this data that did is taken.</p>
    <p><b>How to read it.</b> The ball covers a few pixels in a hundred. With the background off the pixel model soon has it
    right, and its error is the ball's. With one that flickers nearly all of the loss is noise that nobody can foresee, and
    the gradient that the ball gets is what is left. JEPA may leave out what cannot be foreseen: that is its point, and,
    where the background stands still in each clip, its trap.</p>
    <p>LeCun 2022, section 4.4; Balestriero and LeCun 2024, <i>Learning by reconstruction produces uninformative features
    for perception</i>.</p>
    """

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models)
        self.measuring = "Measuring a few steps of both methods: some seconds."
        self.another.setText("Measure again")
        self.another.setToolTip("A few steps of both methods, of the models of now")
        self.table = CostTable()
        self.tools = PictureActions(self.table, columns=self._columns)
        self.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.row.addWidget(self.tools.button())
        self.body.addWidget(self.table, 1)
        self.restyle()

    def question(self, chosen: Copied[ClipMethod]) -> Question:
        data, workspace, here = self.data, self.bench.workspace, self.bench.method_name
        source = self.bench.data_name
        world = tuple(sorted(self.bench.run_config.model_dump().items())) if self.bench.run_config else ()

        beside = self.bench.state == "running"

        def work(task: Task) -> tuple[str, list[PredictionCost]]:
            from ssllab.methods.clip_views import prediction_cost, step_seconds

            found = []
            for name in dict.fromkeys((*COMPARED, here)):
                task.report(0.0)
                found.append(
                    (chosen.built, chosen.step > 0)
                    if name == here
                    else _other(name, chosen.built, data, workspace, source)
                )
            seconds = step_seconds([method for method, _ in found], data)
            costs = [
                prediction_cost(method, data, trained, took)
                for (method, trained), took in zip(found, seconds, strict=True)
            ]
            return f"Measured at step {chosen.step:,}{', beside the training' if beside else ''}.", costs

        # Not at each step: what changes is seen when one measures again, or when the world or the sizes do.
        return (chosen.number, world, id(data), self.number), work

    def show_answer(self, answer: tuple[str, list[PredictionCost]]) -> None:
        when, costs = answer
        self.table.show_costs(costs)
        self.say(f"{described(costs)} {when}")

    def show_nothing(self, why: str) -> None:
        self.table.hint = why
        self.table.show_costs([])
        self.say("")

    def _columns(self) -> dict[str, NDArray]:
        costs = self.table.costs
        if not costs:
            return {}
        return {
            "method": np.array([cost.method for cost in costs]),
            "parameters": np.array([cost.parameters for cost in costs]),
            "milliseconds a step": np.array([1000 * cost.seconds for cost in costs]),
            "numbers predicted": np.array([cost.predicted for cost in costs]),
            "background share of the pixel loss": np.array([_or_nan(cost.background) for cost in costs]),
            "background share of pixels": 1 - np.array([_or_nan(cost.covered) for cost in costs]),
        }

    def restyle(self) -> None:
        super().restyle()
        self.table.update()

    def view_state(self) -> dict[str, Any]:
        return {}

    def restore_view(self, state: Any) -> None:
        """Nothing is kept."""


def _other(
    name: str, method: ClipMethod, data: VideoData, workspace: Workspace, source: str
) -> tuple[ClipMethod, bool]:
    """The method of that name of the newest run on this data that has the same sizes, else untrained; whether it has
    learnt something."""
    from ssllab.training import checkpoint
    from ssllab.training.stored_clips import untrained

    other = untrained(name, method.config.model_dump(), data)
    other.to(method.encoder.output.weight.device)
    for info in list_newest(workspace).infos:
        if info.settings is None or info.settings.method != name or info.settings.data != source:
            continue
        run = workspace.open(info.id)
        refs = run.checkpoints()
        try:
            if refs and refs[-1].step:
                other.load_state_dict(checkpoint.load(refs[-1].stem)[0]["model"])
                return other, True
        except (RuntimeError, KeyError, ValueError):  # of other sizes, or damaged: an older one may do
            continue
    return other, False


def table(costs: list[PredictionCost]) -> list[tuple[str, list[str]]]:
    """Names of rows and what stands in them."""
    spent = [
        "nothing is painted" if cost.covered is None
        else "not trained here yet" if cost.background is None
        else f"{100 * cost.background:.0f} %"
        for cost in costs
    ]  # fmt: skip
    return [
        ("", [cost.method for cost in costs]),
        ("Parameters", [f"{cost.parameters:,}" for cost in costs]),
        (
            "A step",
            [f"{cost.seconds / costs[0].seconds:.2g} × ({1000 * cost.seconds:.0f} ms)" for cost in costs],
        ),
        ("Numbers predicted", [f"{cost.predicted:,}" for cost in costs]),
        ("Pixel loss on background", spent),
    ]


def described(costs: list[PredictionCost]) -> str:
    """The background in a sentence."""
    painted = next((cost for cost in costs if cost.covered is not None), None)
    if painted is None or painted.covered is None:
        return "Which pixels are background is not known of what was filmed."
    of_pixels = f"Background is {100 * (1 - painted.covered):.0f} % of the pixels"
    if painted.background is None:
        return f"{of_pixels}; to see its share of the loss, train the method {painted.method} for a while, then come back."
    return f"{of_pixels} and {100 * painted.background:.0f} % of the pixel loss."


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
