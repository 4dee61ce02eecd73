"""From the logs of a fine-tuning run to what its doctor wants to know."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssllab.doctor.ctc import CTCEvidence
from ssllab.doctor.log import Log

RECENT_STEPS = 20


def ctc_evidence(
    config: Any, metrics: Log, probes: Log, constants: dict[str, float], last_change: int
) -> CTCEvidence:
    """The mean of the last steps and every probe so far. Reads only finished rows of the logs."""
    step = metrics.last_step or 0
    last_loss = metrics.last("loss")
    steps, rates = probes.column("wer")
    known = np.isfinite(rates)
    steps, rates = steps[known], rates[known]
    return CTCEvidence(
        step=step,
        steps_seen=step - last_change,
        loss=_recent(metrics, "loss"),
        loss_is_finite=None if last_loss is None else math.isfinite(last_loss),
        chance_loss=_recent(metrics, "chance_loss"),
        blank_share=_recent(metrics, "blank_share"),
        gradient_norm=metrics.last("gradient_norm"),
        wer=tuple(rates.tolist()),
        cer=probes.last("cer"),
        loss_at_best=_recent(metrics, "loss", int(steps[rates.argmin()])) if len(rates) else None,
        learning_rate=config.learning_rate,
        labelled_minutes=constants.get("labelled_minutes"),
        freeze_encoder=config.freeze_encoder,
        mask_probability=config.mask_probability,
    )


def _recent(log: Log, name: str, until: int | None = None) -> float | None:
    """The mean of the last steps up to ``until``."""
    steps, values = log.column(name)
    if until is not None:
        values = values[: np.searchsorted(steps, until, side="right")]
    values = values[-RECENT_STEPS:]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None
