"""Codes of sound as it comes in, from a microphone or a file of any length."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FRAME, RECEPTIVE_FIELD = 320, 400
HISTORY_FRAMES = 250  # what a model with group norm hears before: its statistics are of a whole utterance


class CodeFrames(Protocol):
    """What a model gives for one recording."""

    @property
    def codes(self) -> Tensor:
        """``(1, T, G)``."""

    @property
    def confidence(self) -> Tensor:
        """``(1, T, G)``."""

    @property
    def latents(self) -> Tensor:
        """``(1, T, C)``."""


class Quantizes(Protocol):
    """A model with codes: :class:`ssllab.nn.wav2vec2.model.Wav2Vec2ForPreTraining`."""

    def codes(self, waveform: Tensor, lengths: Tensor | None = None) -> CodeFrames:
        """``(1, n)`` float32 -> frames."""


class StreamingQuantizer:
    """Give it sound in pieces of any size; every frame is coded once, as soon as its last sample is there.

    With ``exact`` (layer-norm models, as the shipped one) the codes are those of the whole recording, frame for frame:
    a frame depends on its own 25 ms. Otherwise five seconds of history stand in for the utterance.
    """

    def __init__(self, model: Quantizes, *, exact: bool) -> None:
        self._model = model
        self._history = 0 if exact else HISTORY_FRAMES
        self._waiting = np.zeros(0, np.float32)
        self._behind = 0  # frames at the start of what waits that were given out before
        self.frames = 0

    def push(self, samples: NDArray[np.float32]) -> tuple[NDArray, NDArray, NDArray] | None:
        """``samples (n,)`` float32 at 16 kHz -> new ``codes (T, G)``, ``confidence (T, G)``, ``latents (T, C)``."""
        self._waiting = np.concatenate((self._waiting, samples))
        total = max(0, (len(self._waiting) - RECEPTIVE_FIELD) // FRAME + 1)
        if total <= self._behind:
            return None
        heard = self._waiting[: (total - 1) * FRAME + RECEPTIVE_FIELD]
        with torch.no_grad():
            found = self._model.codes(torch.from_numpy(heard)[None])
        new = slice(self._behind, total)
        self.frames += total - self._behind
        self._behind = min(total, self._history)
        self._waiting = self._waiting[(total - self._behind) * FRAME :].copy()
        return (
            found.codes[0, new].numpy(),
            found.confidence[0, new].numpy(),
            found.latents[0, new].float().numpy(),
        )
