"""Models that a command names and that are still on huggingface.co only: fetched first, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from ssllab.training import hub


def fetch_named(place: str, sought: hub.Sought = hub.SPEECH) -> None:
    """Fetch the model of that name, unless it is here or ``place`` is no name on the hub. Raises ModelFileError,
    DataError.
    """
    model = hub.find(place, sought)
    if model is None or model.complete:
        return
    bar: Any
    form = "{desc} |{bar}| {percentage:.0f} %"
    with tqdm(total=1.0, file=sys.stderr, disable=None, leave=False, bar_format=form) as bar:

        def show(part: float, text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(part - bar.n)

        hub.fetch_model(model, progress=show, cancelled=lambda: False)


def fetch_start(config: Mapping[str, Any]) -> None:
    """Fetch what a method's settings begin with."""
    for key in ("pretrained", "start_from", *(["speech_model"] if config.get("unit") == "code" else [])):
        fetch_named(str(config.get(key, "")))
