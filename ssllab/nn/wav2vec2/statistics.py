"""What some models must know of a whole recording before they hear any part of it, found in one pass over it.

XLSR and LV-60 models want samples of mean 0 and variance 1 (``do_normalize``), and Base's group norm takes mean and
variance of the first layer's channels over time. With these, a recording of any length can be heard part by part
and every frame is that of the recording heard at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ssllab.nn.wav2vec2.config import SAMPLE_RATE

if TYPE_CHECKING:
    from ssllab.nn.wav2vec2.model import Wav2Vec2Model

_PIECE = 4 * SAMPLE_RATE  # samples of which the first layer is computed at a time: 26 MB for Base
_EPSILON = 1e-7  # of Hugging Face's feature extractor


@dataclass(frozen=True)
class Statistics:
    """``shift`` and ``scale`` of its samples; ``mean (C,)`` and ``variance (C,)`` of the first layer's channels, where
    a group norm wants them."""

    shift: float = 0.0
    scale: float = 1.0
    mean: Tensor | None = None
    variance: Tensor | None = None


def standard_deviation(variance: Tensor) -> Tensor:
    """What samples are divided by; never nought."""
    return (variance + _EPSILON).sqrt()


def standardised(waveform: Tensor, lengths: Tensor, whole: Statistics | None) -> Tensor:
    """Rows of ``waveform (B, n)`` with mean 0 and variance 1 over their ``lengths (B,)``, 0 behind them.

    ``whole``: of the recording that the rows are parts of.
    """
    if whole is not None:
        return (waveform - whole.shift) / whole.scale
    valid = torch.arange(waveform.shape[1], device=waveform.device) < lengths[:, None]
    count = lengths.clamp_min(1)[:, None]
    centred = (waveform - (waveform * valid).sum(1, keepdim=True) / count) * valid
    return centred / standard_deviation(centred.square().sum(1, keepdim=True) / count)


class RunningStatistics:
    """Push a recording piece by piece; :meth:`now` tells of all that was pushed."""

    def __init__(self, model: Wav2Vec2Model) -> None:
        self._config = model.config
        self._conv = cast(nn.Conv1d, model.feature_extractor.conv_layers[0].conv)
        self._samples, self._channels = _Moments(), _Moments()
        self._waiting = torch.zeros(0)  # samples whose place in the first layer is not complete

    @torch.no_grad()
    def push(self, samples: NDArray[np.float32] | Tensor) -> None:
        """``samples (n,)`` float32 at 16 kHz."""
        for piece in torch.as_tensor(samples).split(_PIECE):
            if self._config.do_normalize:
                self._samples.take(piece[:, None])
            if self._config.feat_extract_norm == "group":
                self._first_layer(piece)

    def _first_layer(self, piece: Tensor) -> None:
        sound = torch.cat([self._waiting, piece.cpu()])
        kernel, stride = self._config.conv_kernel[0], self._config.conv_stride[0]
        count = max(0, (len(sound) - kernel) // stride + 1)
        if count:
            weight = self._conv.weight[:, 0]
            frames = sound[: (count - 1) * stride + kernel].unfold(0, kernel, stride).to(weight.device)
            self._channels.take(F.linear(frames, weight))
        self._waiting = sound[count * stride :].clone()

    def now(self) -> Statistics | None:
        """Of what was pushed so far; None before the first sample, and for a model that needs nothing."""
        shift, scale = 0.0, 1.0
        if not (self._samples.count or self._channels.count):
            return None
        if self._config.do_normalize:
            shift, scale = float(self._samples.mean), float(standard_deviation(self._samples.variance))
        if not self._channels.count:
            return Statistics(shift, scale)
        # The convolution is linear: what it gives of shifted and scaled samples follows from what it gives of them.
        mean = (self._channels.mean - shift * self._conv.weight.sum((1, 2)).double().cpu()) / scale
        if self._conv.bias is not None:
            mean = mean + self._conv.bias.double().cpu()
        return Statistics(shift, scale, mean.detach().float(), (self._channels.variance / scale**2).float())


def statistics_of(model: Wav2Vec2Model, blocks: Iterable[NDArray[np.float32] | Tensor]) -> Statistics | None:
    """Of a recording that comes in ``blocks (n,)``; None, and nothing is read, for a model that needs nothing."""
    if not model.config.hears_whole:
        return None
    running = RunningStatistics(model)
    for block in blocks:
        running.push(block)
    return running.now()


class _Moments:
    """Mean and variance (of a population) per column of rows that come in pieces (Chan, Golub, LeVeque 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean, self._squares = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)

    @property
    def variance(self) -> Tensor:
        """``(C,)`` float64."""
        return self._squares / max(1, self.count)

    def take(self, rows: Tensor) -> None:
        """``rows (n, C)``."""
        variance, mean = (found.double().cpu() for found in torch.var_mean(rows, 0, correction=0))
        total = self.count + len(rows)
        difference = mean - self.mean
        self._squares = (
            self._squares + variance * len(rows) + difference.square() * (self.count * len(rows) / total)
        )
        self.mean = self.mean + difference * (len(rows) / total)
        self.count = total
