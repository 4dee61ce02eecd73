"""The race: methods or remedies from one seed, each measured at the same steps."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssllab.data.batches import Data
from ssllab.experiments.contenders import Contender
from ssllab.experiments.short_runs import ShortRuns
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

POINTS = 20  # of a curve, beside its beginning
ALWAYS = 4  # every so many of them are probed whatever it costs; so is the end
_SHARE = 0.2  # of the time may go into probes


@dataclass(frozen=True)
class Course:
    """What was measured at ``steps``, by name: probes there, scalars of the steps as their mean since the point before;
    NaN where there was none, as of probes where they would have taken too much of the time."""

    steps: tuple[int, ...] = ()
    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def further(self, step: int, measured: Mapping[str, float]) -> Course:
        """With one more point."""
        names = dict.fromkeys([*self.values, *measured])
        missing = (math.nan,) * len(self.steps)
        values = {name: (*self.values.get(name, missing), measured.get(name, math.nan)) for name in names}
        return Course((*self.steps, step), values)

    def until(self, step: int) -> Course:
        """What was known at that step."""
        count = sum(at <= step for at in self.steps)
        return Course(self.steps[:count], {name: values[:count] for name, values in self.values.items()})


class Race(ShortRuns[Contender, Course]):
    """``under_way``: the courses so far of those that still train. All share settings as far as they have them, seed, data
    and length; with ``together`` they take turns, else one comes after the other."""

    def __init__(
        self, settings: RunSettings, data: Data, steps: int, cells: Sequence[Contender], together: bool
    ) -> None:
        self._settings = settings
        self._sums: dict[Contender, dict[str, list[float]]] = {}
        self._probed: dict[int, bool] = {}  # by step: all are probed at the same ones
        self._probing = 0.0  # seconds
        super().__init__(cells, data, steps, together)

    def settings_of(self, cell: Contender) -> RunSettings:
        """The settings at hand, as far as the contender has them."""
        return cell.settings(self._settings)

    def watch(self, cell: Contender, trainer: Trainer, measured: Mapping[str, float]) -> None:
        """A point every so many steps: means of the scalars, and probes unless they take too much of the time."""
        sums = self._sums.setdefault(cell, {})
        for name, value in measured.items():
            sums.setdefault(name, []).append(value)
        step, every = trainer.step, max(1, self._steps // POINTS)
        if step % every == 0 or step == self._steps:
            point = {name: math.fsum(values) / len(values) for name, values in sums.items()}
            sums.clear()
            course = self.under_way.get(cell, Course())
            if self._is_probed(step, step == self._steps or step // every % ALWAYS == 0):
                begun = time.monotonic()
                point |= trainer.method.quick_probe(trainer.data).scalars
                self._probing += time.monotonic() - begun
            self.under_way[cell] = course.further(step, point)

    def _is_probed(self, step: int, always: bool) -> bool:
        """Whether all are probed at that step, as the first of them to come there decides."""
        return self._probed.setdefault(step, always or self._probing < _SHARE * self.seconds)

    def result_of(self, cell: Contender, trainer: Trainer) -> Course:
        """All of its course."""
        return self.under_way[cell]


def to_plain(results: Mapping[Contender, Course]) -> list[list[Any]]:
    """Results as JSON has them, with None for what is no number; :func:`from_plain` gives them back."""
    return [
        [
            list(cell),
            list(course.steps),
            {name: [v if math.isfinite(v) else None for v in vs] for name, vs in course.values.items()},
        ]
        for cell, course in results.items()
    ]


def from_plain(rows: list[list[Any]]) -> dict[Contender, Course]:
    """What :func:`to_plain` made plain. Raises TypeError or ValueError for anything else."""
    found = {}
    for (method, remedy), steps, values in rows:
        course = Course(
            tuple(int(step) for step in steps),
            {
                str(name): tuple(math.nan if v is None else float(v) for v in vs)
                for name, vs in dict(values).items()
            },
        )
        if any(len(vs) != len(course.steps) for vs in course.values.values()):
            raise ValueError("a course with values for other steps")
        found[Contender(str(method), str(remedy))] = course
    return found
