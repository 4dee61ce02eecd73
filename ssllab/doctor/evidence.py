"""What a doctor knows of a run: its logs, constants and settings, read in one way for all families of methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ssllab.scalars import Series, series_of

RECENT_STEPS = 20


class Log(Protocol):
    """How the doctor reads the scalars of a run (:class:`ssllab.training.metrics.MetricsLog` is one)."""

    @property
    def last_step(self) -> int | None:
        """The newest step, None while empty."""

    def column(self, name: str) -> tuple[Any, Any]:
        """``(steps (n,), values (n,))`` numpy arrays, NaN where not measured."""

    def last(self, name: str) -> float | None:
        """The newest value, None when never measured."""


class Change(Protocol):
    """A live change of a control (:class:`ssllab.training.run_record.Event` is one)."""

    @property
    def step(self) -> int:
        """Steps done when it was made."""

    @property
    def key(self) -> str:
        """The control."""

    @property
    def old(self) -> Any:
        """Its value before."""


@dataclass(frozen=True)
class Evidence:
    """One reader for every rule; what a run does not have is None, so that rules serve all methods of a family.

    ``metrics``: the scalars of each step; ``probes``: those of each probe, the first of the untrained model;
    ``series``: the declarations of both; ``last_change``: the step of the last change of a control, 0 for none;
    ``changes``: all of them, from the first on; ``quotes``: texts that the last probe saw, by name.
    Accuracies and shares are 0..1, losses in nats.
    """

    config: Any
    metrics: Log
    probes: Log
    constants: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    last_change: int = 0
    changes: Sequence[Change] = ()
    quotes: Mapping[str, str] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The newest step."""
        return self.metrics.last_step or 0

    @property
    def steps_seen(self) -> int:
        """Steps under the present settings."""
        return self.step - self.last_change

    def recent(self, *names: str) -> float | None:
        """The median of the last 20 steps under the present settings, of the first name that has one.

        The median, not the mean: codes that die and return, a hard batch or one jump of the loss last a few steps,
        move a mean as far as they like and a median not at all. What lasts moves both alike. Steps under other
        settings say nothing about these.
        """
        found = (self._median(name, self.last_change, self.step) for name in names)
        return next((value for value in found if value is not None), None)

    def recent_at(self, name: str, step: int) -> float | None:
        """The same as it was at an earlier ``step``, whatever the settings then: a trend runs through a change."""
        return self._median(name, -1, step)

    def last(self, name: str) -> float | None:
        """A metric of the last step as it is, also one that is not a number."""
        return self.metrics.last(name)

    def now(self, name: str) -> float | None:
        """A scalar of the last probe, also one that is not a number."""
        return self.probes.last(name)

    def untrained(self, name: str) -> float | None:
        """The same in the first probe, before the first step."""
        values = self.probes.column(name)[1]
        return float(values[0]) if len(values) and np.isfinite(values[0]) else None

    def best(self, name: str) -> float | None:
        """The highest that a scalar was in any probe of the run."""
        values = self.probes.column(name)[1]
        values = values[np.isfinite(values)]
        return float(values.max()) if len(values) else None

    def constant(self, name: str) -> float | None:
        """A chance level, a ceiling, a size."""
        return self.constants.get(name)

    def setting(self, name: str) -> Any:
        """A control in force, None where the method has no such control."""
        return getattr(self.config, name, None)

    def default(self, name: str) -> Any:
        """What a control is where nobody changed it, None where the method has no such control."""
        known = self.config.controls() if hasattr(self.config, "controls") else {}
        return known[name].default if name in known else None

    def live(self, name: str) -> bool:
        """Whether a control may change while training."""
        known = self.config.controls() if hasattr(self.config, "controls") else {}
        return name not in known or known[name].live

    def since(self, name: str, wrong: Callable[[Any], bool]) -> tuple[int, Any]:
        """The step at which a control came to be ``wrong``, as it now is, and what it was before.

        0 and its default for one that was wrong from the start.
        """
        for change in reversed(self.changes):
            if change.key == name and not wrong(change.old):
                return change.step, change.old
        return 0, self.default(name)

    def line(self, name: str, value: float | None = None, /, **beside: float | None) -> str | None:
        """A scalar in words as it is declared, "kNN accuracy on h 13.1 %; untrained 24.8 %"; None when not known.

        ``value``: where it is not given, that of the last steps, the last probe, or the constant. ``beside``: what it
        is held against, by words with underscores between them.
        """
        series = series_of(self.series, name)
        known = (value, self.recent(name), self.now(name), self.constant(name))
        said = series.said(next((value for value in known if value is not None), None))
        others = ((word.replace("_", " "), series.said(other)) for word, other in beside.items())
        return "; ".join([f"{series.title} {said}", *(f"{w} {o}" for w, o in others if o)]) if said else None

    def probe_line(self, name: str, **beside: float | None) -> str | None:
        """The same for a probe, beside the untrained model."""
        return self.line(name, self.now(name), untrained=self.untrained(name), **beside)

    def setting_line(self, name: str) -> str | None:
        """The same for a number that was set."""
        return self.line(name, self.setting(name))

    def line_of_parts(self, name: str, parts: Sequence[float], most: float | None = None) -> str | None:
        """A scalar that is a sum, by its parts and the most that each can be: "Hard perplexity 25 + 1.1 of 40 + 40"."""
        series = series_of(self.series, name)
        sums = (" + ".join(map(series.said, values)) for values in (parts, [most] * len(parts)))
        return f"{series.title} " + " of ".join(filter(None, sums)) if parts else None

    def _median(self, name: str, after: int, until: int) -> float | None:
        steps, values = self.metrics.column(name)
        first, stop = np.searchsorted(steps, (after, until), side="right")
        values = values[max(first, stop - RECENT_STEPS) : stop]
        values = values[np.isfinite(values)].astype(np.float64)
        return float(np.median(values)) if len(values) else None
