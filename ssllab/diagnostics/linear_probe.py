"""How much a linear classifier reads from frozen features: the standard test of a representation."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

# scikit-learn's C; the penalty is ||W||^2 / (2 C) against the sum of the losses.
INVERSE_PENALTY = 1.0

# Strongly correlated features need most of them for the held-out accuracy to settle; others stop early.
ITERATIONS = 100

# A channel that varies less than this (as a share of its largest value) holds no information but rounding.
DEAD_CHANNEL = 1e-6

# The work grows with the classes: so many take about a second of two cores for 1,500 images of 256 channels.
MOST_CLASSES = 200

Target = tuple[Tensor, Tensor, int]


def _standardized(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the training set's mean 0 and std 1 per channel; dead channels become zero."""
    train, test = train.detach().float(), test.detach().float()
    mean = train.mean(0)
    std = train.std(0, correction=0)
    alive = (std > DEAD_CHANNEL * train.abs().amax(0)) & (
        std > torch.finfo(std.dtype).tiny
    )  # or 1 / std overflows
    scale = torch.where(alive, 1 / std, 0.0)
    return (train - mean) * scale, (test - mean) * scale


@torch.no_grad()
def logistic_regression(x: Tensor, y: Tensor, classes: int, iterations: int = ITERATIONS) -> Tensor:
    """Multinomial logistic regression with an l2 penalty on all but the bias, from zero, by L-BFGS.

    ``x: (N, D)``, ``y: (N,)`` in ``range(classes)`` -> ``(D + 1, classes)``, the bias in the last row.
    Deterministic.
    """
    n = len(x)
    x = torch.cat([x, x.new_ones(n, 1)], dim=1)
    y = y.to(x.device)
    one_hot = F.one_hot(y, classes).to(x.dtype)
    weights = x.new_zeros(x.shape[1], classes)
    penalty = x.new_full((x.shape[1], 1), 1 / (INVERSE_PENALTY * n))
    penalty[-1] = 0
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=iterations,
        max_eval=iterations + iterations // 4,
        tolerance_grad=1e-6,
        tolerance_change=1e-9,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        # The gradient in closed form: it costs two matrix products, and no graph.
        with torch.no_grad():
            log_p = (x @ weights).log_softmax(1)
            weights.grad = x.T @ (log_p.exp() - one_hot) / n + penalty * weights
            loss = -(one_hot * log_p).sum() / n + (penalty * weights.square()).sum() / 2
        return float(loss)

    optimizer.step(closure)
    return weights


def frequent(labels: Tensor, most: int) -> Tensor:
    """The ``most`` most frequent of ``labels: (N,)``, those of smaller numbers first of equals; in ascending order."""
    found, counts = labels.unique(return_counts=True)
    return found[counts.argsort(descending=True, stable=True)[:most]].sort().values


@torch.no_grad()
def linear_probes(train_x: Tensor, test_x: Tensor, targets: Mapping[str, Target]) -> dict[str, float]:
    """Held-out accuracy, 0..1, of one linear classifier per target on the same standardised features.

    ``train_x: (N, D)``, ``test_x: (M, D)``; ``targets``: name -> (train_y ``(N,)``, test_y ``(M,)``,
    classes). Not a number when a feature is not one, or when either set is empty. Of more than
    :data:`MOST_CLASSES` classes only the most frequent in ``train_y`` are learned and asked for.
    """
    usable = len(train_x) and len(test_x) and train_x.isfinite().all() and test_x.isfinite().all()
    if not usable:
        return dict.fromkeys(targets, float("nan"))
    train, test = _standardized(train_x, test_x)
    if not (train.isfinite().all() and test.isfinite().all()):  # so large that their squares overflow
        return dict.fromkeys(targets, float("nan"))
    accuracy = {}
    for name, (train_y, test_y, classes) in targets.items():
        fit, held_out = train, test
        if classes > MOST_CLASSES:
            kept = frequent(train_y, MOST_CLASSES)
            learned, asked = torch.isin(train_y, kept), torch.isin(test_y, kept)
            fit, held_out = train[learned.to(train.device)], test[asked.to(test.device)]
            train_y, test_y = (torch.searchsorted(kept, y) for y in (train_y[learned], test_y[asked]))
            classes = len(kept)
        weights = logistic_regression(fit, train_y, classes)
        predictions = (held_out @ weights[:-1] + weights[-1]).argmax(1)
        accuracy[name] = float((predictions == test_y.to(predictions.device)).double().mean())
    return accuracy


def linear_probe_accuracy(
    train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor, classes: int
) -> float:
    """Held-out accuracy, 0..1, of multinomial logistic regression on standardised features.

    ``train_x: (N, D)``, ``train_y: (N,)`` in ``range(classes)``; ``test_x: (M, D)``, ``test_y: (M,)``.
    """
    return linear_probes(train_x, test_x, {"label": (train_y, test_y, classes)})["label"]
