"""What methods that learn from clips share in settings: the world, the networks, the batch."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ssllab.controls import Control
from ssllab.data.video.settings import WorldSettings
from ssllab.methods.settings import ADAM_RATE, BatchSettings, OptimizerSettings


class ClipSettings(OptimizerSettings, BatchSettings, WorldSettings):
    """Encoder, context, batch, optimizer."""

    #: A short memory of how large gradients were: what is switched while it trains acts within some dozens of steps.
    adam_beta2: ClassVar[float] = 0.95

    batch_size: Annotated[int, Control("Clips per step.", low=2, high=8192, log=True, group="Optimizer")] = (
        128
    )
    learning_rate: Annotated[float, ADAM_RATE] = 1e-3
    context: Annotated[
        int,
        Control(
            "Frames that are seen before the one to predict.", low=2, high=16, unit="frames", group="Model"
        ),
    ] = 3
    dimension: Annotated[
        int,
        Control(
            "Numbers that a frame becomes. With 2 or 3 the map shows all of them.",
            low=2,
            high=1024,
            log=True,
            group="Model",
        ),
    ] = 32
    width: Annotated[
        int, Control("Channels of the first convolution.", low=4, high=256, log=True, group="Model")
    ] = 16
    predictor_width: Annotated[
        int, Control("Width of the predictor.", low=4, high=4096, log=True, group="Model")
    ] = 256
