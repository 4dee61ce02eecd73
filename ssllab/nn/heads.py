"""Projection heads g(.): from the representation h to the embedding z in which the loss is taken."""

from __future__ import annotations

from torch import Tensor, nn

HEADS = ("none", "linear", "mlp")


class SwitchedNorm(nn.BatchNorm1d):
    """Batch norm that can be passed by while it trains: where ``on`` is False its scale and shift act on ``(N, D)`` as it
    came. The parameters are the same either way; running statistics stand still while it is off."""

    on: bool = True

    def forward(self, features: Tensor) -> Tensor:
        if self.on:
            return super().forward(features)
        return features if self.weight is None else features * self.weight + self.bias


def build_head(
    name: str, input_width: int, hidden: int, layers: int, output: int, scaled: bool = True
) -> nn.Module:
    """The head called ``name`` (one of :data:`HEADS`), from ``input_width`` to ``output`` features.

    ``mlp`` follows SimCLR's official code (``model_util.py``): ``layers`` linear layers, batch norm on every
    one including the last, ReLU between, no bias (batch norm's replaces it; the last one has none at all). Without
    ``scaled`` the last batch norm has no scale either, as in SimSiam's ``builder.py``.
    ``linear`` is one linear layer with bias. ``none`` returns h itself; ``output`` is then ignored.
    """
    if name == "none":
        return nn.Identity()
    if name == "linear":
        return nn.Linear(input_width, output)
    if name != "mlp":
        raise ValueError(f"unknown head '{name}': expected one of {', '.join(HEADS)}")
    modules: list[nn.Module] = []
    previous = input_width
    for _ in range(layers - 1):
        modules += [nn.Linear(previous, hidden, bias=False), SwitchedNorm(hidden), nn.ReLU(inplace=True)]
        previous = hidden
    last = SwitchedNorm(output, affine=scaled)
    if scaled:
        last.bias.requires_grad_(False)  # the official code's centre=False: scale is learned, shift is not
    modules += [nn.Linear(previous, output, bias=False), last]
    return nn.Sequential(*modules)
