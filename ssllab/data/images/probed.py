"""Which images a probe asks about: evenly over the set, and of some hundred classes at most.

Thousands of classes with a few images each (the people of LFW) would take a linear classifier minutes, and say
nothing: there are not enough images of any. So the classes with the most images are asked for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.data.images.types import Factor, ImageData, ImageSplit
from ssllab.diagnostics.linear_probe import MOST_CLASSES, frequent


def probed(data: ImageData, bank: int, queries: int) -> tuple[ImageSplit, ImageSplit, int]:
    """At most ``bank`` images of the training part, ``queries`` of the held-out one, and how many classes they have.

    The classes are numbered anew where there are more than :data:`MOST_CLASSES` in both parts.
    """
    train, test, classes = data.train, data.test, len(data.class_names)
    if classes <= MOST_CLASSES or train.labels is None or test.labels is None:
        return subset(train, bank), subset(test, queries), classes
    known = train.labels[torch.isin(train.labels, test.labels)]
    kept = frequent(known, MOST_CLASSES)
    if (
        len(kept) < 2
    ):  # no class is in both parts: nothing that was learned from the one can be asked of the other
        return _unlabelled(subset(train, bank)), _unlabelled(subset(test, queries)), 0
    return _of(train, kept, bank), _of(test, kept, queries), len(kept)


def subset(split: ImageSplit, count: int) -> ImageSplit:
    """``count`` of the images at most, evenly over the split."""
    return _rows(split, torch.linspace(0, len(split) - 1, min(count, len(split))).round().long())


def _of(split: ImageSplit, kept: Tensor, count: int) -> ImageSplit:
    assert split.labels is not None
    rows = torch.isin(split.labels, kept).nonzero()[:, 0]
    rows = rows[torch.linspace(0, len(rows) - 1, min(count, len(rows))).round().long()]
    few = _rows(split, rows)
    assert few.labels is not None
    return ImageSplit(few.images, torch.searchsorted(kept, few.labels), few.factors)


def _unlabelled(split: ImageSplit) -> ImageSplit:
    return ImageSplit(split.images, None, split.factors)


def _rows(split: ImageSplit, rows: Tensor) -> ImageSplit:
    return ImageSplit(
        split.images[rows.to(split.images.device)],
        None if split.labels is None else split.labels[rows],
        tuple(Factor(f.name, f.values[rows], f.names, f.colours) for f in split.factors),
    )
