"""From the logs of a run to what the doctor of the Contrast lab wants to know."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssllab.doctor.contrast import ContrastEvidence
from ssllab.doctor.log import Log

RECENT_STEPS = 20
EXTRA_AUGMENTATIONS = ("rotate", "cutout", "noise", "sobel")  # all hurt or do little in SimCLR's figure 5


def contrast_evidence(
    config: Any, metrics: Log, probes: Log, constants: dict[str, float], last_change: int = 0
) -> ContrastEvidence:
    """The newest probe, the mean of the last steps, the first probe (the untrained encoder).

    ``last_change``: the step of the last change of a control. Reads only finished rows of the logs.
    """
    step = metrics.last_step or 0
    chance = _recent(metrics, "chance_loss")
    last_loss = metrics.last("loss")
    return ContrastEvidence(
        step=step,
        steps_seen=step - last_change,
        loss=_recent(metrics, "loss"),
        loss_is_finite=None if last_loss is None else math.isfinite(last_loss),
        chance_loss=chance,
        contrastive_top1=_recent(metrics, "contrastive_top1"),
        contrastive_chance=None if chance is None else math.exp(-chance),
        raw_std_h=probes.last("std_h"),
        raw_std_h_initial=_first(probes, "std_h"),
        normalized_std_h=probes.last("std_h_normalized"),
        normalized_std_z=probes.last("std_z_normalized"),
        effective_rank_h=probes.last("effective_rank_h"),
        effective_rank_z=probes.last("effective_rank_z"),
        dimension_h=_whole(constants.get("dimension_h")),
        dimension_z=_whole(constants.get("dimension_z")),
        rankme_h=probes.last("rankme_h"),
        knn_top1=probes.last("knn_top1"),
        knn_top1_initial=_first(probes, "knn_top1"),
        linear_top1=probes.last("linear_top1"),
        linear_top1_initial=_first(probes, "linear_top1"),
        chance_top1=constants.get("chance_top1"),
        positive_similarity=_recent(metrics, "positive_similarity"),
        negative_similarity=_recent(metrics, "negative_similarity"),
        gradient_norm=_recent(metrics, "gradient_norm"),
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        temperature=getattr(config, "temperature", None),  # of the contrastive methods alone
        batch_size=config.batch_size,
        optimizer=config.optimizer,
        jitter=config.jitter,
        jitter_strength=config.jitter_strength,
        crop=config.crop,
        crop_min_area=config.crop_min_area,
        grayscale=config.grayscale,
        extra_augmentations=tuple(name for name in EXTRA_AUGMENTATIONS if getattr(config, name)),
    )


def _recent(log: Log, name: str) -> float | None:
    values = log.column(name)[1][-RECENT_STEPS:]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None


def _first(log: Log, name: str) -> float | None:
    values = log.column(name)[1]
    return float(values[0]) if len(values) and math.isfinite(values[0]) else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
