"""Runs of lessons, as a click begins them, and what was seen in them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

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

# Runs as they were before the change, by what they were made of: the trainer, its state then and what was seen
Begun = dict[Any, tuple[Trainer, dict[str, Any], "Seen"]]


@dataclass
class Seen:
    """Scalars of a run's steps and their means over a few: just before the change (or in step 1, where a run begins
    with it), just after it, in the end; and probes of the same moments."""

    steps: list[dict[str, float]] = field(default_factory=list)
    before: dict[str, float] = field(default_factory=dict)
    soon: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    probes_before: dict[str, float] = field(default_factory=dict)
    probes_after: dict[str, float] = field(default_factory=dict)
    verdict: str = ""


def method_of(lab: str, lesson: Lesson) -> str:
    """The name of the method that a lesson is written for."""
    return lesson.method or labs()[lab].method


def setting(lab: str, lesson: Lesson) -> tuple[dict[str, Value], dict[str, Value]]:
    """The settings before the change and after it, as a click of the lesson's button makes them."""
    begun = next((other.changes for other in lessons(lab) if other.name == lesson.after), {})
    at_first = {**method_class(method_of(lab, lesson)).Config().model_dump(), **begun}
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
    precision: str = "auto",
    probed: bool = False,
    begun: Begun | None = None,
) -> Seen:
    """Train a lesson for ``steps`` steps after its change, which comes after ``first`` (the lesson's own number of)
    steps; ``small``: settings that make it quick; ``begun`` keeps the part before the change for the next lesson."""
    at_first, then = setting(lab, lesson)
    first = (lesson.first if first is None else first) if lesson.first else 0
    begin = {**(at_first if first else then), **(small or {})}
    method = method_of(lab, lesson)
    settings = RunSettings(method=method, config=begin, data=data.name, seed=seed, precision=precision)
    begun = {} if begun is None else begun
    key = (settings.model_dump_json(), first or lesson.name, probed)
    if key not in begun:
        trainer, seen = Trainer(settings, data), Seen()
        _train(trainer, seen, first or 1)
        seen.before = _last(seen)
        seen.probes_before = _probe(trainer, seen, first) if probed and first else {}
        begun[key] = trainer, deepcopy(trainer.state()), seen
    trainer, state, seen = begun[key]
    seen = deepcopy(seen)
    trainer.load(deepcopy(state))  # an optimizer goes on in the tensors that it is given
    for name, value in lesson.changes.items() if first else ():
        trainer.set(name, value)
    _train(trainer, seen, FEW)
    seen.soon = _last(seen)
    _train(trainer, seen, first + steps - trainer.step)
    seen.after = _last(seen)
    seen.probes_after = _probe(trainer, seen, first) if probed else {}
    return seen


def _train(trainer: Trainer, seen: Seen, count: int) -> None:
    seen.steps += [trainer.train_step() for _ in range(count)]


def _last(seen: Seen) -> dict[str, float]:
    """Mean over the last few steps of what was measured in them."""
    return {name: float(np.nanmean([step[name] for step in seen.steps[-FEW:]])) for name in seen.steps[-1]}


def _probe(trainer: Trainer, seen: Seen, last_change: int) -> dict[str, float]:
    """A probe of now, and what the doctor says of the run, as ``seen.verdict``."""
    found, metrics, probes = trainer.probe(), MetricsLog(), MetricsLog()
    for step, measured in enumerate(seen.steps, 1):
        metrics.append(step, measured)
    if seen.probes_before:
        probes.append(last_change, {name: seen.probes_before[name] for name in found.scalars})
    probes.append(trainer.step, found.scalars)
    seen.verdict = trainer.method.diagnose(metrics, probes, found.constants, last_change).state
    return {**found.scalars, **found.constants}
