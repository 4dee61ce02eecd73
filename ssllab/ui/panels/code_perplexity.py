"""How many codes are in use, over steps: hard and soft perplexity, dead codes, the groups together."""

from __future__ import annotations

from ssllab.ui.panel import Scene
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.measured_plot import MeasuredPlot
from ssllab.ui.plots.time_plot import Curve, Level

MOST_GROUPS = 8


def _constant(name: str):
    def value(scene: Scene) -> float | None:
        return scene.constants.get(name)

    return value


def _one(scene: Scene) -> float | None:
    return 1.0 if "codes" in scene.constants else None


def _group_curves() -> list[Curve]:
    curves = []
    for group in range(1, MOST_GROUPS + 1):
        role = str(group - 1)
        curves += [
            Curve(
                f"code_perplexity_{group}",
                f"hard {group}",
                role,
                overlay=group == 1,
                help=f"Group {group}: codes chosen lately.",
            ),
            Curve(
                f"prob_perplexity_{group}",
                f"soft {group}",
                role,
                dash=True,
                overlay=False,
                primary=False,
                help=f"Group {group}: the mean softmax. Proves nothing alone.",
            ),
        ]
    return curves


class CodePerplexityPanel(ChartPanel):
    """Perplexities with their floors and ceilings, and the codes that nothing chooses."""

    id = "perplexity"
    title = "Code perplexity"
    help = """
    <h3>Code perplexity</h3>
    <p>exp of the entropy of the use of a codebook: as many codes as would give that entropy if all were used alike. It is
    1 where one code takes every frame (the floor) and V where all codes are used alike (the ceiling). <b>Hard</b> counts
    the code each frame got. <b>Soft</b> takes the mean of the softmax over codes. Both are taken over the last 80 seconds
    of hidden sound, not over a batch whose size would change them. <b>In all</b>: the sum over the G groups, from G to
    GV, as fairseq logs it. <b>Together</b>: combinations of the groups' codes; up to V<sup>G</sup>, and no more than one
    group has where the groups say the same. <b>Dead</b>: codes that no frame of the last pass over the data has
    chosen.</p>
    <p><b>How to read it.</b> Look at hard. It often dips in the first steps and then climbs while the loss falls. Hard at
    the floor is codebook collapse, however low the loss. Soft high with hard low: every frame finds every code equally
    probable, which satisfies the diversity loss and decides nothing.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, equation 4 and section 4.2 (G = 2, V = 320); Hugging Face reports soft in
    training and hard in evaluation.</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.groups = MeasuredPlot(
            _group_curves(),
            y_label="codes",
            levels=[
                Level("floor 1", _one, "bad", "One code for every frame."),
                Level("ceiling V", _constant("codes"), "good", "All codes of the group used alike."),
            ],
            hint="Press Start: how many codes of each group are in use",
            empty_y=(0.0, 42.0),
        )
        self.total = MeasuredPlot(
            [
                Curve("code_perplexity", "hard", "0", help="Codes chosen, summed over the groups."),
                Curve(
                    "prob_perplexity",
                    "soft",
                    "0",
                    dash=True,
                    overlay=False,
                    primary=False,
                    help="Mean softmax, summed over the groups. Proves nothing alone.",
                ),
                Curve(
                    "target_perplexity",
                    "targets",
                    "2",
                    dash=True,
                    overlay=False,
                    help="Units of the targets; what is predicted cannot be richer.",
                ),
            ],
            y_label="codes",
            levels=[
                Level("floor G", _constant("code_floor"), "bad", "One code in every group."),
                Level("ceiling GV", _constant("code_ceiling"), "good", "All codes used alike."),
            ],
            hint="Press Start: how many codes are in use in all",
            empty_y=(0.0, 85.0),
        )
        self.joint = MeasuredPlot(
            [
                Curve(
                    "joint_perplexity",
                    "combinations",
                    "3",
                    help="Of the groups' codes; the product codebook.",
                )
            ],
            y_label="combinations",
            levels=[
                Level("one group", _constant("codes"), "warn", "What one group alone could say."),
                Level("ceiling", _constant("joint_ceiling"), "good", "All combinations used alike."),
            ],
            hint="Press Start: how many combinations of the groups are in use",
            log_y=True,
            empty_y=(1.0, 2000.0),
        )
        self.dead = MeasuredPlot(
            [Curve("dead_codes", "dead", "bad", 100, help="Not chosen once in the last pass over the data.")],
            y_label="dead codes",
            unit="%",
            hint="Press Start: how many codes nothing chooses",
            always=(0.0, 100.0),
            empty_y=(0.0, 105.0),
        )
        self.show_charts(
            [
                ("By group", self.groups),
                ("In all", self.total),
                ("Together", self.joint),
                ("Dead", self.dead),
            ]
        )
