"""The settings of every method that compares two views of an image."""

from __future__ import annotations

from typing import ClassVar

from ssllab.data.images.augment_settings import AugmentConfig
from ssllab.methods.settings import BatchSettings, EncoderSettings, OptimizerSettings


class PairSettings(AugmentConfig, OptimizerSettings, BatchSettings, EncoderSettings):
    """Augmentations, optimizer, batch, encoder and head. How the views are compared is a method's own."""

    scaled_output: ClassVar[bool] = (
        True  # whether the batch norm at the head's output learns a scale, as SimCLR's does
    )
