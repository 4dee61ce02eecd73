"""The CTC loss against enumeration, and the guess that hears nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from ssllab.objectives.ctc import ctc_loss, deaf_loss, frames_needed
from ssllab.text.ctc_decode import collapse


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    logits = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(seed))
    return logits, torch.tensor([5, 4]), torch.tensor([[1, 2, 2], [2, 0, 0]]), torch.tensor([3, 1])


def enumerated(log_probs: np.ndarray, text: list[int]) -> float:
    paths = (p for p in product(range(log_probs.shape[1]), repeat=len(log_probs)) if collapse(p) == text)
    return -float(np.logaddexp.reduce([log_probs[range(len(p)), p].sum() for p in paths]))


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_sums_all_paths(seed: int) -> None:
    logits, counts, targets, target_counts = batch(seed)
    expected = [
        enumerated(
            logits[i, : counts[i]].log_softmax(-1).double().numpy(), targets[i, : target_counts[i]].tolist()
        )
        for i in range(2)
    ]
    found = ctc_loss(logits, counts, targets, target_counts, reduction="sum")
    assert float(found) == pytest.approx(sum(expected), abs=1e-5)
    mean = ctc_loss(logits, counts, targets, target_counts)
    assert float(mean) == pytest.approx((expected[0] / 3 + expected[1]) / 2, abs=1e-5)


def test_what_lies_beyond_the_counts_changes_nothing() -> None:
    logits, counts, targets, target_counts = batch()
    before = ctc_loss(logits, counts, targets, target_counts)
    logits[1, 4] = 100.0
    targets[1, 1:] = 1
    assert ctc_loss(logits, counts, targets, target_counts) == before
    assert deaf_loss(5, counts, targets, target_counts, 3) == deaf_loss(5, *batch()[1:], 3)


def test_the_deaf_guess_knows_how_often_each_class_is_written() -> None:
    _, counts, targets, target_counts = batch()
    guess = deaf_loss(5, counts, targets, target_counts, 3)
    # Nine frames, one 1, three 2: five blanks.
    log_probs = np.log(np.array([5, 1, 3]) / 9)
    texts = [targets[i, : target_counts[i]].tolist() for i in range(2)]
    expected = [
        enumerated(np.tile(log_probs, (int(counts[i]), 1)), texts[i]) / len(texts[i]) for i in range(2)
    ]
    assert float(guess) == pytest.approx(sum(expected) / 2, abs=1e-5)


def test_a_text_longer_than_the_clip_costs_and_teaches_nothing() -> None:
    logits = torch.randn(1, 3, 3, requires_grad=True)
    text = [1, 2, 2]
    loss = ctc_loss(logits, torch.tensor([3]), torch.tensor([text]), torch.tensor([3]))
    loss.backward()
    assert frames_needed(text) == 4
    assert loss.item() == 0
    assert not logits.grad.any()
    assert frames_needed([]) == 0
