"""Cosine similarity of positive and of negative pairs: means over steps and both distributions now."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import Similarities
from ssllab.ui.bench import Bench
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.time_plot import Curve, TimePlot
from ssllab.ui.scene import Scene

_KINDS = (("positive", "positives", "attract"), ("negative", "negatives", "repel"))


class SimilarityHistogram(Chart):
    """Densities of the similarity of positives and negatives over the fixed images."""

    def __init__(self) -> None:
        super().__init__(
            x_label="cosine similarity",
            y_label="density",
            hint="Press Start: positives move to the right, negatives apart",
            empty=((-1, 1), (0, 3)),
        )
        self._part: Similarities | None = None
        self._curves = {
            key: self.line(key, role, width=1.6, fill=0.28, fill_to=0.0) for key, _, role in _KINDS
        }
        self._list()

    def draw(self, scene: Scene) -> None:
        part = scene.part(Similarities)
        if part is not self._part:
            self._part = part
            self.redraw()

    def reset(self) -> None:
        super().reset()
        self._part = None
        self.redraw()

    def redraw(self) -> None:
        self._show_empty(self._part is None)
        top = 0.0
        part = self._part
        for key, curve in self._curves.items():
            if part is None:
                curve.setData([], [])
                continue
            edges, density = _bars(part, key)
            curve.setFillLevel(float(self.map_y(np.array([_floor(density)]))[0]) if self.log[1] else 0.0)
            self.put(curve, edges, np.maximum(density, _floor(density)) if self.log[1] else density)
            if key not in self._hidden:
                top = max(top, float(density.max()))
        if part is not None:
            bottom = _floor(part.negative) if self.log[1] else 0.0
            self.frame((-1, 1), (bottom, top * 1.05 or 1.0), pad=(0, 0))
        self.show_values()

    def _list(self) -> None:
        self.list_entries([Entry(key, name, colour(role), "fill", True) for key, name, role in _KINDS])

    def restyle(self) -> None:
        super().restyle()
        self._list()

    def values(self) -> dict[str, str]:
        if self._part is None:
            return {}
        edges = np.asarray(self._part.edges, float)
        middle = (edges[1:] + edges[:-1]) / 2
        texts = {}
        for key, *_ in _KINDS:
            density = np.asarray(getattr(self._part, key), float)
            if density.sum() > 0:
                texts[key] = f"{(middle * density).sum() / density.sum():.3f}"
        return texts

    def readout(self, x: float) -> Readout | None:
        if self._part is None:
            return None
        edges = np.asarray(self._part.edges, float)
        i = int(np.clip(np.searchsorted(edges, x) - 1, 0, len(edges) - 2))
        texts = {key: f"{getattr(self._part, key)[i]:.3g}" for key, *_ in _KINDS}
        return (edges[i] + edges[i + 1]) / 2, f"{edges[i]:.2f} to {edges[i + 1]:.2f}", texts, []

    def columns(self) -> dict[str, NDArray]:
        if self._part is None:
            return {}
        edges = np.asarray(self._part.edges)
        columns = {"from": edges[:-1], "to": edges[1:]}
        return {**columns, **{key: np.asarray(getattr(self._part, key)) for key, *_ in _KINDS}}


def _bars(part: Similarities, key: str) -> tuple[NDArray, NDArray]:
    """Corner points of the bars of "positive" or "negative"."""
    edges = np.repeat(np.asarray(part.edges, float), 2)
    density = np.asarray(getattr(part, key), float)
    return edges, np.concatenate(([0.0], np.repeat(density, 2), [0.0]))


def _floor(density: NDArray) -> float:
    """A bottom for logarithmic bars: below the smallest one that is not empty."""
    positive = density[density > 0]
    return float(positive.min()) / 2 if positive.size else 1e-3


class SimilarityPanel(ChartPanel):
    """Mean similarities over steps beside their histograms."""

    id = "similarity"
    title = "Similarity"
    parts = (Similarities,)
    help = """
    <h3>Similarity of pairs</h3>
    <p>Cosine similarity z<sub>i</sub>·z<sub>j</sub> of unit embeddings. <b>Positives</b> (blue) are two
    views of one image: the loss attracts them. <b>Negatives</b> (orange) are views of different images:
    it repels them. Over steps: the mean of each in the batch. Histogram: both distributions over the
    fixed images.</p>
    <p><b>How to read it.</b> Healthy: blue moves towards 1, orange spreads around 0, and the two hardly
    overlap. Both near 1: collapse. Both together around 0: the views have nothing in common that the
    encoder finds. A low temperature spreads the negatives; a high one tolerates similar negatives.</p>
    <p>Chen et al. 2020, equation 1; Wang and Liu 2021, <i>Understanding the Behaviour of Contrastive
    Loss</i>, section 3.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.plot = TimePlot(
            [
                Curve(
                    "positive_similarity",
                    "positives",
                    "attract",
                    help="Mean similarity of two views of one image.",
                ),
                Curve(
                    "negative_similarity",
                    "negatives",
                    "repel",
                    help="Mean similarity of views of different images.",
                ),
            ],
            y_label="mean cosine",
            hint="Press Start: positives should rise, negatives fall",
            empty_y=(-0.2, 1.05),
            always=(0.0,),
        )
        self.histogram = SimilarityHistogram()
        self.show_charts([("Over steps", self.plot), ("Histogram", self.histogram)])
