"""The settings of the contrastive methods."""

from __future__ import annotations

from typing import Annotated, Literal

from ssllab.controls import Control
from ssllab.methods.pair_settings import PairSettings


class ContrastConfig(PairSettings):
    """Temperature and the kind of loss."""

    batch_size: Annotated[
        int,
        Control(
            "Images per step. Each image is every other image's negative, so a small batch has few negatives.",
            low=2,
            high=8192,
            log=True,
            group="Optimizer",
            paper="SimCLR figure 9 and table B.1",
        ),
    ] = 256
    temperature: Annotated[
        float,
        Control(
            "Divides every similarity before the softmax. Low: only the hardest negatives push. High: all "
            "push alike.",
            low=0.01,
            high=100.0,
            log=True,
            live=True,
            group="Loss",
            paper="SimCLR table 5: best 0.1 on ImageNet, 0.5 on CIFAR-10 (B.9); MoCo v2: 0.2",
        ),
    ] = 0.1
    loss: Annotated[
        Literal["nt_xent", "info_nce"],
        Control(
            "NT-Xent: two augmented views, every other view of the batch is a negative (2N - 1 candidates). "
            "InfoNCE: the lecture's variant, the anchor is the original image, its augmentation the positive, "
            "the candidates are the N augmentations of the batch.",
            live=True,
            choice_titles=("NT-Xent", "InfoNCE"),
            group="Loss",
            paper="SimCLR equation 1; van den Oord et al. 2018, equation 4",
        ),
    ] = "nt_xent"
