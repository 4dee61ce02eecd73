"""What the methods of two views measure, declared once: the probes of any of them, and the scalars of the contrast."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ssllab.diagnostics.knn import neighbours
from ssllab.scalars import Chart, Series

LIVE_BANK = 1500  # labelled images that a live probe knows
K = neighbours(LIVE_BANK)

PROBES_HELP = f"""
<h3>Probes</h3>
<p>How well held-out images can be classified from what the encoder gives, without changing the
encoder. Labels are used here and nowhere else. <b>kNN</b>: a weighted vote of the {K} nearest of up to
{LIVE_BANK:,} training images by cosine similarity (published: 200 of 50,000). <b>Linear probe</b>:
logistic regression on the frozen features. Both on <b>h</b>, the output of the encoder, and on
<b>g(h)</b>, the output of the projection head on which the loss acts.</p>
<p><b>How to read it.</b> This is the goal; the loss is only the means. The dotted lines: chance, the
share of the most frequent class among the images that were asked about, which noise does not exceed; and
kNN on the untrained encoder, which is far above chance because even random filters tell images apart.
Only what is above that line has been learned. h is usually better than g(h): the head throws away
what the augmentations change.</p>
<p>Chen et al. 2020, section 4.2 (h against g(h): more than 10 points) and appendix B.9; Wu et al.
2018 (weighted kNN).</p>
"""

LOSS_HELP = """
<h3>Loss</h3>
<p>The contrastive loss of every step, in nats: how surprised the model is, on average, by which of
the candidates is the other view of the same image. ℓ(i,j) = −log [ exp(s<sub>ij</sub>/τ) /
Σ<sub>k≠i</sub> exp(s<sub>ik</sub>/τ) ]</p>
<p><b>How to read it.</b> The dashed line is chance, what equal embeddings give: the logarithm of the
number of candidates. With N images in a batch every view has 2N−1 of them, in the lecture's variant
(info_nce) N; with a queue of K keys there are 1+K, whatever the batch size. A loss that stays on the
line has learned nothing, or all embeddings have become one. Values at different temperatures or batch
sizes cannot be compared, and a lower loss is not a better representation: see the probes.</p>
<p>Chen et al. 2020, <i>A Simple Framework for Contrastive Learning of Visual Representations</i>,
equation 1 (NT-Xent); van den Oord et al. 2018, equation 4 (InfoNCE).</p>
"""

ACCURACY_HELP = """
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

PAIR_CHARTS: tuple[Chart, ...] = (
    Chart(
        "Probes",
        "probes",
        PROBES_HELP,
        "accuracy",
        "Press Start: every few seconds the probes say how much has been learned",
        empty=(0.0, 105.0),
    ),
)

CONTRAST_CHARTS: tuple[Chart, ...] = (
    Chart("Loss", "loss", LOSS_HELP, "loss", "Press Start: the loss appears here", empty=(0.0, 6.0)),
    Chart(
        "Accuracy",
        "accuracy",
        ACCURACY_HELP,
        "accuracy",
        "Press Start: how often the positive is found among its candidates. High is not the goal, see the probes.",
        always=(0.0,),
        empty=(0.0, 105.0),
    ),
)


def _probe(title: str, about: str = "", **more: Any) -> Series:
    return Series(title, about, measured="probe", **more)


def _share(title: str, about: str, **more: Any) -> Series:
    return _probe(title, about, better="higher", percent=True, **more)


def _accuracy(title: str, about: str, **more: Any) -> Series:
    return _share(title, about, chart="Probes", when="labels", **more)


PAIR_SERIES = {
    "knn_top1": _accuracy(
        f"kNN accuracy on h (k = {K})",
        f"Vote of the {K} nearest of up to {LIVE_BANK:,} on h, the encoder's output.",
        short="kNN h",
        headline=90,
        untrained=True,
    ),
    "linear_top1": _accuracy(
        "Linear probe on h", "Linear probe on h.", short="linear h", role="2", headline=85
    ),
    "knn_top1_z": _accuracy(
        f"kNN accuracy on g(h) (k = {K})",
        f"Vote of the {K} nearest of up to {LIVE_BANK:,} on g(h), the head's output.",
        short="kNN g(h)",
        dash=True,
        overlay=False,
    ),
    "linear_top1_z": _accuracy(
        "Linear probe on g(h)",
        "Linear probe on g(h).",
        short="linear g(h)",
        role="2",
        dash=True,
        overlay=False,
    ),
    "chance_top1": Series(
        "Chance of the probes",
        "Always guessing the most frequent class of the images asked about.",
        percent=True,
        measured="once",
        chart="Probes",
        short="chance",
        line="reference",
        when="labels",
        role="muted",
    ),
    "factor_{factor}": _share(
        "Factor {factor}, probe on h", "How well {factor} can be read from h.", when="factors"
    ),
    "factor_{factor}_z": _share(
        "Factor {factor}, probe on g(h)", "How well {factor} can be read from g(h).", when="factors"
    ),
    "chance_factor_{factor}": Series(
        "Chance of {factor}",
        "Always guessing the most frequent value.",
        percent=True,
        measured="once",
        line="reference",
        when="factors",
    ),
    "alignment": _probe("Alignment", "Mean squared distance of positives; 0 is perfect.", better="lower"),
    "chance_alignment": _probe(
        "Alignment of two images", "The same of views of different images: chance.", line="reference"
    ),
    "uniformity": _probe(
        "Uniformity", "How evenly the sphere is covered. Noise covers it best.", better="lower"
    ),
    "rankme_h": _probe("RankMe of h", "exp of the entropy of the singular values.", better="higher"),
    "rankme_z": _probe("RankMe of g(h)", "exp of the entropy of the singular values.", better="higher"),
    "effective_rank_h": _probe("Effective rank of h", "Of its covariance.", better="higher"),
    "effective_rank_z": _probe("Effective rank of g(h)", "Of its covariance.", better="higher"),
    "std_h": _probe("Spread of h", "Standard deviation of a dimension, mean."),
    "std_z": _probe("Spread of g(h)", "Standard deviation of a dimension, mean."),
    "std_h_normalized": _probe("Spread of h, normalised", "Of unit vectors, times √d: 1 is isotropic."),
    "std_z_normalized": _probe("Spread of g(h), normalised", "Of unit vectors, times √d: 1 is isotropic."),
    "dimension_h": Series("Dimensions of h", "Width of the encoder's output.", measured="once"),
    "dimension_z": Series("Dimensions of g(h)", "Width of the head's output.", measured="once"),
    **{
        f"noise_{kind}_{key}": Series(
            f"{title} of noise for {name}",
            "Of as many Gaussian vectors: no representation has more, and it knows nothing.",
            measured="once",
        )
        for kind, title in (("rankme", "RankMe"), ("effective_rank", "Effective rank"))
        for key, name in (("h", "h"), ("z", "g(h)"))
    },
    "items_per_second": Series("Images per second", "How fast it learns.", "images/s", "higher"),
}

CONTRAST_SERIES = {
    "loss": Series("Loss", "The contrastive loss of the step.", "nats", "lower", chart="Loss", short="loss"),
    "chance_loss": Series(
        "Loss of a guess",
        "The loss when all embeddings are equal: the logarithm of the number of candidates.",
        "nats",
        chart="Loss",
        short="chance",
        line="reference",
        role="muted",
    ),
    "contrastive_top1": Series(
        "Contrastive accuracy, top-1",
        "The positive is the nearest candidate.",
        better="higher",
        percent=True,
        chart="Accuracy",
        short="top-1",
        headline=10,
    ),
    "contrastive_top5": Series(
        "Contrastive accuracy, top-5",
        "The positive is among the nearest five.",
        better="higher",
        percent=True,
        chart="Accuracy",
        short="top-5",
        role="2",
    ),
    "contrastive_chance": Series(
        "Chance of the contrastive accuracy",
        "Guessing one of the candidates: 1 / their number.",
        percent=True,
        chart="Accuracy",
        short="chance",
        line="reference",
        role="muted",
    ),
    "positive_similarity": Series("Similarity of positives", "Mean cosine of an anchor and its positive."),
    "negative_similarity": Series("Similarity of negatives", "Mean cosine of an anchor and its negatives."),
    "positive_force": Series("Force on the positive", "(1 - p_pos)/tau, mean over anchors."),
    "negative_force": Series("Force on the negatives", "Largest p_i/tau, mean over anchors."),
    "effective_negatives": Series("Effective negatives", "exp of the entropy of the push."),
}

JOINT_LOSS_HELP = """
<h3>Loss</h3>
<p>What is asked of the two embeddings of an image, summed, in units of its own. There are no negatives, so there is no
chance to compare with.</p>
<p><b>How to read it.</b> A low loss is <b>not</b> progress: everything mapped to one vector makes it as low as it can be
(−1 for SimSiam) where nothing holds the embedding open. Read the spread, the rank and the probes first. VICReg and Barlow
Twins fall as their terms are met; LeJEPA's statistic has about 1 as its floor.</p>
<p>Chen and He 2021 (SimSiam), section 4.1; Bardes et al. 2022 (VICReg), section 4.1; Zbontar et al. 2021 (Barlow Twins);
Balestriero and LeCun 2025 (LeJEPA).</p>
"""

JOINT_ALIVE_HELP = """
<h3>Alive</h3>
<p><b>Spread</b>: the standard deviation of a dimension of g(h), mean, over held-out images;
0 is complete collapse. <b>RankMe</b>: how many dimensions are used.</p>
<p><b>How to read it.</b> Both must be alive. Where only directions count (SimSiam, BYOL) the spread has no natural size,
and batch norm on the embedding holds it at 1: read the rank.</p>
<p>Chen and He 2021 (SimSiam), section 4.1; Garrido et al. 2023 (RankMe).</p>
"""

JOINT_CHARTS: tuple[Chart, ...] = (
    Chart(
        "Loss",
        "loss",
        JOINT_LOSS_HELP,
        "loss",
        "Press Start: the loss appears here. Low is not yet good",
        empty=(-1.0, 1.0),
    ),
    Chart(
        "Alive",
        "alive",
        JOINT_ALIVE_HELP,
        "spread",
        "Press Start: whether embeddings are alive appears here",
        always=(0.0,),
    ),
    Chart(
        "Rank",
        "alive",
        "",
        "RankMe",
        "Press Start: how many dimensions are used appears here",
        always=(1.0,),
        empty=(0.0, 32.0),
    ),
)

JOINT_SERIES = {
    "loss": Series(
        "Loss",
        "The loss of the step; low is no progress where nothing prevents collapse.",
        chart="Loss",
        short="loss",
    ),
    "positive_similarity": Series(
        "Similarity of positives", "Mean cosine of the two embeddings of an image."
    ),
    "spread": Series(
        "Spread of g(h) in the batch",
        "Standard deviation of a dimension over the batch, mean: 0 when everything is one vector.",
    ),
    **{
        name: replace(PAIR_SERIES[name], chart=chart, short=short, role=role)
        for name, chart, short, role in (
            ("std_z", "Alive", "spread of g(h)", "0"),
            ("std_h", "Alive", "spread of h", "2"),
            ("rankme_z", "Rank", "RankMe of g(h)", "0"),
            ("rankme_h", "Rank", "RankMe of h", "2"),
        )
    },
}
