"""What a guess would get, and whether a run gets more."""

from __future__ import annotations

import math

# A loss within this share of guessing has learned nothing.
CHANCE_LOSS_SHARE = 0.97

# An accuracy counts as chance up to three times chance, and at least one point above it.
CHANCE_FACTOR = 3.0
CHANCE_MARGIN = 0.01

# A task counts as solved when its accuracy is halfway from chance to certainty.
SOLVED_SHARE = 0.5


def at_chance(accuracy: float | None, chance_loss: float | None) -> bool | None:
    """Whether the right answer is found no more often than by guessing; None if not known."""
    if accuracy is None or chance_loss is None:
        return None
    chance = math.exp(-chance_loss)
    limit = max(CHANCE_FACTOR * chance, chance + CHANCE_MARGIN)
    return accuracy <= min(
        limit, solved_from(chance)
    )  # of few candidates three times chance is beyond certainty


def solved_from(chance: float) -> float:
    """The accuracy from which on a task is solved."""
    return chance + SOLVED_SHARE * (1 - chance)


def guesses(at_chance: bool | None, loss: float | None, guess: float | None) -> bool:
    """Whether neither accuracy nor loss is better than a guess; both must say so where both are known."""
    flat = None if loss is None or guess is None else loss >= CHANCE_LOSS_SHARE * guess
    return False not in (at_chance, flat) and bool(at_chance or flat)
