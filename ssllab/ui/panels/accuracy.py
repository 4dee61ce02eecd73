"""How often the positive is the nearest candidate: the task's own accuracy, which is not the goal."""

from __future__ import annotations

from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot


def _chance(scene) -> float | None:
    candidates = scene.constants.get("candidates")
    return 100.0 / candidates if candidates else None


class AccuracyPanel(ChartPanel):
    """Contrastive top-1 and top-5 accuracy."""

    id = "accuracy"
    title = "Contrastive accuracy"
    help = """
    <h3>Contrastive accuracy</h3>
    <p>How often the other view of the same image is the most similar of all candidates (top-1), or among
    the five most similar (top-5), in the batch of the step. No label is used.</p>
    <p><b>How to read it.</b> It says how well the training task is solved, and that is not the goal.
    Where a shortcut exists, such as colour when there is no colour distortion, it rises while the
    representation gets worse. SimCLR, Table 5: with temperature 0.05, 0.1, 0.5, 1 the contrastive
    accuracy is 90.5, 87.8, 68.2, 59.1 % and the linear probe 59.7, 64.4, 60.7, 58.0 %. Without normalised
    embeddings: 91.7 and 57.2 %. It also falls with the batch size, because there are more candidates.
    Judge by the probes.</p>
    <p>Chen et al. 2020, section 5.1 and Table 5.</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.plot = TimePlot(
            [
                Curve("contrastive_top1", "top-1", "0", 100, help="The positive is the nearest candidate."),
                Curve("contrastive_top5", "top-5", "2", 100, help="The positive is among the nearest five."),
            ],
            y_label="accuracy",
            unit="%",
            levels=[Level("chance", _chance, help="Guessing one of the candidates: 1 / (2N−1).")],
            hint="Press Start: how often the positive is found among its candidates. "
            "High is not the goal, see the probes.",
            always=(0.0,),
            empty_y=(0.0, 105.0),
        )
        self.show_charts([("Accuracy", self.plot)])
