"""Code usage, perplexities and phone tables: known values, and exactness of the sliding window."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.diagnostics.codes import (
    SlidingMean,
    SlidingUsage,
    joint_counts,
    joint_perplexity,
    perplexity,
    phone_code_counts,
    phone_given_code,
    phone_of_frames,
    table_order,
    usage,
)


def test_usage_counts_each_group_by_itself() -> None:
    codes = torch.tensor([[0, 2], [0, 1], [1, 2]])
    assert usage(codes, 3).tolist() == [[2, 1, 0], [0, 1, 2]]


def test_perplexity_is_the_number_of_codes_where_they_are_even_and_one_where_one_wins() -> None:
    # In float32 one last bit of the entropy, ln 320, is 5e-7 of its exponential.
    assert perplexity(torch.ones(320)) == pytest.approx(320, rel=1e-5)
    assert perplexity(torch.tensor([7, 0, 0])) == 1
    assert perplexity(torch.zeros(4)) == 0
    # H(1/2, 1/4, 1/4) = 1.5 bits.
    assert perplexity(torch.tensor([0.5, 0.25, 0.25])) == pytest.approx(2**1.5)


def test_joint_perplexity_is_the_product_where_groups_are_independent_and_one_of_them_where_they_are_the_same() -> (
    None
):
    grid = torch.cartesian_prod(torch.arange(5), torch.arange(7))
    assert joint_perplexity(grid, 7) == pytest.approx(35, rel=1e-5)
    same = torch.arange(7)[:, None].expand(7, 2)
    assert joint_perplexity(same, 7) == pytest.approx(7)
    assert joint_counts(grid, 7).sum(0).tolist() == [5] * 7
    assert joint_counts(grid, 7)[3, 6] == 1


@pytest.mark.parametrize(("groups", "size"), [(2, 3), (2, 5000), (8, 1000)])
def test_joint_perplexity_is_the_same_however_it_is_counted(groups: int, size: int) -> None:
    codes = torch.randint(size, (300, groups), generator=torch.Generator().manual_seed(1))
    expected = perplexity(codes.unique(dim=0, return_counts=True)[1].double())
    assert joint_perplexity(codes, size) == pytest.approx(float(expected), rel=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 9), st.integers(1, 3), st.integers(0, 2**31))
def test_the_window_holds_exactly_the_last_frames(
    pushes: list[int], window: int, groups: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    sliding = SlidingUsage(groups, 4, window)
    everything = torch.empty(0, groups, dtype=torch.int64)
    for frames in pushes:
        fresh = torch.randint(4, (frames, groups), generator=generator)
        sliding.push(fresh)
        everything = torch.cat([everything, fresh])
    last = everything[-window:]
    assert len(sliding) == len(last)
    assert torch.equal(sliding.codes.long(), last)
    assert torch.equal(sliding.counts, usage(last, 4))
    again = SlidingUsage(groups, 4, window)
    again.load(sliding.state())
    more = torch.randint(4, (5, groups), generator=generator)
    sliding.push(more)
    again.push(more)
    assert torch.equal(sliding.counts, again.counts)
    assert torch.equal(sliding.codes, again.codes)


def test_the_window_tells_shares_dead_codes_and_perplexities() -> None:
    sliding = SlidingUsage(2, 4, 100)
    sliding.push(torch.tensor([[[0, 3], [1, 3]], [[0, 3], [1, 3]]]))  # (B, T, G)
    assert sliding.shares.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0, 1]]
    assert sliding.dead == 5 / 8
    assert sliding.perplexities.tolist() == pytest.approx([2, 1])
    assert sliding.joint_perplexity == pytest.approx(2)
    assert sliding.joint[:, 3].tolist() == [2, 2, 0, 0]


def test_an_empty_window_has_used_nothing() -> None:
    sliding = SlidingUsage(2, 4, 100)
    assert sliding.dead == 1
    assert sliding.shares.sum() == 0
    assert sliding.joint_perplexity == 0


@pytest.mark.parametrize("codes", [torch.zeros(3, 3), torch.full((3, 2), 9), torch.zeros(200, 2)])
def test_a_window_refuses_the_codes_of_another(codes: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="do not fit a window of 100 frames"):
        SlidingUsage(2, 4, 100).load({"codes": codes.long()})


def test_a_window_of_nothing_is_an_error() -> None:
    for kind in (lambda: SlidingUsage(2, 4, 0), lambda: SlidingMean(0)):
        with pytest.raises(ValueError, match="at least 1 frame, not 0"):
            kind()


def test_the_sliding_mean_weighs_by_frames_and_forgets_what_is_older_than_the_window() -> None:
    sliding = SlidingMean(window=160, buckets=16)
    assert sliding.mean is None
    sliding.push(torch.tensor([1.0, 0.0]), 30)
    sliding.push(torch.tensor([0.0, 1.0]), 10)
    assert sliding.mean.tolist() == [0.75, 0.25]
    again = SlidingMean(window=160, buckets=16)
    again.load(sliding.state())
    assert again.mean.tolist() == [0.75, 0.25]
    for _ in range(20):
        again.push(torch.tensor([0.0, 1.0]), 10)
    assert again.mean.tolist() == [0, 1]


def test_a_frame_has_the_phone_that_fills_most_of_what_it_hears() -> None:
    # Frames of 25 ms begin every 20 ms: [0, 25], [20, 45], [40, 65], [60, 85], [80, 105] ms.
    starts = torch.tensor([0.0, 0.030, 0.058])
    ends = torch.tensor([0.030, 0.058, 0.082])
    found = phone_of_frames(starts, ends, torch.tensor([4, 7, 2]), 6)
    # [20, 45]: phone 4 for 10 ms, 7 for 15 ms; [80, 105]: phone 2 for 2 ms, silence after; [100, ...]: nothing.
    assert found.tolist() == [4, 7, 7, 2, 2, -1]


def test_two_short_spans_of_one_phone_outweigh_a_longer_one_between_them() -> None:
    starts = torch.tensor([0.008, 0.0, 0.018])  # in any order
    ends = torch.tensor([0.018, 0.008, 0.025])
    assert phone_of_frames(starts, ends, torch.tensor([1, 0, 0]), 1).tolist() == [0]


def test_no_spans_no_phones() -> None:
    nothing = torch.empty(0)
    assert phone_of_frames(nothing, nothing, nothing.long(), 3).tolist() == [-1, -1, -1]
    assert phone_of_frames(torch.tensor([0.0]), torch.tensor([1.0]), torch.tensor([0]), 0).tolist() == []
    late = phone_of_frames(torch.tensor([5.0]), torch.tensor([6.0]), torch.tensor([0]), 3)
    assert late.tolist() == [-1, -1, -1]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0.001, 0.06), st.integers(0, 3)), min_size=1, max_size=12))
def test_every_frame_s_phone_agrees_with_counting_samples(spans: list[tuple[float, int]]) -> None:
    ends = torch.tensor([length for length, _ in spans], dtype=torch.float64).cumsum(0)
    ends = (ends * 16_000).round() / 16_000
    starts = torch.cat([torch.zeros(1, dtype=torch.float64), ends[:-1]])
    phones = torch.tensor([phone for _, phone in spans])
    frames = int(ends[-1] * 50) + 2
    found = phone_of_frames(starts, ends, phones, frames)
    samples = torch.full((frames * 320 + 400,), 4)
    for start, end, phone in zip(starts, ends, phones, strict=True):
        samples[int((start * 16_000).round()) : int((end * 16_000).round())] = phone
    for t, phone in enumerate(found.tolist()):
        counts = samples[320 * t : 320 * t + 400].bincount(minlength=5)[:4]
        assert counts[phone] == counts.max() if phone >= 0 else counts.sum() == 0


def test_unknown_phones_are_left_out() -> None:
    counts = phone_code_counts(torch.tensor([-1, 1, -1]), torch.tensor([0, 2, 2]), 2, 3)
    assert counts.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_columns_of_the_table_sum_to_one_or_were_never_met() -> None:
    table = phone_given_code(torch.tensor([[3, 0, 0], [1, 0, 2]]))
    assert table.tolist() == [[0.75, 0, 0], [0.25, 0, 1]]


def test_the_table_is_sorted_by_phone_then_certainty_with_codes_never_met_last() -> None:
    table = torch.tensor(
        [
            [0.0, 0.2, 0.6, 0.0, 0.9],
            [0.0, 0.8, 0.4, 1.0, 0.1],
        ]
    )
    assert table_order(table).tolist() == [4, 2, 3, 1, 0]
