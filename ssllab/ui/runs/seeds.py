"""Runs of one recipe with several seeds, and the mean and standard deviation of their curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ssllab.training.metrics import MetricsLog
from ssllab.ui.panel import Band, Overlay
from ssllab.ui.runs.settings_table import settings_of

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo


@dataclass(frozen=True)
class Group:
    """Runs whose settings are equal but for the seed."""

    infos: tuple[RunInfo, ...]


def group_by_recipe(infos: Sequence[RunInfo]) -> list[Group]:
    """Put runs that differ in the seed alone together; order of first appearance."""
    groups: dict[str, list[RunInfo]] = {}
    for info in infos:
        recipe = {key: value for key, value in settings_of(info).items() if key != "seed"}
        groups.setdefault(json.dumps(recipe, sort_keys=True, default=str), []).append(info)
    return [Group(tuple(group)) for group in groups.values()]


def mean_and_deviation(
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``(steps (n,), mean (n,), std (n,))`` of curves ``(steps, values)`` measured at different steps.

    Every step at which any curve was measured, within the steps that all cover; between its own
    measurements a curve counts with the straight line. The deviation is the one of a sample (n - 1).
    Empty where a curve is empty or none overlap.
    """
    kept = []
    for steps, values in curves:
        good = np.isfinite(values)
        at, last = np.unique(np.asarray(steps)[good][::-1], return_index=True)  # a repeated step: the newest
        kept.append((at.astype(np.float64), np.asarray(values, np.float64)[good][::-1][last]))
    nothing = (np.empty(0), np.empty(0), np.empty(0))
    if not kept or any(not len(at) for at, _ in kept):
        return nothing
    low, high = max(at[0] for at, _ in kept), min(at[-1] for at, _ in kept)
    grid = np.unique(np.concatenate([at for at, _ in kept]))
    grid = grid[(grid >= low) & (grid <= high)]
    if not len(grid):
        return nothing
    table = np.stack([np.interp(grid, at, values) for at, values in kept])
    deviation = table.std(axis=0, ddof=1) if len(kept) > 1 else np.zeros(len(grid))
    return grid, table.mean(axis=0), deviation


def mean_overlay(name: str, colour: str, logs: Sequence[MetricsLog], metric: str) -> tuple[Overlay, Band]:
    """The mean as a run to draw and one standard deviation on each side as a band of the same name."""
    steps, mean, deviation = mean_and_deviation([log.column(metric) for log in logs])
    log = MetricsLog()
    log.extend(steps.astype(np.int64), {metric: mean})
    band = Band(name, True, {metric: (steps, mean - deviation, mean + deviation)})
    return Overlay(name, log, log, colour), band
