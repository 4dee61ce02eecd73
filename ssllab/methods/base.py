"""What every method is: a config, modules, ``step()``; and what the engine may ask of it.

A method is one file. It declares its controls (:class:`ssllab.controls.Config`), builds its modules
from them, and turns a batch into a loss. Everything else (optimizer, schedule, threads, files, plots)
is somebody else's work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ssllab import controls
from ssllab.data.batches import Batches
from ssllab.doctor.evidence import Change, Evidence, Log
from ssllab.doctor.rules import RULES, Rule, diagnose
from ssllab.doctor.verdict import Verdict
from ssllab.looks import Look
from ssllab.scalars import Chart, Series, is_declared

ENGINE_SERIES = {
    "loss": Series("Loss", "What is minimised.", better="lower", chart="Loss", short="loss"),
    "gradient_norm": Series("Gradient norm", "Of all weights, before it is clipped.", when="weights"),
    "learning_rate": Series("Learning rate", "Of the step, as the schedule has it.", when="weights"),
    "items_per_second": Series("Items per second", "How fast it learns.", better="higher"),
}  # what the engine adds to the scalars of every method
ENGINE_CHARTS = (Chart("Loss", label="loss", hint="Press Start: the loss appears here"),)


@dataclass(frozen=True)
class StepResult:
    """``loss``: a scalar with gradient; ``metrics``: name -> 0-d tensor without gradient (loss included)."""

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)


class StepFault(ValueError):
    """A method's ``step`` gave what cannot be trained on; one line. ``place``: its file and line."""

    def __init__(self, method: Method, message: str) -> None:
        super().__init__(f"{type(method).__name__}.step() {message}")
        code = type(method).step.__code__
        self.place = code.co_filename, code.co_firstlineno


@dataclass(frozen=True)
class Probe:
    """A heavier look: ``scalars`` go to the run and the plots; ``constants`` are chance levels, ceilings."""

    scalars: dict[str, float]
    constants: dict[str, float] = field(default_factory=dict)


class Method(nn.Module, ABC):
    """One self-supervised algorithm.

    ``config`` is replaced by the engine between two steps when a live control changes; a method reads it
    anew in every step and caches nothing of it. ``kinds`` are the kinds of data it can learn from, the preferred
    one first. It knows no lab: labs list their methods. ``parts``: which parts of :mod:`ssllab.looks`
    it gives, and what must be there for it, in the words of :attr:`ssllab.scalars.Series.when`.

    ``series`` declares every scalar and constant that it measures, ``charts`` where the curves stand; a class says only
    what it adds to its base or says otherwise. A chart that is named by a scalar alone needs no declaration.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str] = ""
    Config: ClassVar[type[controls.Config]]
    series: ClassVar[dict[str, Series]] = ENGINE_SERIES
    charts: ClassVar[tuple[Chart, ...]] = ENGINE_CHARTS
    rules: ClassVar[tuple[Rule, ...]] = RULES  # the doctor's, those of the method's family
    kinds: ClassVar[tuple[str, ...]]
    parts: ClassVar[dict[type, str]] = {}

    config: controls.Config
    changes: Sequence[Change] = ()  # of live controls in this run, set by the engine: the doctor reads them
    remark: str = ""  # what a person has to know of how it was taken up again, in a line
    quotes: Mapping[str, str] = MappingProxyType({})  # texts that the last probe saw, for the doctor
    updates: int = 0  # steps done so far, set by the engine: schedules of a method's own depend on it

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        base = next(base for base in cls.__mro__[1:] if issubclass(base, Method))
        if isinstance(cls.series, dict):  # what a person wrote is checked, and named, when it is found
            cls.series = {**cls.series, **{n: s for n, s in base.series.items() if n not in cls.series}}
        named = {chart.name for chart in cls.charts}
        cls.charts = (*cls.charts, *(chart for chart in base.charts if chart.name not in named))

    @property
    def counts_only(self) -> bool:
        """Whether there is no weight to train: a step learns by itself."""
        return not any(parameter.requires_grad for parameter in self.parameters())

    @classmethod
    def build(
        cls, config: controls.Config, data: Any, read_model: Callable[[str], Any] | None = None
    ) -> Self:
        """A fresh method for ``data``; raises ValueError where settings and data do not fit.

        ``read_model``: how a model that was trained before is read, for methods that go on with one.
        """
        return cls(config)

    @classmethod
    def again(
        cls,
        config: controls.Config,
        data: Any,
        state: Mapping[str, Any],
        read_model: Callable[[str], Any] | None = None,
    ) -> Self:
        """The same for a run that goes on with the weights in ``state``, whatever its data has become; they are loaded
        afterwards."""
        return cls.build(config, data, read_model)

    def read(self, data: Any, read_model: Callable[[str], Any]) -> Any:
        """The data as it is learned from: itself, or what a model that was trained before makes of it."""
        return data

    @abstractmethod
    def batches(self, data: Any, seed: int, rank: int = 0, ranks: int = 1) -> Batches:
        """Where :meth:`step` gets its batches from, or what process ``rank`` of ``ranks`` gets of them."""

    def items(self, batch: Any) -> float:
        """How much one batch is, in what its kind of data counts (:attr:`ssllab.data.kind.Kind.item`)."""
        return len(batch)

    @abstractmethod
    def step(self, batch: Any, generator: torch.Generator) -> StepResult:
        """One forward pass on a batch of :meth:`batches`: for images ``(B, 3, H, W)`` uint8.

        Every random choice is drawn from ``generator``, so that a run repeats exactly.
        """

    def checked(self, result: object) -> StepResult:
        """What :meth:`step` returned, if it can be trained on. Raises :class:`StepFault`."""
        if not isinstance(result, StepResult):
            raise StepFault(self, f"returned {type(result).__name__}: expected StepResult(loss, metrics).")
        if (
            not isinstance(result.loss, Tensor)
            or result.loss.numel() != 1
            or not (result.loss.requires_grad or self.counts_only)
        ):
            raise StepFault(self, "gave a loss that cannot be trained: expected one number with a gradient.")
        if "loss" not in result.metrics:
            raise StepFault(self, "gave no metric 'loss': expected {'loss': loss.detach(), ...}.")
        for name, value in result.metrics.items():
            if not isinstance(value, (Tensor, float, int)) or (
                isinstance(value, Tensor) and value.numel() != 1
            ):
                raise StepFault(self, f"gave the metric '{name}', which is not one number.")
            if name not in self.series and not is_declared(self.series, name):
                raise StepFault(
                    self, f"gave the metric '{name}', which its series do not declare: add it there."
                )
        return result

    def prepare(self, data: Any) -> None:
        """Called once, before the first step of a new run, with the data on the training device."""

    @abstractmethod
    def look(self, data: Any, step: int) -> Look:
        """The light picture that the lab's panels draw, about once a second while somebody watches."""

    @abstractmethod
    def probe(self, data: Any) -> Probe:
        """What the representation knows, by held-out labels where the data has them."""

    def quick_probe(self, data: Any) -> Probe:
        """The same where runs are compared at many steps: cheaper, it may ask about less."""
        return self.probe(data)

    def diagnose(self, metrics: Log, probes: Log, constants: dict[str, float], last_change: int) -> Verdict:
        """The run's state in words, from its logs. ``last_change``: the step of the last change of a control."""
        return diagnose(
            self.rules,
            Evidence(
                self.config, metrics, probes, constants, self.series, last_change, self.changes, self.quotes
            ),
        )
