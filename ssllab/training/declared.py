"""What the method of a stored run declared: what its scalars are, and its usual settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from ssllab.controls import Value
from ssllab.scalars import Series, from_json
from ssllab.training.run_record import RunInfo


@lru_cache(64)  # the runs of a workspace share some few
def series_from(text: str) -> Mapping[str, Series]:
    """The declarations in a JSON text, see :func:`ssllab.scalars.from_json`."""
    return from_json(json.loads(text))


def declared(info: RunInfo) -> Mapping[str, Series]:
    """The declarations of a run's scalars: those it keeps, or, in one made before they were kept, its method's.

    Empty for a method that is not ours: nobody else's code is run to show a run.
    It may import torch: not for the window's thread.
    """
    if info.scalars or info.settings is None:
        return info.scalars
    from ssllab.methods.registry import ours

    known = ours().get(info.settings.method)
    return known.series if known else {}


def usual(info: RunInfo) -> Mapping[str, Value]:
    """A run's method's own settings, as :func:`declared` gives what its scalars are."""
    if info.usual or info.settings is None:
        return info.usual
    from ssllab.methods.registry import ours

    known = ours().get(info.settings.method)
    return known.Config().model_dump() if known else {}


def title(info: RunInfo) -> str:
    """What a run's method is called, as :func:`declared`; empty for one that is not ours."""
    if info.title or info.settings is None:
        return info.title
    from ssllab.methods.registry import ours

    known = ours().get(info.settings.method)
    return known.title if known else ""
