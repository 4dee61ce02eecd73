"""Projection heads g(.): from the representation h to the embedding z in which the loss is taken."""

from __future__ import annotations

from torch import nn

HEADS = ("none", "linear", "mlp")


def build_head(name: str, input_width: int, hidden: int, layers: int, output: int) -> nn.Module:
    """The head called ``name`` (one of :data:`HEADS`), from ``input_width`` to ``output`` features.

    ``mlp`` follows SimCLR's official code (``model_util.py``): ``layers`` linear layers, batch norm on every
    one including the last, ReLU between, no bias (batch norm's replaces it; the last one has none at all).
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
        modules += [nn.Linear(previous, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)]
        previous = hidden
    modules += [nn.Linear(previous, output, bias=False), _batch_norm_without_bias(output)]
    return nn.Sequential(*modules)


def _batch_norm_without_bias(width: int) -> nn.BatchNorm1d:
    norm = nn.BatchNorm1d(width)
    norm.bias.requires_grad_(False)  # the official code's centre=False: scale is learned, shift is not
    return norm
