"""Predict the next frame's pixels: the same encoder as JEPA's, with a decoder behind the predictor.

Nothing can collapse here, for every pixel must be told; but every pixel counts alike, also those that nobody can know or
that say nothing.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ssllab.methods.base import StepResult
from ssllab.methods.clip_settings import ClipSettings
from ssllab.methods.clips import ClipMethod
from ssllab.nn.frames import FrameDecoder, LatentPredictor, frame_latents
from ssllab.objectives.energy import energy


class PixelPredictor(ClipMethod):
    """Mean squared error of the next frame."""

    name = "pixel_predictor"
    title = "Pixel predictor"
    paper = "Srivastava, Mansimov, Salakhutdinov: Unsupervised Learning of Video Representations, ICML 2015"
    Config: ClassVar[type[ClipSettings]] = ClipSettings
    expects = "frames"

    def __init__(self, config: ClipSettings, size: int) -> None:
        super().__init__(config, size)
        self.predictor = LatentPredictor(config.context, config.dimension, config.predictor_width)
        self.decoder = FrameDecoder(size, config.width, config.dimension)

    def predict(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """The latents of the context ``(N, C, D)`` and the next frame ``(N, 3, H, W)`` that they say."""
        z = frame_latents(self.encoder, context)
        return z, self.decoder(self.predictor(z))

    def step(self, clips: Tensor, generator: torch.Generator) -> StepResult:
        """``clips: (B, C + 1, 3, H, W)`` in 0..1."""
        z, frame = self.predict(clips[:, :-1])
        loss = energy(frame.flatten(1), clips[:, -1].flatten(1)).mean()
        spread = z.detach().std(0, correction=0).mean()
        return StepResult(loss, {"loss": loss.detach(), "prediction_error": loss.detach(), "spread": spread})

    def warm(self, frames: Tensor) -> None:
        """See the base: the decoder has statistics too."""
        self.predict(frames[:, :-1])

    def foreseen(self, context: Tensor, steps: int) -> Tensor:
        """Frames ``(N, steps, 3, H, W)``; those that are expected are encoded in place of seen ones."""
        frames = context
        for _ in range(steps):
            _, frame = self.predict(frames[:, -context.shape[1] :])
            frames = torch.cat((frames, frame[:, None]), 1)
        return frames[:, context.shape[1] :]

    def misfit(self, expected: Tensor, candidates: Tensor) -> Tensor:
        """Mean squared difference of pixels; clip by clip, for all at once would be gigabytes."""
        shown = candidates.flatten(2).expand(len(expected), -1, -1)
        return torch.stack(
            [energy(frame, many) for frame, many in zip(expected.flatten(1), shown, strict=True)]
        )
