"""Short runs of lessons, as a click begins them, and what was seen in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ssllab.controls import Value
from ssllab.data.batches import Data
from ssllab.labs import labs
from ssllab.lessons import Lesson, lessons
from ssllab.methods.registry import method_class
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

FEW = 10  # steps over which scalars are averaged


@dataclass
class Seen:
    """Means of scalars over some steps: just before the change (or at first), just after it, in the end; and probes."""

    before: dict[str, float] = field(default_factory=dict)
    soon: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    probes_before: dict[str, float] = field(default_factory=dict)
    probes_after: dict[str, float] = field(default_factory=dict)
    verdict: str = ""


def setting(lab: str, lesson: Lesson) -> tuple[dict[str, Value], dict[str, Value]]:
    """The settings before the change and after it, as a click of the lesson's button makes them."""
    begun = next((other.changes for other in lessons(lab) if other.name == lesson.after), {})
    at_first = {**method_class(labs()[lab].method).Config().model_dump(), **begun}
    return at_first, {**at_first, **lesson.changes}


def run(
    lab: str,
    lesson: Lesson,
    data: Data,
    steps: int,
    *,
    first: int | None = None,
    small: Mapping[str, Value] | None = None,
    seed: int = 0,
    probed: bool = False,
) -> Seen:
    """Train a lesson for ``steps`` steps after its change, which comes after ``first`` (the lesson's own number of)
    steps; ``small``: settings that make it quick."""
    at_first, then = setting(lab, lesson)
    first = lesson.first if first is None else first
    begin = {**(at_first if first else then), **(small or {})}
    settings = RunSettings(method=labs()[lab].method, config=begin, data=data.name, seed=seed)
    trainer, seen = Trainer(settings, data), Seen()
    metrics, probes = MetricsLog(), MetricsLog()

    def probe() -> dict[str, float]:
        found = trainer.probe()
        probes.append(trainer.step, found.scalars)
        seen.verdict = trainer.method.diagnose(metrics, probes, found.constants, first).state
        return {**found.scalars, **found.constants}

    def train(count: int) -> None:
        for _ in range(count):
            metrics.append(trainer.step + 1, trainer.train_step())

    def last() -> dict[str, float]:
        return {name: float(np.nanmean(metrics.column(name)[1][-FEW:])) for name in metrics.names}

    train(first)
    if first:
        seen.before = last()
    seen.probes_before = probe() if probed else {}
    for key, value in lesson.changes.items() if first else ():
        trainer.set(key, value)
    train(FEW)
    seen.soon = last()
    train(steps - FEW)
    seen.after = last()
    seen.probes_after = probe() if probed else {}
    return seen
