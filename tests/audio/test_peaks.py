"""The waveform of hours at any zoom."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.audio.peaks import BUCKET, Peaks, extremes


def brute(samples: np.ndarray, start: float, end: float, columns: int) -> np.ndarray:
    edges = np.linspace(start, end, columns + 1)
    parts = [samples[int(np.floor(a)) : int(np.ceil(b))] for a, b in itertools.pairwise(edges)]
    return np.array([(part.min(), part.max()) for part in parts])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 9000), min_size=1, max_size=12), st.integers(1, 40), st.integers(0, 2**32))
def test_every_column_holds_its_samples_and_little_more(lengths, columns, seed):
    rng = np.random.default_rng(seed)
    blocks = [rng.normal(0, 1, length).astype(np.float32) for length in lengths]
    samples = np.concatenate(blocks)
    peaks = Peaks(blocks)
    assert peaks.samples == len(samples)
    if not len(samples):
        assert np.isnan(peaks.between(0, 100, 3)).all()
        return
    start, end = sorted(rng.uniform(0, len(samples), 2))
    end = min(len(samples), max(end, start + columns))
    start = min(start, end - columns)
    if start < 0:
        return
    found = peaks.between(start, end, columns)
    exact = brute(samples, start, end, columns)
    assert (found[:, 0] <= exact[:, 0]).all()
    assert (found[:, 1] >= exact[:, 1]).all()
    # ... and a column never reaches further than its neighbourhood of one width, or one bucket.
    reach = max((end - start) / columns, BUCKET)
    edges = np.linspace(start, end, columns + 1)
    for column in range(columns):
        around = samples[max(0, int(edges[column] - reach)) : int(edges[column + 1] + reach) + 1]
        assert around.min() <= found[column, 0] <= found[column, 1] <= around.max()


def test_whole_buckets_are_exact():
    samples = np.random.default_rng(0).normal(0, 1, BUCKET * 64 * 50).astype(np.float32)
    peaks = Peaks([samples])
    for width in (1, 4, 16, 64):
        columns = 3200 // width
        np.testing.assert_array_equal(
            peaks.between(0, len(samples), columns), brute(samples, 0, len(samples), columns)
        )


def test_blocks_of_any_size_give_the_same():
    samples = np.random.default_rng(0).normal(0, 1, 100_003).astype(np.float32)
    whole, pieces = Peaks([samples]), Peaks(np.array_split(samples, 997))
    for span in ((0, 100_003), (5000, 60_000), (99_900, 100_003)):
        np.testing.assert_array_equal(whole.between(*span, 50), pieces.between(*span, 50))


def test_beyond_the_sound_is_nothing():
    found = Peaks([np.ones(1000, np.float32)]).between(-2000, 2000, 4)
    np.testing.assert_array_equal(np.isnan(found[:, 0]), [True, True, False, True])


def test_one_late_click_in_hours_is_seen():
    peaks = Peaks()
    second = np.zeros(16_000, np.float32)
    for _ in range(7200):
        peaks.append(second)
    click = second.copy()
    click[7] = 0.8
    peaks.append(click)
    found = peaks.between(0, peaks.samples, 1000)
    assert found[-1, 1] == pytest.approx(0.8)
    assert not found[:-1].any()


def test_extremes_are_exact():
    samples = np.random.default_rng(0).normal(0, 1, 1000).astype(np.float32)
    found = extremes(samples, 7)
    assert found[:, 0].min() == samples.min()
    assert found[:, 1].max() == samples.max()
    np.testing.assert_array_equal(extremes(samples, 1000), np.stack([samples, samples], axis=1))
