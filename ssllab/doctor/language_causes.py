"""What is set wrong where a model of sequences is sick: the controls that are known to make it so, each with its reason."""

from __future__ import annotations

from ssllab.doctor.causes import LONG_MEMORY, Cause, above, below

# nanoGPT's for a small model; a rate this many times higher or lower is to blame before all else.
USUAL_RATE = 1e-3
TOO_HIGH = 10.0
TOO_LOW = 10.0

USUAL_DROPOUT = 0.2
STRONG_DROPOUT = 0.4
FAR_TOO_MUCH_DROPOUT = 0.6
MOST_HIDDEN = 0.7
LEAST_SEEN = 4


HIGH_RATE = Cause(
    "learning_rate",
    above(TOO_HIGH * USUAL_RATE),
    "The learning rate is far above what usually works: the steps overshoot.",
    lambda e: USUAL_RATE,
)
LOW_RATE = Cause(
    "learning_rate",
    below(USUAL_RATE / TOO_LOW),
    "The learning rate is far below what usually works.",
    lambda e: USUAL_RATE,
    harmless=True,
)
DROPPED = Cause(
    "dropout",
    above(FAR_TOO_MUCH_DROPOUT),
    "So much is dropped that the context says nothing.",
    lambda e: USUAL_DROPOUT,
    harmless=True,
)
HIDDEN = Cause(
    "mask_rate",
    above(MOST_HIDDEN),
    "So much is hidden that what is left says nothing.",
    lambda e: 0.15,
    harmless=True,
)
SHORT_SIGHTED = Cause(
    "seen",
    lambda e, value: 0 < value < LEAST_SEEN,
    "It sees next to nothing of what came before.",
    lambda e: 0,
    harmless=True,
)
SMALL_BATCH = Cause(
    "batch_size",
    below(2),
    "A batch of one window is mostly noise.",
    harmless=True,
)

TOO_FAST = (HIGH_RATE, LONG_MEMORY)
NO_CONTEXT = (*TOO_FAST, LOW_RATE, DROPPED, HIDDEN, SHORT_SIGHTED)
SLOW = (LOW_RATE, DROPPED, HIDDEN, SHORT_SIGHTED, SMALL_BATCH, *TOO_FAST)
