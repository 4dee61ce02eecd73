"""Codes of sound as it comes in, from a microphone or a file of any length."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining
from ssllab.nn.wav2vec2.statistics import RunningStatistics, Statistics


class StreamingQuantizer:
    """Give it sound in pieces of any size; every frame is coded once, as soon as its last sample is there.

    The codes are those of the whole recording, frame for frame, where :attr:`exact`: for layer-norm models, as the
    shipped one, in which a frame depends on its own samples, and where ``whole`` says what others have to know of
    the recording. Otherwise what was heard so far stands in for the whole.
    """

    def __init__(self, model: Wav2Vec2ForPreTraining, whole: Statistics | None = None) -> None:
        self._model, self._whole = model, whole
        self.exact = whole is not None or not model.config.hears_whole
        self._heard = RunningStatistics(model.wav2vec2)
        self._waiting = np.zeros(0, np.float32)
        self.frames = 0

    def push(self, samples: NDArray[np.float32]) -> tuple[NDArray, NDArray, NDArray] | None:
        """``samples (n,)`` float32 at 16 kHz -> new ``codes (T, G)``, ``confidence (T, G)``, ``latents (T, C)``."""
        config = self._model.config
        self._waiting = np.concatenate((self._waiting, samples))
        if not self.exact:
            self._heard.push(samples)
        frames = config.frames(len(self._waiting))
        if not frames:
            return None
        sound = torch.from_numpy(
            self._waiting[: (frames - 1) * config.frame_samples + config.receptive_field]
        )
        device = self._model.project_hid.weight.device
        found = self._model.codes(
            sound[None].to(device), whole=self._whole if self.exact else self._heard.now()
        )
        self.frames += frames
        self._waiting = self._waiting[frames * config.frame_samples :].copy()
        return (
            found.codes[0].cpu().numpy(),
            found.confidence[0].cpu().numpy(),
            found.latents[0].float().cpu().numpy(),
        )
