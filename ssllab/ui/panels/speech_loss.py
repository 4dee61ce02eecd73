"""The task of the Speech lab over steps: loss, accuracy, the terms beside it, temperature, gradient, mask, speed."""

from __future__ import annotations

import math

from ssllab.ui.panel import Scene
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.measured_plot import MeasuredPlot
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot

PAPER_MASKED_PERCENT = 49.0


def chance_percent(scene: Scene) -> float | None:
    """How often a guess among the positive and K distractors is right."""
    chance = scene.metrics.last("chance_loss") if scene.metrics is not None else None
    return None if chance is None or not math.isfinite(chance) else 100.0 * math.exp(-chance)


class SpeechLossPanel(ChartPanel):
    """Everything that a step measures but its codes."""

    id = "loss"
    title = "Loss and task"
    help = """
    <h3>Loss and task</h3>
    <p>The model sees speech with spans masked out and has to say, for every masked frame, which of K + 1 codes was
    there: the true one or one of K distractors from other masked frames of the same recording. <b>Loss</b>:
    −log [ exp(sim(c, q)/κ) / Σ exp(sim(c, q̃)/κ) ], in nats, with the dashed line ln(1 + K) of a guess. <b>Accuracy</b>:
    how often the true code is the most similar. <b>Terms</b>: the diversity loss (GV − Σ perplexity)/GV, 0 where all
    codes are used alike, and the feature penalty, the mean square of what the feature encoder gives. <b>τ</b>: the
    temperature of the Gumbel softmax that chooses codes; high tries many, low decides. <b>Mask</b>: the share of frames
    hidden, 49 % with the paper's setting. <b>Speed</b>: seconds of audio learned from per second.</p>
    <p><b>How to read it.</b> On the dashed line nothing has been learned yet; a small model stays there for some hundred
    steps. A lower loss is not a better model: a distractor equal to the true code does not count, so where all frames get
    one code the loss is 0 and the accuracy 100 %. Read it beside the perplexity. The gradient norm of a small model is
    healthy between about 0.5 and 2.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, section 3.2, equations 3 and 4; section 4.2 (mask, temperature). Hsu et al.
    2021, <i>HuBERT</i>, equation 1: there the loss is the cross-entropy of units, and a guess costs ln C.</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.loss = MeasuredPlot(
            [
                Curve("contrastive_loss", "contrastive", "0", help="The loss of the task alone."),
                Curve(
                    "loss",
                    "in all",
                    "7",
                    primary=False,
                    overlay=False,
                    help="With the diversity loss and the feature penalty: what is minimised.",
                ),
                Curve(
                    "chance_loss",
                    "chance",
                    "muted",
                    dash=True,
                    stepped=True,
                    overlay=False,
                    primary=False,
                    help="What a guess costs: ln(1 + K), for units ln C.",
                ),
            ],
            y_label="loss",
            unit="nats",
            hint="Press Start: the loss of the task appears here",
            empty_y=(0.0, 5.0),
        )
        self.accuracy = MeasuredPlot(
            [
                Curve("contrastive_top1", "true code first", "0", 100, help="The true code is the nearest."),
                Curve("unit_top1", "right unit", "0", 100, help="The unit of a masked frame is named."),
            ],
            y_label="accuracy",
            unit="%",
            levels=[Level("chance", chance_percent, help="Guessing.")],
            hint="Press Start: how often the true code is found among the distractors",
            always=(0.0,),
            empty_y=(0.0, 105.0),
        )
        self.terms = MeasuredPlot(
            [
                Curve("diversity_loss", "diversity", "2", help="(GV − Σ perplexity)/GV: 0 is even use."),
                Curve("feature_penalty", "feature penalty", "1", help="Mean square of the encoder's output."),
            ],
            y_label="value",
            hint="Press Start: what is added to the loss, before its weights",
            log_y=True,
            empty_y=(1e-2, 2.0),
        )
        self.temperature = MeasuredPlot(
            [Curve("gumbel_temperature", "Gumbel temperature", "3", primary=False, overlay=False)],
            y_label="temperature",
            hint="Press Start: how random the choice of codes is",
            always=(0.0,),
            empty_y=(0.0, 2.2),
        )
        self.gradient = MeasuredPlot(
            [
                Curve(
                    "gradient_norm",
                    "gradient norm",
                    "4",
                    help="Of all weights; 0.5 to 2 in healthy small runs.",
                ),
            ],
            y_label="norm",
            hint="Press Start: how large the steps want to be",
            log_y=True,
            empty_y=(1e-2, 10.0),
        )
        self.masked = TimePlot(
            [Curve("masked_share", "masked", "5", 100, help="Share of the frames hidden from the context.")],
            y_label="masked",
            unit="%",
            levels=[
                Level(
                    "published setting",
                    lambda scene: PAPER_MASKED_PERCENT,
                    help="Starts 0.065, spans of 10: 49 % of the frames (section 4.2).",
                )
            ],
            hint="Press Start: how much of the speech is hidden",
            always=(0.0,),
            empty_y=(0.0, 60.0),
        )
        self.speed = TimePlot(
            [Curve("items_per_second", "audio per second", "6", overlay=False)],
            y_label="speed",
            unit="s/s",
            hint="Press Start: seconds of audio per second",
            always=(0.0,),
            empty_y=(0.0, 20.0),
        )
        self.show_charts(
            [
                ("Loss", self.loss),
                ("Accuracy", self.accuracy),
                ("Terms", self.terms),
                ("τ", self.temperature),
                ("Gradient", self.gradient),
                ("Mask", self.masked),
                ("Speed", self.speed),
            ]
        )
