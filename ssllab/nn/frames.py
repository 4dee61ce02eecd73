"""Networks for frames of video: small enough that they learn within a minute on a CPU."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

STRIDES = 3  # of 2 each
SMALLEST = 2**STRIDES


class FrameEncoder(nn.Module):
    """Three convolutions with batch norm, then a linear layer that keeps where things are: ``(B, 3, H, W)`` in 0..1 -> ``(B,
    D)``. H and W must be alike and a multiple of 8; raises ValueError."""

    def __init__(self, size: int, width: int, dimension: int) -> None:
        super().__init__()
        if size % SMALLEST:
            raise ValueError(f"frames of {size} pixels: expected a multiple of {SMALLEST}, as 32.")
        channels = (3, width, 2 * width, 2 * width)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.convolutions = nn.Sequential(*layers)
        self.output = nn.Linear(channels[-1] * (size // SMALLEST) ** 2, dimension)

    def forward(self, frames: Tensor) -> Tensor:
        """See the class."""
        return self.output(self.convolutions(frames).flatten(1))


class FrameDecoder(nn.Module):
    """The way back: ``(B, D)`` -> ``(B, 3, size, size)``, in no bounds."""

    def __init__(self, size: int, width: int, dimension: int) -> None:
        super().__init__()
        self.shape = (2 * width, size // SMALLEST, size // SMALLEST)
        self.input = nn.Linear(dimension, 2 * width * (size // SMALLEST) ** 2)
        channels = (2 * width, 2 * width, width)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.convolutions = nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, stride=2, padding=1))

    def forward(self, latents: Tensor) -> Tensor:
        """See the class."""
        return self.convolutions(self.input(latents).relu().reshape(-1, *self.shape))


class LatentPredictor(nn.Module):
    """From the latents of C frames to that of the next one: ``(B, C, D)`` -> ``(B, D)``."""

    def __init__(self, context: int, dimension: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(context * dimension, width), nn.ReLU(inplace=True), nn.Linear(width, width),
            nn.ReLU(inplace=True), nn.Linear(width, dimension),
        )  # fmt: skip

    def forward(self, latents: Tensor) -> Tensor:
        """See the class."""
        return self.layers(latents.flatten(1))


def frame_latents(encoder: nn.Module, frames: Tensor) -> Tensor:
    """``(N, T, 3, H, W)`` -> ``(N, T, D)``; all frames in one pass."""
    return torch.unflatten(encoder(frames.flatten(0, 1)), 0, frames.shape[:2])
