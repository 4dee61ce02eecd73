"""How the doctor reads the scalars of a run, wherever they are kept."""

from __future__ import annotations

from typing import Any, Protocol


class Log(Protocol):
    """How a method reads the scalars of a run (:class:`ssllab.training.metrics.MetricsLog` is one)."""

    @property
    def last_step(self) -> int | None:
        """The newest step, None while empty."""

    def column(self, name: str) -> tuple[Any, Any]:
        """``(steps (n,), values (n,))`` numpy arrays, NaN where not measured."""

    def last(self, name: str) -> float | None:
        """The newest value, None when never measured."""
