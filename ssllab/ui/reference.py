"""Shipped curves of healthy and sick runs, drawn faintly behind the live ones when the recipe is the same."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from ssllab.assets import asset
from ssllab.controls import Config, Value
from ssllab.ui.scene import Band


def bands(method: str, data: str, config: Config | None) -> tuple[Band, ...]:
    """The bands whose recipe (method, data and the values of some controls) is this one."""
    if config is None:
        return ()
    here = {**dict(config), "method": method, "data": data}
    return tuple(band for recipe, band in _all() if recipe.items() <= here.items())


@cache
def _all() -> tuple[tuple[dict[str, Value], Band], ...]:
    found = []
    folder = asset("reference")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        band = Band(
            document["name"],
            document["healthy"],
            {
                name: (
                    np.asarray(curve["steps"], np.float32),
                    np.asarray(curve["low"], np.float32),
                    np.asarray(curve["high"], np.float32),
                )
                for name, curve in document["curves"].items()
            },
        )
        found.append((document["recipe"], band))
    return tuple(found)
