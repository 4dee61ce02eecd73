"""What is set wrong where a run of speech is sick: the controls that are known to make it so, each with its reason."""

from __future__ import annotations

from typing import Any

from ssllab.doctor.causes import LONG_MEMORY, Cause, above, below, equal
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.speech_thresholds import (
    FAR_TOO_HIGH,
    HEAVY_ENTROPY_WEIGHT,
    LONG_SPAN,
    SHORT_SPAN,
    USUAL_DIVERSITY_WEIGHT,
    USUAL_ENTROPY_WEIGHT,
    USUAL_FEATURE_GRADIENT,
    USUAL_FLOOR,
    USUAL_LEARNING_RATE,
    USUAL_TEMPERATURE,
)


def _gumbel(e: Evidence) -> bool:
    return e.setting("quantizer") != "fsq"


def _cold(e: Evidence) -> bool:
    """Whether the temperature in force is below where it should end."""
    temperature = e.recent("gumbel_temperature")
    return _gumbel(e) and temperature is not None and temperature < USUAL_FLOOR


HIGH_RATE = Cause(
    "learning_rate",
    above(FAR_TOO_HIGH * USUAL_LEARNING_RATE),
    "The learning rate is far above what usually works: one jump of the weights loses most codes.",
    lambda e: USUAL_LEARNING_RATE,
)
LOW_RATE = Cause(
    "learning_rate",
    below(USUAL_LEARNING_RATE / FAR_TOO_HIGH),
    "The learning rate is far below what usually works.",
    lambda e: USUAL_LEARNING_RATE,
    harmless=True,
)
FROZEN = Cause("freeze_codes", equal(True), "The codebook is frozen and cannot follow the features.")
NO_DIVERSITY = Cause(
    "diversity_weight",
    lambda e, value: _gumbel(e) and value < USUAL_DIVERSITY_WEIGHT,
    "Nothing rewards even use of the codes.",
    lambda e: USUAL_DIVERSITY_WEIGHT,
)
NO_NOISE = Cause(
    "gumbel_noise",
    lambda e, value: _gumbel(e) and value is False,
    "Without noise only the winner is ever tried.",
)
_COLD_WORDS = "At this Gumbel temperature gradients reach few codes."


def _cold_start(e: Evidence, value: Any) -> bool:
    return _cold(e) and value < USUAL_FLOOR


COLD = (
    Cause("gumbel_temperature", _cold_start, _COLD_WORDS, lambda e: USUAL_TEMPERATURE),
    Cause("gumbel_floor", _cold_start, _COLD_WORDS, lambda e: USUAL_FLOOR),
    Cause("gumbel_decay", lambda e, value: _cold(e) and value < 0.999, _COLD_WORDS),
)
NO_ENTROPY = Cause(
    "entropy_weight",
    lambda e, value: _gumbel(e) and value < USUAL_ENTROPY_WEIGHT,
    "Without the entropy loss no frame has to decide, and a small run does not find its codes.",
    lambda e: USUAL_ENTROPY_WEIGHT,
)
HEAVY_ENTROPY = Cause(
    "entropy_weight",
    lambda e, value: value >= HEAVY_ENTROPY_WEIGHT,
    "The codes are alive, but the entropy loss outweighs the task.",
    lambda e: USUAL_ENTROPY_WEIGHT,
    harmless=True,
)
FULL_GRADIENT = Cause(
    "feature_gradient",
    lambda e, value: (
        value > USUAL_FEATURE_GRADIENT and (e.setting("entropy_weight") or 0) >= HEAVY_ENTROPY_WEIGHT
    ),
    "With it the features move faster than the context can follow.",
    lambda e: USUAL_FEATURE_GRADIENT,
    harmless=True,
)
HEAVY_DIVERSITY = Cause(
    "diversity_weight",
    above(1.0),
    "So strong a diversity loss is satisfied by equal scores for all codes.",
    lambda e: USUAL_DIVERSITY_WEIGHT,
)
LONG_SPANS = Cause(
    "mask_length",
    above(LONG_SPAN),
    "Long spans want thousands of steps before anything is learned. Begin with short ones.",
    lambda e: SHORT_SPAN,
    harmless=True,
)
ALL_MASKED = Cause(
    "mask_probability",
    above(0.8),
    "So much is masked that the context says nothing.",
    lambda e: 0.65,
    harmless=True,
)
SHARP = Cause("kappa", below(0.03), "So small a kappa lets a single distractor push.", harmless=True)
DULL = Cause(
    "kappa", above(0.5), "At so large a kappa all distractors push alike and faintly.", harmless=True
)
DROPPED = Cause("dropout", above(0.5), "So much is dropped that the context says nothing.", harmless=True)
LAYERS_DROPPED = Cause(
    "layerdrop", above(0.5), "So many layers are left out that the context says nothing.", harmless=True
)

TOO_FAST = (HIGH_RATE, LONG_MEMORY)
HARMFUL_TO_CODES = (FROZEN, NO_DIVERSITY, NO_NOISE, *COLD)
# The paper has no entropy loss: its absence alone raises no suspicion, but a collapsed codebook wants it back.
DEAD_CODES = (*TOO_FAST, *HARMFUL_TO_CODES, NO_ENTROPY)
UNDECIDED = (*DEAD_CODES, HEAVY_DIVERSITY)
AT_CHANCE = (
    *TOO_FAST,
    LOW_RATE,
    FROZEN,
    HEAVY_ENTROPY,
    FULL_GRADIENT,
    LONG_SPANS,
    ALL_MASKED,
    SHARP,
    DULL,
    DROPPED,
    LAYERS_DROPPED,
)
