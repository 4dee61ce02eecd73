"""Image encoders f(.): pictures in, representation h out (the layer that probes read).

All are plain modules from (B, 3, H, W) float images to (B, ``dimension``) features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ssllab.nn.convolution import Conv2d, with_own_convolutions

CONVOLUTIONAL = ("conv", "resnet18", "resnet50")
ENCODERS = (*CONVOLUTIONAL, "vit")


class Encoder(nn.Module):
    """A backbone with the width of its output. ``forward``: (B, 3, H, W) -> (B, dimension)."""

    def __init__(self, backbone: nn.Module, dimension: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.dimension = dimension

    def forward(self, images: Tensor) -> Tensor:
        # Channels-last is the faster layout for convolutions, on CPUs and GPUs alike.
        features: Tensor = self.backbone(images.contiguous(memory_format=torch.channels_last))
        return features


def build_encoder(name: str, image_size: int) -> Encoder:
    """The encoder called ``name`` (one of :data:`ENCODERS`) for square images of ``image_size`` pixels."""
    if name == "conv":
        return _conv()
    if name in ("resnet18", "resnet50"):
        return _resnet(name, image_size)
    if name == "vit":
        return _vit(image_size)
    raise ValueError(f"unknown encoder '{name}': expected one of {', '.join(ENCODERS)}")


def _conv() -> Encoder:
    """Four 3x3 convolutions with batch norm, 32-64-128-256, halved at each: learns within a minute on a
    CPU."""
    widths, strides = (32, 64, 128, 256), (2, 2, 2, 2)
    layers: list[nn.Module] = []
    previous = 3
    for width, stride in zip(widths, strides, strict=True):
        layers += [
            Conv2d(previous, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        previous = width
    return Encoder(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), previous)


def _resnet(name: str, image_size: int) -> Encoder:
    """torchvision's ResNet; for images up to 64 pixels with the CIFAR stem of SimCLR's appendix B.9: a 3x3
    convolution of stride 1 and no max pooling."""
    from ssllab._torchvision import torchvision

    network = getattr(torchvision.models, name)(weights=None)
    dimension = network.fc.in_features
    network.fc = nn.Identity()
    if image_size <= 64:
        network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        network.maxpool = nn.Identity()
    return Encoder(with_own_convolutions(network), dimension)


def _vit(image_size: int) -> Encoder:
    """A small Vision Transformer (4 layers, 4 heads, width 128) over an 8x8 grid of patches; class token
    out."""
    from ssllab._torchvision import torchvision

    patch = max(1, image_size // 8)
    if image_size % patch:
        raise ValueError(
            f"encoder 'vit' needs an image size divisible by its patch of {patch} pixels, got {image_size}; "
            "choose a size that is a multiple of 8 or another encoder"
        )
    network = torchvision.models.VisionTransformer(
        image_size=image_size,
        patch_size=patch,
        num_layers=4,
        num_heads=4,
        hidden_dim=128,
        mlp_dim=256,
        num_classes=1,
    )
    network.heads = nn.Identity()
    return Encoder(network, network.hidden_dim)
