"""The collapse monitor: singular values, raw spread, and which dimensions say the same."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import Spectrum
from ssllab.ui.panels.spectrum import SpectrumPanel
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart
from ssllab.ui.plots.heat_map import OFF, HeatMap
from ssllab.ui.scene import Scene

_STILL = 1e-6  # a dimension of less spread has no correlation, only rounding


class Correlations(HeatMap):
    """How much every two dimensions of z say the same: |correlation| from 0 to 1, whatever their spread."""

    def __init__(self) -> None:
        self._covariance: NDArray | None = None
        self._still: NDArray = np.empty(0, bool)
        self._r: NDArray = np.empty((0, 0))
        self._dimensions = 0
        super().__init__(
            x_label="dimension of z",
            y_label="dimension of z",
            hint="Press Start: which dimensions say the same",
            square=True,
        )

    def draw(self, scene: Scene) -> None:
        part = scene.part(Spectrum)
        covariance = None if part is None else part.covariance
        if covariance is self._covariance:
            return
        self._covariance, self._dimensions = covariance, 0 if part is None else len(part.channel_std_z)
        if covariance is None or not np.isfinite(covariance).all():
            self.scale.say("")
            self.show_matrix(None)
            return
        covariance = np.asarray(covariance, float)
        std = np.sqrt(np.diag(covariance).clip(0))
        self._still = std < _STILL
        self._r = covariance / np.maximum(np.outer(std, std), _STILL**2)
        levels = np.abs(self._r)
        levels[self._still] = levels[:, self._still] = OFF
        beside = ~np.eye(len(levels), dtype=bool)
        moving = beside & ~self._still & ~self._still[:, None]
        mean = float(levels[moving].mean()) if moving.any() else 0.0
        largest = float(np.abs(covariance[beside]).max()) if beside.any() else 0.0
        np.fill_diagonal(levels, np.nan)
        few = "" if len(levels) == self._dimensions else f"{len(levels)} of {self._dimensions} dimensions, "
        self.scale.say(
            f"{few}mean |r| {mean:.2f}, covariance up to {value_text(largest)}",
            "0",
            "|r| 1",
            "no spread" if self._still.any() else "",
        )
        names = [str(number) for number in self._numbers()]
        self.show_matrix(levels, names, names)

    def reset(self) -> None:
        super().reset()
        self._covariance = None
        self.scale.say("")
        self.show_matrix(None)

    def _numbers(self) -> NDArray[np.int64]:
        """Which of z's dimensions the rows are, from 1."""
        return np.linspace(0, self._dimensions - 1, len(self._r)).round().astype(np.int64) + 1

    def describe(self, row: int, column: int) -> str:
        assert self._covariance is not None
        first, second = self._numbers()[[row, column]]
        if self._still[[row, column]].any():
            still = first if self._still[row] else second
            return f"dimension {still} has no spread"
        r, covariance = self._r[row, column], float(self._covariance[row, column])
        return f"{first} and {second}: r {r:.2f}, covariance {value_text(covariance)}"

    def columns(self) -> dict[str, NDArray]:
        if self._covariance is None:
            return {}
        number = self._numbers()
        return {
            "first": np.repeat(number, len(number)),
            "second": np.tile(number, len(number)),
            "correlation": self._r.ravel(),
            "covariance": np.asarray(self._covariance, float).ravel(),
        }


class CollapseMonitor(SpectrumPanel):
    """Singular values, spread, correlations."""

    title = "Collapse monitor"
    help = """
    <h3>Collapse monitor</h3>
    <p><b>Spectrum</b>: singular values of the matrix of embeddings of fixed held-out items, largest first, divided by the
    largest; RankMe is exp of the entropy of the normalised ones, the number of dimensions in use. <b>Spread</b>: the
    standard deviation of every dimension, sorted, as bars where it is of vectors as they are, against 1/√d, the spread
    that unit vectors have when they cover the sphere; and the mean cosine of unrelated items. The axis never shrinks with
    the bars. <b>Correlation</b>: how much every two dimensions say the same, |r| from 0 to 1; the largest covariance
    stands beside it in its own units.</p>
    <p><b>How to read it.</b> <i>Complete collapse</i>: all bars far under the line, cosine near 1. The spectrum and the
    correlations are of no use then: they show what noise is left. <i>Dimensional collapse</i>: bars healthy, but the
    spectrum falls off a cliff and the correlations are bright, for many dimensions are copies of few. A method of
    directions alone (SimSiam, BYOL, SimCLR) is shown by unit vectors, for their length means nothing to its loss.
    All three can look healthy while nothing that moves is known: read <i>What is known</i> too.</p>
    <p>Chen and He 2021 (SimSiam), section 4.1; Garrido et al. 2023, <i>RankMe</i>, equation 1; Bardes et al. 2022
    (VICReg), section 4; Jing et al. 2022.</p>
    """

    def arranged(self) -> list[tuple[str, Chart]]:
        self.correlations = Correlations()
        for chart in (self.spread, self.spectrum):
            chart.wait_unnamed()  # methods of clips have no h
        return [("Spread", self.spread), ("Spectrum", self.spectrum), ("Correlation", self.correlations)]
