"""Digits: the 8x8 handwritten digits that come with scikit-learn, enlarged. No download."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ssllab.data.images.types import ImageData, ImageSplit

#: The split never depends on the run's seed: accuracies of different runs stay comparable.
_SPLIT_SEED = 0


def digits(*, size: int = 32) -> ImageData:
    """1,437 train and 360 test digits (stratified), enlarged bilinearly to ``size``, grey as RGB."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    pixels = torch.from_numpy(bunch.images).float()[:, None] * (255 / 16)
    large = F.interpolate(pixels, size=(size, size), mode="bilinear", align_corners=False)
    images = large.round().clamp(0, 255).to(torch.uint8).expand(-1, 3, -1, -1)
    labels = torch.from_numpy(bunch.target).long()
    rows = torch.arange(len(labels)).numpy()
    train, test = train_test_split(rows, test_size=360, stratify=bunch.target, random_state=_SPLIT_SEED)

    def split(chosen: object) -> ImageSplit:
        index = torch.as_tensor(chosen)
        return ImageSplit(images[index].contiguous(), labels[index])

    return ImageData(
        name="digits",
        title="Digits",
        train=split(train),
        test=split(test),
        class_names=tuple(str(digit) for digit in range(10)),
        about="Handwritten digits of 8x8 pixels from scikit-learn, enlarged.",
    )
