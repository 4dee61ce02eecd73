"""How far valleys were from the truth, over the steps of the runs that were on the bench."""

from __future__ import annotations

from ssllab.looks import Landscape
from ssllab.training.metrics import MetricsLog

RUNS_KEPT = 20  # for a return to them

Parent = tuple[str, int]  # the run that another was forked from, and at which step


class ValleyLog:
    """Of one run at a time: :meth:`turn_to` says of which."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, int], MetricsLog] = {}  # over what, of which clip
        self._of_runs: dict[str, dict[tuple[str, int], MetricsLog]] = {}

    def turn_to(self, known: tuple[str, Parent | None] | None) -> None:
        """The run on the bench, None for none: as it was, where it was here before, else its parent's up to the fork."""
        if known is None:
            self._logs = {}
            return
        run, parent = known
        if run not in self._of_runs:
            before, step = parent or ("", 0)
            parents = self._of_runs.get(before, {})
            self._of_runs[run] = {key: log.until(step) for key, log in parents.items()}
        self._logs = self._of_runs[run] = self._of_runs.pop(run)  # the newest last
        while len(self._of_runs) > RUNS_KEPT:
            del self._of_runs[next(iter(self._of_runs))]

    def of(self, over: str, number: int) -> MetricsLog | None:
        """``truth`` and ``last``, in pixels; None where no landscape was seen yet."""
        return self._logs.get((over, number))

    def add(self, part: Landscape, number: int, step: int) -> None:
        """A run that went back goes on from there."""
        log = self._logs.setdefault((part.over, number), MetricsLog())
        if log.last_step is not None and log.last_step >= step:
            log.truncate(step - 1)
        log.append(step, {"truth": part.to_truth, "last": part.to_last})
