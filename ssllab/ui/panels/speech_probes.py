"""What the model of the Speech lab knows: linear probes, codes against phones, and speech it never saw."""

from __future__ import annotations

import math
from collections.abc import Callable

from ssllab.ui.panel import Scene
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.measured_plot import MeasuredPlot
from ssllab.ui.plots.time_plot import Curve, Level

_KINDS = (
    ("phone", "0", "Which phone a frame belongs to."),
    ("word", "2", "Which word is said."),
    ("speaker", "1", "Who speaks. The task does not ask for it, and later layers lose it."),
)


def _percent(name: str) -> Callable[[Scene], float | None]:
    def value(scene: Scene) -> float | None:
        found = scene.constants.get(name)
        return None if found is None else 100.0 * found

    return value


def _constant(name: str) -> Callable[[Scene], float | None]:
    def value(scene: Scene) -> float | None:
        return scene.constants.get(name)

    return value


def _guess(scene: Scene) -> float | None:
    distractors = scene.constants.get("distractors")
    return math.log1p(distractors) if distractors else None


class SpeechProbesPanel(ChartPanel):
    """Accuracies of linear probes, purity and PNMI, loss and codes on held-out speech."""

    id = "probes"
    title = "Probes"
    help = """
    <h3>Probes</h3>
    <p>What can be read from the frozen model on held-out speech; labels are used here and nowhere else. <b>Probes</b>:
    logistic regression on the context vectors, for the phone of every frame, the word and the speaker of every
    recording, where these are known; dotted in the same colour is what guessing the most frequent one gives.
    <b>Codes</b>: purity and PNMI of the codes against phones, and the PNMI of loudness alone, cut as finely as the codes.
    <b>Held out</b>: loss and perplexity on speech that was never trained on.</p>
    <p><b>How to read it.</b> This is the goal, the loss only the means. The first point is the untrained model: even random
    filters tell sounds apart, so only what is above it has been learned. PNMI that does not rise above that of loudness:
    the codes are a volume meter. Phones should climb; that speakers become unreadable in the codes is wanted.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, appendix D; Hsu et al. 2021, <i>HuBERT</i>, section IV (purity, PNMI);
    Garrido et al. 2023 (RankMe).</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.probes = MeasuredPlot(
            [
                Curve(f"{kind}_top1", kind, role, 100, primary=False, overlay=kind == "phone", help=about)
                for kind, role, about in _KINDS
            ],
            y_label="accuracy",
            unit="%",
            levels=[
                Level("chance", _percent(f"chance_{kind}"), role, "Always naming the most frequent one.")
                for kind, role, _ in _KINDS
            ],
            source="probes",
            hint="Press Start: every few seconds linear probes say what has been learned",
            empty_y=(0.0, 105.0),
        )
        self.codes = MeasuredPlot(
            [
                Curve("pnmi", "PNMI", "0", primary=False, help="I(phone; code) / H(phone)."),
                Curve(
                    "purity",
                    "purity",
                    "3",
                    primary=False,
                    overlay=False,
                    help="The code's most frequent phone is right.",
                ),
                Curve(
                    "pnmi_volume",
                    "PNMI of loudness",
                    "warn",
                    dash=True,
                    primary=False,
                    overlay=False,
                    help="What the level of a frame alone says about its phone.",
                ),
            ],
            y_label="0 to 1",
            source="probes",
            hint="Press Start: whether the codes follow the phones, where these are known",
            always=(0.0,),
            empty_y=(0.0, 1.0),
        )
        self.loss = MeasuredPlot(
            [Curve("heldout_contrastive_loss", "held-out loss", "0", primary=False)],
            y_label="loss",
            unit="nats",
            levels=[Level("chance", _guess, help="ln(1 + K): a guess.")],
            source="probes",
            hint="Press Start: the loss on speech that is not trained on",
            empty_y=(0.0, 5.0),
        )
        self.perplexity = MeasuredPlot(
            [Curve("heldout_code_perplexity", "held-out hard perplexity", "0", primary=False)],
            y_label="codes",
            levels=[
                Level("floor G", _constant("code_floor"), "bad", "One code in every group."),
                Level("ceiling GV", _constant("code_ceiling"), "good", "All codes used alike."),
            ],
            source="probes",
            hint="Press Start: how many codes speech gets that is not trained on",
            empty_y=(0.0, 85.0),
        )
        self.rank = MeasuredPlot(
            [Curve("rankme_context", "RankMe of the context", "4", primary=False)],
            y_label="dimensions",
            source="probes",
            hint="Press Start: how many dimensions the context vectors use",
            always=(0.0,),
            empty_y=(0.0, 50.0),
        )
        self.show_charts(
            [
                ("Probes", self.probes),
                ("Codes", self.codes),
                ("Held-out loss", self.loss),
                ("Held-out codes", self.perplexity),
                ("Rank", self.rank),
            ]
        )
