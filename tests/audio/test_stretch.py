"""Slower, and still the same voice."""

import numpy as np
import pytest

from ssllab.audio.errors import AudioError
from ssllab.audio.stretch import stretch, stretched

RATE = 16_000


def pitch(samples: np.ndarray) -> float:
    """Frequency in Hz of the strongest partial."""
    middle = samples[2000:-2000]
    length = 1 << 19
    return float(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), length)).argmax() * RATE / length)


@pytest.mark.parametrize("frequency", [90.0, 200.0, 440.0, 1234.5])
@pytest.mark.parametrize("speed", [0.5, 0.75, 0.9, 1.5])
def test_a_sine_keeps_its_frequency_and_loudness(frequency, speed):
    tone = (0.5 * np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)).astype(np.float32)
    slow = stretch(tone, speed, RATE)
    assert slow.dtype == np.float32
    assert len(slow) == round(len(tone) / speed)
    assert pitch(slow) == pytest.approx(frequency, abs=0.2)
    assert slow[2000:-2000].std() == pytest.approx(tone.std(), rel=0.01)


def test_speed_1_changes_nothing():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    np.testing.assert_allclose(stretch(noise, 1.0, RATE), noise, atol=1e-6)


@pytest.mark.parametrize("speed", [0.5, 0.8])
def test_everything_happens_when_it_should(speed):
    sound = np.random.default_rng(0).normal(0, 1e-4, 3 * RATE).astype(np.float32)
    for second in (0.5, 1.3, 2.4):
        at = round(second * RATE)
        sound[at : at + 800] += np.hanning(800).astype(np.float32)
    slow = stretch(sound, speed, RATE)
    for second in (0.5, 1.3, 2.4):
        around = slice(round((second - 0.2) / speed * RATE), round((second + 0.25) / speed * RATE))
        heard = (around.start + np.abs(slow[around]).argmax()) / RATE
        assert heard == pytest.approx((second + 0.025) / speed, abs=0.03)


def test_the_blocks_begin_early_and_are_the_whole():
    sound = np.random.default_rng(0).normal(0, 0.1, 10 * RATE).astype(np.float32)
    blocks = list(stretched(sound, 0.5, RATE))
    assert max(map(len, blocks)) < RATE
    np.testing.assert_array_equal(np.concatenate(blocks), stretch(sound, 0.5, RATE))


@pytest.mark.parametrize("length", [0, 1, 7, 300])
def test_shorter_than_a_window(length):
    assert len(stretch(np.ones(length, np.float32), 0.5, RATE)) == 2 * length


def test_silence_stays_silent():
    assert not stretch(np.zeros(RATE, np.float32), 0.7, RATE).any()


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.1, 5.0, float("nan")])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(AudioError, match="speed"):
        stretch(np.zeros(10, np.float32), speed, RATE)
