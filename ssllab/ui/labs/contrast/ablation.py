"""The pairwise ablation grid (SimCLR, figure 5): queued as short runs, drawn as a heat map."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from ssllab.data.images.augment_settings import ABLATION, AugmentConfig, ablation_config
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.number_grid import NumberGrid
from ssllab.ui.panels.sweep import Plan, Sweep

if TYPE_CHECKING:
    from ssllab.experiments.ablation import Ablation

NAMES = tuple(ABLATION)


class PairGrid(NumberGrid):
    """A square of pairs, and the mean of each row as in the figure; a click sets a pair on ``bench``."""

    picked = Signal(str, str)

    def __init__(self, bench: Bench) -> None:
        super().__init__(NAMES, (*NAMES, "mean"))
        self.picked.connect(
            lambda first, second: bench.set_many(
                ablation_config(first, second), f"ablation cell {pair_words(first, second)}"
            )
        )
        self.values: dict[tuple[str, str], float] = {}

    def value(self, first: str, second: str) -> float | None:
        """The pair's value in either order."""
        return self.values.get((first, second), self.values.get((second, first)))

    def show_results(self, results: Mapping[tuple[str, str], float]) -> None:
        self.values = dict(results)
        self.update()

    def columns(self) -> dict[str, NDArray]:
        pairs = list(self.values)
        if not pairs:
            return {}
        first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
        return {"first": first, "second": second, "accuracy": np.array([self.values[pair] for pair in pairs])}

    def limits(self) -> tuple[float, float]:
        known = [v for v in self.values.values() if math.isfinite(v)]
        return (min(known), max(known)) if known else (0.0, 1.0)

    def at(self, row: int, column: int) -> float | None:
        if column < len(NAMES):
            return self.value(NAMES[row], NAMES[column])
        finished = [value for name in NAMES if (value := self.value(NAMES[row], name)) is not None]
        return sum(finished) / len(finished) if len(finished) == len(NAMES) else None

    def words(self, row: int, column: int) -> str:
        return pair_words(NAMES[row], NAMES[column]) if column < len(NAMES) else ""

    def pick(self, row: int, column: int) -> None:
        self.picked.emit(NAMES[row], NAMES[column])


def pair_words(first: str, second: str) -> str:
    """A cell in words; on the diagonal stands one transformation alone."""
    return first if first == second else f"{first} and {second}"


def _plan(bench: Bench, settings: RunSettings, data: Any, _picture: Any) -> Plan | str:
    if data.train.labels is None:
        return "The grid needs labels for its probe: choose data with classes."

    def begin(steps: int) -> Ablation:
        from ssllab.experiments.ablation import Ablation

        return Ablation(settings, data, steps)

    return Plan(begin)


ABLATION_GRID = Sweep(
    id="ablation",
    title="Ablation grid",
    help=(
        "<p>One short run for every pair of transformations (a single one on the diagonal); the number is the linear "
        "probe of h on held-out images, in percent.</p><p>SimCLR, figure 5: crop with colour distortion is the best "
        "pair on ImageNet. There one branch only is transformed and images are always cropped first; here both views "
        "get the pair and nothing else, and runs are short: compare within the grid only.</p>"
    ),
    picture=PairGrid,
    plan=_plan,
    note="28 short runs, one for each pair of transformations.",
    name="The grid",
    steps=100,
    settings=AugmentConfig,
    button="Run the grid",
    cells="cells",
    suffix=" steps a cell",
)
