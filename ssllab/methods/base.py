"""What every method is: a config, modules, ``step()``; and what the engine may ask of it.

A method is one file. It declares its controls (:class:`ssllab.controls.Config`), builds its modules
from them, and turns a batch into a loss. Everything else (optimizer, schedule, threads, files, plots)
is somebody else's work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import torch
from torch import Tensor, nn

from ssllab import controls

if TYPE_CHECKING:
    from ssllab.data.types import ImageData
    from ssllab.diagnostics.doctor import Verdict


@dataclass(frozen=True)
class Series:
    """A scalar of every step: what it is called in plots and what its values mean."""

    title: str
    help: str = ""
    unit: str = ""
    better: Literal["lower", "higher", ""] = ""


@dataclass(frozen=True)
class StepResult:
    """``loss``: a scalar with gradient; ``metrics``: name -> 0-d tensor without gradient (loss included)."""

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """A heavier look: ``scalars`` go to the run and the plots; ``constants`` are chance levels, ceilings."""

    scalars: dict[str, float]
    constants: dict[str, float] = field(default_factory=dict)


class Log(Protocol):
    """How a method reads the scalars of a run (:class:`ssllab.training.metrics.MetricsLog` is one)."""

    @property
    def last_step(self) -> int | None:
        """The newest step, None while empty."""

    def column(self, name: str) -> tuple[Any, Any]:
        """``(steps (n,), values (n,))`` numpy arrays, NaN where not measured."""

    def last(self, name: str) -> float | None:
        """The newest value, None when never measured."""


class Method(nn.Module, ABC):
    """One self-supervised algorithm.

    ``config`` is replaced by the engine between two steps when a live control changes; a method reads it
    anew in every step and caches nothing of it. A method is built as ``Class(config, image_size)``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    lab: ClassVar[str]
    paper: ClassVar[str]
    Config: ClassVar[type[controls.Config]]
    series: ClassVar[dict[str, Series]]

    config: controls.Config

    @abstractmethod
    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        """One forward pass on a batch. ``images: (B, 3, H, W)`` uint8 on the training device.

        Every random choice is drawn from ``generator``, so that a run repeats exactly.
        """

    def prepare(self, images: Tensor) -> None:
        """Called once, before the first step of a new run, with some training images ``(B, 3, H, W)`` uint8."""

    @abstractmethod
    def look(self, data: ImageData, step: int) -> object:
        """The light picture that the lab's panels draw, about once a second while somebody watches."""

    @abstractmethod
    def probe(self, data: ImageData) -> Probe:
        """What the representation knows, by held-out labels where the data has them."""

    @abstractmethod
    def diagnose(self, metrics: Log, probes: Log, constants: dict[str, float], last_change: int) -> Verdict:
        """The run's state in words, from its logs. ``last_change``: the step of the last change of a control."""
