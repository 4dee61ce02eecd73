"""Known outcomes of learning without negatives, one seed; two stand in ``tests/benchmarks/collapse.py``."""

from __future__ import annotations

import pytest
import torch

from tests.collapse_runs import CLAIMS, Claim, measured

SEED = 0

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads of so small a model wait for each other more than they work
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "claim", CLAIMS, ids=lambda claim: f"row {claim.row}: {claim.case}: {claim.measure} {claim.words}"
)
def test_a_known_outcome(claim: Claim) -> None:
    value = getattr(measured(claim.case, SEED), claim.measure)
    assert claim.holds(value), (
        f"{claim.measure} {value:.3f}, not {claim.words}; measured beforehand: {claim.paper}"
    )
