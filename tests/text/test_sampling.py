"""Sampling: temperature, then top-k, then top-p."""

import numpy as np
import pytest

from ssllab.text.sampling import Sampling

P = np.array([0.1, 0.4, 0.2, 0.3])


def left(**settings):
    return Sampling(**settings).left(np.log(P).astype(np.float32))


def test_without_settings_everything_is_left():
    np.testing.assert_allclose(left(), P, rtol=1e-6)


def test_temperature_is_first_then_k_then_p():
    np.testing.assert_allclose(left(temperature=0.5), P**2 / (P**2).sum(), rtol=1e-6)
    np.testing.assert_allclose(left(top_k=2), [0, 4 / 7, 0, 3 / 7], rtol=1e-6)
    np.testing.assert_allclose(left(top_p=0.5), [0, 4 / 7, 0, 3 / 7], rtol=1e-6)
    # Of the two that top-k leaves the first has 4/7: enough for p = .5.
    np.testing.assert_allclose(left(top_k=2, top_p=0.5), [0, 1, 0, 0])
    np.testing.assert_allclose(left(temperature=0.5, top_p=0.5), [0, 1, 0, 0])


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 1e-9}])
def test_the_likeliest_always_stays(settings):
    np.testing.assert_array_equal(left(**settings), [0, 1, 0, 0])


def test_symbols_that_cannot_come_stay_away():
    with np.errstate(divide="ignore"):
        logs = np.log(np.array([0.0, 1.0, 0.0]))
    np.testing.assert_array_equal(Sampling(temperature=3.0).left(logs), [0, 1, 0])
