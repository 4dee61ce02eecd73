"""A model of sequences that is asked: what comes next, and how surprising was what came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ssllab.looks import AttentionMaps, LayerReadings, SymbolVectors
    from ssllab.text.units import Units

TOGETHER = 64  # sequences that are read at once


class Predictor(ABC):
    """``units`` are its symbols, ``context`` how many of them it sees at most. ``causal``: whether it only looks back;
    else ``mask`` stands for a symbol that is hidden. ``whole``: whether it reads any text in one go, without windows."""

    units: Units
    context: int
    causal: bool = True
    whole: bool = False
    mask: int

    def at(self, ids: NDArray[np.int32], place: int) -> NDArray[np.float32]:
        """Log-probabilities ``(size,)`` of what stands at ``place`` of ``ids (n,)``, which is hidden: of a masked one."""
        raise NotImplementedError

    @abstractmethod
    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities ``(size,)`` of the symbol after ``ids (n,)``, which begin with the end of what was before."""

    @abstractmethod
    def window(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probability ``(n - 1,)`` of each of ``ids (n,)`` but the first, after those before it; ``n - 1`` is at most
        the context."""

    def after_each(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities ``(n, size)`` of what comes after each of ``ids (n,)``, whatever ``n`` is."""
        return np.stack([self.next(ids[:end]) for end in range(1, len(ids) + 1)])

    def sentences(self, many: Sequence[NDArray[np.int32]]) -> list[float]:
        """The summed log-probability of each of many short sequences, which begin with an end; its first symbol is told."""
        return [float(self.log_probabilities(ids).sum(dtype=np.float64)) for ids in many]

    def told(self, many: Sequence[NDArray[np.int32]], places: Sequence[int]) -> NDArray[np.float32]:
        """The log-probability ``(len(many),)`` of what stands at ``places[i]`` of ``many[i]``: after what stands before it,
        or, of a masked model, hidden among all the others."""
        rows = (
            self.next(ids[:place]) if self.causal else self.at(ids, place)
            for ids, place in zip(many, places, strict=True)
        )
        found = [row[ids[place]] for row, ids, place in zip(rows, many, places, strict=True)]
        return np.array(found, np.float32)

    def by_layer(self, ids: NDArray[np.int32], place: int) -> LayerReadings | None:
        """What stands at ``place`` of ``ids (n,)``, told as in :meth:`told`; ``n``: what comes next. None: it has no layers
        that could be read."""
        return None

    def attention(self, ids: NDArray[np.int32]) -> AttentionMaps | None:
        """Of ``ids (n,)``, at most the context. None: it has no attention."""
        return None

    def vectors(self) -> SymbolVectors | None:
        """Of the symbols that it reads. None: it has none."""
        return None

    def log_probabilities(self, ids: NDArray[np.int32], stride: int = 0) -> NDArray[np.float32]:
        """Log-probability ``(n - 1,)`` of every symbol but the first, each scored once, whatever ``n`` is.

        Windows of the whole context begin every ``stride`` symbols (default: half a context); in each only what no window
        before has scored counts, so that it has been told at least ``context - stride`` symbols.
        """
        found = [part for part, _ in self.scored(ids, stride)]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def scored(self, ids: NDArray[np.int32], stride: int = 0) -> Iterator[tuple[NDArray[np.float32], int]]:
        """The same window by window, with how many symbols are done: for progress."""
        stride = stride or max(1, self.context // 2)
        done = 0
        while done < len(ids) - 1:
            end = min(len(ids) - 1, self.context if done == 0 else done + stride)
            first = max(0, end - self.context)
            part = self.window(ids[first : end + 1])[done - first :]
            done = end
            yield part, done


def in_windows(
    rows: Callable[[NDArray[np.int32]], NDArray[np.float32]], ids: NDArray[np.int32], context: int
) -> NDArray[np.float32]:
    """``rows`` of windows of at most ``context`` of ``ids (n,)`` as ``(n, ...)``; each is told half a context at least."""
    found = [rows(ids[:context])]
    for done in range(context, len(ids), stride := max(1, context // 2)):
        end = min(len(ids), done + stride)
        first = end - context
        found.append(rows(ids[first:end])[done - first :])
    return np.concatenate(found)


def in_groups(
    rows: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    many: Sequence[NDArray[np.int32]],
    wanted: NDArray[np.integer],
) -> NDArray[np.float32]:
    """Of each of many sequences the number ``wanted`` in its row ``(size,)`` of what ``rows`` makes of ``(B, n)``, those of
    one length together."""
    found = np.zeros(len(many), np.float32)
    lengths = np.array([len(ids) for ids in many])
    for length in np.unique(lengths):
        own = np.flatnonzero(lengths == length)
        for part in np.split(own, range(TOGETHER, len(own), TOGETHER)):
            logs = rows(np.stack([many[i] for i in part]).astype(np.int64))
            found[part] = logs[np.arange(len(part)), wanted[part]]
    return found
