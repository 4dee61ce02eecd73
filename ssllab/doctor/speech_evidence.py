"""From the logs of a run to what the doctor of the Speech lab wants to know."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssllab.doctor.log import Log
from ssllab.doctor.speech_signs import SpeechEvidence
from ssllab.doctor.speech_thresholds import TREND_STEPS

RECENT_STEPS = 20
MOST_GROUPS = 8

# Scalars of the probes and settings of the methods that go by the name of their field.
PROBES = ("pnmi", "pnmi_volume", "volume_share", "silence_codes", "silent_frames")
SETTINGS = (
    "quantizer",
    "learning_rate",
    "diversity_weight",
    "gumbel_floor",
    "gumbel_noise",
    "freeze_codes",
    "dead_code_restart",
    "entropy_weight",
    "feature_gradient",
    "mask_probability",
    "mask_length",
)


def speech_evidence(
    config: Any, metrics: Log, probes: Log, constants: dict[str, float], last_change: int = 0
) -> SpeechEvidence:
    """The newest probe and the median of the last steps, which no flicker of a few steps moves.

    ``last_change``: the step of the last change of a control. Reads only finished rows of the logs. Settings and
    metrics that a method does not have stay None.
    """
    step = metrics.last_step or 0
    last_loss = metrics.last("loss")
    codes = constants.get("codes")
    task = _recent(metrics, "contrastive_loss")
    top1 = _recent(metrics, "contrastive_top1")
    by_name: dict[str, Any] = {name: probes.last(name) for name in PROBES}
    by_name |= {name: getattr(config, name, None) for name in SETTINGS}
    return SpeechEvidence(
        step=step,
        steps_seen=step - last_change,
        contrastive_loss=_recent(metrics, "loss") if task is None else task,
        loss_is_finite=None if last_loss is None else math.isfinite(last_loss),
        chance_loss=_recent(metrics, "chance_loss"),
        contrastive_top1=_recent(metrics, "unit_top1") if top1 is None else top1,
        code_perplexities=_groups(metrics, "code_perplexity"),
        code_perplexities_before=_groups(metrics, "code_perplexity", TREND_STEPS),
        prob_perplexities=_groups(metrics, "prob_perplexity"),
        codes=None if codes is None else int(codes),
        dead_codes=_recent(metrics, "dead_codes"),
        target_perplexity=_recent(metrics, "target_perplexity"),
        predicted_perplexity=_recent(metrics, "code_perplexity"),
        gumbel_temperature=_recent(metrics, "gumbel_temperature"),
        gradient_norm=_recent(metrics, "gradient_norm"),
        **by_name,
    )


def _recent(log: Log, name: str, back: int = 0) -> float | None:
    """The median of the last rows, or of those ``back`` rows earlier."""
    values = log.column(name)[1]
    stop = len(values) - back
    values = values[max(0, stop - RECENT_STEPS) : max(0, stop)]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else None


def _groups(log: Log, name: str, back: int = 0) -> tuple[float, ...]:
    """The same for ``name_1``, ``name_2`` ... as far as they were measured."""
    found = (_recent(log, f"{name}_{group}", back) for group in range(1, MOST_GROUPS + 1))
    return tuple(value for value in found if value is not None)
