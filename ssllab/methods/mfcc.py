"""Mel-frequency cepstral coefficients, one vector for each frame of wav2vec 2.0: HuBERT's first units are made of them.

13 coefficients with their first and second differences, as in the paper (section IV-B), each with mean 0 and standard
deviation 1 over its clip.
"""

from __future__ import annotations

import torch
from scipy.fft import dct
from torch import Tensor

from ssllab.audio.log_mel import log_mel

COEFFICIENTS = 13


def mfcc(samples: Tensor, lengths: Tensor, *, window: int = 400, hop: int = 320) -> tuple[Tensor, Tensor]:
    """``samples (B, n)`` at 16 kHz, ``lengths (B,)`` -> ``(B, T, 39)`` float32 on the CPU, zero at padding, and the
    frames ``(B,)`` of each clip. T is that of the longest possible clip of n samples. Frame t is of ``window`` samples
    from ``hop * t`` on."""
    rows = [_clip(row[:n], window, hop) for row, n in zip(samples.cpu(), lengths.tolist(), strict=True)]
    found = torch.zeros(len(rows), max(0, (samples.shape[1] - window) // hop + 1), 3 * COEFFICIENTS)
    for place, row in zip(found, rows, strict=True):
        place[: len(row)] = row
    return found, torch.tensor([len(row) for row in rows])


def _clip(samples: Tensor, window: int, hop: int) -> Tensor:
    mel = log_mel(samples.numpy(), window=window, hop=hop)
    cepstrum = torch.from_numpy(dct(mel, norm="ortho", axis=1)[:, :COEFFICIENTS].copy())
    first = _difference(cepstrum)
    features = torch.cat([cepstrum, first, _difference(first)], 1).float()
    return (features - features.mean(0)) / features.std(0, correction=0).clamp_min(1e-5)


def _difference(x: Tensor) -> Tensor:
    """Half of next minus previous frame, the ends repeated."""
    padded = torch.cat([x[:1], x, x[-1:]])
    return (padded[2:] - padded[:-2]) / 2
