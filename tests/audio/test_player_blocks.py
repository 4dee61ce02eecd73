"""What the player sends to the sound card, without a sound card."""

import itertools

import numpy as np
import pytest

from ssllab.audio.player import output_blocks


def test_once_is_the_sound_at_the_rate_of_the_card(sweep, likeness):
    sound = sweep(1, 16_000)
    out = np.concatenate(list(output_blocks(sound, 16_000, 48_000)))
    assert len(out) == pytest.approx(48_000, abs=2)
    assert likeness(out, sweep(1, 48_000))[0] > 0.999


def test_its_ends_are_faded_so_that_they_do_not_click():
    out = np.concatenate(list(output_blocks(np.ones(16_000, np.float32), 16_000, 16_000)))
    assert abs(out[0]) < 0.05
    assert abs(out[-1]) < 0.05
    np.testing.assert_allclose(out[200:-200], 1, atol=1e-4)


def test_a_loop_goes_on_without_a_gap():
    part = np.sin(2 * np.pi * 100 * np.arange(1600) / 16_000).astype(np.float32)
    out = np.concatenate(list(itertools.islice(output_blocks(part, 16_000, 16_000, loop=True), 30)))
    assert len(out) >= 16_000
    passes = out[: 1600 * 9].reshape(9, 1600)
    np.testing.assert_allclose(passes[1:], np.tile(passes[1], (8, 1)), atol=1e-5)


def test_half_the_speed_is_twice_the_time():
    part = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000).astype(np.float32)
    out = np.concatenate(list(output_blocks(part, 16_000, 44_100, speed=0.5)))
    assert len(out) == pytest.approx(88_200, abs=2)
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 1 << 19))
    assert spectrum.argmax() * 44_100 / (1 << 19) == pytest.approx(200, abs=0.5)
