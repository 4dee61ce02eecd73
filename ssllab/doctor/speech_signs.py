"""What is known about a speech run, and the signs that the doctor reads from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ssllab.doctor.speech_thresholds import (
    CHANCE_FACTOR,
    CHANCE_MARGIN,
    COLLAPSED_SHARE,
    EVEN_SOFT_SHARE,
    HOLLOW_SHARE,
    HOLLOW_TOP1,
    RISING_FACTOR,
    SOFT_TO_HARD,
    SOLVED_SHARE,
    SOLVED_TOP1,
)


@dataclass(frozen=True)
class SpeechEvidence:
    """What is known about a run; None where not known yet. Accuracies and shares are 0..1, losses in nats."""

    step: int | None = None
    # Steps since the start or since the last change of a control; `step` where None.
    steps_seen: int | None = None
    # Of the task alone, without diversity and penalty; the median over recent steps, as all metrics here.
    contrastive_loss: float | None = None
    loss_is_finite: bool | None = None
    # What guessing gives: ln(1 + K), or ln of the number of units.
    chance_loss: float | None = None
    contrastive_top1: float | None = None
    # Per group; hard (the codes chosen) now and some hundred steps ago, soft (the mean softmax).
    code_perplexities: tuple[float, ...] = ()
    code_perplexities_before: tuple[float, ...] = ()
    prob_perplexities: tuple[float, ...] = ()
    codes: int | None = None  # V
    # Share of the G V codes that nothing in the sliding window has chosen.
    dead_codes: float | None = None
    # Units (HuBERT): how many kinds the targets have, and how many the model predicts; perplexities.
    target_perplexity: float | None = None
    predicted_perplexity: float | None = None
    # What loudness explains (:func:`ssllab.diagnostics.loudness.shortcut_measures`), and what the codes know.
    pnmi: float | None = None
    pnmi_volume: float | None = None
    volume_share: float | None = None
    silence_codes: float | None = None
    silent_frames: float | None = None
    gradient_norm: float | None = None
    # The settings in force, so that a remedy can be specific; None where the method has no such control.
    quantizer: str | None = None
    learning_rate: float | None = None
    diversity_weight: float | None = None
    gumbel_temperature: float | None = None  # in force at this step
    gumbel_floor: float | None = None
    gumbel_noise: bool | None = None
    freeze_codes: bool | None = None
    dead_code_restart: bool | None = None
    entropy_weight: float | None = None
    feature_gradient: float | None = None
    mask_probability: float | None = None
    mask_length: int | None = None  # frames

    @property
    def watched(self) -> int:
        """Steps under the present settings."""
        return next((steps for steps in (self.steps_seen, self.step) if steps is not None), 0)

    @property
    def guess(self) -> float | None:
        """The loss of a guess: uniform, or for units as often as they come, where that is lower."""
        if self.target_perplexity is not None and self.target_perplexity >= 1:
            uniform = self.chance_loss if self.chance_loss is not None else math.inf
            return min(math.log(self.target_perplexity), uniform)
        return self.chance_loss

    @property
    def at_chance(self) -> bool | None:
        """Whether the positive is found no more often than by guessing; None if not known."""
        if self.contrastive_top1 is None or self.chance_loss is None:
            return None
        if self.target_perplexity is not None:
            return None  # units are unevenly frequent: naming the commonest is right more often than 1/C
        chance = math.exp(-self.chance_loss)
        return self.contrastive_top1 <= max(CHANCE_FACTOR * chance, chance + CHANCE_MARGIN)

    @property
    def solved(self) -> bool:
        """Whether the task is all but solved."""
        return self.contrastive_top1 is not None and self.contrastive_top1 >= SOLVED_TOP1

    @property
    def empty_groups(self) -> list[int]:
        """Groups with next to no codes in use, from 0."""
        if self.codes is None or self.codes < 2:
            return []
        return self._groups_below(SOLVED_SHARE if self.solved else COLLAPSED_SHARE)

    @property
    def hollow(self) -> bool:
        """Whether the task is solved because hardly a code is left to tell apart."""
        if not self.empty_groups or self.contrastive_top1 is None:
            return False
        all_empty = len(self._groups_below(HOLLOW_SHARE)) == len(self.code_perplexities)
        return self.solved or (all_empty and self.contrastive_top1 >= HOLLOW_TOP1)

    def _groups_below(self, share: float) -> list[int]:
        limit = 1 + ((self.codes or 1) - 1) * share
        return [group for group, perplexity in enumerate(self.code_perplexities) if perplexity < limit]

    @property
    def undecided(self) -> bool:
        """Whether all codes are about as probable on average, and yet few win."""
        if not self.code_perplexities or not self.prob_perplexities or not self.codes:
            return False
        hard, soft = sum(self.code_perplexities), sum(self.prob_perplexities)
        even = soft >= EVEN_SOFT_SHARE * self.codes * len(self.prob_perplexities)
        return even and soft >= SOFT_TO_HARD * hard

    def rising(self, groups: Sequence[int] | None = None) -> bool:
        """Whether hard perplexity, that of all groups or of some, is well on its way up."""
        before = self.code_perplexities_before
        if len(before) != len(self.code_perplexities):
            return False
        chosen = range(len(before)) if groups is None else groups
        now = sum(self.code_perplexities[group] for group in chosen)
        return now > RISING_FACTOR * sum(before[group] for group in chosen)


def loss_line(e: SpeechEvidence) -> str | None:
    """The loss beside that of a guess."""
    if e.contrastive_loss is None:
        return None
    guess = e.guess
    return f"Loss {e.contrastive_loss:.3f}" + (f"; guessing gives {guess:.3f}" if guess is not None else "")


def accuracy_line(e: SpeechEvidence) -> str | None:
    """How often the true code is found."""
    if e.contrastive_top1 is None:
        return None
    return f"The true code is found in {e.contrastive_top1:.1%} of cases"


def _perplexity_line(name: str, perplexities: tuple[float, ...], codes: int | None) -> str | None:
    if not perplexities:
        return None
    values = " + ".join(f"{value:.1f}" for value in perplexities)
    ceiling = f" of {' + '.join([str(codes)] * len(perplexities))}" if codes is not None else ""
    return f"{name} perplexity {values}{ceiling}"


def hard_line(e: SpeechEvidence) -> str | None:
    """Hard perplexity of every group."""
    return _perplexity_line("Hard", e.code_perplexities, e.codes)


def soft_line(e: SpeechEvidence) -> str | None:
    """Soft perplexity of every group."""
    return _perplexity_line("Soft", e.prob_perplexities, e.codes)


def dead_line(e: SpeechEvidence) -> str | None:
    """The share of codes out of use."""
    if e.dead_codes is None:
        return None
    return f"{e.dead_codes:.0%} of the codes were not chosen once in the last pass over the data"


def units_line(e: SpeechEvidence) -> str | None:
    """Kinds of units predicted, of those that there are."""
    if e.target_perplexity is None or e.predicted_perplexity is None:
        return None
    return f"Predicts {e.predicted_perplexity:.1f} kinds of units; the targets have {e.target_perplexity:.1f}"
