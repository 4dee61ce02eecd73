"""Interpolated modified Kneser-Ney: the n-gram model to beat.

Chen and Goodman 1999 ("An empirical study of smoothing techniques for language modeling", section 4.1.6, eq. 26 and 27):

    P(w | h) = (c(h w) - D(c(h w))) / c(h .) + (D1 N1(h .) + D2 N2(h .) + D3 N3+(h .)) / c(h .) P(w | h')

with h' = h without its oldest symbol, N1(h .) the number of symbols that came once after h, and for each order

    Y = n1 / (n1 + 2 n2),   D1 = 1 - 2 Y n2 / n1,   D2 = 2 - 3 Y n3 / n2,   D3 (3 and more) = 3 - 4 Y n4 / n3

from n1 .. n4, how many n-grams came once .. four times. The highest order counts occurrences; below it, ``c`` counts
different symbols before (c(w) = N1+(. w)). Under one symbol lies the uniform distribution; a context never seen says
nothing. Where one of n1 .. n4 is nought, or a discount is not in 0 < Dj <= j (toys, characters, small vocabularies), the
order takes :data:`FALLBACK`, as KenLM does.

N-grams are a trie in arrays: an n-gram's key is (row of its first n - 1 symbols) x size + last symbol, keys are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: D1, D2 and D3 of an order whose counts of counts do not give them.
FALLBACK = (0.5, 1.0, 1.5)
ORDERS = (1, 6)
_PENDING = 1 << 22  # symbols that wait to be counted at most


@dataclass(frozen=True)
class Discounts:
    """D1, D2, D3+ of one order. ``estimated``: from counts of counts, else :data:`FALLBACK`."""

    values: tuple[float, float, float]
    estimated: bool


def discounts(counts: Ints) -> Discounts:
    """Of one order, from how often each of its n-grams came (eq. 17 of Chen and Goodman)."""
    n1, n2, n3, n4 = (int((counts == i).sum()) for i in range(1, 5))
    if n1 and n2 and n3 and n4:
        y = n1 / (n1 + 2 * n2)
        values = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        if all(0 < value <= most for most, value in enumerate(values, 1)):
            return Discounts(values, True)
    return Discounts(FALLBACK, False)


@dataclass(frozen=True)
class _Smoothed:
    """One order of a model: ``kept (n-grams,)`` is each one's own part of P, ``passed (contexts,)`` the weight below."""

    kept: Floats
    passed: Floats
    discounts: Discounts


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass
class _Level:
    """The n-grams of one length.

    ``keys`` (sorted), how often each came, and ``before``: how many different symbols before it, N1+(. w1 .. wn),
    which the longest n-grams do not have.
    """

    keys: Ints = field(default_factory=_none)
    counts: Ints = field(default_factory=_none)
    before: Ints = field(default_factory=_none)

    def rows(self, keys: Ints) -> Ints:
        """The row of each key, -1 where there is none."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[rows] == keys, rows, -1)

    def add(self, keys: Ints) -> tuple[Ints, Ints]:
        """Count ``keys`` (in any order). Returns where each earlier row has gone, and the places of what is new."""
        found, first, times = np.unique(keys, return_index=True, return_counts=True)
        rows = self.rows(found)
        self.counts[rows[rows >= 0]] += times[rows >= 0]
        new = rows < 0
        places = np.searchsorted(self.keys, found[new])
        moved = np.arange(len(self.keys))
        moved += np.cumsum(np.bincount(places, minlength=len(self.keys) + 1))[:-1]
        self.keys = np.insert(self.keys, places, found[new])
        self.counts = np.insert(self.counts, places, times[new])
        self.before = np.insert(self.before, places, 0)
        return moved, first[new]


class KneserNey:
    """Counts symbols in ``range(size)`` chunk by chunk and predicts the next one from up to ``order - 1`` before it.

    Counting in chunks gives what counting at once gives. There is no symbol for the start: the first symbols have
    shorter contexts.
    """

    def __init__(self, size: int, order: int = 6) -> None:
        low, high = ORDERS
        if not low <= order <= high:
            raise ValueError(f"an n-gram model of order {order}: expected {low} to {high}.")
        if size < 1:
            raise ValueError(f"an n-gram model over {size} symbols: expected at least 1.")
        self.size, self.order = size, order
        self._levels = [_Level() for _ in range(order)]
        self._last = np.zeros(0, np.int64)  # the symbols that the next chunk's first n-grams begin with
        self._pending: list[Ints] = []
        self._smoothed: dict[tuple[int, bool], _Smoothed] = {}

    def count(self, ids: ArrayLike) -> None:
        """One more chunk ``(n,)`` of the text."""
        self._pending.append(self._checked(ids))
        if sum(map(len, self._pending)) > _PENDING:
            self._settle()

    def log_probabilities(self, ids: ArrayLike, order: int | None = None, before: ArrayLike = ()) -> Floats:
        """``(n,)`` ln P of each symbol after those before it; ``before`` stands in front and is not scored."""
        front = self._checked(before)
        ids = np.concatenate([front, self._checked(ids)])
        chances = np.full(len(ids), 1 / self.size)
        rows = np.zeros(len(ids), np.int64)  # of the n - 1 symbols before each one; at first of none
        for n, smoothed in enumerate(self._model(order), 1):
            level = self._levels[n - 1]
            known = rows >= 0
            grams = level.rows(rows * self.size + ids)
            chances[known] *= smoothed.passed[rows[known]]
            chances[grams >= 0] += smoothed.kept[grams[grams >= 0]]
            rows = _shifted(grams)
        return np.log(chances[len(front) :])

    def distribution(self, context: ArrayLike, order: int | None = None) -> Floats:
        """``(size,)`` P of every symbol after ``context``, of which the last ``order - 1`` count."""
        context = self._checked(context)
        chances = np.full(self.size, 1 / self.size)
        for n, smoothed in enumerate(self._model(order), 1):
            row = self._row(context[len(context) - n + 1 :]) if n - 1 <= len(context) else -1
            if row < 0:
                break
            level = self._levels[n - 1]
            first, last = np.searchsorted(level.keys, [row * self.size, (row + 1) * self.size])
            chances *= smoothed.passed[row]
            chances[level.keys[first:last] - row * self.size] += smoothed.kept[first:last]
        return chances

    def discounts(self, order: int | None = None) -> tuple[Discounts, ...]:
        """Of each length of n-gram, from one symbol to ``order``."""
        return tuple(smoothed.discounts for smoothed in self._model(order))

    @property
    def n_grams(self) -> tuple[int, ...]:
        """How many different ones of each length were counted."""
        self._settle()
        return tuple(len(level.keys) for level in self._levels)

    def state(self) -> dict[str, Ints]:
        """All that was counted, as arrays."""
        self._settle()
        arrays = {"size": np.array([self.size]), "last": self._last}
        for n, level in enumerate(self._levels, 1):
            arrays |= {f"{name}.{n}": array for name, array in vars(level).items()}
        return arrays

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.integer]]) -> KneserNey:
        """The model whose :meth:`state` this is. Raises ValueError for anything else."""
        try:
            order = sum(name.startswith("keys.") for name in state)
            model = cls(int(state["size"][0]), order)
            model._last = np.array(state["last"], np.int64)
            for n, level in enumerate(model._levels, 1):
                for name in vars(level):
                    setattr(level, name, np.array(state[f"{name}.{n}"], np.int64))
                if (
                    not len(level.keys) == len(level.counts) == len(level.before)
                    or (np.diff(level.keys) <= 0).any()
                ):
                    raise KeyError(f"keys.{n}")
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"these are not the counts of an n-gram model: {error} is missing or broken."
            ) from None
        return model

    def _checked(self, ids: ArrayLike) -> Ints:
        numbers = np.array(ids, np.int64).reshape(-1)  # a copy: what waits must not change
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < self.size):
            raise ValueError(f"symbols {numbers.min()} to {numbers.max()}: expected 0 to {self.size - 1}.")
        return numbers

    def _settle(self) -> None:
        """Count what waits, the short n-grams first: their rows are in the keys of the longer ones."""
        if not self._pending:
            return
        ids = np.concatenate([self._last, *self._pending])
        contexts = np.zeros(len(ids), np.int64)  # the row of the n - 1 symbols before each one
        moved = np.zeros(1, np.int64)
        shorter, ends = _Level(), _none()
        for n, level in enumerate(self._levels, 1):
            level.keys = moved[level.keys // self.size] * self.size + level.keys % self.size
            keys = contexts * self.size + ids
            first = max(len(self._last), n - 1)
            moved, new = level.add(keys[first:])
            if n > 1:
                shorter.before += np.bincount(ends[first + new], minlength=len(shorter.keys))
            shorter, ends = level, level.rows(keys)  # the row of the n symbols that end with each one
            contexts = _shifted(ends)
        self._last = ids[max(0, len(ids) - self.order + 1) :]
        self._pending, self._smoothed = [], {}

    def _model(self, order: int | None) -> list[_Smoothed]:
        """The orders from one symbol up; the last counts occurrences, the others different symbols before."""
        order = self.order if order is None else order
        if not 1 <= order <= self.order:
            raise ValueError(
                f"order {order}: expected 1 to {self.order}, the longest n-grams that were counted."
            )
        self._settle()
        return [self._order(n, n == order) for n in range(1, order + 1)]

    def _order(self, n: int, highest: bool) -> _Smoothed:
        if (n, highest) not in self._smoothed:
            level = self._levels[n - 1]
            counts = level.counts if highest else level.before
            contexts = 1 if n == 1 else len(self._levels[n - 2].keys)
            self._smoothed[n, highest] = _smooth(counts, level.keys // self.size, contexts)
        return self._smoothed[n, highest]

    def _row(self, symbols: Ints) -> int:
        """The row of one n-gram, -1 where it never came; of no symbols 0."""
        row = 0
        for level, symbol in zip(self._levels, symbols, strict=False):
            row = int(level.rows(np.array([row * self.size + symbol]))[0])
            if row < 0:
                break
        return row


def _smooth(counts: Ints, contexts_of: Ints, contexts: int) -> _Smoothed:
    """``counts (n-grams,)``, the context of each n-gram ``(n-grams,)``, and how many contexts there are."""
    found = discounts(counts)
    taken = np.array([0.0, *found.values])[np.minimum(counts, 3)]
    totals = np.bincount(contexts_of, counts, contexts)
    seen = np.maximum(totals, 1)
    passed = np.where(totals > 0, np.bincount(contexts_of, taken, contexts) / seen, 1.0)
    return _Smoothed((counts - taken) / seen[contexts_of], passed, found)


def _shifted(rows: Ints) -> Ints:
    """For each place the row that the place before has; -1 for the first."""
    return np.concatenate([[-1], rows])[: len(rows)]
