"""InfoNCE over time (van den Oord et al. 2018, equation 4): the frame that comes, among frames of other clips and
other times."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ssllab.objectives.contrast import Contrast, full_precision


def time_logits(
    prediction: Tensor, z: Tensor, at: int, negatives_from: Literal["other", "same", "both"], negatives: int
) -> Contrast:
    """Scores of frame ``at`` of each clip and of what must not fit, by dot product (equation 3, with the map already
    in the prediction).

    ``prediction: (N, D)``, ``z: (N, T, D)``. Candidates are that frame of the next ``negatives`` clips in the batch
    ("other"), the other frames of the same clip ("same"), or both. ``logits: (N, C)`` with the positive in column 0.
    """
    with torch.autocast(z.device.type, enabled=False):
        p, z = full_precision(prediction), full_precision(z)
        count, frames, _ = z.shape
        columns = [(p * z[:, at]).sum(1, keepdim=True)]
        if negatives_from != "same":
            scores = p @ z[:, at].T
            clip = torch.arange(count, device=z.device)[:, None]
            others = torch.arange(1, min(negatives, count - 1) + 1, device=z.device)
            columns.append(scores.gather(1, (clip + others) % count))
        if negatives_from != "other":
            columns.append(torch.einsum("nd,ntd->nt", p, z[:, [t for t in range(frames) if t != at]]))
    logits = torch.cat(columns, 1)
    return Contrast(logits, torch.zeros(count, dtype=torch.long, device=z.device))
