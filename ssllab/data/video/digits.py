"""Moving digits: handwritten digits that bounce in a box (after Srivastava et al. 2015)."""

from __future__ import annotations

import torch

from ssllab.data.video.bouncing import Moving
from ssllab.data.video.types import VideoData

RADIUS = 0.22
HELD_OUT = 5  # every fifth digit is held out


def moving_digits(size: int) -> VideoData:
    """Digits of scikit-learn; a digit that is held out is never trained on."""
    from sklearn.datasets import load_digits

    found = load_digits()
    sprites = torch.from_numpy(found.images).float() / 16
    kinds = torch.from_numpy(found.target).long()
    held = torch.arange(len(sprites)) % HELD_OUT == 0
    return VideoData(
        "moving_digits",
        "Moving digits",
        Moving(size, sprites[~held], kinds[~held], False, RADIUS),
        Moving(size, sprites[held], kinds[held], False, RADIUS),
        size,
        "Handwritten digits that move in a box.",
        shape_names=tuple("0123456789"),
        allows={"shapes": (1,)},
    )
