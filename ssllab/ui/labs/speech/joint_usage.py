"""Which codes of the first two groups go together: whether the second group says something of its own."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import JointUsage, Look
from ssllab.ui.bench import Bench
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.heat_map import HeatMap
from ssllab.ui.scene import Scene

_HINT = "Press Start: which codes of two groups go together"
_ONE_GROUP = "Nothing to compare: this needs a model with two codebook groups."
_LEAST_PIXELS = 3.0  # of a cell; where codes are more, neighbours are added up


def order(counts: NDArray) -> tuple[NDArray, NDArray]:
    """Rows and columns of ``counts (V, V)`` in an order that lays what goes together near the diagonal.

    Rows by frequency; columns by the mean place of the rows they occur with. Codes never used come last.
    """
    rows = np.argsort(-counts.sum(1), kind="stable")
    sorted_rows = counts[rows]
    total = sorted_rows.sum(0)
    place = np.arange(len(counts)) @ sorted_rows
    mean = np.where(total > 0, place / np.maximum(total, 1e-12), math.inf)
    return rows, np.argsort(mean, kind="stable")


def pooled(matrix: NDArray, block: int) -> NDArray:
    """Sums of blocks of ``block`` x ``block`` cells; blocks at the end may be smaller."""
    starts = np.arange(0, len(matrix), block)
    return np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)


def perplexity(counts: NDArray) -> float:
    """exp of the entropy of ``counts``, 0 for none."""
    total = counts.sum()
    if not total:
        return 0.0
    shares = counts[counts > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def independent_perplexity(counts: NDArray) -> float:
    """The perplexity that as many frames would have, were the groups of ``counts (V, V)`` independent.

    Measured, not the product of the two perplexities: few frames cannot fill a large plane.
    """
    frames = counts.sum()
    if not frames:
        return 0.0
    shares = np.outer(counts.sum(1), counts.sum(0)) / frames**2
    return perplexity(np.random.default_rng(0).multinomial(round(frames), shares.ravel() / shares.sum()))


class JointMap(HeatMap):
    """Pairs of codes on a logarithmic colour scale."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._block = 1
        self._counts: NDArray = np.empty((0, 0))
        self._independent = 0.0
        self._orders = (np.empty(0, int), np.empty(0, int))
        super().__init__(x_label="codes of group 2", y_label="codes of group 1", hint=_HINT)
        self.view.sigResized.connect(self._resized)

    def draw(self, scene: Scene) -> None:
        if scene.look is self._look:
            return
        self._look = scene.look
        joint = scene.part(JointUsage)
        self._hint = _ONE_GROUP if self._look is not None and joint is None else _HINT
        self._counts = np.empty((0, 0)) if joint is None else np.asarray(joint.counts, float)
        self._independent = independent_perplexity(self._counts)
        self._lay_out()

    def reset(self) -> None:
        super().reset()
        self._look = None
        self._hint = _HINT
        self._counts = np.empty((0, 0))
        self._lay_out()

    def _resized(self) -> None:
        if self._counts.size and self._best_block() != self._block:
            self._lay_out()

    def _best_block(self) -> int:
        room = max(1.0, min(self.view.width(), self.view.height()))
        return max(1, math.ceil(len(self._counts) * _LEAST_PIXELS / room))

    def _lay_out(self) -> None:
        if not self._counts.size:
            self.scale.say("")
            self.show_matrix(None)
            return
        self._orders = order(self._counts)
        self._block = self._best_block()
        cells = pooled(self._counts[np.ix_(*self._orders)], self._block)
        top = float(cells.max())
        levels = np.log1p(cells) / math.log1p(top) if top else np.zeros_like(cells)
        self.scale.say(
            f"{perplexity(self._counts):,.0f} pairs, {self._independent:,.0f} if independent",
            "0",
            value_text(top),
        )
        self.show_matrix(levels)

    def describe(self, row: int, column: int) -> str:
        block = self._block
        rows, columns = (
            order[place * block : (place + 1) * block]
            for order, place in zip(self._orders, (row, column), strict=True)
        )
        count = self._counts[np.ix_(rows, columns)].sum()
        share = count / max(self._counts.sum(), 1.0)
        names = " × ".join(
            f"{codes[0]}" if len(codes) == 1 else f"{len(codes)} codes" for codes in (rows, columns)
        )
        return f"{names}: {count:.0f} frames, {value_text(100 * share)}%"

    def columns(self) -> dict[str, NDArray]:
        if not self._counts.size:
            return {}
        first, second = np.nonzero(self._counts)
        return {"code_1": first, "code_2": second, "frames": self._counts[first, second]}


class JointUsagePanel(ChartPanel):
    """How the first two groups share the work."""

    id = "joint"
    title = "Groups together"
    parts = (JointUsage,)
    help = """
    <h3>Groups together</h3>
    <p>A frame gets one code from each group, and the pair is what the model knows it by. Every cell counts the frames of
    one pair in the last pass over the data, on a logarithmic colour scale. Rows are sorted by frequency, columns so that
    what goes together lies near the diagonal. Where codes are many, neighbours are added up; zoom and full screen show
    more.</p>
    <p><b>How to read it.</b> Groups that are independent fill the plane, and there are as many pairs as the caption says
    after <i>if independent</i>: the perplexity of as many frames drawn with the same use of each group. The second group
    then adds what the first leaves open. A thin diagonal: both groups say the same, and one of them is wasted.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, section 2 (product quantization: 320 × 320 = 102,400 codewords, of
    which far fewer are used); Jégou et al. 2011.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.map = JointMap()
        self.show_charts([("Pairs", self.map)])
