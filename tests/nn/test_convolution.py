"""Our convolution is torch's; under autocast on a processor the gradient of its weights is a sum in float32."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ssllab._torchvision import torchvision
from ssllab.nn.convolution import Conv2d, with_own_convolutions
from ssllab.nn.encoders import CONVOLUTIONAL, build_encoder


def run(conv, x, *, half):
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        y = conv(x)
    y.float().square().sum().backward()
    return y, x.grad, conv.weight.grad


@pytest.mark.parametrize(
    "settings", [{}, {"stride": 2, "padding": 1}, {"groups": 2, "dilation": 2}, {"bias": True}]
)
@pytest.mark.parametrize("half", [False, True])
def test_it_computes_what_torch_computes(settings, half):
    torch.manual_seed(0)
    theirs = nn.Conv2d(4, 6, 3, **{"bias": False, **settings})
    ours = Conv2d(4, 6, 3, **{"bias": False, **settings})
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(3, 4, 9, 9)
    for mine, reference in zip(run(ours, x, half=half), run(theirs, x, half=half), strict=True):
        assert mine.dtype == reference.dtype
        scale = reference.abs().max().item()
        assert torch.allclose(mine.float(), reference.float(), atol=(0.02 if half else 1e-5) * scale)


def test_the_gradient_of_the_weights_is_summed_in_full_precision():
    torch.manual_seed(0)
    conv, x = Conv2d(3, 5, 3, bias=False), torch.randn(64, 3, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        y = conv(x)
    pulling = torch.randn(y.shape).bfloat16()
    y.backward(pulling)
    weight = conv.weight.detach().bfloat16().float().requires_grad_()
    F.conv2d(x.bfloat16().float(), weight).backward(pulling.float())
    assert torch.allclose(conv.weight.grad, weight.grad, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_every_convolution_of_an_encoder_is_ours_and_keeps_its_name(name):
    encoder = build_encoder(name, 32)
    kinds = {type(module) for module in encoder.modules() if isinstance(module, nn.Conv2d)}
    assert kinds == {Conv2d}
    if name != "conv":
        theirs = getattr(torchvision.models, name)(weights=None)
        theirs.fc = nn.Identity()
        assert set(encoder.backbone.state_dict()) == set(theirs.state_dict())


def test_weights_are_taken_along():
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3)), nn.ReLU())
    before = network[0][0].weight
    assert with_own_convolutions(network)[0][0].weight is before
