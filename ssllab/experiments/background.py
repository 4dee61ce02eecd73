"""As the background grows: what is known of the ball under each remedy, and by a model that predicts pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from ssllab.controls import Value
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.types import VideoData
from ssllab.experiments.contenders import Contender
from ssllab.experiments.short_runs import ShortRuns
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

STRENGTHS = (0.0, 0.25, 0.5, 1.0)


class Cell(NamedTuple):
    """One run: who learns, before what background of which strength."""

    contender: Contender
    background: str
    strength: float


class Background(ShortRuns[Cell, float]):
    """``results``: R² of the position from a frame's latent, by cell. All share ``background``, seed and length; the weakest
    background comes first."""

    def __init__(
        self, settings: RunSettings, data: VideoData, steps: int, cells: Sequence[Contender], background: str
    ) -> None:
        self._settings = settings
        super().__init__(
            [Cell(one, background, strength) for strength in STRENGTHS for one in cells], data, steps
        )

    def settings_of(self, cell: Cell) -> RunSettings:
        """The settings at hand with this cell's background and remedy."""
        return cell.contender.settings(self._settings, world(cell))

    def result_of(self, cell: Cell, trainer: Trainer) -> float:
        """Of the probe; NaN where positions are not known."""
        return trainer.method.quick_probe(trainer.data).scalars.get("position_r2", math.nan)


def positions_known(data: VideoData) -> bool:
    """Whether the data says where its object is: clips that were made here, not filmed."""
    return data.test.clips(1, 1, WorldSettings(), torch.Generator().manual_seed(0)).truth is not None


def world(cell: Cell) -> dict[str, Value]:
    """The controls that a cell sets, beside its contender's."""
    return {"background": cell.background, "background_strength": cell.strength}


def to_plain(results: Mapping[Cell, float]) -> list[list[Any]]:
    """Results as JSON has them; :func:`from_plain` gives them back."""
    return [[*cell.contender, *cell[1:], r2 if math.isfinite(r2) else None] for cell, r2 in results.items()]


def from_plain(rows: list[list[Any]]) -> dict[Cell, float]:
    """What :func:`to_plain` made plain. Raises TypeError or ValueError for anything else."""
    return {
        Cell(Contender(str(method), str(remedy)), str(background), float(strength)): math.nan
        if r2 is None
        else float(r2)
        for method, remedy, background, strength, r2 in rows
    }
