"""How much of its context a model uses: the loss when all that is further away than so many symbols is blurred.

Khandelwal, He, Qi, Jurafsky: Sharp Nearby, Fuzzy Far Away: How Neural Language Models Use Context, ACL 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import ContextUse
from ssllab.methods.predictor import Predictor
from ssllab.text.symbols import END

PLACES = 256  # symbols that are predicted
SEED = 2018
MOST_REACH, READ = 256, 2**14  # symbols of the context at most, and of all places' contexts together
_LEAST = 16  # symbols that are looked back at where the model reads any text in one go


def context_use(
    model: Predictor,
    ids: NDArray[np.int32],
    whole: bool = False,
    places: int = PLACES,
    report: Callable[[float], None] = lambda share: None,
) -> ContextUse:
    """``ids (n,)``: held-out symbols; ``whole``: the text is read from the beginning of a document, as in training.

    The same places and the same dice each time; of a large context fewer and not all of it. Raises ValueError where there
    is too little text.
    """
    reach = min(max(model.context, _LEAST) if model.whole else model.context, len(ids) - 1)
    sides = 1 if model.causal else 2
    reach = min(reach, MOST_REACH) // sides
    if reach < 2 or len(ids) < sides * reach + 2:
        raise ValueError(f"{len(ids):,} held-out symbols are too few to blur a context: expected more.")
    dice = np.random.default_rng(SEED)
    spots = np.arange(reach, len(ids) - (reach if sides == 2 else 0))
    spots = np.sort(dice.choice(spots, min(places, max(1, READ // reach), len(spots)), replace=False))
    windows = [_window(ids, int(spot), reach, model.causal, whole) for spot in spots]
    distances = [1 << k for k in range(reach.bit_length()) if 1 << k < reach]
    total, done = 2 * len(distances) + 1, 0

    def loss(changed: list[tuple[NDArray[np.int32], int]]) -> NDArray[np.float64]:
        nonlocal done
        report(done / total)
        done += 1
        return -model.told([w for w, _ in changed], [p for _, p in changed]).astype(np.float64)

    usual = loss(windows)
    shuffled = np.stack([loss([_shuffled(w, p, n, dice) for w, p in windows]) for n in distances])
    begins = whole and not model.whole  # its texts always begin with the end of what was before
    hidden = np.stack([loss([_hidden(model, w, p, n, begins) for w, p in windows]) for n in distances])

    def error(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return (rows - usual).std(axis=1, ddof=1) / np.sqrt(len(windows))

    return ContextUse(
        np.array(distances),
        float(usual.mean()),
        shuffled.mean(axis=1),
        hidden.mean(axis=1),
        error(shuffled),
        error(hidden),
        len(windows),
        reach,
        sides == 2,
    )


def _window(
    ids: NDArray[np.int32], spot: int, reach: int, causal: bool, whole: bool
) -> tuple[NDArray[np.int32], int]:
    """What the model is told of a place, and where in it the place is."""
    first = spot - reach
    if whole and causal:
        ends = np.flatnonzero(ids[first:spot] == END)
        first += int(ends[0]) if len(ends) else 0
    return ids[first : spot + 1 if causal else spot + reach + 1], spot - first


def _far(length: int, place: int, near: int) -> NDArray[np.intp]:
    """Numbers of the symbols that are further away than ``near``."""
    return np.flatnonzero(np.abs(np.arange(length) - place) > near)


def _shuffled(
    window: NDArray[np.int32], place: int, near: int, dice: np.random.Generator
) -> tuple[NDArray[np.int32], int]:
    far = _far(len(window), place, near)
    if len(far) and window[0] == END:
        far = far[1:]  # a text begins with the end of what was before
    changed = window.copy()
    changed[far] = window[dice.permutation(far)]
    return changed, place


def _hidden(
    model: Predictor, window: NDArray[np.int32], place: int, near: int, begins: bool
) -> tuple[NDArray[np.int32], int]:
    """Behind the mask; a model that has none is told only what is near, as if a text began there where it ``begins``."""
    if not model.causal:
        changed = window.copy()
        changed[_far(len(window), place, near)] = model.mask
        return changed, place
    told = window[max(0, place - near) :]
    if begins and near < place:
        told = np.append(np.int32(END), told)
    return told, len(told) - 1
