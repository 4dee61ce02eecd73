"""Ridge regression on frozen features: how much of a number can be read from them linearly."""

from __future__ import annotations

import torch
from torch import Tensor

RIDGE = 1e-3  # per sample, of standardised features


def _standardised(fit: Tensor, held_out: Tensor) -> tuple[Tensor, Tensor]:
    mean, std = fit.mean(0), fit.std(0)
    std = torch.where(std > 1e-12, std, torch.ones_like(std))
    return (fit - mean) / std, (held_out - mean) / std


def _predictions(fit: Tensor, targets: Tensor, held_out: Tensor) -> Tensor:
    """Of ``held_out (M, D)`` by what ``fit (N, D)`` and ``targets (N, K)`` say: ``(M, K)`` float64."""
    x, y = _standardised(fit.double(), held_out.double())
    centre = targets.double().mean(0)
    y_fit = targets.double() - centre
    if x.shape[1] <= len(x):
        gram = x.T @ x + RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        return y @ torch.linalg.solve(gram, x.T @ y_fit) + centre
    kernel = x @ x.T + RIDGE * len(x) * torch.eye(
        len(x), dtype=x.dtype
    )  # the same, of more features than samples
    return y @ (x.T @ torch.linalg.solve(kernel, y_fit)) + centre


@torch.no_grad()
def ridge_r2(fit: Tensor, targets: Tensor, held_out: Tensor, answers: Tensor) -> float:
    """R² on what was held out, the mean over the K targets: 1 is perfect, 0 the mean's, less is worse than the mean.

    ``fit (N, D)``, ``targets (N, K)``; ``held_out (M, D)``, ``answers (M, K)``. Not a number where the features are
    not, or where no answer varies.
    """
    if not (fit.isfinite().all() and held_out.isfinite().all()) or min(len(fit), len(held_out)) < 2:
        return float("nan")
    answers = answers.double()
    error = (_predictions(fit, targets, held_out) - answers).square().sum(0)
    spread = (answers - answers.mean(0)).square().sum(0)
    varies = spread > 1e-12
    return float((1 - error[varies] / spread[varies]).mean()) if varies.any() else float("nan")


@torch.no_grad()
def ridge_accuracy(fit: Tensor, labels: Tensor, held_out: Tensor, answers: Tensor) -> float:
    """Balanced accuracy of the class with the largest regression: the mean over classes, so that chance is 1 / classes.

    ``labels (N,)``, ``answers (M,)`` int64. Each class weighs alike in the fit's offset too. Not a number where there
    is one class only or the features are not finite.
    """
    classes = answers.unique()
    if (
        len(classes) < 2
        or len(labels.unique()) < 2
        or not (fit.isfinite().all() and held_out.isfinite().all())
    ):
        return float("nan")
    one_hot = torch.nn.functional.one_hot(labels, int(max(labels.max(), answers.max())) + 1).double()
    shares = one_hot.mean(0)
    scores = _predictions(fit, one_hot, held_out) - shares  # above its base rate
    scores = scores / (shares * (1 - shares)).clamp_min(1e-12).sqrt()
    guesses = scores.argmax(1)
    return float(torch.stack([(guesses[answers == c] == c).double().mean() for c in classes]).mean())
