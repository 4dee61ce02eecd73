"""The pairwise grid of SimCLR's figure 5: one short run for each pair of transformations."""

from __future__ import annotations

from itertools import combinations_with_replacement

from ssllab.data.images.augment_settings import ABLATION, ablation_config
from ssllab.data.images.types import ImageData
from ssllab.experiments.short_runs import ShortRuns
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

Cell = tuple[str, str]


class Ablation(ShortRuns[Cell, float]):
    """``results``: (first, second) -> linear-probe accuracy on h, 0..1 (kNN where there is no such probe).

    The grid is symmetric here, for both views get the pair; each pair is trained once. All cells share seed and
    length.
    """

    def __init__(self, settings: RunSettings, data: ImageData, steps: int) -> None:
        self._settings = settings
        super().__init__(list(combinations_with_replacement(ABLATION, 2)), data, steps)

    def settings_of(self, cell: Cell) -> RunSettings:
        """The settings at hand with this pair's augmentations."""
        return self._settings.model_copy(
            update={"config": {**self._settings.config, **ablation_config(*cell)}}
        )

    def result_of(self, cell: Cell, trainer: Trainer) -> float:
        """The probe's accuracy."""
        scalars = trainer.probe().scalars
        return scalars.get("linear_top1", scalars.get("knn_top1", float("nan")))
