"""Runs of one recipe with several seeds, and the mean and standard deviation of their curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ssllab.training.export import mean_and_std, settings_of
from ssllab.training.metrics import MetricsLog
from ssllab.ui.scene import Band, Overlay

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


def without_seed(info: RunInfo) -> RunInfo:
    """A run as one of its group, whose title has no seed."""
    settings = info.settings.model_copy(update={"seed": 0}) if info.settings else None
    return replace(info, settings=settings)


def mean_overlay(name: str, colour: str, logs: Sequence[MetricsLog], metric: str) -> tuple[Overlay, Band]:
    """The mean as a run to draw and one standard deviation on each side as a band of the same name."""
    steps, mean, deviation = mean_and_std([log.column(metric) for log in logs])
    log = MetricsLog()
    log.extend(steps, {metric: mean})
    band = Band(name, True, {metric: (steps, mean - deviation, mean + deviation)})
    return Overlay(name, log, log, colour), band
