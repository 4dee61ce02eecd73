"""The small curves of the table: read in the background, the ones in sight first, kept until the run grows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from ssllab.ui.runs.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.training.run_store import RunInfo, Workspace

POINTS = 48


@dataclass(frozen=True)
class SmallCurves:
    """What a row of the table draws; ``(n,)`` with ``n <= POINTS``, empty when never measured."""

    loss: np.ndarray
    knn: np.ndarray
    last_loss: float | None = None
    last_knn: float | None = None


NOTHING = SmallCurves(np.empty(0), np.empty(0))


def thinned(values: np.ndarray, points: int = POINTS) -> np.ndarray:
    """At most ``points`` means over equal stretches of the measured values; NaN and infinity are left out."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if len(values) <= points:
        return values
    edges = np.linspace(0, len(values), points + 1).astype(int)
    return np.add.reduceat(values, edges[:-1]) / np.diff(edges)


def read_curves(workspace: Workspace, run_id: str) -> SmallCurves:
    """The small curves of one run; empty ones when it cannot be read (the table says why in words)."""
    run = workspace.open(run_id)
    metrics, probes = run.metrics(), run.probes()
    return SmallCurves(
        thinned(metrics.column("loss")[1]),
        thinned(probes.column("knn_top1")[1]),
        metrics.last("loss"),
        probes.last("knn_top1"),
    )


class CurveReader(QObject):
    """Reads small curves one run at a time; what was asked for last is read first."""

    arrived = Signal(str)

    def __init__(self, read: Callable[[str], SmallCurves], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._worker = Worker(self)
        self._curves: dict[str, tuple[object, SmallCurves]] = {}
        self._wanted: OrderedDict[str, object] = OrderedDict()

    def get(self, info: RunInfo, stamp: object) -> SmallCurves | None:
        """What is known of a run now (perhaps of a moment ago); asks for it when missing or old."""
        known = self._curves.get(info.id)
        if known is None or known[0] != stamp:
            self._wanted[info.id] = stamp
            self._wanted.move_to_end(info.id)
            self._next()
        return known[1] if known else None

    def known(self, run_id: str) -> SmallCurves | None:
        """What is known of a run now, without asking for more."""
        known = self._curves.get(run_id)
        return known[1] if known else None

    def keep_only(self, ids: set[str]) -> None:
        """Forget runs that are gone."""
        for gone in self._curves.keys() - ids:
            del self._curves[gone]
        for gone in self._wanted.keys() - ids:
            del self._wanted[gone]

    @property
    def busy(self) -> bool:
        """Whether any curve is still to be read."""
        return self._worker.busy

    def close(self) -> None:
        """Stop reading."""
        self._wanted.clear()
        self._worker.close()

    def _next(self) -> None:
        if self._worker.busy or not self._wanted:
            return
        run_id, stamp = self._wanted.popitem()

        def read(task: Task) -> SmallCurves:
            return self._read(run_id)

        def keep(curves: SmallCurves) -> None:
            self._curves[run_id] = (stamp, curves)
            self.arrived.emit(run_id)
            self._next()

        self._worker.submit(read, keep, lambda error, trace: keep(NOTHING))
