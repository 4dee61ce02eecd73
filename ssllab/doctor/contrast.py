"""The doctor of contrastive runs: from what was measured to a state in words, its evidence and a remedy.

:func:`diagnose` looks for sicknesses from the surest to the subtlest and names the first it finds. A rule
fires only on evidence that is there (None means not yet known), so with little evidence the doctor says
little. The thresholds, with their reasons, are in ``thresholds.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ssllab.doctor.contrast_thresholds import (
    CHANCE_FACTOR,
    CHANCE_LOSS_SHARE,
    CHANCE_LOSS_TEMPERATURE,
    CHANCE_MARGIN,
    COLLAPSED_NORMALIZED_STD,
    COLLAPSED_RANK,
    COLLAPSED_STD,
    COLLAPSED_STD_SHARE,
    DIVERGED_LOSS_MARGIN,
    DIVERGED_STD_RATIO,
    FAR_TOO_HIGH,
    HIGH_TEMPERATURE,
    LEAST_ROOM,
    LOW_TEMPERATURE,
    PATIENCE_STEPS,
    RANKED_DIMENSION,
    SHORTCUT_GAIN,
    SOLVED_SHARE,
    USUAL_LEARNING_RATE,
    USUAL_TEMPERATURE,
    WARMUP_STEPS,
)
from ssllab.doctor.verdict import Verdict, lines, tidy

State = Literal[
    "warming up",
    "healthy",
    "complete collapse",
    "dimensional collapse",
    "stuck at chance",
    "shortcut",
    "diverged",
]


@dataclass(frozen=True)
class ContrastEvidence:
    """What is known about a run; None where not known yet. Accuracies and areas are 0..1, losses in nats."""

    step: int | None = None
    # Steps since the start or since the last change of a control; `step` where None.
    steps_seen: int | None = None
    # The mean over recent steps.
    loss: float | None = None
    loss_is_finite: bool | None = None
    chance_loss: float | None = None
    contrastive_top1: float | None = None
    # 1 / number of candidates.
    contrastive_chance: float | None = None
    # Mean raw channel std of h, now and before the first step.
    raw_std_h: float | None = None
    raw_std_h_initial: float | None = None
    # Times sqrt(d): 1 is uniform.
    normalized_std_h: float | None = None
    normalized_std_z: float | None = None
    effective_rank_h: float | None = None
    effective_rank_z: float | None = None
    dimension_h: int | None = None
    dimension_z: int | None = None
    rankme_h: float | None = None
    # "initial": the same encoder untrained. "chance_top1": guessing the label.
    knn_top1: float | None = None
    knn_top1_initial: float | None = None
    linear_top1: float | None = None
    linear_top1_initial: float | None = None
    chance_top1: float | None = None
    positive_similarity: float | None = None
    negative_similarity: float | None = None
    gradient_norm: float | None = None
    # The settings in force, so that a remedy can be specific.
    learning_rate: float | None = None
    weight_decay: float | None = None
    temperature: float | None = None
    batch_size: int | None = None
    optimizer: str | None = None
    jitter: bool | None = None
    jitter_strength: float | None = None
    crop: bool | None = None
    crop_min_area: float | None = None
    grayscale: bool | None = None
    # Operators in use that SimCLR's recipe does without, as names of their switches.
    extra_augmentations: tuple[str, ...] = ()


def diagnose(evidence: ContrastEvidence) -> Verdict:
    """The state of a run. Pure: the same evidence gives the same verdict."""
    rules: tuple[Callable[[ContrastEvidence], Verdict | None], ...] = (
        _not_a_number,
        _warming_up,
        _complete_collapse,
        _blown_up,
        _stuck_at_chance,
        _dimensional_collapse,
        _shortcut,
    )
    for rule in rules:
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    return _healthy(evidence)


def _steps(e: ContrastEvidence) -> int:
    return next((steps for steps in (e.steps_seen, e.step) if steps is not None), 0)


def _at_chance(e: ContrastEvidence) -> bool | None:
    """Whether the positive is found no more often than by guessing; None if not known."""
    if e.contrastive_top1 is None or e.contrastive_chance is None:
        return None
    chance = e.contrastive_chance
    limit = max(CHANCE_FACTOR * chance, chance + CHANCE_MARGIN)
    # With few candidates three times chance would be beyond certainty.
    return e.contrastive_top1 <= min(limit, _solved(chance))


def _solved(chance: float) -> float:
    return chance + SOLVED_SHARE * (1 - chance)


def _std_share(e: ContrastEvidence) -> float | None:
    if e.raw_std_h is None or not e.raw_std_h_initial:
        return None
    return e.raw_std_h / e.raw_std_h_initial


def _loss_line(e: ContrastEvidence) -> str | None:
    if e.loss is None:
        return None
    return f"Loss {e.loss:.3f}" + (
        f"; guessing gives {e.chance_loss:.3f}" if e.chance_loss is not None else ""
    )


def _accuracy_line(e: ContrastEvidence) -> str | None:
    if e.contrastive_top1 is None:
        return None
    chance = f"; guessing finds {e.contrastive_chance:.1%}" if e.contrastive_chance is not None else ""
    return f"The positive is found in {e.contrastive_top1:.1%} of cases{chance}"


def _std_line(e: ContrastEvidence) -> str | None:
    if e.raw_std_h is None:
        return None
    untrained = f"; untrained {e.raw_std_h_initial:.3g}" if e.raw_std_h_initial is not None else ""
    return f"Standard deviation of h per dimension {e.raw_std_h:.3g}{untrained}"


def _rank_line(name: str, rank: float | None, dimension: int | None) -> str | None:
    if rank is None:
        return None
    return f"Effective rank of {name} {rank:.1f}" + (f" of {dimension} dimensions" if dimension else "")


def _probe_line(name: str, now: float | None, untrained: float | None) -> str | None:
    if now is None:
        return None
    return f"{name} accuracy {now:.1%}" + (
        f"; untrained encoder {untrained:.1%}" if untrained is not None else ""
    )


def _similarity_line(e: ContrastEvidence) -> str | None:
    if e.positive_similarity is None or e.negative_similarity is None:
        return None
    return f"Mean cosine {e.positive_similarity:.2f} for positives, {e.negative_similarity:.2f} for negatives"


def _usual_learning_rate(e: ContrastEvidence) -> float | None:
    optimizer = (e.optimizer or "").lower()
    rate = USUAL_LEARNING_RATE.get(optimizer)
    if rate is not None and not optimizer.startswith("adam"):
        rate *= (e.batch_size or 256) / 256
    return rate


def _lower_learning_rate(e: ContrastEvidence) -> dict[str, float | bool | str]:
    """A tenth of the rate, or the usual one where that is lower still."""
    if not e.learning_rate:
        return {}
    return {"learning_rate": tidy(min(e.learning_rate / 10, _usual_learning_rate(e) or math.inf))}


def _not_a_number(e: ContrastEvidence) -> Verdict | None:
    gradient = e.gradient_norm is not None and not math.isfinite(e.gradient_norm)
    loss = e.loss_is_finite is False or (e.loss is not None and not math.isfinite(e.loss))
    features = e.raw_std_h is not None and not math.isfinite(e.raw_std_h)
    if not (gradient or loss or features):
        return None
    return _diverged(
        e,
        lines(
            "The loss is not a number" if loss else None,
            "The gradient is not finite" if gradient else None,
            "The features are not finite" if features else None,
        ),
    )


def _blown_up(e: ContrastEvidence) -> Verdict | None:
    at_chance, share, gains = _at_chance(e), _std_share(e), _gains(e)
    high = e.loss is not None and e.chance_loss is not None and e.loss > e.chance_loss + DIVERGED_LOSS_MARGIN
    if at_chance is False:
        # A loss above guessing with a few hits and nothing learned is an accident as well.
        blown_up = high and bool(gains) and max(gains) < SHORTCUT_GAIN
    else:
        wide = share is not None and share > DIVERGED_STD_RATIO
        blown_up = wide or (high and (bool(at_chance) or (e.temperature or 0) >= LOW_TEMPERATURE))
    if blown_up:
        return _diverged(e, lines(_loss_line(e), _std_line(e)))
    return None


def _diverged(e: ContrastEvidence, evidence: tuple[str, ...]) -> Verdict:
    changes = _lower_learning_rate(e)
    if e.temperature is not None and e.temperature < LOW_TEMPERATURE:
        # Forces grow as 1/t.
        changes["temperature"] = 0.1
    return Verdict(
        "diverged",
        "Training has diverged",
        (*evidence, *([f"Learning rate {e.learning_rate:.2g}"] if e.learning_rate else ())),
        "The steps are too large. Lower the learning rate and go back to a checkpoint from before the jump, "
        "or reset: weights that are not finite do not recover.",
        changes,
    )


def _warming_up(e: ContrastEvidence) -> Verdict | None:
    steps = _steps(e)
    known = e.loss is not None or e.contrastive_top1 is not None or e.raw_std_h is not None
    if steps >= WARMUP_STEPS and known:
        return None
    return Verdict(
        "warming up",
        "Too early to say",
        lines(
            f"{steps} steps since the start or the last change of a setting; {WARMUP_STEPS} are needed",
            _loss_line(e),
        ),
    )


def _complete_collapse(e: ContrastEvidence) -> Verdict | None:
    at_chance = _at_chance(e)
    share = _std_share(e)
    if share is not None:
        narrow = share < COLLAPSED_STD_SHARE
    else:
        narrow = e.raw_std_h is not None and e.raw_std_h < COLLAPSED_STD
    # Weight decay may shrink h without harm: its directions then still differ.
    same_direction = e.normalized_std_h is None or e.normalized_std_h < COLLAPSED_NORMALIZED_STD
    one_point = e.normalized_std_z is not None and e.normalized_std_z < COLLAPSED_NORMALIZED_STD
    collapsed_h = narrow and at_chance is not False and (bool(at_chance) or same_direction)
    collapsed_z = one_point and bool(at_chance)
    if not (collapsed_h or collapsed_z):
        return None
    changes = _lower_learning_rate(e)
    if e.weight_decay is not None and e.weight_decay > 0.01:
        changes["weight_decay"] = 1e-4
    return Verdict(
        "complete collapse",
        "Every image gets the same embedding",
        lines(
            _std_line(e),
            f"Spread of the directions of z {e.normalized_std_z:.2f}; 1 is uniform"
            if e.normalized_std_z is not None
            else None,
            _similarity_line(e),
            _accuracy_line(e),
        ),
        "The encoder has stopped telling images apart; usually the learning rate or the weight decay is too "
        "high. Lower it and go back to an earlier checkpoint, or reset: a dead encoder rarely recovers.",
        changes,
    )


def _stuck_at_chance(e: ContrastEvidence) -> Verdict | None:
    at_chance = _at_chance(e)
    flat = None
    if e.loss is not None and e.chance_loss is not None and (e.temperature or 0) <= CHANCE_LOSS_TEMPERATURE:
        flat = e.loss >= CHANCE_LOSS_SHARE * e.chance_loss
    # Both must say so where both are known.
    if False in (at_chance, flat) or not (at_chance or flat):
        return None
    usual = _usual_learning_rate(e)
    rate = e.learning_rate
    changes: dict[str, float | bool | str] = {}
    if rate and usual and rate > FAR_TOO_HIGH * usual:
        remedy = "The learning rate is far above what usually works: the steps overshoot. Lower it."
        changes["learning_rate"] = tidy(usual)
    elif e.temperature is not None and e.temperature > HIGH_TEMPERATURE:
        remedy = (
            "At this temperature all negatives push alike and the gradient is faint. Lower the temperature."
        )
        changes["temperature"] = USUAL_TEMPERATURE
    elif e.temperature is not None and e.temperature < LOW_TEMPERATURE:
        remedy = "At this temperature only the single hardest negative pushes. Raise the temperature."
        changes["temperature"] = USUAL_TEMPERATURE
    elif rate is not None and usual and rate < usual / 30:
        remedy = "The learning rate is far below what usually works. Raise it."
        changes["learning_rate"] = tidy(usual)
    elif e.extra_augmentations:
        remedy = (
            "The two views may share too little to be recognised. Switch off what SimCLR's recipe does without: "
            f"{', '.join(e.extra_augmentations)}."
        )
        changes = dict.fromkeys(e.extra_augmentations, False)
    else:
        remedy = (
            "The two views may share too little, or the steps may be too large. Try a lower learning rate."
        )
        changes = _lower_learning_rate(e)
    return Verdict(
        "stuck at chance",
        "No better than guessing",
        lines(
            _loss_line(e),
            _accuracy_line(e),
            f"Learning rate {rate:.2g}" if rate is not None else None,
            f"Temperature {e.temperature:.2g}" if e.temperature is not None else None,
        ),
        remedy,
        changes,
    )


def _dimensional_collapse(e: ContrastEvidence) -> Verdict | None:
    def low(rank: float | None, dimension: int | None) -> bool:
        return rank is not None and (dimension or 0) >= RANKED_DIMENSION and rank < COLLAPSED_RANK

    if _steps(e) < PATIENCE_STEPS:
        return None
    # A head of two or three dimensions asks h for no more than that.
    narrow_head = e.dimension_z is not None and e.dimension_z < RANKED_DIMENSION
    low_h = low(e.effective_rank_h, e.dimension_h) and not narrow_head
    if not (low(e.effective_rank_z, e.dimension_z) or low_h):
        return None
    changes: dict[str, float | bool | str] = {}
    usual = _usual_learning_rate(e)
    if e.temperature is not None and e.temperature > USUAL_TEMPERATURE:
        remedy = (
            "At a high temperature all negatives push alike, and spreading along one direction is enough. "
            "Lower the temperature."
        )
        changes["temperature"] = 0.2
    elif e.learning_rate and usual and e.learning_rate > FAR_TOO_HIGH * usual:
        remedy = "The learning rate is far above what usually works: the steps overshoot. Lower it."
        changes["learning_rate"] = tidy(usual)
    elif (e.jitter_strength or 0) > 1 or (e.crop_min_area is not None and e.crop_min_area < 0.2):
        remedy = (
            "Augmentation stronger than the differences between images squeezes directions out "
            "(Jing et al. 2022). Weaken it."
        )
        if (e.jitter_strength or 0) > 1:
            changes["jitter_strength"] = 1.0
        if e.crop_min_area is not None and e.crop_min_area < 0.2:
            changes["crop_min_area"] = 0.2
    else:
        remedy = "Lower the learning rate, take a larger batch, or use a non-linear head."
        changes = _lower_learning_rate(e)
    return Verdict(
        "dimensional collapse",
        "The embeddings fill almost no dimensions",
        lines(
            _rank_line("z", e.effective_rank_z, e.dimension_z),
            _rank_line("h", e.effective_rank_h, e.dimension_h),
            _std_line(e),
            _accuracy_line(e),
        ),
        remedy,
        changes,
    )


def _gain(now: float | None, untrained: float | None, chance: float | None) -> float | None:
    """How far a probe climbed, as a share of the room above the untrained encoder (or above guessing)."""
    start = untrained if untrained is not None else chance
    if now is None or start is None or math.isnan(now):
        return None
    return (now - start) / max(1 - start, LEAST_ROOM)


def _gains(e: ContrastEvidence) -> list[float]:
    gains = (
        _gain(e.knn_top1, e.knn_top1_initial, e.chance_top1),
        _gain(e.linear_top1, e.linear_top1_initial, e.chance_top1),
    )
    return [gain for gain in gains if gain is not None]


def _shortcut(e: ContrastEvidence) -> Verdict | None:
    gains = _gains(e)
    if _steps(e) < PATIENCE_STEPS or e.contrastive_top1 is None or not gains:
        return None
    if e.contrastive_top1 < _solved(e.contrastive_chance or 0) or max(gains) >= SHORTCUT_GAIN:
        return None
    changes: dict[str, float | bool | str] = {}
    if e.jitter is False:
        remedy = (
            "Without colour jitter two crops of an image share their colours, and matching those is enough. "
            "Switch it on."
        )
        changes["jitter"] = True
    elif e.crop is False:
        remedy = "Without crops the two views share their layout pixel by pixel. Switch crops on."
        changes["crop"] = True
    elif e.grayscale is False:
        remedy = "Colour may still give an image away. Drop it from some views."
        changes["grayscale"] = True
    elif e.crop_min_area is not None and e.crop_min_area > 0.2:
        remedy = "The views overlap too much. Allow smaller crops."
        changes["crop_min_area"] = 0.08
    elif e.jitter_strength is not None and e.jitter_strength < 1:
        remedy = "The colours change too little. Strengthen the jitter."
        changes["jitter_strength"] = 1.0
    else:
        remedy = (
            "Some detail that every view keeps gives the image away. Use stronger or other augmentations."
        )
    return Verdict(
        "shortcut",
        "The task is solved without learning what is in the image",
        lines(
            _accuracy_line(e),
            _probe_line("kNN", e.knn_top1, e.knn_top1_initial),
            _probe_line("Linear probe", e.linear_top1, e.linear_top1_initial),
        ),
        remedy,
        changes,
    )


def _healthy(e: ContrastEvidence) -> Verdict:
    return Verdict(
        "healthy",
        "Learning",
        lines(
            _loss_line(e),
            _accuracy_line(e),
            _probe_line("kNN", e.knn_top1, e.knn_top1_initial),
            _probe_line("Linear probe", e.linear_top1, e.linear_top1_initial),
            _rank_line("h", e.effective_rank_h, e.dimension_h),
        ),
    )
