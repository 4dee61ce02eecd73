"""Attraction and repulsion as the loss exerts them, and how many negatives push: what temperature does."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import Negatives
from ssllab.ui.bench import Bench
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot
from ssllab.ui.scene import Scene


class NegativeWeights(Chart):
    """Shares of the repulsion of the negatives, hardest first, mean over anchors."""

    def __init__(self) -> None:
        super().__init__(
            x_label="negatives, hardest first",
            y_label="share (%)",
            hint="Press Start: which negatives push hardest",
            log=(True, False),
            can_log=(True, True),
            empty=((1, 500), (0, 5)),
        )
        self._part: Negatives | None = None
        self._curve = self.line("weights", "repel", width=2, fill=0.22, fill_to=0.0)
        self._even = self.line("even", "muted", width=1.4, dash=True)
        self._list()

    def draw(self, scene: Scene) -> None:
        part = scene.part(Negatives)
        if part is not self._part:
            self._part = part
            self._list()
            self.redraw()

    def reset(self) -> None:
        super().reset()
        self._part = None
        self._list()
        self.redraw()

    def redraw(self) -> None:
        part = self._part
        self._show_empty(part is None)
        shares = self._shares()
        rank = np.arange(1, len(shares) + 1)
        self.notes.marks = []
        self._curve.setVisible(bool(len(shares)) and "weights" not in self._hidden)
        if part is not None and len(shares):
            low = max(float(shares[shares > 0].min(initial=100.0)), 1e-4)
            self._curve.setFillLevel(float(self.map_y(np.array([low / 2]))[0]) if self.log[1] else 0.0)
            self.put(self._curve, rank, np.maximum(shares, low) if self.log[1] else shares)
            even = 100.0 / len(shares)
            self.put(self._even, rank[[0, -1]], np.full(2, even))
            top = max(float(shares[0]), 1.5 * even)
            effective = part.effective
            place = float(self.map_x(np.array([effective]))[0])
            self.notes.marks = [(place, f"{effective:.0f} of {len(shares)} push")]
            labels = 2.0 if self.log[1] else 1 + self.notes.label_room() / max(60.0, self.view.height())
            self.frame((1, max(2, len(shares))), (low / 2 if self.log[1] else 0.0, top * labels), pad=(0, 0))
        else:
            self._even.setData([], [])
        self.show_values()

    def _shares(self) -> np.ndarray:
        return np.empty(0) if self._part is None else 100.0 * np.asarray(self._part.shares, float)

    def _list(self) -> None:
        name = "now" if self._part is None else f"now, τ = {self._part.temperature:.3g}"
        self.list_entries(
            [
                Entry(
                    "weights",
                    name,
                    colour("repel"),
                    "line",
                    False,
                    "Share of each negative in the repulsion.",
                ),
                Entry("even", "all alike", colour("muted"), "dash", False, "Every negative pushes the same."),
            ]
        )

    def restyle(self) -> None:
        super().restyle()
        self._list()
        self.redraw()

    def readout(self, x: float) -> Readout | None:
        shares = self._shares()
        rank = int(np.clip(round(10.0**x if self.log[0] else x), 1, len(shares)))
        y = float(self.map_y(shares[[rank - 1]])[0])
        text = f"no. {rank}: {value_text(shares[rank - 1])}%, first {rank}: {shares[:rank].sum():.1f}%"
        return (
            float(self.map_x(np.array([rank]))[0]),
            text,
            {},
            [(float(self.map_x(np.array([rank]))[0]), y, colour("repel"))],
        )

    def columns(self) -> dict[str, NDArray]:
        shares = self._shares()
        return {"rank": np.arange(1, len(shares) + 1), "share_percent": shares} if len(shares) else {}


def _all_negatives(scene: Scene) -> float | None:
    chance = scene.metrics.last("contrastive_chance") if scene.metrics is not None else None
    return 1 / chance - 1 if chance else None


class ForcesPanel(ChartPanel):
    """Forces over steps, effective number of negatives, and who pushes now."""

    id = "forces"
    title = "Forces and temperature"
    parts = (Negatives,)
    help = """
    <h3>Forces and temperature</h3>
    <p>The negative gradient of the loss at an anchor is a force on it: it is pulled towards its positive
    with (1 − p<sup>+</sup>)/τ and pushed from negative k with p<sub>k</sub>/τ, where p is the softmax
    over candidates exp(s/τ). All pushes together are as large as the pull. The <b>effective number of
    negatives</b> is exp(entropy of the shares p<sub>k</sub>/Σp): how many push as if they shared the work
    evenly. The third plot has all shares, the hardest negative first.</p>
    <p><b>How to read it.</b> The temperature sets who pushes. τ → 0: only the hardest negative, so images
    that look alike are torn apart, even of one class. τ → ∞: all negatives alike, so hard ones are not
    told apart. In between the force goes mostly to the hard negatives. Move the slider and watch the
    shares change at once.</p>
    <p>Wang and Liu 2021, <i>Understanding the Behaviour of Contrastive Loss</i>, section 3, equations 4
    to 6; Chen et al. 2020, Table 2.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.force = TimePlot(
            [
                Curve("positive_force", "on the positive", "attract", help="(1 − p⁺)/τ, mean over anchors."),
                Curve(
                    "negative_force",
                    "on a negative",
                    "repel",
                    help="p/τ of one negative, mean over all of them.",
                ),
            ],
            y_label="force",
            hint="Press Start: pull and push at every step",
            log_y=True,
            empty_y=(1e-4, 20.0),
        )
        self.effective = TimePlot(
            [
                Curve(
                    "effective_negatives",
                    "effective negatives",
                    "repel",
                    help="exp of the entropy of their shares.",
                )
            ],
            y_label="negatives",
            levels=[Level("all", _all_negatives, help="All negatives of an anchor in the batch.")],
            hint="Press Start: how many negatives push",
            always=(0.0,),
            empty_y=(0.0, 500.0),
        )
        self.weights = NegativeWeights()
        self.show_charts([("Who pushes", self.weights), ("Forces", self.force), ("How many", self.effective)])
