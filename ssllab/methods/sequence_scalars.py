"""What the methods of the Language lab measure, declared once."""

from __future__ import annotations

from typing import Any

from ssllab.scalars import Chart, Series

LOSS_HELP = """
<h3>Loss</h3>
<p>How surprised the model is by the next symbol, on average, in nats: −log p(symbol | those before it). Divided by
ln 2 it is in bits, and e to it is the <b>perplexity</b>: among how many equally likely symbols the model hesitates.</p>
<p><b>How to read it.</b> The lines are what simpler models reach on the same held-out text. <b>Uniform</b>: all symbols
alike. <b>Unigram</b>: how frequent each is, and no context; a model that stays there has learnt frequencies only.
<b>Bigram</b>: one symbol back. <b>KN-5</b>: counts of up to five symbols, smoothed by Kneser and Ney; on little text it
is hard to beat. <b>Truth</b>: where the text comes from a known grammar, what the best possible model would reach.
A training loss that falls while the held-out one rises is learning by heart.</p>
<p>Losses of different units cannot be compared: <b>bits per byte</b> can.</p>
<p>Shannon 1951, <i>Prediction and entropy of printed English</i>; Chen and Goodman 1999 (Kneser-Ney).</p>
"""

SEQUENCE_CHARTS = (
    Chart(
        "Loss", "loss", LOSS_HELP, "nats per symbol", "Press Start: the loss appears here", empty=(0.0, 7.0)
    ),
    Chart(
        "Held out",
        "held_out",
        LOSS_HELP,
        "nats per symbol",
        "Press Start: every few seconds the loss on text that was not learned from",
        empty=(0.0, 7.0),
    ),
    Chart(
        "Accuracy",
        "accuracy",
        "<h3>Accuracy</h3><p>How often the likeliest symbol is the one that comes.</p>",
        "accuracy",
        "Press Start: how often the next symbol is guessed",
        always=(0.0,),
        empty=(0.0, 105.0),
    ),
)


def _level(title: str, about: str, **more: Any) -> Series:
    return Series(
        title,
        about,
        unit="nats",
        measured="once",
        chart="Loss, Held out",
        line="reference",
        role="muted",
        **more,
    )


SEQUENCE_SERIES = {
    "loss": Series("Loss", "Of the step, in nats per symbol.", unit="nats", better="lower", chart="Loss", short="training"),
    "held_out_loss": Series(
        "Held-out loss", "On text that was not learned from, in nats per symbol.", unit="nats", better="lower",
        measured="probe", chart="Held out", short="held out", role="2", headline=95,
    ),
    "perplexity": Series(
        "Held-out perplexity", "e to the held-out loss: among how many equally likely symbols the model hesitates.",
        better="lower", measured="probe", headline=70,
    ),
    "uniform_loss": _level("Uniform", "Every symbol alike: the logarithm of how many there are."),
    "unigram_loss": _level("Unigram", "How frequent each symbol is, and no context."),
}  # fmt: skip

NEURAL_SERIES = {
    "top1": Series(
        "Accuracy in training", "The likeliest symbol is the one that comes.", percent=True, better="higher",
        chart="Accuracy", short="training", role="1",
    ),
}  # fmt: skip

CAUSAL_SERIES = {
    "bits_per_byte": Series(
        "Bits per byte", "Of held-out text in UTF-8: the number that models of different units can be compared by.",
        unit="bits", better="lower", measured="probe", headline=90,
    ),
    "bigram_loss": _level("Bigram", "One symbol of context."),
    "kn5_loss": _level("KN-5", "Counts of five symbols, smoothed by Kneser and Ney."),
    "true_entropy": _level(
        "Truth", "What the grammar itself reaches: nobody can do better for long.", when="truth and unit=word"
    ),
}  # fmt: skip
