"""What methods that learn from clips measure, declared once."""

from __future__ import annotations

from typing import Any

from ssllab.scalars import Chart, Series

LOSS_HELP = """
<h3>Loss</h3>
<p>What is minimised: how badly the next frame is predicted, and what keeps latents from collapsing, with their
weights.</p>
<p><b>How to read it.</b> The loss is <b>not</b> progress. When every frame becomes one vector the
prediction is perfect and nothing is known; a healthy run's prediction error may rise while it learns, and a sudden
fall often is partial collapse. Read <i>What is known</i> and <i>Alive</i> first.</p>
<p>LeCun 2022, <i>A Path Towards Autonomous Machine Intelligence</i>, section 4.5.</p>
"""

KNOWN_HELP = """
<h3>What is known</h3>
<p>Ridge regressions on standardised latents, fitted on some held-out clips and asked about others: <b>position</b> of
the marked object from the latent of one frame, where it can be seen; <b>velocity</b> from the latents of the context
together; R² is 1 when it is known exactly, 0 when the mean would be as good. <b>Background</b>: which of eight a
frame stands before; <b>shape</b> and <b>hidden</b> likewise, all balanced over classes.</p>
<p><b>How to read it.</b> This is the goal. Where the background stands still in each clip it is the easiest thing to
predict, and a model that knows it alone is neither collapsed nor of use.</p>
<p>Sobal et al. 2022, <i>Joint Embedding Predictive Architectures Focus on Slow Features</i>.</p>
"""

ALIVE_HELP = """
<h3>Alive</h3>
<p><b>Spread</b>: the standard deviation of a latent's dimension over unrelated frames, mean; 0 is complete collapse.
<b>Cosine</b>: of unrelated frames, mean; 1 when all point one way. <b>Change in time</b>: how much neighbouring frames
differ, of what all frames do; 2 for unrelated frames, near 0 where only what stands still in a clip is seen.</p>
<p><b>How to read it.</b> A healthy run spreads and moves: spread near 0, cosine near 1 or change near 0 are signs of
sickness. Spread can be healthy while nothing that moves is known.</p>
<p>Bardes et al. 2022 (VICReg); Sobal et al. 2022.</p>
"""

CLIP_CHARTS: tuple[Chart, ...] = (
    Chart(
        "What is known",
        "probes",
        KNOWN_HELP,
        "R²",
        "Press Start: what the latents know appears here",
        always=(0.0, 100.0),
        empty=(0.0, 105.0),
    ),
    Chart(
        "Alive",
        "alive",
        ALIVE_HELP,
        "value",
        "Press Start: whether latents are alive appears here",
        always=(0.0,),
    ),
    Chart(
        "Valley",
        "valley",
        "",
        "pixels",
        "Press Start: how far the valley is from the truth",
        always=(0.0,),
        empty=(0.0, 16.0),
    ),
    Chart("Loss", "loss", LOSS_HELP, "loss", "Press Start: the loss appears here. Low is not yet good"),
)


def _probe(title: str, about: str, unit: str = "", **more: Any) -> Series:
    return Series(title, about, unit, measured="probe", **more)


CLIP_SERIES = {
    "loss": Series("Loss", "What is minimised; low is not yet good.", chart="Loss", short="loss"),
    "prediction_error": Series(
        "Prediction error",
        "Mean squared difference of predicted and true.",
        chart="Loss",
        short="prediction",
        role="2",
    ),
    "spread": Series("Spread in the batch", "Standard deviation of a dimension over frames, mean."),
    "position_r2": _probe(
        "Position, R²",
        "Of the marked object, from one frame.",
        better="higher",
        percent=True,
        chart="What is known",
        short="position",
        headline=90,
        untrained=True,
        when="positions",
    ),
    "velocity_r2": _probe(
        "Velocity, R²",
        "From the context's latents together.",
        better="higher",
        percent=True,
        chart="What is known",
        short="velocity",
        role="2",
        when="positions",
    ),
    "background_accuracy": _probe(
        "Background",
        "Which of eight backgrounds a frame is before; chance is 12.5 %.",
        percent=True,
        chart="What is known",
        short="background",
        role="3",
        when="background=drift,fixed and positions",
    ),
    "shape_accuracy": _probe(
        "Shape",
        "Balanced accuracy of the marked object's shape.",
        better="higher",
        percent=True,
        chart="What is known",
        short="shape",
        role="4",
        when="shapes=2,3,4 and positions",
    ),
    "hidden_accuracy": _probe(
        "Hidden or not",
        "Balanced accuracy of whether the object is behind the wall; chance is 50 %.",
        better="higher",
        percent=True,
        chart="What is known",
        short="hidden",
        role="5",
        when="wall=True and positions",
    ),
    "std": _probe(
        "Spread",
        "Standard deviation of a latent's dimension, mean.",
        chart="Alive",
        short="spread",
        headline=50,
    ),
    "rankme": _probe("RankMe", "exp of the entropy of the singular values.", better="higher"),
    "effective_rank": _probe("Effective rank", "Of the covariance.", better="higher"),
    "mean_cosine": _probe(
        "Cosine of unrelated frames",
        "1 when all point the same way.",
        chart="Alive",
        short="cosine",
        role="3",
    ),
    "temporal_variance_share": _probe(
        "Change in time",
        "Squared difference of neighbouring frames, of the variance.",
        chart="Alive",
        short="change",
        role="2",
    ),
    "valley_error": _probe(
        "Valley to truth",
        "From the place of the lowest energy to where the object is, mean of 64 clips on a grid of 32 x 32; where clips "
        "differ in more than the object's place, sought on every third place, then around the lowest.",
        "px",
        better="lower",
        chart="Valley",
        short="valley",
        headline=80,
        when="positions",
    ),
    "depth": _probe(
        "Depth of the landscape",
        "Highest less lowest energy, of the untrained model's.",
        "x",
        when="positions",
    ),
    "pixel_variance_share": Series("Change in time of raw pixels", "As that of latents.", measured="once"),
    "dimension": Series("Dimensions", "Of a latent.", measured="once"),
    "items_per_second": Series("Clips per second", "How fast it learns.", "clips/s", "higher"),
}
