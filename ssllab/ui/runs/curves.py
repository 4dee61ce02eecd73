"""The small curves of the table: read in the background, those in sight first, kept until the run grows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from ssllab.scalars import Series, headline, series_of
from ssllab.training.declared import declared
from ssllab.training.run_record import RunError
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.training.run_store import RunInfo, Workspace

POINTS = 48


_UNKNOWN = Series("Probe")


@dataclass(frozen=True)
class SmallCurves:
    """What a row of the table draws; ``(n,)`` with ``n <= POINTS``, empty when never measured."""

    loss: np.ndarray
    probe: np.ndarray  # of the run's headline
    last_loss: float | None = None
    last_probe: float | None = None
    series: Series = _UNKNOWN  # what the probe is


NOTHING = SmallCurves(np.empty(0), np.empty(0))


def thinned(values: np.ndarray, points: int = POINTS) -> np.ndarray:
    """At most ``points`` means over equal stretches of the measured values; NaN and infinity are left out."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if len(values) <= points:
        return values
    edges = np.linspace(0, len(values), points + 1).astype(int)
    return np.add.reduceat(values, edges[:-1]) / np.diff(edges)


def read_curves(workspace: Workspace, info: RunInfo) -> SmallCurves:
    """The small curves of one run. The loss is in the listing; only the probes are read from disk."""
    series = _UNKNOWN
    try:
        probes = workspace.open(info.id).probes()
        known = declared(info)
        name = headline(known, probes.names)
        series = series_of(known, name)
        probe, last_probe = thinned(probes.column(name)[1]), probes.last(name)
    except RunError:  # the table says in words what is wrong with the run
        probe, last_probe = np.empty(0), None
    pairs = info.summary.get("curve") or ()
    loss = thinned(np.array([pair[1] for pair in pairs], np.float64))
    last_loss = info.summary.get("metrics", {}).get("loss")
    return SmallCurves(loss, probe, last_loss, last_probe, series)


class CurveReader(QObject):
    """Reads small curves one run at a time; what was asked for last is read first."""

    arrived = Signal(str)

    def __init__(self, read: Callable[[RunInfo], SmallCurves], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._worker = Worker(self)
        self._curves: dict[str, tuple[object, SmallCurves]] = {}
        self._wanted: OrderedDict[str, tuple[RunInfo, object]] = OrderedDict()

    def get(self, info: RunInfo, stamp: object) -> SmallCurves | None:
        """What is known of a run now (perhaps of a moment ago); asks for it when missing or old."""
        known = self._curves.get(info.id)
        if known is None or known[0] != stamp:
            self._wanted[info.id] = (info, stamp)
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
        run_id, (info, stamp) = self._wanted.popitem()

        def read(task: Task) -> SmallCurves:
            return self._read(info)

        def keep(curves: SmallCurves) -> None:
            self._curves[run_id] = (stamp, curves)
            self.arrived.emit(run_id)
            self._next()

        self._worker.submit(read, keep, lambda error, trace: keep(NOTHING))
