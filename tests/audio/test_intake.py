"""Rate, channels, gain and level on the way from the sound card to 16 kHz mono."""

import numpy as np
import pytest

from ssllab.audio.intake import Intake
from ssllab.audio.level import Level, Meter, decibels


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_device_becomes_16_khz_mono(sweep, likeness, rate, channels):
    frames = np.repeat(sweep(1, rate)[:, None], channels, 1)
    intake = Intake(rate)
    parts = [intake.push(part) for part in np.array_split(frames, 33)]
    samples = np.concatenate([*parts, intake.rest()])
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(16_000, abs=1)
    similar, lag = likeness(samples, sweep(1, 16_000))
    assert similar > 0.995
    assert lag == 0


def test_gain_is_a_factor_and_may_change(sweep):
    intake = Intake(16_000)
    frames = np.full((1600, 1), 0.2, np.float32)
    soft, loud = intake.push(frames, 0.5), intake.push(frames, 2.0)
    np.testing.assert_allclose(soft, 0.1, atol=1e-6)
    np.testing.assert_allclose(loud, 0.4, atol=1e-6)
    assert intake.level.peak == pytest.approx(0.4)


def test_no_numbers_become_silence():
    intake = Intake(16_000)
    assert not intake.push(np.array([[np.nan], [np.inf], [-np.inf]], np.float32)).any()
    assert intake.level == Level()


def test_one_clipped_channel_lights_the_lamp_whatever_the_gain():
    frames = np.zeros((1600, 2), np.float32)
    frames[800, 1] = 1.0
    intake = Intake(16_000)
    intake.push(frames, gain=0.1)
    assert intake.level.clipped
    assert intake.level.peak < 0.1


def test_silence_is_counted_and_forgotten_at_the_first_sound():
    intake = Intake(16_000)
    intake.push(np.zeros((48_000, 1), np.float32))
    assert intake.silent_seconds == pytest.approx(3)
    intake.push(np.full((160, 1), 1e-5, np.float32))
    assert intake.silent_seconds == 0


def test_peak_and_rms_of_a_sine():
    level = Meter(16_000).update((0.5 * np.sin(np.arange(16_000) * 0.3)).astype(np.float32))
    assert level.peak == pytest.approx(0.5, abs=1e-3)
    assert level.rms == pytest.approx(0.5 / 2**0.5, abs=1e-3)
    assert decibels(level.rms) == pytest.approx(-9.03, abs=0.02)
    assert decibels(0.0) == -120


def test_the_peak_is_held_for_a_while_and_so_is_the_lamp():
    meter = Meter(1000)
    assert meter.update(np.full(100, 1.0)) == Level(1.0, 1.0, 1.0, True)
    quiet = np.full(100, 0.1)
    held = [meter.update(quiet) for _ in range(30)]
    assert [level.held_peak == 1.0 for level in held] == [True] * 15 + [False] * 15
    assert [level.clipped for level in held] == [True] * 19 + [False] * 11
    assert held[-1].held_peak == pytest.approx(0.1)
