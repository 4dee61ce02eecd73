"""Shapes of encoders and heads, the CIFAR stem of SimCLR's appendix B.9, the head of its official code."""

import pytest
import torch
from torch import nn

from ssllab.nn.encoders import build_encoder
from ssllab.nn.heads import build_head


def _count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "size", "dimension"),
    [("conv", 16, 256), ("conv", 32, 256), ("resnet18", 32, 512), ("resnet18", 96, 512), ("vit", 32, 128)],
)
def test_an_encoder_turns_images_into_rows(name, size, dimension):
    encoder = build_encoder(name, size)
    h = encoder(torch.rand(2, 3, size, size))
    assert h.shape == (2, dimension)
    assert encoder.dimension == dimension
    h.sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_resnet50_is_2048_wide():
    with torch.device("meta"):
        encoder = build_encoder("resnet50", 32)
        assert encoder(torch.empty(2, 3, 32, 32)).shape == (2, 2048)


def test_resnet18_has_the_cifar_stem_on_small_images():
    network = build_encoder("resnet18", 32).backbone
    assert (network.conv1.kernel_size, network.conv1.stride) == ((3, 3), (1, 1))
    assert isinstance(network.maxpool, nn.Identity)
    # 11,689,512 of torchvision, less 513,000 of fc, less 7,680 of a 3x3 instead of a 7x7 first convolution
    assert _count(network) == 11_168_832


def test_resnet18_keeps_the_imagenet_stem_on_large_images():
    network = build_encoder("resnet18", 96).backbone
    assert (network.conv1.kernel_size, network.conv1.stride) == ((7, 7), (2, 2))
    assert isinstance(network.maxpool, nn.MaxPool2d)
    assert _count(network) == 11_689_512 - 513_000


def test_vit_sees_an_eight_by_eight_grid_and_says_what_sizes_it_takes():
    assert build_encoder("vit", 64).backbone.seq_length == 8 * 8 + 1
    with pytest.raises(ValueError, match="multiple of 8"):
        build_encoder("vit", 31)


def test_an_unknown_encoder_is_refused_with_the_names():
    with pytest.raises(ValueError, match=r"'alexnet'.*conv, resnet18, resnet50, vit"):
        build_encoder("alexnet", 32)


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_the_mlp_head_is_that_of_simclrs_code(layers):
    """model_util.py: no linear layer has a bias, batch norm on every one, the last one's shift not learned."""
    head = build_head("mlp", 10, 20, layers, 6)
    linears = [module for module in head if isinstance(module, nn.Linear)]
    norms = [module for module in head if isinstance(module, nn.BatchNorm1d)]
    assert len(linears) == len(norms) == layers
    assert all(linear.bias is None for linear in linears)
    assert [norm.bias.requires_grad for norm in norms] == [True] * (layers - 1) + [False]
    assert all(norm.weight.requires_grad for norm in norms)
    assert sum(isinstance(module, nn.ReLU) for module in head) == layers - 1
    z = head(torch.randn(64, 10))
    assert z.shape == (64, 6)
    torch.testing.assert_close(z.mean(0), torch.zeros(6), atol=1e-5, rtol=0)


def test_the_plain_heads():
    h = torch.randn(4, 10)
    assert torch.equal(build_head("none", 10, 20, 2, 6)(h), h)
    assert build_head("linear", 10, 20, 2, 6)(h).shape == (4, 6)
    with pytest.raises(ValueError, match="none, linear, mlp"):
        build_head("deep", 10, 20, 2, 6)
