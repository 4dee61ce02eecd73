"""Evidence from small made logs: what was measured in real runs, written down as names and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ssllab.doctor.evidence import Evidence
from ssllab.scalars import Series
from ssllab.training.metrics import MetricsLog

ROWS = 2000  # of the log: more than any rule looks back
LATELY = 50  # rows that hold what is now; those before hold what was

NOW = ("metrics", "probes", "constants", "settings")
PLACES = (*NOW, "earlier", "untrained")

SERIES = {
    "loss": Series("Loss", unit="nats"),
    "contrastive_loss": Series("Contrastive loss", unit="nats"),
    "contrastive_top1": Series("Accuracy", percent=True),
    "code_perplexity": Series("Hard code perplexity"),
    "dead_codes": Series("Dead codes", percent=True),
    "knn_top1": Series("kNN accuracy on h", percent=True),
    "linear_top1": Series("Linear probe on h", percent=True),
    "wer": Series("Word error rate", percent=True),
}


def log_of(steps: Any, columns: Mapping[str, Any]) -> MetricsLog:
    """A log with one row a step; what is None was not measured."""
    log = MetricsLog()
    log.extend(steps, {name: np.broadcast_to(v, len(steps)) for name, v in columns.items() if v is not None})
    return log


class Settings(SimpleNamespace):
    """Settings whose defaults are those of ``usual``, and all of them live but the shape of the model."""

    def __init__(self, values: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
        super().__init__(**values)
        self._usual = usual

    def controls(self) -> dict[str, Any]:
        return {
            name: SimpleNamespace(default=value, live=name not in ("head", "batch_size"))
            for name, value in self._usual.items()
        }


def made(facts: Mapping[str, Any], usual: Mapping[str, Any] | None = None, made_live: Any = ()) -> Evidence:
    """``facts``: ``step``, ``steps_seen``, and dicts of names and numbers, one for each of ``PLACES``.

    ``usual`` are the defaults of the settings, ``made_live`` their live changes.
    """
    step = facts.get("step") or 0
    metrics, probes, constants, settings, earlier, untrained = (facts.get(place, {}) for place in PLACES)
    steps = np.arange(max(1, step - ROWS + 1), step + 1)
    then = steps <= step - LATELY
    columns = {
        name: None if now is None else np.where(then, np.nan if was is None else was, now)
        for name, now, was in ((n, metrics.get(n), earlier.get(n, metrics.get(n))) for n in metrics)
    }
    curves = {name: value for name, value in probes.items() if isinstance(value, tuple)}
    count = max([2, *map(len, curves.values())])
    probed = {
        name: curves.get(name, [untrained.get(name, np.nan)] + [value] * (count - 1))
        for name, value in probes.items()
        if value is not None
    }
    return Evidence(
        Settings(settings, settings if usual is None else usual),
        log_of(steps, columns),
        log_of(np.linspace(0, step, count).astype(int), probed),
        {name: value for name, value in constants.items() if value is not None},
        SERIES,
        step - (step if facts.get("steps_seen") is None else facts["steps_seen"]),
        made_live,
    )


def changed(facts: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``facts`` with some replaced, each by its name; those before the first or earlier steps as ``untrained_NAME``."""
    found = {key: dict(value) if isinstance(value, dict) else value for key, value in facts.items()}
    for name, value in changes.items():
        prefix = next((place for place in ("untrained", "earlier") if name.startswith(place + "_")), None)
        if prefix:
            found[prefix][name.removeprefix(prefix + "_")] = value
        elif name in ("step", "steps_seen"):
            found[name] = value
        else:
            found[next(place for place in NOW if name in found.get(place, {}))][name] = value
    return found


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    """Evidence of ``facts``, whose settings are the defaults, and some ``changes`` of them."""
    return lambda facts, made_live=(), **changes: made(
        changed(facts, changes), facts.get("settings"), made_live
    )
