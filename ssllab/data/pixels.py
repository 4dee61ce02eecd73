"""Pictures that a model sees, as a person may see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


def pixels(pictures: Tensor) -> NDArray[np.uint8]:
    """``(..., 3, H, W)``, 0 black and 1 white, what is beyond cut off -> ``(..., H, W, 3)``."""
    shown = pictures.detach().clamp(0, 1).mul(255).round().byte().movedim(-3, -1)
    return shown.contiguous().cpu().numpy()
