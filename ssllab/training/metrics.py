"""The scalars of every step, in an append-only column log: one thread writes, any number read.

Readers take no lock. Everything a reader needs (length, arrays, names) hangs on one tuple that the writer
replaces last, after the row is in place; a reader works on whatever tuple it found. No row is ever written
twice in one array: growth and :meth:`MetricsLog.truncate` move to fresh arrays, so a view that somebody
holds keeps its values for ever.

Values are kept as float32: what training measures is computed in float32 or less, so nothing is lost, and
1,000,000 steps of 15 columns take 71 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float32]

_FIRST_CAPACITY = 1024

# A row that lacks a name holds this NaN; its payload tells it from a NaN that was measured (a diverged loss).
_ABSENT = np.uint32(0x7FC0ABBA)


class _Published(NamedTuple):
    """What readers see. ``columns`` is replaced, never changed, when a name is added."""

    length: int
    steps: Steps
    columns: dict[str, Values]
    generation: int


def absent(rows: int) -> Values:
    """A column of ``rows`` values that were never measured (NaN)."""
    return np.full(rows, _ABSENT, np.uint32).view(np.float32)


def _grown(array: NDArray[Any], kept: int, capacity: int) -> NDArray[Any]:
    fresh = np.empty(capacity, np.int64) if array.dtype == np.int64 else absent(capacity)
    fresh[:kept] = array[:kept]
    return fresh


def _read_only(array: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    view = array[start:stop]
    view.flags.writeable = False
    return view


class MetricsLog:
    """Named float columns over the training step.

    A name may appear late: its column is NaN before. A row may lack a name: NaN there too. Steps never fall
    (ValueError); two rows of one step are allowed, as when a probe is asked for twice.
    """

    def __init__(self) -> None:
        self._published = _Published(0, np.empty(0, np.int64), {}, 0)

    # Reading: any thread

    def __len__(self) -> int:
        return self._published.length

    @property
    def names(self) -> tuple[str, ...]:
        """Every name seen so far, in the order of appearance."""
        return tuple(self._published.columns)

    @property
    def generation(self) -> int:
        """Grows by one with every :meth:`truncate`; a cursor from an older generation means nothing."""
        return self._published.generation

    @property
    def last_step(self) -> int | None:
        """The step of the newest row, None while empty."""
        now = self._published
        return int(now.steps[now.length - 1]) if now.length else None

    def column(self, name: str) -> tuple[Steps, Values]:
        """``(steps (n,) int64, values (n,) float32)``, read-only views; all NaN for an unknown name."""
        now = self._published
        values = now.columns.get(name)
        if values is None:
            values = absent(now.length)
        return _read_only(now.steps, 0, now.length), _read_only(values, 0, now.length)

    def since(self, cursor: int) -> tuple[int, Steps, dict[str, Values]]:
        """``(new cursor, steps, {name: values})`` of the rows from ``cursor`` on; start with 0.

        The cursor is a number of rows. One beyond the end (after :meth:`truncate`) gives no rows and the end.
        """
        now = self._published
        start = min(max(cursor, 0), now.length)
        columns = {name: _read_only(values, start, now.length) for name, values in now.columns.items()}
        return now.length, _read_only(now.steps, start, now.length), columns

    def last(self, name: str) -> float | None:
        """The newest value measured under ``name`` (NaN if that was NaN), None when never seen."""
        now = self._published
        values = now.columns.get(name)
        if values is None:
            return None
        for stop in range(now.length, 0, -_FIRST_CAPACITY):
            block = values[max(0, stop - _FIRST_CAPACITY) : stop]
            measured = np.flatnonzero(block.view(np.uint32) != _ABSENT)
            if measured.size:
                return float(block[measured[-1]])
        return None

    # Writing: one thread

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """One row. Raises ValueError for a step smaller than the last one."""
        row = self._room(step, 1, values)
        now = self._published
        now.steps[row] = step
        for name, value in values.items():
            now.columns[name][row] = value
        self._published = now._replace(length=row + 1)

    def extend(self, steps: ArrayLike, values: Mapping[str, ArrayLike]) -> None:
        """Many rows at once. ``steps: (n,)`` that do not fall; every value ``(n,)``. ValueError otherwise."""
        new_steps = np.asarray(steps, np.int64)
        new_values = {name: np.asarray(column, np.float32) for name, column in values.items()}
        count = len(new_steps)
        for name, column in new_values.items():
            if column.shape != (count,):
                raise ValueError(f"column {name} has shape {column.shape}, expected ({count},)")
        if count == 0:
            return
        if np.any(np.diff(new_steps) < 0):
            raise ValueError("steps must not fall")
        start = self._room(int(new_steps[0]), count, new_values)
        now = self._published
        now.steps[start : start + count] = new_steps
        for name, column in new_values.items():
            now.columns[name][start : start + count] = column
        self._published = now._replace(length=start + count)

    def until(self, step: int) -> MetricsLog:
        """A log of the rows up to ``step``; this one stays as it is."""
        _, steps, columns = self.since(0)
        rows = int(np.searchsorted(steps, step, side="right"))
        log = MetricsLog()
        log.extend(steps[:rows], {name: values[:rows] for name, values in columns.items()})
        return log

    def truncate(self, step: int) -> None:
        """Drop every row whose step is greater than ``step``, as a resumed run must."""
        now = self._published
        kept = int(np.searchsorted(now.steps[: now.length], step, side="right"))
        capacity = max(_FIRST_CAPACITY, kept)
        self._published = _Published(
            kept,
            _grown(now.steps, kept, capacity),
            {name: _grown(values, kept, capacity) for name, values in now.columns.items()},
            now.generation + 1,
        )

    def _room(self, step: int, count: int, names: Mapping[str, Any]) -> int:
        """Make room for ``count`` rows and every name; the index of the first of those rows."""
        now = self._published
        if now.length and step < now.steps[now.length - 1]:
            raise ValueError(f"step {step} after step {now.steps[now.length - 1]}: steps must not fall")
        capacity = len(now.steps)
        if now.length + count > capacity:
            capacity = max(_FIRST_CAPACITY, 2 * capacity, now.length + count)
            columns = {name: _grown(values, now.length, capacity) for name, values in now.columns.items()}
            now = now._replace(steps=_grown(now.steps, now.length, capacity), columns=columns)
        if not names.keys() <= now.columns.keys():
            fresh = {name: absent(capacity) for name in names if name not in now.columns}
            now = now._replace(columns={**now.columns, **fresh})
        self._published = now
        return now.length
