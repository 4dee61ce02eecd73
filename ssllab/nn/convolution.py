"""Convolutions that compute in bfloat16 on a processor, but for the gradient of their weights.

That one is a sum over all images and places, so float32 is where it belongs; and oneDNN's kernel for it in bfloat16 is
twice as slow alone and many times where other programs want the processor too, for its threads wait for one another.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Conv2d(nn.Conv2d):
    """``nn.Conv2d`` of the same weights; it differs under autocast on a processor alone."""

    def forward(self, input: Tensor) -> Tensor:
        """``(B, C, H, W)`` -> ``(B, C', H', W')``."""
        plain = self.bias is None and self.padding_mode == "zeros" and not isinstance(self.padding, str)
        if not plain or input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        where = self.stride, self.padding, self.dilation, self.groups
        output: Tensor = _Half.apply(input, self.weight, where)
        return output


class _Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, where: tuple[Any, ...]) -> Tensor:
        x, half = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        ctx.where = where
        return F.conv2d(x, half, None, *where)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.where

        def pulled(g: Tensor, x: Tensor, weight: Tensor, *wanted: bool) -> tuple[Any, ...]:
            found: tuple[Any, ...] = torch.ops.aten.convolution_backward(
                g, x, weight, None, stride, padding, dilation, False, (0, 0), groups, (*wanted, False)
            )
            return found

        to_input, to_weight = ctx.needs_input_grad[:2]
        return (
            pulled(gradient, x, weight.bfloat16(), True, False)[0] if to_input else None,
            pulled(gradient.float(), x.float(), weight, False, True)[1] if to_weight else None,
            None,
        )


def with_own_convolutions(network: nn.Module) -> nn.Module:
    """The same network, each ``nn.Conv2d`` in it with the same weights as a :class:`Conv2d`."""
    for name, child in network.named_children():
        if type(child) is nn.Conv2d:
            own = Conv2d.__new__(Conv2d)
            own.__dict__ = child.__dict__
            setattr(network, name, own)
        else:
            with_own_convolutions(child)
    return network
