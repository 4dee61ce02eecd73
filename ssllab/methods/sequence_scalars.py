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
is hard to beat. <b>Truth</b>: where the text comes from a known grammar, what the best possible model would reach:
a sentence has as many nats whatever it is cut into, so that of words is spread over its characters or parts.
A training loss that falls while the held-out one rises is learning by heart.</p>
<p>Losses of different units cannot be compared: <b>bits per byte</b> can.</p>
<p>Shannon 1951, <i>Prediction and entropy of printed English</i>; Chen and Goodman 1999 (Kneser-Ney).</p>
"""

CHANCE_HELP = """
<h3>Nats below chance</h3>
<p>How far the held-out loss is under that of a guess, the line <b>Uniform</b> of the other chart: among all symbols alike
or, for DNA, among the four bases (ln 4 = 1.386 nats each).</p>
<p><b>How to read it.</b> At 0 nothing is known. For prose this is the held-out loss upside down. For <b>DNA</b> it is the
chart to look at: a genome is so near to chance that its loss looks flat. The best n-gram gains under 3 % on a real
genome, 0.04 nats a base; the generated DNA has more to find, in codons and in repeats.</p>
"""

PAIRS_HELP = """
<h3>Minimal pairs</h3>
<p>Two sentences that differ in one word, of which one is right: <i>The dogs near the bridge <b>bark</b></i> against
<i><b>barks</b></i>. How often does the model find the right one likelier?</p>
<p><b>How to read it.</b> The dashed line is a guess: an untrained model is near it, as each change is asked both ways.
The curve is all pairs; a click in the legend, or on its <i>+ …</i>, shows a phenomenon.
Some 20 pairs of it are asked: one curve may be ten points off, their mean three. A number of the
neighbour that misleads (<i>across a phrase</i>, <i>across a relative clause</i>) is learnt last, and by counts of a few
words never.</p>
<p>Linzen, Dupoux, Goldberg 2016; Warstadt et al. 2020 (BLiMP). A small model is at chance on BLiMP itself.</p>
"""
FACTS_HELP = """
<h3>Facts</h3>
<p>What is always so in the world of Everyday English: <i>Paris is the capital of …</i>. How often is the right answer
likelier than all other answers of its kind, here than all other countries? The dashed line is a guess among them.</p>
<p>Petroni et al. 2019, <i>Language Models as Knowledge Bases?</i></p>
"""
WRITES_HELP = """
<h3>By itself</h3>
<p>The model writes 128 symbols, always with the same dice. How long is the longest span of them that stands in the training
text just so? The dashed line is the longest such span of held-out text: people, too, say what was said before. A model that
copies far longer ones knows its text by heart.</p>
<p>Carlini et al. 2023, <i>Quantifying Memorization Across Neural Language Models</i>.</p>
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
        "Below chance",
        "held_out",
        CHANCE_HELP,
        "nats below chance",
        "Press Start: how much better than a guess held-out text is predicted",
        always=(0.0,),
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
    Chart(
        "Minimal pairs", "knowledge", PAIRS_HELP, "right sentence likelier", always=(0.0, 100.0), empty=(0.0, 105.0),
        hint="Press Start, with data whose grammar is known: which of two sentences is right",
    ),
    Chart(
        "Facts", "knowledge", FACTS_HELP, "right answer first", always=(0.0, 100.0), empty=(0.0, 105.0),
        hint="Press Start, with data whose facts are known: what it learned of the world",
    ),
    Chart("Copied", "knowledge", WRITES_HELP, "symbols", "Press Start: how much of what it writes is copied", always=(0.0,)),
    Chart(
        "Loops", "knowledge", "<h3>Loops</h3><p>How much of what it writes by itself repeats, three times or more, what "
        "stood right before. The dashed line is held-out text.</p>", "share of what it writes", "Press Start: does it go "
        "round and round?", always=(0.0, 100.0), empty=(0.0, 105.0),
    ),
)  # fmt: skip


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
        "Held-out loss",
        "On the first 8,192 symbols of text that was not learned from, an unknown one counted as one symbol like any other; "
        "`ssllab evaluate` reads all of it and adds what spelling the unknown ones costs.",
        unit="nats", better="lower", measured="probe", chart="Held out", short="held out", role="2", headline=95,
    ),
    "perplexity": Series(
        "Held-out perplexity", "e to the held-out loss: among how many equally likely symbols the model hesitates.",
        better="lower", measured="probe", headline=70,
    ),
    "below_chance": Series(
        "Nats below chance", "How far the held-out loss is under that of a guess.", unit="nats", better="higher",
        measured="probe", chart="Below chance", short="held out", role="2",
    ),
    "pairs_accuracy": Series(
        "Minimal pairs", "Of two sentences that differ in a word the right one is likelier.", percent=True, better="higher",
        measured="probe", chart="Minimal pairs", short="all", role="0", headline=60, when="truth",
    ),
    "pairs_{phenomenon}": Series(
        "Pairs: {phenomenon}", "The same of one phenomenon, some 20 pairs.", percent=True, better="higher", measured="probe",
        chart="Minimal pairs", short="{phenomenon}", role="1", when="truth", shown=False,
    ),
    "pairs_chance": Series(
        "Guessing", "Of two sentences.", percent=True, measured="once", chart="Minimal pairs", line="reference",
        role="muted", when="truth",
    ),
    "facts_top1": Series(
        "Facts", "The right answer is likelier than all others of its kind.", percent=True, better="higher",
        measured="probe", chart="Facts", short="facts", role="2", headline=50, when="truth",
    ),
    "facts_chance": Series(
        "Guessing an answer", "Among those of its kind.", percent=True, measured="once", chart="Facts", line="reference",
        role="muted", when="truth",
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
    "copied_span": Series(
        "Longest copied span", "Of what it writes by itself, that stands in the training text just so.", unit="symbols",
        measured="probe", chart="Copied", short="written", role="3",
    ),
    "held_out_span": Series(
        "Longest span of held-out text", "That stands in the training text just so.", unit="symbols", measured="once",
        chart="Copied", line="reference", role="muted",
    ),
    "looped": Series(
        "In loops", "Of what it writes by itself: what is said three times in a row or more.", percent=True,
        measured="probe", chart="Loops", short="written", role="4",
    ),
    "held_out_looped": Series(
        "Loops in held-out text", "What is said three times in a row or more.", percent=True, measured="once",
        chart="Loops", line="reference", role="muted",
    ),
    **{
        f"{order}_below_chance": Series(
            f"{title}, nats below chance", about, unit="nats", measured="once", chart="Below chance", short=title,
            line="reference", role="muted",
        )
        for order, title, about in (
            ("unigram", "Unigram", "How frequent each symbol is."),
            ("bigram", "Bigram", "One symbol of context."),
            ("kn5", "KN-5", "Counts of five symbols."),
        )
    },
    "bigram_loss": _level("Bigram", "One symbol of context."),
    "kn5_loss": _level("KN-5", "Counts of five symbols, smoothed by Kneser and Ney."),
    "true_entropy": _level(
        "Truth", "What the grammar itself reaches: nobody can do better for long.", when="truth"
    ),
}  # fmt: skip
