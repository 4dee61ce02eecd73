"""Shipped curves of healthy and sick runs, drawn faintly behind the live ones when the recipe is the same."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from ssllab.assets import asset
from ssllab.controls import Config
from ssllab.ui.panel import Band


def bands(method: str, data: str, config: Config | None) -> tuple[Band, ...]:
    """The bands made with this method, data, encoder and batch size; empty where there are none."""
    if config is None:
        return ()
    recipe = (method, data, getattr(config, "encoder", ""), getattr(config, "batch_size", 0))
    return _all().get(recipe, ())


@cache
def _all() -> dict[tuple[str, str, str, int], tuple[Band, ...]]:
    found: dict[tuple[str, str, str, int], tuple[Band, ...]] = {}
    folder = asset("reference")
    if not folder.is_dir():
        return found
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        recipe = document["recipe"]
        key = (recipe["method"], recipe["data"], recipe["encoder"], recipe["batch_size"])
        band = Band(
            document["name"],
            document["healthy"],
            {
                name: tuple(np.asarray(curve[part], np.float32) for part in ("steps", "low", "high"))
                for name, curve in document["curves"].items()
            },
        )
        found[key] = (*found.get(key, ()), band)
    return found
