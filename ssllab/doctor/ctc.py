"""The doctor of fine-tuning to text: diverged, stuck on the blank, overfitting, or learning.

A recogniser first learns that the blank is the commonest class and writes nothing for a while; that is no sickness.
Losses are in nats per character, rates 0..1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ssllab.doctor.verdict import Verdict, lines, tidy

WARMUP_STEPS = 20
PATIENCE_STEPS = 150  # in the default recipe letters come after some dozen steps
BLANK_SHARE = 0.995
DEAF_SHARE = 0.9  # of the loss of a guess that hears nothing
DIVERGED_FACTOR = 3.0
MEMORISED_LOSS = 0.1
WORSE_WER = 0.03  # three points above the best: beyond the noise of some hundred words
WORSE_PROBES = 3  # ... for so many probes


@dataclass(frozen=True)
class CTCEvidence:
    """What is known about a run; None where not known yet. ``wer``: of the probes, oldest first, held-out."""

    step: int | None = None
    # Steps since the start or the last change of a control.
    steps_seen: int | None = None
    # Means over recent steps.
    loss: float | None = None
    loss_is_finite: bool | None = None
    # A guess that hears nothing (:func:`ssllab.objectives.ctc.deaf_loss`).
    chance_loss: float | None = None
    # Frames whose most probable class is the blank.
    blank_share: float | None = None
    gradient_norm: float | None = None
    wer: tuple[float, ...] = ()
    cer: float | None = None
    # The training loss when the WER was lowest.
    loss_at_best: float | None = None
    learning_rate: float | None = None
    labelled_minutes: float | None = None
    freeze_encoder: bool | None = None
    mask_probability: float | None = None


def diagnose_ctc(evidence: CTCEvidence) -> Verdict:
    """The state of a run. Pure: the same evidence gives the same verdict."""
    for rule in (_diverged, _warming_up, _stuck_on_blank, _overfitting):
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    return Verdict("healthy", "Learning to write", _evidence(evidence))


def _evidence(e: CTCEvidence) -> tuple[str, ...]:
    guess = "" if e.chance_loss is None else f"; a guess that hears nothing has {e.chance_loss:.2f}"
    return lines(
        None if e.loss is None else f"Loss {e.loss:.2f} nats per character{guess}",
        None if not e.wer else f"Word error rate {e.wer[-1]:.0%} on held-out clips",
        None if e.cer is None else f"Character error rate {e.cer:.0%}",
    )


def _lower_rate(e: CTCEvidence) -> dict[str, float | bool | str]:
    return {"learning_rate": tidy(e.learning_rate / 10)} if e.learning_rate else {}


def _diverged(e: CTCEvidence) -> Verdict | None:
    loss = e.loss_is_finite is False or (e.loss is not None and not math.isfinite(e.loss))
    gradient = e.gradient_norm is not None and not math.isfinite(e.gradient_norm)
    warm = e.step is not None and e.step >= WARMUP_STEPS
    high = e.loss is not None and e.chance_loss is not None and e.loss > DIVERGED_FACTOR * e.chance_loss
    if not (loss or gradient or (warm and high)):
        return None
    return Verdict(
        "diverged",
        "Training has diverged",
        lines(
            "The loss is not a number" if loss else None,
            "The gradient is not finite" if gradient else None,
            *_evidence(e)[:1],
            None if e.learning_rate is None else f"Learning rate {e.learning_rate:.2g}",
        ),
        "The steps are too large. Lower the learning rate and go back to a checkpoint from before, or reset.",
        _lower_rate(e),
    )


def _warming_up(e: CTCEvidence) -> Verdict | None:
    seen = e.step if e.steps_seen is None else e.steps_seen
    if e.loss is not None and seen is not None and seen >= WARMUP_STEPS:
        return None
    return Verdict(
        "warming up",
        "Too early to say",
        (
            f"{seen or 0} steps since the start or the last change of a setting; {WARMUP_STEPS} are needed",
            *_evidence(e)[:1],
        ),
    )


def _stuck_on_blank(e: CTCEvidence) -> Verdict | None:
    if e.blank_share is None or e.blank_share < BLANK_SHARE:
        return None
    deaf = e.loss is None or e.chance_loss is None or e.loss >= DEAF_SHARE * e.chance_loss
    if not deaf:
        return None
    said = (
        f"The most probable class is the blank in {e.blank_share:.1%} of frames: nothing is written",
        *_evidence(e)[:1],
    )
    if (e.step or 0) < PATIENCE_STEPS:
        return Verdict(
            "warming up",
            "Still silent",
            said,
            "Every recogniser begins by writing nothing, for most frames are blank. Letters come next.",
        )
    changes: dict[str, float | bool | str] = {}
    if e.freeze_encoder:
        remedy = (
            "Only the last layer learns, and it cannot read letters from this encoder. Unfreeze the encoder."
        )
        changes["freeze_encoder"] = False
    else:
        remedy = (
            "It found no link between sound and letters. Begin from a pre-trained encoder, give it more transcribed "
            "speech, or another learning rate: reset after the change."
        )
        if e.learning_rate:
            changes["learning_rate"] = tidy(e.learning_rate / 3)
    return Verdict("stuck on blank", "It writes nothing", said, remedy, changes)


def _overfitting(e: CTCEvidence) -> Verdict | None:
    if len(e.wer) <= WORSE_PROBES or e.loss is None:
        return None
    best = min(e.wer)
    worse = all(rate > best + WORSE_WER for rate in e.wer[-WORSE_PROBES:])
    learns_on = e.loss_at_best is None or e.loss < e.loss_at_best
    if not (worse and learns_on):
        return None
    minutes = "" if e.labelled_minutes is None else f" of its {e.labelled_minutes:.3g} minutes"
    changes: dict[str, float | bool | str] = {}
    if e.mask_probability is not None and e.mask_probability < 0.5:
        changes["mask_probability"] = tidy(min(0.65, 2 * e.mask_probability + 0.1))
    return Verdict(
        "overfitting",
        "It learns its training clips by heart",
        lines(
            f"Word error rate {e.wer[-1]:.0%} on held-out clips; it was {best:.0%}",
            f"Training loss {e.loss:.2f} nats per character, and falling"
            + (": known by heart" if e.loss < MEMORISED_LOSS else ""),
        ),
        f"The training loss falls{minutes} while held-out clips get worse. Go back to the checkpoint of the best rate; "
        "mask more, drop more, or transcribe more speech.",
        changes,
    )
