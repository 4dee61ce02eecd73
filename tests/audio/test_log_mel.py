"""The log-mel spectrogram against an independent one, and its frames against wav2vec 2.0's."""

import numpy as np
import pytest

from ssllab.audio.log_mel import BANDS, LogMel, log_mel, mel_filters


def reference(samples: np.ndarray) -> np.ndarray:
    from transformers import audio_utils as audio

    filters = audio.mel_filter_bank(257, BANDS, 0.0, 8000.0, 16_000, norm=None, mel_scale="htk")
    window = audio.window_function(400, "hann", periodic=True)
    power = audio.spectrogram(
        samples.astype(np.float64),
        window * 2 / window.sum(),
        frame_length=400,
        hop_length=320,
        fft_length=512,
        power=2.0,
        center=False,
        mel_filters=filters,
        mel_floor=1e-10,
    )
    return 10 * np.log10(power).T


def test_equal_to_transformers(sweep):
    noise = np.random.default_rng(0).normal(0, 0.05, 48_000).astype(np.float32)
    for samples in (noise, sweep(3, 16_000), noise + sweep(3, 16_000)):
        ours, theirs = log_mel(samples), reference(samples)
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape
        heard = theirs > -80  # below, float32 rounds the spectrum of the loud bands
        np.testing.assert_allclose(ours[heard], theirs[heard], atol=0.02)


def test_filters_equal_to_transformers():
    from transformers import audio_utils as audio

    theirs = audio.mel_filter_bank(257, BANDS, 0.0, 8000.0, 16_000, norm=None, mel_scale="htk")
    np.testing.assert_allclose(mel_filters(16_000, 257), theirs, atol=1e-6)


@pytest.mark.parametrize("length", [0, 1, 399, 400, 719, 720, 16_000, 54_321])
def test_as_many_frames_as_the_convolutions_of_wav2vec_2(length):
    frames = length
    for kernel, stride in ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)):
        frames = max(0, (frames - kernel) // stride + 1)
    assert log_mel(np.zeros(length, np.float32)).shape == (frames, BANDS)


def test_frame_t_covers_samples_320_t_to_320_t_plus_400():
    samples = np.zeros(16_000, np.float32)
    samples[320 * 20 + 200] = 1.0  # only frame 20: frame 19 ends at 6480, frame 21 begins at 6720
    loud = np.flatnonzero(log_mel(samples).max(1) > -90)
    np.testing.assert_array_equal(loud, [20])


def test_a_full_scale_sine_is_near_0_db_in_its_band():
    frames = log_mel(np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000))
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), BANDS + 2)[1:-1] / 2595) - 1)
    assert (frames.argmax(1) == np.abs(centres - 1000).argmin()).all()
    assert frames.max() == pytest.approx(0, abs=3)


def test_silence_is_the_floor():
    frames = log_mel(np.zeros(4000, np.float32))
    assert frames.shape == (12, BANDS)
    # The last two bits of a float32's logarithm depend on the processor's vector units.
    np.testing.assert_allclose(frames, -100, rtol=2 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("block", [1, 160, 400, 7001, 500_000])
def test_a_stream_in_any_blocks_is_the_same(block):
    samples = np.random.default_rng(0).normal(0, 0.1, 3000 if block == 1 else 400_000).astype(np.float32)
    stream = LogMel()
    parts = [stream.push(samples[i : i + block]) for i in range(0, len(samples), block)]
    np.testing.assert_allclose(np.concatenate(parts), log_mel(samples), atol=1e-3)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_other_rates_keep_20_ms_a_frame(rate):
    frames = log_mel(np.random.default_rng(0).normal(0, 0.1, rate).astype(np.float32), rate)
    assert frames.shape == (49, BANDS)
    assert np.isfinite(frames).all()
