"""Shipped curves of healthy and sick runs, drawn faintly behind the live ones when the recipe is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from ssllab.assets import asset
from ssllab.controls import Config, Value
from ssllab.data.catalogue import kind_of, source
from ssllab.ui.scene import Band, NoBands

_MOST_NAMED = 2  # settings that a legend has room for


@dataclass(frozen=True)
class _Recipe:
    """What the runs of a band were trained with: every setting, and the options of the data as they come. ``variant``: the
    settings that tell references of the same method and data apart, as the unit of a text."""

    method: str
    data: str
    config: Mapping[str, Value]
    variant: Mapping[str, Value]

    def differs(self, config: Config) -> list[str]:
        """Names of the settings that are not those of the band; what the band does not know cannot differ."""
        here = config.model_dump(mode="json")
        return [name for name, value in self.config.items() if name not in here or here[name] != value]


def bands(
    method: str, data: str, config: Config | None, options: Mapping[str, int] | None = None
) -> tuple[tuple[Band, ...], NoBands | None]:
    """The bands for these settings, or why there are none.

    All bands of a method, its data and variant are there where the settings are those of one of them, healthy or sick.
    ``options`` are those of the data.
    """
    if config is None:
        return (), None
    here = [(recipe, band) for recipe, band in _all() if (recipe.method, recipe.data) == (method, data)]
    if not here:
        known = {name for recipe, band in _all() if recipe.method == method for name in band.curves}
        about = "Reference runs, healthy and sick, are shipped for the default settings of shipped data."
        return (), NoBands("no reference runs for this data", about, frozenset(known)) if known else None
    curves = frozenset(name for _, band in here for name in band.curves)
    info = source(data)
    usual = kind_of(data).options_of(info)
    if info is not None and options and {**usual, **options} != usual:
        return (), NoBands("no reference runs for these options of the data", _OTHER, curves)
    nearest = min((recipe for recipe, _ in here), key=lambda recipe: len(recipe.differs(config)))
    if changed := nearest.differs(config):
        return (), NoBands(*_words(changed, nearest, config), curves)
    return tuple(band for recipe, band in here if recipe.variant == nearest.variant), None


_OTHER = "The reference runs were made with other settings, so they are not drawn."


def _words(changed: list[str], nearest: _Recipe, config: Config) -> tuple[str, str]:
    """For the legend, and at length."""
    titles = {name: spec.title for name, spec in config.controls().items()}
    named = [titles.get(name, name) for name in changed]
    if len(named) == 1:
        short = f"no reference runs with this {named[0].lower()}"
    elif len(named) <= _MOST_NAMED:
        short = f"no reference runs: {' and '.join(named).lower()} changed"
    else:
        short = f"no reference runs: {len(named)} settings changed"
    each = "; ".join(
        f"{title}: {getattr(config, name, '–')} here, {nearest.config[name]} there"
        for name, title in zip(changed, named, strict=True)
    )
    return short, f"{_OTHER} {each}."


@cache
def _all() -> tuple[tuple[_Recipe, Band], ...]:
    found = []
    for file in sorted(asset("reference").iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        curves = {
            name: (np.asarray(curve["steps"]), np.asarray(curve["low"]), np.asarray(curve["high"]))
            for name, curve in document["curves"].items()
        }
        recipe = _Recipe(
            document["method"], document["data"], document["config"], document.get("variant", {})
        )
        found.append((recipe, Band(document["name"], document["healthy"], curves)))
    return tuple(found)
