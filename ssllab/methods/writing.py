"""What a model of sequences writes by itself, held against its text: is it copied, does it go round and round?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssllab.text.units import END

if TYPE_CHECKING:
    from ssllab.methods.predictor import Predictor

LONGEST_PERIOD = 32  # symbols that are taken for one round of a loop, at most
ROUNDS = 3  # as many times in a row is a loop
SHORTEST_LOOP = 8  # symbols in all: "ha ha ha" is none


def written(model: Predictor, count: int, seed: int = 0) -> NDArray[np.int32]:
    """``count`` symbols after an end, drawn with the same dice whatever the model is."""
    dice = np.random.default_rng(seed)
    ids = [END]
    for _ in range(count):
        ids.append(drawn(model, np.array(ids, np.int32), dice))
    return np.array(ids[1:], np.int32)


def drawn(
    model: Predictor, ids: NDArray[np.int32], dice: np.random.Generator, temperature: float = 1.0
) -> int:
    """The symbol that follows ``ids``, never the unknown one: nobody can write it. At temperature 0 the likeliest."""
    logs = model.next(ids).astype(np.float64)
    if model.units.unknown is not None and len(logs) > 2:
        logs[model.units.unknown] = -np.inf
    if temperature == 0:
        return int(logs.argmax())
    p = np.exp((logs - logs.max()) / temperature)
    return int(dice.choice(len(p), p=p / p.sum()))


def longest_copy(ids: NDArray[np.int32], text: NDArray[np.int32]) -> tuple[int, int]:
    """Where in ``ids (n,)`` the longest span begins that stands in ``text (m,)`` as it is, and its length.

    Its end is where it differs first; ends of documents are symbols as all others.
    """
    best = (0, 0)
    for begin in range(len(ids)):
        places = np.flatnonzero(text == ids[begin])
        length = 0
        while len(places):
            length += 1
            if begin + length == len(ids):
                break
            places = places[places + length < len(text)]
            places = places[text[places + length] == ids[begin + length]]
        if length > best[1]:
            best = (begin, length)
        if begin + best[1] >= len(ids):
            break  # what is left is shorter
    return best


def looped(ids: NDArray[np.int32]) -> float:
    """The share of ``ids (n,)`` that stands in a loop: at least three equal rounds behind one another."""
    inside = np.zeros(len(ids), bool)
    for period in range(1, min(LONGEST_PERIOD, len(ids) // ROUNDS) + 1):
        same = np.append(ids[period:] == ids[:-period], False)
        begin = 0
        for at in np.flatnonzero(~same):
            length = int(at) - begin + period  # of the run that repeats itself after ``period``
            if length >= max(ROUNDS * period, SHORTEST_LOOP):
                inside[begin : begin + length] = True
            begin = int(at) + 1
    return float(inside.mean()) if len(ids) else 0.0
