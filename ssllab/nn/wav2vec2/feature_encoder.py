"""The convolutional feature encoder f: waveform -> latents z, 320 samples a frame as published (paper section 2).

Parameter names are Hugging Face's. With ``lengths`` padding never reaches a valid frame: no convolution pads, and
the group norm of Base takes its statistics from valid frames alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.statistics import Statistics


class ConvLayer(nn.Module):
    """Convolution, the variant's norm if any, GELU."""

    def __init__(self, config: Wav2Vec2Config, index: int) -> None:
        super().__init__()
        width = config.conv_dim[index]
        self.conv = nn.Conv1d(
            config.conv_dim[index - 1] if index else 1,
            width,
            config.conv_kernel[index],
            config.conv_stride[index],
            bias=config.conv_bias,
        )
        self.layer_norm: nn.GroupNorm | nn.LayerNorm | None = None
        if config.feat_extract_norm == "layer":
            self.layer_norm = nn.LayerNorm(width)
        elif index == 0:
            self.layer_norm = nn.GroupNorm(width, width)

    def forward(self, x: Tensor, lengths: Tensor | None, whole: Statistics | None = None) -> Tensor:
        """``x: (B, n, C)``; ``lengths: (B,)`` of the output and ``whole``, for the group norm; gives ``(B, n', C')``."""
        x = self._convolve(x)
        if isinstance(self.layer_norm, nn.GroupNorm):
            x = _norm_over_time(x, lengths, self.layer_norm, whole)
        elif isinstance(self.layer_norm, nn.LayerNorm):
            x = self.layer_norm(x)
        return F.gelu(x)

    def _convolve(self, x: Tensor) -> Tensor:
        """With channels last in memory, where the norm wants them: half the time of training was transposing."""
        kernel, stride = self.conv.kernel_size[0], self.conv.stride[0]
        if x.shape[2] == 1:
            return F.linear(x[..., 0].unfold(1, kernel, stride), self.conv.weight[:, 0], self.conv.bias)
        image = x.permute(0, 2, 1)[:, :, None]  # (B, C, 1, n), of which this is the channels-last layout
        image = F.conv2d(image, self.conv.weight[:, :, None], self.conv.bias, (1, stride))
        return image[:, :, 0].permute(0, 2, 1)


class FeatureEncoder(nn.Module):
    """All convolutional layers."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.conv_layers = nn.ModuleList(ConvLayer(config, i) for i in range(len(config.conv_dim)))

    def forward(
        self, waveform: Tensor, lengths: Tensor | None = None, whole: Statistics | None = None
    ) -> Tensor:
        """``waveform: (B, n)`` float; ``lengths: (B,)`` samples; gives latents ``(B, T, C)``.

        Without ``lengths`` the whole row counts, padding included, as in the published Base. ``whole``: of the recording
        that the rows are parts of.
        """
        x = waveform[..., None]
        for i, layer in enumerate(self.conv_layers):
            if lengths is not None:
                kernel, stride = self.config.conv_kernel[i], self.config.conv_stride[i]
                lengths = ((lengths - kernel).div(stride, rounding_mode="floor") + 1).clamp_min(0)
            x = layer(x, lengths, whole)
        return x


def frame_counts(config: Wav2Vec2Config, lengths: Tensor) -> Tensor:
    """Frames ``(B,)`` of clips of ``lengths (B,)`` samples."""
    for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
        lengths = ((lengths - kernel).div(stride, rounding_mode="floor") + 1).clamp_min(0)
    return lengths


def frame_mask(counts: Tensor, frames: int) -> Tensor:
    """``(B, frames)`` bool, True where a frame belongs to its clip."""
    return torch.arange(frames, device=counts.device) < counts[:, None]


def _norm_over_time(
    x: Tensor, lengths: Tensor | None, norm: nn.GroupNorm, whole: Statistics | None
) -> Tensor:
    """Group norm with one channel a group; ``x: (B, n, C)``, statistics of ``whole``, or of the first ``lengths``."""
    if whole is not None and whole.mean is not None and whole.variance is not None:
        mean, variance = whole.mean.to(x), whole.variance.to(x)
    elif lengths is None:
        variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
    else:
        valid = frame_mask(lengths, x.shape[1])[..., None]
        count = lengths.clamp_min(1)[:, None, None]
        mean = (x * valid).sum(1, keepdim=True) / count
        variance = ((x - mean).square() * valid).sum(1, keepdim=True) / count
    return (x - mean) * torch.rsqrt(variance + norm.eps) * norm.weight + norm.bias
