"""The weighted nearest-neighbour classifier on frozen features (Wu et al. 2018, section 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor

from ssllab.objectives.contrast import full_precision, unit

# Published settings: 200 neighbours of a bank of 50,000 (CIFAR-10).
PUBLISHED_K = 200
PUBLISHED_BANK = 50_000
LEAST_K = 10

# At most this many similarities at a time: 16 MB in float32.
SIMILARITIES_AT_ONCE = 2**22


def neighbours(bank: int) -> int:
    """How many vote of a bank of so many: in proportion to the published setting, ten at least.

    [M] 200 of 1,500 ask the images of other classes too: on Shapes after 300 steps 49 %, with ten 57.
    """
    return max(LEAST_K, round(PUBLISHED_K * bank / PUBLISHED_BANK))


@torch.no_grad()
def knn_predict(
    bank: Tensor, bank_labels: Tensor, queries: Tensor, classes: int, k: int, temperature: float = 0.1
) -> Tensor:
    """The class with the largest vote of the k nearest, each voting with e^{cosine/temperature}.

    ``bank: (M, D)``, ``bank_labels: (M,)`` in ``range(classes)``, ``queries: (Q, D)`` -> ``(Q,)`` int64 on
    the features' device. Features are normalised here; k larger than the bank means the whole bank.
    """
    bank = unit(full_precision(bank.detach()))
    queries = unit(full_precision(queries.detach()))
    labels = bank_labels.to(bank.device)
    k = min(k, len(bank))
    predictions = []
    for chunk in queries.split(max(1, SIMILARITIES_AT_ONCE // len(bank))):
        similarity, neighbour = (chunk @ bank.T).topk(k, dim=1)
        # Relative to the nearest, or e^{1/t} would overflow at low temperature.
        vote = ((similarity - similarity[:, :1]) / temperature).exp()
        votes = vote.new_zeros(len(chunk), classes).scatter_add_(1, labels[neighbour], vote)
        predictions.append(votes.argmax(1))
    return torch.cat(predictions) if predictions else labels.new_zeros(0)


@torch.no_grad()
def knn_accuracy(
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    classes: int,
    k: int,
    temperature: float = 0.1,
) -> float:
    """The share of ``queries: (Q, D)`` whose class :func:`knn_predict` finds, 0..1.

    Not a number when a feature is not one, or when bank or queries are empty.
    """
    if not len(bank) or not len(queries) or not (bank.isfinite().all() and queries.isfinite().all()):
        return float("nan")
    predictions = knn_predict(bank, bank_labels, queries, classes, k, temperature)
    return float((predictions == query_labels.to(predictions.device)).double().mean())
