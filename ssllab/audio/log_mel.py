"""The log-mel spectrogram whose frames are those of wav2vec 2.0: frame t covers samples 320 t to 320 t + 400.

80 bands of the HTK mel scale (O'Shaughnessy 1987: ``mel = 2595 log10(1 + f / 700)``) up to half the sampling rate,
Hann window, power in decibels. No padding: n samples at 16 kHz give ``(n - 400) // 320 + 1`` frames, as many as the
convolutions of the model.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy import fft

BANDS = 80
WINDOW_SECONDS = 0.025
HOP_SECONDS = 0.020
FINE_WINDOW_SECONDS = 0.010
FLOOR = 1e-10  # power: -100 dB

_BLOCK = 1024  # frames transformed at once: 2 MB, within the caches


class LogMel:
    """The spectrogram of a stream: push samples as they come, get the frames that they complete.

    ``window`` and ``hop`` in samples, where they are not those above.
    """

    def __init__(self, rate: int = 16_000, window: int | None = None, hop: int | None = None) -> None:
        self._rate = rate
        self._window = window or round(WINDOW_SECONDS * rate)
        self._hop = hop or round(HOP_SECONDS * rate)
        self._waiting = np.zeros(0, np.float32)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """``(n,)`` -> ``(frames, 80)`` float32 in dB."""
        waiting = np.concatenate([self._waiting, samples]).astype(np.float32, copy=False)
        count = max(0, (len(waiting) - self._window) // self._hop + 1)
        frames = np.empty((count, BANDS), np.float32)
        for start in range(0, count, _BLOCK):
            stop = min(start + _BLOCK, count)
            part = waiting[start * self._hop : (stop - 1) * self._hop + self._window]
            frames[start:stop] = _transform(part, self._rate, self._window, self._hop)
        self._waiting = waiting[count * self._hop :].copy()
        return frames


def log_mel(
    samples: np.ndarray, rate: int = 16_000, window: int | None = None, hop: int | None = None
) -> np.ndarray:
    """``samples (n,)`` float -> ``(frames, 80)`` float32 in dB; frame t begins at second ``0.02 t``, or sample
    ``hop * t``."""
    return LogMel(rate, window, hop).push(samples)


def fine_log_mel(samples: np.ndarray, middles: np.ndarray, rate: int = 16_000) -> np.ndarray:
    """Frames wherever one looks: ``samples (n,)`` and the samples in their ``middles (m,)`` -> ``(m, 80)`` in dB.

    A shorter window than that of the model's frames shows when something happens, as the pulses of a voice; beyond the
    sound there is silence.
    """
    window = round(FINE_WINDOW_SECONDS * rate)
    _, filters = _tables(
        rate, round(WINDOW_SECONDS * rate)
    )  # the same bands, so that the tones are of one scale
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    around = np.pad(samples, (window, window))
    starts = np.clip(np.round(middles).astype(int) + window - window // 2, 0, len(around) - window)
    frames = np.lib.stride_tricks.sliding_window_view(around, window)[starts]
    spectrum = fft.rfft(frames * (2 * shape / shape.sum()), 2 * (len(filters) - 1), axis=1)
    return 10 * np.log10(np.maximum((spectrum.real**2 + spectrum.imag**2) @ filters, FLOOR))


def mel_filters(rate: int, bins: int, bands: int = BANDS) -> np.ndarray:
    """Triangles of height 1, equally wide in mel: ``(bins, bands)`` float32 for ``bins`` of a real transform."""
    top = mel(rate / 2)
    corners = hertz(np.linspace(0, top, bands + 2))
    frequencies = np.linspace(0, rate / 2, bins)[:, None]
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (frequencies - low) / (centre - low)
    falling = (high - frequencies) / (high - centre)
    return np.minimum(rising, falling).clip(0).astype(np.float32)


def _transform(samples: np.ndarray, rate: int, window: int, hop: int) -> np.ndarray:
    shape, filters = _tables(rate, window)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    spectrum = fft.rfft(frames * shape, 2 * (len(filters) - 1), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return 10 * np.log10(np.maximum(power @ filters, FLOOR))


@cache
def _tables(rate: int, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Hann window ``(window,)`` scaled so that a full-scale sine peaks near 0 dB, and filters of the padded transform."""
    shape = np.hanning(window + 1)[:-1]
    length = (
        1 << (window - 1).bit_length()
    )  # padded: the lowest bands are narrower than a bin of the window alone
    return (2 * shape / shape.sum()).astype(np.float32), mel_filters(rate, length // 2 + 1)


def mel(frequency: float) -> float:
    """The pitch of a frequency in hertz."""
    return 2595 * np.log10(1 + frequency / 700)


def hertz(mel: Any) -> Any:
    """The frequency of a pitch, or of an array of them."""
    return 700 * (10 ** (mel / 2595) - 1)
