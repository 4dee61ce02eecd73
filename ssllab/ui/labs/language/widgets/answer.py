"""What a model says of a text: how surprising each of its symbols is, and what may stand at the place asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.labs.language.widgets.reading import HOLE, Reading

if TYPE_CHECKING:
    from ssllab.methods.predictor import Predictor

MOST = 256  # symbols that are read, the last ones
MOST_BOTH_SIDES = 48  # of a model that is asked place by place
COMPARED = 8_000_000  # logits that are computed to compare whole texts for a place in the middle: some 0.1 s
_FEWEST = 40  # texts that are compared, however long they are


@dataclass(frozen=True)
class Answer:
    """``surprisal``, ``entropy (n - 1,)`` in bits and ``rank (n - 1,)`` (from 1) of each symbol of the reading; NaN and 0
    for what was not read. ``logs (size,)``: log-probabilities at the place asked for. ``compared``: of how many candidates,
    the likeliest by what stands before, they compare the whole text; 0: they compare none."""

    reading: Reading
    surprisal: NDArray[np.float64]
    entropy: NDArray[np.float64]
    rank: NDArray[np.int64]
    logs: NDArray[np.float64]
    compared: int = 0

    @property
    def bits(self) -> float:
        """Entropy at the place asked for."""
        return entropy_bits(self.logs)

    @property
    def total(self) -> float:
        """Bits of the whole text, of what was read."""
        return float(np.nansum(self.surprisal))


def entropy_bits(logs: NDArray[np.floating]) -> float:
    """Of log-probabilities ``(size,)``."""
    logs = logs.astype(np.float64)
    finite = logs[np.isfinite(logs)]
    return max(0.0, -float((np.exp(finite) * finite).sum()) / math.log(2))


def ask(model: Predictor, reading: Reading) -> Answer:
    """All of it. Raises ValueError in one line where the model has no answer."""
    return _forward(model, reading) if model.causal else _both_sides(model, reading)


def _empty(reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    count = len(reading.spans)
    return np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, np.int64)


def _note(found: tuple, at: int, logs: NDArray[np.floating], id: int) -> None:
    """Enter what ``logs`` say of symbol ``at`` of the text, which is ``id``."""
    surprisal, entropy, rank = found
    surprisal[at] = -float(logs[id]) / math.log(2)
    entropy[at] = entropy_bits(logs)
    rank[at] = 1 + int((logs > logs[id]).sum())


def _forward(model: Predictor, reading: Reading) -> Answer:
    """A model that only looks back."""
    ids, place = reading.ids, reading.place
    blank = int((ids == HOLE).argmax()) if (ids == HOLE).any() else len(ids)
    known = ids[:blank]
    first = max(0, len(known) - MOST)
    rows = model.after_each(known[first:])
    found = _empty(reading)
    for at in range(first + 1, len(known)):
        _note(found, at - 1, rows[at - 1 - first], int(ids[at]))
    if reading.at_end:
        return Answer(reading, *found, rows[-1].astype(np.float64))
    before = rows[place - 1 - first] if place > first else model.next(ids[:place])
    logs, compared = _compared(model, ids, place, before)
    return Answer(reading, *found, logs, compared)


def _compared(
    model: Predictor, ids: NDArray[np.int32], place: int, before: NDArray[np.floating]
) -> tuple[NDArray[np.float64], int]:
    """Log-probabilities of a place in the middle: of the whole text with each candidate there, among all candidates, which
    are as many as are compared in a moment; and how many."""
    first = max(0, place - MOST // 2)
    window = ids[first : place + MOST // 2]
    candidates = np.argsort(-before, kind="stable")[: max(_FEWEST, COMPARED // window.size // before.size)]
    present = int(ids[place])
    if present != HOLE and present not in candidates:
        candidates[-1] = present
    many = np.repeat(window[None], len(candidates), 0)
    many[:, place - first] = candidates
    scores = np.array(model.sentences(list(many)), np.float64)
    total = np.logaddexp.reduce(scores)
    if not np.isfinite(total):
        raise ValueError("No symbol there makes a text that this model holds possible.")
    logs = np.full(len(before), -np.inf)
    logs[candidates] = scores - total
    return logs, len(candidates)


def _both_sides(model: Predictor, reading: Reading) -> Answer:
    """A model that sees what comes after too: each symbol is hidden in turn."""
    asked = cast("Any", model)
    ids, found = reading.ids.copy(), _empty(reading)
    ids[ids == HOLE] = asked.mask
    first = max(0, len(ids) - min(MOST_BOTH_SIDES, model.context + 1))
    if len(ids) - first > 1:
        rows = asked.at_each(ids[first:])
        for at in range(first + 1, len(ids)):
            if reading.ids[at] != HOLE:
                _note(found, at - 1, rows[at - 1 - first], int(ids[at]))
    logs = model.next(ids) if reading.at_end else asked.at(ids, reading.place)
    return Answer(reading, *found, logs.astype(np.float64))
