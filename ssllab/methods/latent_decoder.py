"""A decoder that learns to draw a frame from its latent, so that one sees what latents know (Alain and Bengio 2017: probes
that read, and never teach).

It stands beside the run, not in it: it learns from latents of a copy of the model, with weights, an optimizer and random
numbers of its own, so that the run's curve, its checkpoints and its speed are what they are without it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.data.pixels import pixels
from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.types import VideoData
from ssllab.looks import PredictedFrames
from ssllab.methods.clip_views import one_clip
from ssllab.methods.clips import EVALUATED, ClipMethod
from ssllab.nn.frames import FrameDecoder
from ssllab.objectives.energy import energy

_BATCH = 64  # frames
_RATE = 2e-3
_SEED = 31_415
_POOL = 1024  # frames that are drawn once for the settings in force
NEAREST = 3
_EXPLAINED = 128  # held-out frames
FRAMES = 5  # ahead


class LatentDecoder:
    """Learns a little at each call, from the latents that the model has then. Not for several threads at once.

    Its first weights are drawn by torch's global generator: make it where that leaves no trace
    (:func:`ssllab.training.stored_models.drawing`).
    """

    def __init__(self, method: ClipMethod, data: VideoData) -> None:
        config = method.config
        self.decoder = FrameDecoder(data.size, config.width, config.dimension)
        self.decoder.to(method.encoder.output.weight.device)
        self.steps = 0
        self._optimizer = torch.optim.Adam(self.decoder.parameters(), lr=_RATE)
        self._dice = torch.Generator(method.encoder.output.weight.device).manual_seed(_SEED)
        self._pool: Tensor | None = None
        self._pool_of: object = None

    def learn(self, method: ClipMethod, data: VideoData, steps: int) -> None:
        """``steps`` of gradient descent on the squared error of frames of training clips."""
        frames = self._frames(method, data)
        with method.evaluating():
            z = method.latents(frames[:, None])[:, 0]
        self.decoder.train()
        for _ in range(steps):
            drawn = torch.randint(len(frames), (_BATCH,), generator=self._dice, device=frames.device)
            error = energy(self.decoder(z[drawn]).flatten(1), frames[drawn].flatten(1)).mean()
            self._optimizer.zero_grad(set_to_none=True)
            error.backward()
            self._optimizer.step()
        self.steps += steps

    def draw(self, z: Tensor) -> Tensor:
        """``(..., D)`` -> ``(..., 3, H, W)``."""
        self.decoder.eval()
        with torch.no_grad():
            return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def _frames(self, method: ClipMethod, data: VideoData) -> Tensor:
        """``(N, 3, H, W)`` of training clips of the world as it is set now."""
        world = method.config.model_dump(include=set(WorldSettings.model_fields))
        if self._pool is None or world != self._pool_of:
            length = min(4, data.train.longest)
            clips = data.train.clips(_POOL // length, length, method.config, self._dice)
            self._pool, self._pool_of = clips.frames.flatten(0, 1), world
        return self._pool


def predicted_frames(
    method: ClipMethod, data: VideoData, number: int, decoder: LatentDecoder | None
) -> PredictedFrames:
    """What comes after the first frames of held-out clip ``number``. ``decoder`` draws latents; it may be None for a model
    that expects frames."""
    context = method.config.context
    ahead = min(FRAMES, method.farthest, data.test.longest - context)
    frames = one_clip(method, data, number, context + ahead).frames
    came = frames[0, context:]
    bank = method.held_out(data, EVALUATED, 1).frames[:, 0]
    shown = bank[:_EXPLAINED]
    drawn = known = None
    with method.evaluating():
        expected = method.foreseen(frames[:, :context], ahead)[0]  # (K, ...)
        best = method.misfit(expected, bank[None]).topk(min(NEAREST, len(bank)), largest=False).indices
        if method.expects == "frames":
            drawn = expected
            clips = method.held_out(data, _EXPLAINED, context + 1).frames
            again, shown = method.foreseen(clips[:, :-1], 1)[:, 0], clips[:, -1]
        elif decoder is not None:
            drawn = decoder.draw(expected) if method.expects == "latents" else None
            known = decoder.draw(method.latents(came[None])[0])
            again = decoder.draw(method.latents(shown[:, None])[:, 0])
        else:
            raise ValueError("A model that expects latents needs a decoder to show them.")
    missed = (again - shown).square().sum() / (shown - shown.mean(0)).square().sum().clamp_min(1e-12)

    def picture(frames: Tensor | None) -> NDArray[np.uint8] | None:
        return None if frames is None else pixels(frames)

    return PredictedFrames(
        pixels(frames[0, :context]),
        pixels(came),
        picture(drawn),
        picture(known),
        pixels(bank[best]),
        decoder.steps if decoder is not None else 0,
        float(1 - missed),
    )
