"""The loss over steps with its chance line."""

from __future__ import annotations

from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.time_plot import Curve, TimePlot


class LossPanel(ChartPanel):
    """The contrastive loss against the value that guessing gives."""

    id = "loss"
    title = "Loss"
    help = """
    <h3>Loss</h3>
    <p>The contrastive loss of every step, in nats: how surprised the model is, on average, by which of
    the candidates is the other view of the same image. ℓ(i,j) = −log [ exp(s<sub>ij</sub>/τ) /
    Σ<sub>k≠i</sub> exp(s<sub>ik</sub>/τ) ]</p>
    <p><b>How to read it.</b> The dashed line is chance: with N images in a batch every view has 2N−1
    candidates, and equal embeddings give ln(2N−1). It moves with the batch size. A loss that stays on the
    line has learned nothing, or all embeddings have become one. Values at different temperatures or batch
    sizes cannot be compared, and a lower loss is not a better representation: see the probes.</p>
    <p>Chen et al. 2020, <i>A Simple Framework for Contrastive Learning of Visual Representations</i>,
    equation 1 (NT-Xent); van den Oord et al. 2018, equation 4 (InfoNCE).</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.plot = TimePlot(
            [
                Curve("loss", "loss", "0", help="The contrastive loss of the step."),
                Curve(
                    "chance_loss",
                    "chance ln(2N−1)",
                    "muted",
                    dash=True,
                    stepped=True,
                    overlay=False,
                    primary=False,
                    help="The loss when all embeddings are equal: the logarithm of the number of candidates.",
                ),
            ],
            y_label="loss",
            unit="nats",
            hint="Press Start: the loss appears here",
            empty_y=(0.0, 6.0),
        )
        self.show_charts([("Loss", self.plot)])
